/* SPDX-License-Identifier: Apache-2.0 */
/* Which processes are in a container's cgroups: joining, listing, killing. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/cgroup-driver.h"
#include "parent/cgroup-file.h"
#include "parent/cgroup-tree.h"

/* How many processes the start of one has at most at a time: the stages of the init. */
#define STAGES 3

static const char *find_sub(const struct rti_string_map *subs, const char *controller)
{
	for (size_t i = 0; subs && i < subs->count; i++) {
		if (strcmp(subs->items[i].key, controller) == 0)
			return subs->items[i].value;
	}
	return NULL;
}

/* @base and @sub, which must not lead out of @base. */
static int sub_path(const char *base, const char *sub, char path[static PATH_MAX],
		    struct rti_error *err)
{
	size_t depth = 0;

	sub = sub ? sub : "";
	for (const char *p = sub; *p; p += strcspn(p, "/"), p += strspn(p, "/")) {
		size_t part = strcspn(p, "/");

		if (part == 2 && strncmp(p, "..", 2) == 0) {
			if (depth-- == 0)
				return rti_refuse(err, EINVAL, "bad sub cgroup path: %s", sub);
		} else if (part > 0 && !(part == 1 && *p == '.')) {
			depth++;
		}
	}
	sub += strspn(sub, "/");
	if (snprintf(path, PATH_MAX, "%s%s%s", base, *sub ? "/" : "", sub) >= PATH_MAX)
		return rti_fail(err, ENAMETOOLONG, "bad sub cgroup path: %s", sub);
	return 0;
}

/*
 * An init that may write its cgroup file system can have moved itself, and nesting may forbid
 * processes in the configured cgroup; then a process joins the init where it actually is.
 */
static int init_cgroup(pid_t init_pid, char path[static PATH_MAX])
{
	const char *root = "/sys/fs/cgroup";
	size_t length = strlen(root);

	memcpy(path, root, length);
	if (init_pid <= 0)
		return -ENOENT;
	return cgroup_own_path(init_pid, "", path + length, PATH_MAX - length, NULL);
}

static int join_v2(struct cgroup *cgroup, const char *sub, pid_t pid, pid_t init_pid,
		   struct rti_error *err)
{
	char path[PATH_MAX];
	int r;

	r = sub_path(cgroup_path(cgroup, ""), sub, path, err);
	if (r < 0)
		return r;
	r = cgroup_file_add_pid(path, pid, err);
	if (r < 0 && (!sub || !*sub) && init_cgroup(init_pid, path) == 0)
		r = cgroup_file_add_pid(path, pid, err);
	return r;
}

static const char *sub_of(const struct cgroup_path *entry, const struct rti_string_map *subs)
{
	const char *sub = find_sub(subs, entry->controller);

	return sub ? sub : find_sub(subs, "");
}

static int join_v1(struct cgroup *cgroup, const struct rti_string_map *subs,
		   const struct rti_parent_join *joins, pid_t pid, struct rti_error *err)
{
	for (size_t i = 0; subs && i < subs->count; i++) {
		if (*subs->items[i].key && !cgroup_path(cgroup, subs->items[i].key))
			return rti_refuse(err, EINVAL, "unknown controller %s in SubCgroupPaths",
					  subs->items[i].key);
	}
	for (size_t i = 0; i < cgroup->path_count; i++) {
		const struct cgroup_path *entry = &cgroup->paths[i];
		char path[PATH_MAX];
		int r;

		if (joins && joins[i].done)
			continue;
		r = sub_path(entry->path, sub_of(entry, subs), path, err);
		if (r < 0)
			return r;
		r = cgroup_file_add_pid(path, pid, err);
		if (r < 0 && !cgroup_is_ignorable(cgroup, r))
			return r;
	}
	return 0;
}

int cgroup_join(struct cgroup *cgroup, const struct rti_string_map *subs,
		const struct rti_parent_join *joins, pid_t pid, pid_t init_pid,
		struct rti_error *err)
{
	int r = 0;

	if (!cgroup->unified)
		r = join_v1(cgroup, subs, joins, pid, err);
	else if (cgroup->path_count > 0 && !(joins && joins[0].done))
		r = join_v2(cgroup, find_sub(subs, ""), pid, init_pid, err);
	return r < 0 && cgroup->config->rootless ? 0 : r;
}

void cgroup_open_join(const struct cgroup *cgroup, size_t index, const char *path,
		      struct rti_parent_join *ret)
{
	bool is_v2 = !*cgroup->paths[index].controller;

	ret->is_v2 = is_v2;
	ret->fd = is_v2 ? cgroup_file_open(path, "", O_PATH | O_DIRECTORY, NULL)
			: cgroup_file_open(path, "tasks", O_WRONLY, NULL);
	if (ret->fd < 0)
		ret->fd = -EBADF;
}

