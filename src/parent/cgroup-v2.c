/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: The unified driver
 *
 * One directory for all controllers. A cgroup has the controllers that the one above it hands down
 * in cgroup.subtree_control, so every ancestor hands down all it has.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/cgroup-file.h"
#include "parent/cgroup-v2.h"

static int v2_find_paths(struct cgroup *cgroup, const char *inner, struct rti_error *err)
{
	char own[PATH_MAX] = "", path[PATH_MAX];
	char *slash;
	int r;

	if (inner[0] != '/') {
		/* The caller's own cgroup has processes, so it cannot hand down controllers. */
		r = cgroup_own_path(0, "", own, sizeof(own), err);
		if (r == -ENOENT)
			return rti_refuse(err, ENOENT, "cgroup path not found");
		if (r < 0)
			return r;
		slash = strrchr(own, '/');
		if (slash)
			*slash = 0;
	}
	inner += strspn(inner, "/");
	if (snprintf(path, sizeof(path), UNIFIED_MOUNT "%s%s%s", own, *inner ? "/" : "", inner) >=
	    (int)sizeof(path))
		return rti_fail(err, ENAMETOOLONG, "cgroup path");
	return cgroup_add_path(cgroup, "", path, err);
}

static void hand_down_controllers(const char *path)
{
	char controllers[1024], request[2048] = "";
	size_t used = 0;

	if (cgroup_file_read(path, "cgroup.controllers", controllers, sizeof(controllers), NULL) <
	    0)
		return;
	for (char *next = controllers, *word; (word = strsep(&next, " \n"));) {
		if (*word)
			used += (size_t)snprintf(request + used, sizeof(request) - used, "%s+%s",
						 used ? " " : "", word);
	}
	if (!used || cgroup_file_write(path, "cgroup.subtree_control", NULL, "%s", request) == 0)
		return;
	/* All or nothing; so try what can be had one by one. */
	for (char *next = request, *word; (word = strsep(&next, " "));)
		cgroup_file_write(path, "cgroup.subtree_control", NULL, "%s", word);
}

static int check_type(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	char type[64];

	if (cgroup_file_read(path, "cgroup.type", type, sizeof(type), NULL) < 0)
		return 0; /* the root has none */
	type[strcspn(type, "\n")] = 0;
	if (strcmp(type, "domain invalid") == 0) {
		if (cgroup_v2_needs_domain(config))
			return rti_refuse(err, EINVAL,
					  "cannot enter cgroupv2 \"%s\" with domain "
					  "controllers -- it is in an invalid state",
					  path);
		cgroup_file_write(path, "cgroup.type", NULL, "threaded");
	} else if (strcmp(type, "domain") != 0 && cgroup_v2_needs_domain(config)) {
		return rti_refuse(err, EINVAL,
				  "cannot enter cgroupv2 \"%s\" with domain controllers "
				  "-- it is in %s mode",
				  path, type);
	}
	return 0;
}

/* Create @path and everything above it; what was created is removed again on failure. */
static int create_path(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	char current[PATH_MAX];
	size_t first_made = 0, root = strlen(UNIFIED_MOUNT);
	int r = 0;

	if (strncmp(path, UNIFIED_MOUNT "/", root + 1) != 0 || strlen(path) >= sizeof(current))
		return rti_refuse(err, EINVAL, "invalid cgroup path %s", path);
	strcpy(current, path);
	for (size_t end = root; r == 0 && path[end]; end++) {
		end += strcspn(path + end, "/");
		current[end] = 0;
		if (end > root) {
			if (mkdir(current, 0755) == 0)
				first_made = first_made ? first_made : end;
			else if (errno != EEXIST)
				r = rti_fail(err, errno, "mkdir %s", current);
			if (r == 0)
				r = check_type(current, config, err);
		}
		if (r == 0 && path[end])
			hand_down_controllers(current);
		if (!path[end])
			break;
		if (r == 0)
			current[end] = '/';
	}
	if (r < 0 && first_made) {
		current[first_made] = 0;
		cgroup_rmdir(current, NULL);
	}
	return r;
}

