/* SPDX-License-Identifier: Apache-2.0 */
/* /sys/fs/cgroup: one cgroup2 mount, or a tmpfs with one mount per cgroup v1 hierarchy. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/procfs.h"
#include "container/cover.h"
#include "container/mount-entry.h"
#include "container/mount.h"

#define CGROUP_MOUNT_POINT "/sys/fs/cgroup"
#define CGROUP_NAME_PREFIX "name=" /* of hierarchies without controllers */
#define CGROUP_V1_FLAGS	   (MS_NOEXEC | MS_NOSUID | MS_NODEV)

/* Largest /proc/self/cgroup accepted: a path of PATH_MAX bytes for each of a dozen hierarchies. */
#define CGROUP_FILE_MAX 65536

static const struct mount_source cgroup_no_source = { .fd = -EBADF };

/* What to do where a fresh cgroup2 is refused: without a cgroup namespace of one's own, mostly. */
static int cgroup_bind_v2(const struct mount_root *root, struct mount_entry *entry,
			  struct rti_error *err)
{
	bool has_own = root->has_cgroup_namespace && root->cgroup2_path && *root->cgroup2_path;
	struct mount_call call = { .source_fd = -EBADF, .target = entry->mount->destination,
				   .target_fd = entry->target_fd };
	struct rti_mount bind = {
		.source = has_own ? root->cgroup2_path : CGROUP_MOUNT_POINT,
		.destination = entry->mount->destination,
		.device = "bind",
		.flags = (guard(CGROUP_READONLY) ? entry->mount->flags : 0) | MS_BIND,
		.propagation_flags = entry->mount->propagation_flags,
	};
	int r = mount_entry_apply(root, &bind, &cgroup_no_source, err);

	/*
	 * A rootless runc whose own cgroup is not visible here: cover the place, because a
	 * read-only recursive bind of /sys would leave it writable (CVE-2023-25809).
	 */
	if (r == -ENOENT && root->is_rootless_cgroups)
		return cover_directory(&call, root->label, err);
	return r;
}

static int cgroup_mount_v2(const struct mount_root *root, struct mount_entry *entry,
			   struct rti_error *err)
{
	struct mount_call call = {
		.source_fd = -EBADF,
		.source = entry->mount->source,
		.target = entry->mount->destination,
		.target_fd = entry->target_fd,
		.type = "cgroup2",
		.flags = (unsigned long)entry->mount->flags,
		.data = entry->data,
	};
	int r = mount_run(&call, err);

	return r == -EPERM || r == -EBUSY ? cgroup_bind_v2(root, entry, err) : r;
}

struct cgroup_hierarchy {
	char *mount_point;
	char *bind_source; /* own cgroup below the mount point */
};

struct cgroup_list {
	char *own; /* text of /proc/self/cgroup */
	struct cgroup_hierarchy *items;
	size_t count;
	char *seen; /* controllers that have a mount already, as ",a,b," */
};

static void cgroup_list_done(struct cgroup_list *list)
{
	size_t i;

	for (i = 0; i < list->count; i++) {
		free(list->items[i].mount_point);
		free(list->items[i].bind_source);
	}
	free(list->items);
	free(list->own);
	free(list->seen);
}

/* Whether @name is one of the comma-separated words of @words. */
static bool cgroup_has_word(const char *words, size_t size, const char *name, size_t name_size)
{
	const char *end = words + size;

	while (words < end) {
		size_t length = strcspn(words, ",:\n");

		if (length == name_size && memcmp(words, name, length) == 0)
			return true;
		words += length + 1;
	}
	return false;
}

/*
 * The path of our cgroup in the hierarchy of a controller or "name=...", from lines of the form
 * "ID:controllers:path"; NULL when we are in no such hierarchy.
 */