void cgroup_joins_done(struct rti_parent_join joins[static CGROUP_PATHS_MAX])
{
	for (size_t i = 0; i < CGROUP_PATHS_MAX; i++)
		joins[i].fd = rti_close(joins[i].fd);
}

static bool is_frozen(const char *controller, const char *path)
{
	char state[16];

	if (strcmp(controller, "freezer") == 0)
		return cgroup_file_read(path, "freezer.state", state, sizeof(state), NULL) < 0 ||
		       strcmp(state, "THAWED\n") != 0;
	return !*controller &&
	       cgroup_file_read(path, "cgroup.freeze", state, sizeof(state), NULL) > 0 &&
	       state[0] != '0';
}

static bool is_full(const char *controller, const char *path)
{
	uint64_t limit, current;

	if (*controller && strcmp(controller, "pids") != 0)
		return false;
	return cgroup_file_read_u64(path, "pids.max", &limit, NULL) == 0 &&
	       cgroup_file_read_u64(path, "pids.current", &current, NULL) == 0 &&
	       (limit < current || limit - current < STAGES);
}

void cgroup_prepare_join(const struct cgroup *cgroup, const struct rti_string_map *subs,
			 pid_t init_pid, struct rti_parent_join ret[static CGROUP_PATHS_MAX])
{
	for (size_t i = 0; i < CGROUP_PATHS_MAX; i++) {
		const struct cgroup_path *entry = &cgroup->paths[i];
		const char *sub = i < cgroup->path_count ? sub_of(entry, subs) : NULL;
		char path[PATH_MAX];

		ret[i] = (struct rti_parent_join){ .fd = -EBADF };
		if (i >= cgroup->path_count || sub_path(entry->path, sub, path, NULL) < 0 ||
		    is_frozen(entry->controller, path) || is_full(entry->controller, path))
			continue;
		cgroup_open_join(cgroup, i, path, &ret[i]);
		if (ret[i].fd < 0 && cgroup->unified && (!sub || !*sub) &&
		    init_cgroup(init_pid, path) == 0)
			cgroup_open_join(cgroup, i, path, &ret[i]);
	}
}

struct pids {
	const char *path; /* for errors */
	pid_t *items;
	size_t count;
	size_t room;
};

static int add_pid(struct pids *pids, pid_t pid, struct rti_error *err)
{
	if (pids->count == pids->room) {
		size_t room = pids->room ? pids->room * 2 : 64;
		pid_t *items = reallocarray(pids->items, room, sizeof(*items));

		if (!items)
			return rti_fail(err, ENOMEM, "list pids of %s", pids->path);
		pids->items = items;
		pids->room = room;
	}
	pids->items[pids->count++] = pid;
	return 0;
}

static int add_pids_of(void *data, int dir_fd, struct rti_error *err)
{
	struct pids *pids = data;
	int fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	FILE *file = fd < 0 ? NULL : fdopen(fd, "re");
	int pid, r = 0;

	if (!file) {
		r = -errno;
		rti_close(fd);
		/* The cgroup may be gone by now. */
		return r == -ENOENT ? 0
				    : rti_fail(err, -r, "open cgroup.procs below %s", pids->path);
	}
	/* A threaded cgroup lists its processes in its domain only, and gives EOPNOTSUPP. */
	while (r == 0 && fscanf(file, "%d", &pid) == 1) {
		/* 0 is a process outside of our pid namespace, and to kill(2) our own group. */
		if (pid > 0)
			r = add_pid(pids, pid, err);
	}
	fclose(file);
	return r;
}

int cgroup_get_pids(const struct cgroup *cgroup, pid_t **ret, size_t *ret_count,
		    struct rti_error *err)
{
	const char *path = cgroup_path(cgroup, "devices");
	struct pids pids = { .path = path };
	const struct cgroup_tree_visitor visitor = { .enter = add_pids_of, .data = &pids };
	int r;

	r = path ? cgroup_tree_walk(path, &visitor, err)
		 : rti_refuse(err, ENOENT, "no directory specified for cgroup.procs");
	if (r < 0) {
		free(pids.items);
		return r;
	}
	*ret = pids.items;
	*ret_count = pids.count;
	return 0;
}

int cgroup_kill(struct cgroup *cgroup, struct rti_error *err)
{
	const char *v2 = cgroup_path(cgroup, "");
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r;

	if (!cgroup_exists(cgroup))
		return rti_refuse(err, ENOENT, "cgroup not exist");
	if (v2) {
		r = cgroup_file_write(v2, "cgroup.kill", err, "1");
		if (r != -ENOENT)
			return r;
	}
	/* Frozen processes cannot fork away from the list; the kill acts when they are thawed. */
	cgroup_freeze(cgroup, CGROUP_FROZEN, NULL);
	r = cgroup_get_pids(cgroup, &pids, &count, err);
	for (size_t i = 0; i < count; i++)
		kill(pids[i], SIGKILL);
	cgroup_freeze(cgroup, CGROUP_THAWED, NULL);
	return r;
}
