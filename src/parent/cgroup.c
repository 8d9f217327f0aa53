/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "parent/cgroup-driver.h"
#include "parent/cgroup-file.h"

static const struct cgroup_driver *driver_of(const struct cgroup *cgroup)
{
	return cgroup->unified ? &cgroup_v2_driver : &cgroup_v1_driver;
}

/* "a", "b/../../c" -> clean relative path; "/x/.." -> "/". @out has room for strlen(@path) + 2. */
static void clean_path(const char *path, char *out)
{
	size_t length = 0;

	while (*path == '/')
		out[length++] = *path++, path += strspn(path, "/");
	for (size_t floor = length; *path; path += strspn(path, "/")) {
		size_t part = strcspn(path, "/");

		if (part == 2 && path[0] == '.' && path[1] == '.') {
			while (length > floor && out[length - 1] != '/')
				length--;
			if (length > floor)
				length--;
		} else if (part != 1 || path[0] != '.') {
			if (length > floor)
				out[length++] = '/';
			memcpy(out + length, path, part);
			length += part;
		}
		path += part;
	}
	out[length] = 0;
}

static int inner_path(const struct rti_cgroups *config, char *inner, size_t size,
		      struct rti_error *err)
{
	const char *path = config->path ? config->path : "";
	const char *parent = config->parent ? config->parent : "";
	const char *name = config->name ? config->name : "";
	char joined[PATH_MAX];

	if ((*name || *parent) && *path)
		return rti_refuse(err, EINVAL,
				  "cgroup: either Path or Name and Parent should be used");
	if (!*path) {
		if (snprintf(joined, sizeof(joined), "%s%s%s", parent, *parent ? "/" : "", name) >=
		    (int)sizeof(joined))
			return rti_fail(err, ENAMETOOLONG, "cgroup path");
		path = joined;
	}
	if (strlen(path) + 2 > size)
		return rti_fail(err, ENAMETOOLONG, "cgroup path");
	clean_path(path, inner);
	return 0;
}

int cgroup_add_path(struct cgroup *cgroup, const char *controller, const char *path,
		    struct rti_error *err)
{
	struct cgroup_path *slot = &cgroup->paths[cgroup->path_count];

	if (cgroup->path_count == CGROUP_PATHS_MAX)
		return rti_refuse(err, E2BIG, "too many cgroup paths");
	slot->controller = rti_arena_text(&cgroup->arena, controller, strlen(controller));
	slot->path = rti_arena_text(&cgroup->arena, path, strlen(path));
	if (!slot->controller || !slot->path)
		return rti_fail(err, ENOMEM, "cgroup path");
	cgroup->path_count++;
	return 0;
}

