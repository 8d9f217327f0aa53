/* SPDX-License-Identifier: Apache-2.0 */
#include "container/mask.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "base/procfs.h"
#include "container/cover.h"
#include "container/device.h"
#include "container/mount.h"

/* What a read-only remount keeps of the mount's flags; ST_* and MS_* agree on these bits. */
#define READONLY_KEPT_FLAGS (MS_NOSUID | MS_NODEV | MS_NOEXEC)

/* Binds @call's target onto itself, read-only before anybody can see it; since Linux 5.12. */
static int mask_bind_readonly(const struct mount_call *call)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
	_cleanup_fd_ int tree_fd = mount_clone(call);

	if (tree_fd < 0)
		return tree_fd;
	if (mount_setattr(tree_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	return mount_attach(tree_fd, call, NULL);
}

/* The same in two steps, and with the errors that users know. */
static int mask_bind_and_remount(struct mount_call *call, struct rti_error *err)
{
	_cleanup_fd_ int mount_fd = -EBADF;
	struct statfs fs;
	int r;

	r = mount_bind(call, &mount_fd, err);
	if (r < 0)
		return r;
	if (mount_fd < 0)
		mount_fd = open(call->target, O_PATH | O_CLOEXEC);
	if (mount_fd < 0 || fstatfs(mount_fd, &fs) < 0)
		return rti_fail(err, errno, "statfs %s", call->target);
	call->source_fd = -EBADF;
	call->target_fd = mount_fd;
	call->flags = ((unsigned long)fs.f_flags & READONLY_KEPT_FLAGS) | MS_BIND | MS_REMOUNT |
		      MS_RDONLY;
	return mount_run(call, err);
}

static int mask_make_one_readonly(const char *path, struct rti_error *err)
{
	_cleanup_fd_ int target_fd = open(path, O_PATH | O_CLOEXEC);
	struct mount_call call = { MOUNT_CALL_NO_FDS, .source = path, .target = path,
				   .flags = MS_BIND | MS_REC, .is_inside = true };

	if (target_fd < 0 && errno == ENOENT)
		return 0;
	if (target_fd < 0)
		return mount_fail(&call, "mount", errno, err);
	call.source_fd = target_fd;
	call.target_fd = target_fd;
	if (mask_bind_readonly(&call) == 0)
		return 0;
	return mask_bind_and_remount(&call, err);
}

int mask_make_readonly(const struct rti_strings *paths, struct rti_error *err)
{
	size_t i;

	for (i = 0; i < paths->count; i++) {
		int r = mask_make_one_readonly(paths->items[i], err);

		if (r < 0)
			return rti_prefix(err, r, "can't make \"%s\" read-only", paths->items[i]);
	}
	return 0;
}

struct mask {
	const char *label;
	int null_fd;	/* the container's /dev/null, checked */
	int shared_fd;	/* the tmpfs that covers directories, once there is one */
	bool is_shared; /* false after the kernel refused to bind it again */
};

/*
 * Covers the first directory with a tmpfs, and all others with the same one. The tmpfs is found by
 * name, because the fd is still that of the covered directory; so what is found is looked at.
 */
static int mask_hide_directory(struct mask *mask, int target_fd, const char *path,
			       struct rti_error *err)
{
	struct mount_call call = { .source_fd = -EBADF, .target = path, .target_fd = target_fd,
				   .is_inside = true };
	_cleanup_fd_ int mount_fd = -EBADF;
	struct rti_error warning;
	int r;

	if (mask->is_shared && mask->shared_fd >= 0) {
		call.source_fd = mask->shared_fd;
		call.flags = MS_BIND;
		if (mount_bind(&call, NULL, &warning) == 0)
			return 0;
		log_warn("maskPaths: shared tmpfs bind-mount failed, falling back to per-directory "
			 "tmpfs: %s", warning.text);
		mask->is_shared = false;
	}
	r = cover_directory(&call, mask->label, err);
	if (r < 0 || !mask->is_shared)
		return r;
	mount_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (mount_fd >= 0 && cover_is_one(mount_fd))
		mask->shared_fd = rti_take_fd(&mount_fd);
	else
		mask->is_shared = false;
	return 0;
}

static int mask_hide_one(struct mask *mask, const char *path, struct rti_error *err)
{
	_cleanup_fd_ int target_fd = open(path, O_PATH | O_CLOEXEC);
	struct mount_call call = { .target = path, .target_fd = target_fd,
				   .source_fd = mask->null_fd, .flags = MS_BIND,
				   .is_inside = true };
	struct stat st;
	int r;

	if (target_fd < 0 && errno == ENOENT)
		return 0;
	if (target_fd < 0)
		return rti_fail(err, errno, "can't mask path \"%s\": open %s", path, path);
	if (fstat(target_fd, &st) < 0)
		return rti_fail(err, errno, "can't mask path \"%s\": stat %s", path, path);
	if (S_ISDIR(st.st_mode))
		r = mask_hide_directory(mask, target_fd, path, err);
	else
		r = mount_bind(&call, NULL, err);
	if (r < 0)
		return rti_prefix(err, r, "can't mask %s \"%s\"",
				  S_ISDIR(st.st_mode) ? "dir" : "path", path);
	return 0;
}

struct mask_path {
	char *clean; /* malloc()ed; NULL for a path that has no clean form */
	size_t index;
};

static int mask_compare(const void *a, const void *b)
{
	const struct mask_path *first = a, *second = b;
	int order = strcmp(first->clean ? first->clean : "", second->clean ? second->clean : "");

	return order ? order : (first->index > second->index) - (first->index < second->index);
}

/* Marks each path that means the same as an earlier one. The caller frees @ret. */
static int mask_find_repeated(const struct rti_strings *paths, bool **ret)
{
	struct mask_path *sorted = calloc(paths->count, sizeof(*sorted));
	bool *repeated = calloc(paths->count, sizeof(*repeated));
	int r = sorted && repeated ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < paths->count; i++) {
		char clean[PATH_MAX];

		sorted[i].index = i;
		if (rti_path_clean(paths->items[i], clean) < 0)
			continue;
		sorted[i].clean = strdup(clean);
		/* analyzer: no leak, the loop below frees them all */
		r = sorted[i].clean ? 0 : -ENOMEM;
	}
	if (r == 0)
		qsort(sorted, paths->count, sizeof(*sorted), mask_compare);
	for (size_t i = 1; r == 0 && i < paths->count; i++)
		repeated[sorted[i].index] = sorted[i].clean && sorted[i - 1].clean &&
					    strcmp(sorted[i].clean, sorted[i - 1].clean) == 0;
	for (size_t i = 0; sorted && i < paths->count; i++)
		free(sorted[i].clean);
	free(sorted);
	if (r < 0)
		free(repeated);
	else
		*ret = repeated;
	return r;
}

int mask_hide(const struct rti_strings *paths, const char *mount_label, struct rti_error *err)
{
	_cleanup_fd_ int null_fd = -EBADF;
	_cleanup_free_ bool *repeated = NULL;
	struct mask mask = { .label = mount_label, .shared_fd = -EBADF, .is_shared = true };
	size_t i;
	int r = 0;

	if (paths->count == 0)
		return 0;
	null_fd = device_open_null(O_PATH, err);
	if (null_fd < 0)
		return rti_prefix(err, null_fd, "can't mask paths");
	mask.null_fd = null_fd;
	r = mask_find_repeated(paths, &repeated);
	if (r < 0)
		return rti_fail(err, -r, "can't mask paths");
	for (i = 0; i < paths->count && r == 0; i++)
		if (!repeated[i])
			r = mask_hide_one(&mask, paths->items[i], err);
	rti_close(mask.shared_fd);
	return r;
}
