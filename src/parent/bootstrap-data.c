/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/bootstrap-data.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/namespace.h"

static const char *namespace_path(const struct rti_namespaces *namespaces, const char *wire)
{
	for (size_t i = 0; i < namespaces->count; i++)
		if (strcmp(namespaces->items[i].type, wire) == 0)
			return namespaces->items[i].path ? namespaces->items[i].path : "";
	return NULL;
}

static bool joins(const struct rti_namespaces *namespaces, const char *wire)
{
	const char *path = namespace_path(namespaces, wire);

	return path && path[0];
}

static int check_path(const struct namespace_kind *kind, const char *path, struct rti_error *err)
{
	char supported[64];
	struct stat st;

	snprintf(supported, sizeof(supported), "/proc/self/ns/%s", kind->proc);
	if (access(supported, F_OK) < 0 && errno == ENOENT)
		return rti_refuse(err, EINVAL, "namespace %s is not supported", kind->wire);
	if (lstat(path, &st) < 0)
		return rti_fail(err, errno, "namespace path: lstat %s", path);
	if (strchr(path, ',')) /* it separates the paths on the wire */
		return rti_refuse(err, EINVAL, "invalid namespace path %s", path);
	return 0;
}

/* "net:/path,pid:/path", in the order in which they are joined. */
static int fill_paths(const struct rti_namespaces *namespaces, struct rti_arena *arena,
		      const char **ret, struct rti_error *err)
{
	const char *text = "";

	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		const struct namespace_kind *kind = &namespace_kinds[i];
		const char *path = namespace_path(namespaces, kind->wire);
		int r;

		if (!path || !path[0])
			continue;
		r = check_path(kind, path, err);
		if (r < 0)
			return r;
		text = rti_arena_printf(arena, "%s%s%s:%s", text, text[0] ? "," : "", kind->proc,
					path);
		if (!text)
			return rti_fail(err, ENOMEM, "namespace paths");
	}
	*ret = text;
	return 0;
}

static int fill_namespaces(enum rti_init_type type, const struct rti_config *config,
			   const struct rti_namespaces *join, struct rti_arena *arena,
			   struct rti_bootstrap *ret, struct rti_error *err)
{
	const char *paths = "";
	int r = fill_paths(type == RTI_INIT_SETNS ? join : &config->namespaces, arena, &paths, err);

	if (r < 0)
		return r;
	if (type == RTI_INIT_SETNS) {
		if (!paths[0])
			return rti_refuse(err, EINVAL, "the container has no namespace to join");
		ret->ns_paths = paths;
		return 0;
	}
	ret->ns_paths = paths[0] ? paths : NULL;
	for (size_t i = 0; i < config->namespaces.count; i++) {
		const struct rti_namespace *namespace = &config->namespaces.items[i];
		const struct namespace_kind *kind = namespace_from_wire(namespace->type);

		if (!kind)
			return rti_refuse(err, EINVAL, "unknown namespace type \"%s\"",
					  namespace->type);
		if (!namespace->path || !namespace->path[0])
			ret->clone_flags |= (uint32_t)kind->flag;
	}
	return 0;
}

static const char *map_text(const struct rti_id_maps *maps, struct rti_arena *arena)
{
	enum { LINE_MAX_SIZE = sizeof("-9223372036854775808 ") * 3 };
	char *text = rti_arena_array(arena, maps->count + 1, LINE_MAX_SIZE), *end = text;

	for (size_t i = 0; i < maps->count && text; i++)
		end += snprintf(end, LINE_MAX_SIZE, "%" PRId64 " %" PRId64 " %" PRId64 "\n",
				maps->items[i].container_id, maps->items[i].host_id,
				maps->items[i].size);
	return text;
}

/* Where a mapping tool is, by the caller's PATH; NULL when it is nowhere. */
static const char *find_tool(const char *name, struct rti_arena *arena)
{
	const char *list = getenv("PATH");

	while (list && *list) {
		size_t size = strcspn(list, ":");
		const char *path = rti_arena_printf(arena, "%.*s/%s", (int)size, list, name);
		struct stat st;

		if (path && path[0] == '/' && stat(path, &st) == 0 && S_ISREG(st.st_mode) &&
		    access(path, X_OK) == 0)
			return path;
		list += size + (list[size] == ':');
	}
	return NULL;
}

/*
 * Whether the process may call setgroups(2). It may not where the group map is what an unprivileged
 * process may write by itself, because then it must have denied setgroups before.
 */
static bool allows_setgroups(const struct rti_id_maps *gids)
{
	return gids->count != 1 || gids->items[0].container_id != 0 ||
	       gids->items[0].host_id != (int64_t)getegid() || gids->items[0].size != 1;
}

static int fill_maps(const struct rti_config *config, struct rti_arena *arena,
		     struct rti_bootstrap *ret, struct rti_error *err)
{
	if (config->uid_mappings.count) {
		ret->uid_map = map_text(&config->uid_mappings, arena);
		if (!ret->uid_map)
			return rti_fail(err, ENOMEM, "uid map");
		if (config->rootless_euid)
			ret->newuidmap = find_tool("newuidmap", arena);
	}
	if (config->gid_mappings.count) {
		ret->gid_map = map_text(&config->gid_mappings, arena);
		if (!ret->gid_map)
			return rti_fail(err, ENOMEM, "gid map");
		if (config->rootless_euid)
			ret->newgidmap = find_tool("newgidmap", arena);
		ret->setgroups = allows_setgroups(&config->gid_mappings);
	}
	return 0;
}

static int fill_time_offsets(const struct rti_time_offsets *offsets, struct rti_arena *arena,
			     struct rti_bootstrap *ret, struct rti_error *err)
{
	const char *text = "";

	for (size_t i = 0; i < offsets->count && text; i++)
		text = rti_arena_printf(arena, "%s%s %" PRId64 " %" PRIu32 "\n", text,
					offsets->items[i].clock, offsets->items[i].secs,
					offsets->items[i].nanosecs);
	if (!text)
		return rti_fail(err, ENOMEM, "time offsets");
	ret->time_offsets = text;
	return 0;
}

int bootstrap_data_fill(enum rti_init_type type, const struct rti_config *config,
			const struct rti_namespaces *join, struct rti_arena *arena,
			struct rti_bootstrap *ret, struct rti_error *err)
{
	const struct rti_namespaces *joined = type == RTI_INIT_SETNS ? join : &config->namespaces;
	struct rti_bootstrap data = { .rootless_euid = config->rootless_euid };
	int r;

	r = fill_namespaces(type, config, join, arena, &data, err);
	if (r == 0 && !joins(joined, "NEWUSER"))
		r = fill_maps(config, arena, &data, err);
	if (r == 0 && config->oom_score_adj) {
		data.oom_score_adj = rti_arena_printf(arena, "%" PRId64, *config->oom_score_adj);
		if (!data.oom_score_adj)
			r = rti_fail(err, ENOMEM, "oom_score_adj");
	}
	if (r == 0 && config->time_offsets.count && !joins(joined, "NEWTIME"))
		r = fill_time_offsets(&config->time_offsets, arena, &data, err);
	if (r == 0)
		*ret = data;
	return r;
}
