/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/spec-fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int read_id_maps(void *data, const char *path, struct rti_arena *arena,
			struct rti_id_maps *ret_uid, struct rti_id_maps *ret_gid,
			struct rti_error *err)
{
	struct rti_id_map *maps;

	(void)data;
	if (!strncmp(path, "/nonexistent/", 13))
		return rti_refuse(err, ENOENT,
				  "userns spawn: open userns path %s failed: No such file or "
				  "directory",
				  path);
	maps = rti_arena_array(arena, 2, sizeof(*maps));
	if (!maps)
		return -ENOMEM;
	maps[0] = maps[1] = (struct rti_id_map){ 0, 100000, 65536 };
	*ret_uid = (struct rti_id_maps){ &maps[0], 1 };
	*ret_gid = (struct rti_id_maps){ &maps[1], 1 };
	return 0;
}

static int resolve_path(void *data, const char *path, struct rti_arena *arena, const char **ret,
			struct rti_error *err)
{
	const char *resolved = path;

	(void)data;
	if (!strncmp(path, "/nonexistent", 12))
		return rti_fail(err, ENOENT, "stat %s", path);
	if (!strcmp(path, "/bundles/err-rootfs-link") || strstr(path, "/../"))
		resolved = "/bundles/err-rootfs";
	*ret = rti_arena_text(arena, resolved, strlen(resolved));
	return *ret ? 0 : -ENOMEM;
}

static int netns_is_own(void *data, const char *path, bool *ret, struct rti_error *err)
{
	(void)data;
	if (!strncmp(path, "/nonexistent", 12))
		return rti_fail(err, ENOENT, "stat %s", path);
	*ret = !strcmp(path, "/proc/self/ns/net");
	return 0;
}

static void warn(void *data, const char *text)
{
	struct fixture *fixture = data;
	size_t used = strlen(fixture->warnings);

	snprintf(fixture->warnings + used, sizeof(fixture->warnings) - used, "%s\n", text);
}

struct rti_convert_environment fixture_environment(struct fixture *fixture, const char *bundle,
						   const char *id)
{
	fixture->warnings[0] = '\0';
	return (struct rti_convert_environment){
		.bundle = bundle,
		.container_id = id,
		.user_namespaces = true,
		.cgroup_namespaces = true,
		.time_namespaces = true,
		.seccomp_version = { 2, 5, 4 },
		.seccomp_api = 6,
		.read_id_maps = read_id_maps,
		.resolve_path = resolve_path,
		.netns_is_own = netns_is_own,
		.warn = warn,
		.data = fixture,
	};
}
