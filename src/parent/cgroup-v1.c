/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: The legacy and hybrid drivers
 *
 * Each controller is its own hierarchy. A process joins them one after the other; cpuset first,
 * because a cpuset without CPUs or memory nodes accepts no process and has to be filled from its
 * parent, and cpu with its real-time budget, because a real-time process cannot enter without one.
 */
#include <errno.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>

#include "base/fd.h"
#include "parent/cgroup-file.h"
#include "parent/cgroup-v1.h"

#define HYBRID_MOUNT "/sys/fs/cgroup/unified"

#define FREEZE_TRIES 1000

int cgroup_v1_freeze(const char *path, enum cgroup_freezer state, struct rti_error *err)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char text[16];
	ssize_t r;

	if (state == CGROUP_THAWED)
		return cgroup_file_write(path, "freezer.state", err, "THAWED");
	/*
	 * The v1 freezer does not catch processes that are made meanwhile: it stays in FREEZING and
	 * wants to be asked again; thawing now and then lets the makers finish.
	 */
	for (int i = 1; i <= FREEZE_TRIES; i++) {
		r = cgroup_file_write(path, "freezer.state", err, "FROZEN");
		if (r == 0)
			r = cgroup_file_read(path, "freezer.state", text, sizeof(text), err);
		if (r < 0)
			break;
		if (strcmp(text, "FROZEN\n") == 0)
			return 0;
		if (i % 50 == 0) {
			cgroup_file_write(path, "freezer.state", NULL, "THAWED");
			nanosleep(&pause, NULL);
		}
		r = rti_refuse(err, EBUSY, "unable to freeze");
	}
	cgroup_file_write(path, "freezer.state", NULL, "THAWED");
	return (int)r;
}

static const char *path_below(const char *path, const char *root)
{
	size_t length = strlen(root);

	if (strcmp(root, "/") == 0)
		return path;
	if (strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0))
		return path + length;
	return "";
}

static int v1_find_path(const struct cgroup_mounts *mounts, const char *controller,
			const char *inner, char *path, size_t size, struct rti_error *err)
{
	const struct cgroup_mount *mount = NULL;
	const char *base = "";
	char own[PATH_MAX];
	struct statfs fs;
	int r;

	if (!*controller) {
		if (statfs(HYBRID_MOUNT, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
			return -ENOENT;
	} else {
		mount = cgroup_mounts_find(mounts, controller);
		if (!mount)
			return rti_refuse(err, ENOENT, "mountpoint for %s not found", controller);
	}
	if (mount && inner[0] != '/') {
		r = cgroup_mounts_own_path(mounts, controller, own, sizeof(own), err);
		if (r < 0)
			return r;
		base = path_below(own, mount->root);
	}
	base += strspn(base, "/");
	inner += strspn(inner, "/");
	if (snprintf(path, size, "%s%s%s%s%s", mount ? mount->mountpoint : HYBRID_MOUNT,
		     *base ? "/" : "", base, *inner ? "/" : "", inner) >= (int)size)
		return rti_fail(err, ENAMETOOLONG, "cgroup path for %s", controller);
	return 0;
}

static int v1_find_paths(struct cgroup *cgroup, const char *inner, struct rti_error *err)
{
	_cleanup_(cgroup_mounts_done) struct cgroup_mounts mounts = { 0 };
	int r = cgroup_mounts_read(&mounts, err);

	for (size_t i = 0; r == 0 && i < CGROUP_V1_CONTROLLERS; i++) {
		const char *name = cgroup_v1_controllers[i].name;
		char path[PATH_MAX];

		r = v1_find_path(&mounts, name, inner, path, sizeof(path), err);
		/* Without device rules a container would own the host's devices. */
		if (r == -ENOENT && strcmp(name, "devices") != 0) {
			r = 0;
			continue;
		}
		if (r == 0)
			r = cgroup_add_path(cgroup, name, path, err);
	}
	return r;
}

static int v1_make(struct cgroup *cgroup, size_t index, struct rti_error *err)
{
	const struct cgroup_path *entry = &cgroup->paths[index];
	int r = cgroup_mkdir(entry->path, err);

	for (size_t i = 0; r == 0 && i < CGROUP_V1_CONTROLLERS; i++) {
		const struct cgroup_v1_controller *controller = &cgroup_v1_controllers[i];

		if (controller->prepare && strcmp(controller->name, entry->controller) == 0)
			r = controller->prepare(entry->path, cgroup->config, err);
	}
	return r;
}

/* The paths are in the order of the table, as v1_find_paths() has put them. */
static int v1_apply(struct cgroup *cgroup, const struct rti_parent_join *joins, pid_t pid,
		    struct rti_error *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < cgroup->path_count; i++) {
		int r = cgroup_make(cgroup, i, err);

		if (r == 0 && !(joins && joins[i].done))
			r = cgroup_file_add_pid(cgroup->paths[i].path, pid, err);
		if (r < 0 && !cgroup_is_ignorable(cgroup, r))
			return r;
		if (r == 0)
			cgroup->paths[kept++] = cgroup->paths[i];
	}
	if (kept == cgroup->path_count)
		return 0;
	cgroup->path_count = kept;
	return CGROUP_E_ROOTLESS;
}

static int v1_set(struct cgroup *cgroup, struct rti_error *err)
{
	for (size_t i = 0; i < CGROUP_V1_CONTROLLERS; i++) {
		const struct cgroup_v1_controller *controller = &cgroup_v1_controllers[i];
		const char *path = cgroup_path(cgroup, controller->name);
		int r;

		r = controller->set ? controller->set(path, cgroup->config, err) : 0;
		if (r < 0 && !path)
			return rti_refuse(err, -r,
					  "cannot set %s limit: container could not join or "
					  "create cgroup",
					  controller->name);
		if (r < 0)
			return r;
	}
	return 0;
}

static int v1_freeze(struct cgroup *cgroup, enum cgroup_freezer state, struct rti_error *err)
{
	const char *path = cgroup_path(cgroup, "freezer");

	if (!path)
		return rti_refuse(err, ENOENT,
				  "cannot toggle freezer: cgroups not configured for container");
	return cgroup_v1_freeze(path, state, err);
}

static int v1_get_freezer(const struct cgroup *cgroup, enum cgroup_freezer *ret,
			  struct rti_error *err)
{
	const struct timespec pause = { .tv_nsec = 1000 * 1000 };
	const char *path = cgroup_path(cgroup, "freezer");
	char state[16], self[16];
	ssize_t n;

	*ret = CGROUP_FREEZER_UNDEFINED;
	do {
		n = path ? cgroup_file_read(path, "freezer.state", state, sizeof(state), err) : 0;
		if (n == 0 || n == -ENOENT || n == -ENODEV)
			return 0;
		if (n < 0)
			return (int)n;
	} while (strcmp(state, "FREEZING\n") == 0 && nanosleep(&pause, NULL) == 0);
	n = cgroup_file_read(path, "freezer.self_freezing", self, sizeof(self), err);
	if (n < 0 && n != -ENOENT && n != -ENODEV)
		return (int)n;
	*ret = strcmp(state, "FROZEN\n") == 0 && (n < 0 || self[0] == '1') ? CGROUP_FROZEN
									   : CGROUP_THAWED;
	return 0;
}

const struct cgroup_driver cgroup_v1_driver = {
	.find_paths = v1_find_paths,
	.make = v1_make,
	.apply = v1_apply,
	.set = v1_set,
	.freeze = v1_freeze,
	.get_freezer = v1_get_freezer,
};