/* What the kernel says may be given to the owner of a delegated cgroup. */
static int delegate(const char *path, int64_t owner_uid, struct rti_error *err)
{
	static const char fallback[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
	char files[1024];
	ssize_t n = -1;
	int fd = open("/sys/kernel/cgroup/delegate", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		n = rti_read_full(fd, files, sizeof(files) - 1);
		rti_close(fd);
	}
	if (n >= 0)
		files[n] = 0;
	else
		strcpy(files, fallback);
	if (chown(path, (uid_t)owner_uid, (gid_t)-1) < 0)
		return rti_fail(err, errno, "chown %s", path);
	for (char *next = files, *file; (file = strsep(&next, "\n"));) {
		_cleanup_fd_ int file_fd = -EBADF;

		if (!*file)
			continue;
		file_fd = cgroup_file_open(path, file, O_RDONLY, NULL);
		/* The list is the kernel's, not this cgroup's: some files need a controller. */
		if (file_fd >= 0 && fchown(file_fd, (uid_t)owner_uid, (gid_t)-1) < 0)
			return rti_fail(err, errno, "chown %s/%s", path, file);
	}
	return 0;
}

static int v2_make(struct cgroup *cgroup, size_t index, struct rti_error *err)
{
	return create_path(cgroup->paths[index].path, cgroup->config, err);
}

static int v2_apply(struct cgroup *cgroup, const struct rti_parent_join *joins, pid_t pid,
		    struct rti_error *err)
{
	const struct rti_cgroups *config = cgroup->config;
	const char *path = cgroup_path(cgroup, "");
	int r;

	r = cgroup_make(cgroup, 0, err);
	if (r < 0 && config->rootless && (!config->path || !*config->path)) {
		if (!cgroup_v2_needs_controllers(config)) {
			cgroup->path_count = 0;
			return CGROUP_E_ROOTLESS;
		}
		return rti_prefix(err, r,
				  "rootless needs no limits + no cgrouppath when no "
				  "permission is granted for cgroups");
	}
	if (r == 0 && !(joins && joins[0].done))
		r = cgroup_file_add_pid(path, pid, err);
	if (r == 0 && config->owner_uid)
		r = delegate(path, *config->owner_uid, err);
	return r;
}

static int read_frozen(const char *path, bool *ret, struct rti_error *err)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char wanted[16];
	uint64_t frozen;
	ssize_t n;

	n = cgroup_file_read(path, "cgroup.freeze", wanted, sizeof(wanted), err);
	if (n < 0)
		return (int)n;
	*ret = wanted[0] == '1';
	for (int i = 0; *ret && i < 1000; i++) {
		if (cgroup_file_read_key(path, "cgroup.events", "frozen", &frozen) < 0 || frozen)
			return 0;
		nanosleep(&pause, NULL);
	}
	if (*ret)
		return rti_refuse(err, ETIMEDOUT,
				  "timeout of 10s reached waiting for the cgroup to freeze");
	return 0;
}

static int v2_freeze(struct cgroup *cgroup, enum cgroup_freezer state, struct rti_error *err)
{
	const char *path = cgroup_path(cgroup, "");
	bool freeze = state == CGROUP_FROZEN, frozen;
	int r;

	if (!cgroup_file_exists(path, "cgroup.freeze")) /* since Linux 5.2 */
		return freeze ? rti_refuse(err, ENOENT,
					   "freezer not supported: openat2 %s/"
					   "cgroup.freeze: no such file or directory",
					   path ? path : "")
			      : 0;
	r = cgroup_file_write(path, "cgroup.freeze", err, "%d", freeze);
	return r < 0 ? r : read_frozen(path, &frozen, err);
}

static int v2_get_freezer(const struct cgroup *cgroup, enum cgroup_freezer *ret,
			  struct rti_error *err)
{
	bool frozen = false;
	int r;

	*ret = CGROUP_FREEZER_UNDEFINED;
	r = read_frozen(cgroup_path(cgroup, ""), &frozen, err);
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r == 0)
		*ret = frozen ? CGROUP_FROZEN : CGROUP_THAWED;
	return r;
}

static int v2_set(struct cgroup *cgroup, struct rti_error *err)
{
	const struct rti_cgroups *config = cgroup->config;
	const char *path = cgroup_path(cgroup, "");
	int r;

	if (!path)
		return 0; /* rootless, and nothing is asked for: v2_apply() has made sure */
	r = cgroup_v2_set_limits(path, config, err);
	if (r == 0 && config->freezer && *config->freezer) {
		bool freeze = strcmp(config->freezer, "FROZEN") == 0;

		if (!freeze && strcmp(config->freezer, "THAWED") != 0)
			return rti_refuse(err, EINVAL, "invalid freezer state \"%s\" requested",
					  config->freezer);
		r = v2_freeze(cgroup, freeze ? CGROUP_FROZEN : CGROUP_THAWED, err);
	}
	return r < 0 ? r : cgroup_v2_set_unified(path, &config->unified, err);
}

const struct cgroup_driver cgroup_v2_driver = {
	.find_paths = v2_find_paths,
	.make = v2_make,
	.apply = v2_apply,
	.set = v2_set,
	.freeze = v2_freeze,
	.get_freezer = v2_get_freezer,
};