static const char *cgroup_own_path(const char *own, const char *name, size_t name_size,
				   size_t *ret_size)
{
	while (*own) {
		size_t line = strcspn(own, "\n");
		const char *words = memchr(own, ':', line);
		const char *path = NULL;

		if (words++)
			path = memchr(words, ':', line - (size_t)(words - own));
		if (path && cgroup_has_word(words, (size_t)(path - words), name, name_size)) {
			*ret_size = line - (size_t)(path + 1 - own);
			return path + 1;
		}
		own += line + (own[line] == '\n');
	}
	return NULL;
}

/* The mount point, with the part of @path that lies below @root after it. */
static char *cgroup_join(const char *mount_point, const char *root, const char *path, size_t size)
{
	char own[PATH_MAX];
	char inside[PATH_MAX];
	char *ret;

	if (size >= sizeof(own))
		return NULL;
	memcpy(own, path, size);
	own[size] = '\0';
	if (rti_path_strip_root(root, own, inside) < 0)
		return NULL;
	return asprintf(&ret, "%s%s", mount_point, strcmp(inside, "/") == 0 ? "" : inside) < 0 ?
		       NULL :
		       ret;
}

/* Notes a mount whose controllers we are in and have not seen before, in the kernel's order. */
static int cgroup_note(void *data, const struct rti_mountinfo *info, struct rti_error *err)
{
	struct cgroup_list *list = data;
	struct cgroup_hierarchy *items;
	const char *own = NULL;
	const char *option;
	size_t own_size = 0;
	size_t length;

	if (strcmp(info->type, "cgroup") != 0)
		return 0;
	for (option = info->super_options; *option; option += length + (option[length] == ',')) {
		const char *path;
		size_t size;
		char *seen;

		length = strcspn(option, ",");
		path = cgroup_own_path(list->own, option, length, &size);
		if (!path || cgroup_has_word(list->seen, strlen(list->seen), option, length))
			continue;
		if (asprintf(&seen, "%s%.*s,", list->seen, (int)length, option) < 0)
			return rti_fail(err, ENOMEM, "list cgroup mounts");
		free(list->seen);
		list->seen = seen;
		if (!own) {
			own = path;
			own_size = size;
		}
	}
	if (!own)
		return 0;
	items = realloc(list->items, (list->count + 1) * sizeof(*items));
	if (!items)
		return rti_fail(err, ENOMEM, "list cgroup mounts");
	list->items = items;
	items[list->count].mount_point = strdup(info->mount_point);
	items[list->count].bind_source = cgroup_join(info->mount_point, info->root, own, own_size);
	list->count++;
	if (!items[list->count - 1].mount_point || !items[list->count - 1].bind_source)
		return rti_fail(err, ENOMEM, "list cgroup mounts");
	return 0;
}

static int cgroup_list_read(struct cgroup_list *list, struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	ssize_t size;

	list->own = malloc(CGROUP_FILE_MAX);
	list->seen = strdup("");
	if (!list->own || !list->seen)
		return rti_fail(err, ENOMEM, "list cgroup mounts");
	size = rti_procfs_read(RTI_PROCFS_SELF, "cgroup", list->own, CGROUP_FILE_MAX, err);
	if (size < 0)
		return (int)size;
	fd = rti_procfs_open(RTI_PROCFS_THREAD_SELF, "mountinfo", O_RDONLY, err);
	return fd < 0 ? fd : rti_mountinfo_each(fd, cgroup_note, list, err);
}

/* "cpu,cpuacct" of "/sys/fs/cgroup/cpu,cpuacct" */
static const char *cgroup_base_name(const struct cgroup_hierarchy *hierarchy)
{
	const char *slash = strrchr(hierarchy->mount_point, '/');

	return slash ? slash + 1 : hierarchy->mount_point;
}