static int use_saved(struct cgroup *cgroup, const struct rti_string_map *saved,
		     struct rti_error *err)
{
	if (cgroup->unified && saved->count > 1)
		return rti_refuse(err, EINVAL, "inconsistent paths: expected a single path");
	for (size_t i = 0; i < saved->count; i++) {
		int r;

		if (saved->items[i].value[0] != '/')
			return rti_refuse(err, EINVAL, "invalid path: \"%s\"",
					  saved->items[i].value);
		r = cgroup_add_path(cgroup, saved->items[i].key, saved->items[i].value, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int cgroup_open(struct cgroup *ret, const struct rti_cgroups *config,
		const struct rti_string_map *saved, struct rti_error *err)
{
	struct cgroup cgroup = { .config = config, .unified = cgroup_is_unified() };
	char inner[PATH_MAX];
	int r;

	if (config->systemd)
		return rti_refuse(err, EINVAL, "the systemd cgroup driver is not supported");
	if (!cgroup.unified && config->unified.count > 0)
		return rti_refuse(err, EINVAL,
				  "invalid configuration: cannot use unified on cgroup v1");
	if (saved) {
		r = use_saved(&cgroup, saved, err);
	} else {
		r = inner_path(config, inner, sizeof(inner), err);
		if (r == 0)
			r = driver_of(&cgroup)->find_paths(&cgroup, inner, err);
	}
	if (r < 0) {
		cgroup_done(&cgroup);
		return r;
	}
	*ret = cgroup;
	return 0;
}

void cgroup_done(struct cgroup *cgroup)
{
	rti_arena_done(&cgroup->arena);
	*cgroup = (struct cgroup){ 0 };
}

const char *cgroup_path(const struct cgroup *cgroup, const char *controller)
{
	if (cgroup->unified)
		controller = "";
	for (size_t i = 0; i < cgroup->path_count; i++) {
		if (strcmp(cgroup->paths[i].controller, controller) == 0)
			return cgroup->paths[i].path;
	}
	return NULL;
}

bool cgroup_exists(const struct cgroup *cgroup)
{
	return cgroup_file_exists(cgroup_path(cgroup, "devices"), "");
}

bool cgroup_is_ignorable(const struct cgroup *cgroup, int r)
{
	bool chosen = cgroup->config->path && *cgroup->config->path;

	return cgroup->config->rootless && !chosen && (r == -EPERM || r == -EACCES || r == -EROFS);
}

int cgroup_make(struct cgroup *cgroup, size_t index, struct rti_error *err)
{
	struct cgroup_path *entry = &cgroup->paths[index];
	int r = entry->is_ready ? 0 : driver_of(cgroup)->make(cgroup, index, err);

	entry->is_ready = r == 0;
	return r;
}

void cgroup_prepare(struct cgroup *cgroup, struct rti_parent_join ret[static CGROUP_PATHS_MAX])
{
	for (size_t i = 0; i < CGROUP_PATHS_MAX; i++) {
		ret[i] = (struct rti_parent_join){ .fd = -EBADF };
		if (i < cgroup->path_count && cgroup_make(cgroup, i, NULL) == 0)
			cgroup_open_join(cgroup, i, cgroup->paths[i].path, &ret[i]);
	}
}

int cgroup_apply(struct cgroup *cgroup, const struct rti_parent_join *joins, pid_t pid,
		 struct rti_error *err)
{
	return driver_of(cgroup)->apply(cgroup, joins, pid, err);
}

int cgroup_set(struct cgroup *cgroup, struct rti_error *err)
{
	return driver_of(cgroup)->set(cgroup, err);
}

int cgroup_freeze(struct cgroup *cgroup, enum cgroup_freezer state, struct rti_error *err)
{
	return driver_of(cgroup)->freeze(cgroup, state, err);
}

int cgroup_get_freezer(const struct cgroup *cgroup, enum cgroup_freezer *ret, struct rti_error *err)
{
	return driver_of(cgroup)->get_freezer(cgroup, ret, err);
}

int cgroup_set_rdma(const char *path, const struct rti_rdma_limits *limits, struct rti_error *err)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct rti_rdma_limit *limit = &limits->items[i];
		char handles[32] = "", objects[32] = "";
		int r;

		if (limit->hca_handles)
			snprintf(handles, sizeof(handles), " hca_handle=%u", *limit->hca_handles);
		if (limit->hca_objects)
			snprintf(objects, sizeof(objects), " hca_object=%u", *limit->hca_objects);
		r = cgroup_file_write(path, "rdma.max", err, "%s%s%s", limit->device, handles,
				      objects);
		if (r < 0)
			return r;
	}
	return 0;
}

int cgroup_set_hugetlb(const char *path, const char *ending,
		       const struct rti_hugetlb_limits *limits, struct rti_error *err)
{
	for (size_t i = 0; i < limits->count; i++) {
		const struct rti_hugetlb_limit *item = &limits->items[i];
		char file[128];
		int r;

		snprintf(file, sizeof(file), "hugetlb.%s.%s", item->page_size, ending);
		r = cgroup_file_write(path, file, err, "%" PRIu64, item->limit);
		if (r < 0)
			return r;
		snprintf(file, sizeof(file), "hugetlb.%s.rsvd.%s", item->page_size, ending);
		r = cgroup_file_write(path, file, err, "%" PRIu64, item->limit);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	return 0;
}

uint64_t cgroup_get_oom_kills(const struct cgroup *cgroup)
{
	const char *file = cgroup->unified ? "memory.events" : "memory.oom_control";
	uint64_t count = 0;

	cgroup_file_read_key(cgroup_path(cgroup, "memory"), file, "oom_kill", &count);
	return count;
}

int cgroup_destroy(struct cgroup *cgroup, struct rti_error *err)
{
	char left[4096] = "";
	size_t used = 0;

	for (size_t i = 0; i < cgroup->path_count; i++) {
		int n;

		if (cgroup_rmdir(cgroup->paths[i].path, err) == 0)
			continue;
		n = snprintf(left + used, sizeof(left) - used, "%s%s:%s", used ? " " : "",
			     cgroup->paths[i].controller, cgroup->paths[i].path);
		if (n > 0 && (size_t)n < sizeof(left) - used)
			used += (size_t)n;
	}
	if (used)
		return rti_refuse(err, EBUSY, "Failed to remove paths: map[%s]", left);
	return 0;
}