/* In a cgroup namespace of its own: a fresh mount, whose root is the container's cgroup. */
static int cgroup_mount_fresh(const struct mount_root *root, const struct mount_entry *entry,
			      const char *destination, const char *name, struct rti_error *err)
{
	bool is_systemd = strcmp(name, "systemd") == 0;
	_cleanup_fd_ int target_fd = -EBADF;
	char inside[PATH_MAX];
	struct mount_call call = {
		MOUNT_CALL_NO_FDS,
		.source = is_systemd ? "systemd" : "cgroup",
		.target = destination,
		.type = "cgroup",
		.flags = CGROUP_V1_FLAGS | ((unsigned long)entry->mount->flags & MS_RDONLY),
		.data = is_systemd ? CGROUP_NAME_PREFIX "systemd" : name,
	};
	int r = rti_path_strip_root(root->config_path, destination, inside);

	if (r < 0)
		return rti_fail(err, -r, "mkdir %s", destination);
	target_fd = rti_path_mkdir(root->fd, inside, 0755, err);
	if (target_fd < 0)
		return target_fd;
	call.target_fd = target_fd;
	return mount_run(&call, err);
}

/* In the host's cgroup namespace: a bind of the container's own part of the host's mount. */
static int cgroup_mount_bound(const struct mount_root *root, const struct mount_entry *entry,
			      const char *destination, const char *source, struct rti_error *err)
{
	struct rti_mount bind = {
		.source = source,
		.destination = destination,
		.device = "bind",
		.flags = entry->mount->flags | MS_BIND | MS_REC,
		.propagation_flags = entry->mount->propagation_flags,
	};

	return mount_entry_apply(root, &bind, &cgroup_no_source, err);
}

/* Programs look for "cpu" where the hierarchy is mounted as "cpu,cpuacct". */
static int cgroup_link_parts(const struct mount_root *root, const struct mount_entry *entry,
			     const char *name, struct rti_error *err)
{
	const char *part = name;
	char inside[PATH_MAX];
	char path[2 * PATH_MAX];
	int r = 0;

	if (!strchr(name, ','))
		return 0;
	while (r == 0 && *part) {
		size_t length = strcspn(part, ",");

		snprintf(path, sizeof(path), "%s/%.*s", entry->mount->destination, (int)length,
			 part);
		r = rti_path_strip_root(root->config_path, path, inside);
		if (r < 0)
			return rti_fail(err, -r, "symlink %s", path);
		r = rti_path_symlink(name, root->fd, inside, err);
		if (r == -EEXIST)
			r = 0;
		part += length + (part[length] == ',');
	}
	return r;
}

static int cgroup_mount_hierarchies(const struct mount_root *root, const struct mount_entry *entry,
				    const struct cgroup_list *list, struct rti_error *err)
{
	size_t i;
	int r = 0;

	for (i = 0; i < list->count && r == 0; i++) {
		const char *name = cgroup_base_name(&list->items[i]);
		char destination[2 * PATH_MAX];

		snprintf(destination, sizeof(destination), "%s/%s", entry->mount->destination,
			 name);
		if (root->has_cgroup_namespace)
			r = cgroup_mount_fresh(root, entry, destination, name, err);
		else
			r = cgroup_mount_bound(root, entry, destination, list->items[i].bind_source,
					       err);
	}
	for (i = 0; i < list->count && r == 0; i++)
		r = cgroup_link_parts(root, entry, cgroup_base_name(&list->items[i]), err);
	return r;
}

static int cgroup_mount_v1(const struct mount_root *root, struct mount_entry *entry,
			   struct rti_error *err)
{
	struct rti_mount tmpfs = {
		.source = "tmpfs",
		.destination = entry->mount->destination,
		.device = "tmpfs",
		.flags = CGROUP_V1_FLAGS,
		.data = "mode=755",
		.propagation_flags = entry->mount->propagation_flags,
	};
	struct cgroup_list list = { 0 };
	int r;

	r = cgroup_list_read(&list, err);
	if (r == 0)
		r = mount_entry_apply(root, &tmpfs, &cgroup_no_source, err);
	if (r == 0)
		r = cgroup_mount_hierarchies(root, entry, &list, err);
	cgroup_list_done(&list);
	return r;
}

int mount_entry_cgroup(const struct mount_root *root, struct mount_entry *entry,
		       struct rti_error *err)
{
	struct statfs fs;

	if (statfs(CGROUP_MOUNT_POINT, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return cgroup_mount_v2(root, entry, err);
	return cgroup_mount_v1(root, entry, err);
}
