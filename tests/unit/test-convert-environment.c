/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts read from this machine agree with what else can be seen of it.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/spec-convert.h"
#include "tests/unit/data-files.h"

static struct rti_convert_environment probe(void)
{
	struct rti_convert_environment environment = {};

	rti_convert_environment_probe(&environment);
	return environment;
}

static void test_namespaces_of_this_kernel(void **state)
{
	struct rti_convert_environment environment = probe();

	(void)state;
	assert_int_equal(environment.user_namespaces, access("/proc/self/ns/user", F_OK) == 0);
	assert_int_equal(environment.cgroup_namespaces, access("/proc/self/ns/cgroup", F_OK) == 0);
	assert_int_equal(environment.time_namespaces, access("/proc/self/ns/time", F_OK) == 0);
	assert_int_equal(environment.rdt_cat && !environment.rdt, 0);
}

static void test_id_maps_of_a_process(void **state)
{
	struct rti_convert_environment environment = probe();
	struct rti_arena arena = {};
	struct rti_id_maps uid_maps = {};
	struct rti_id_maps gid_maps = {};
	struct rti_error err = {};
	long long first[3];
	char path[64];
	FILE *file = fopen("/proc/self/uid_map", "re");

	(void)state;
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lld %lld %lld", &first[0], &first[1], &first[2]), 3);
	fclose(file);
	snprintf(path, sizeof(path), "/proc/%d/ns/user", getpid());
	assert_int_equal(environment.read_id_maps(NULL, path, &arena, &uid_maps, &gid_maps, &err),
			 0);
	assert_true(uid_maps.count >= 1 && gid_maps.count >= 1);
	assert_int_equal(uid_maps.items[0].container_id, first[0]);
	assert_int_equal(uid_maps.items[0].host_id, first[1]);
	assert_int_equal(uid_maps.items[0].size, first[2]);
	rti_arena_done(&arena);
}

static void test_other_paths_need_a_process_inside(void **state)
{
	static const char *const paths[] = { "/proc/self/ns/user", "/proc//ns/user",
					     "/proc/1/ns/user2",   "/proc/1/ns/usr",
					     "/run/ns/user",	   "/proc/1x/ns/user" };
	struct rti_convert_environment environment = probe();

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		struct rti_arena arena = {};
		struct rti_id_maps uid_maps;
		struct rti_id_maps gid_maps;
		struct rti_error err = {};

		assert_int_equal(environment.read_id_maps(NULL, paths[i], &arena, &uid_maps,
							  &gid_maps, &err),
				 -EOPNOTSUPP);
		rti_arena_done(&arena);
	}
}

static void test_symbolic_links_are_resolved(void **state)
{
	struct rti_convert_environment environment = probe();
	char folder[] = "/tmp/rti-test-XXXXXX";
	struct rti_arena arena = {};
	struct rti_error err = {};
	const char *resolved = NULL;
	char path[64];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/link", folder);
	assert_int_equal(symlink(folder, path), 0);
	assert_int_equal(environment.resolve_path(NULL, path, &arena, &resolved, &err), 0);
	assert_string_equal(resolved, folder);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(environment.resolve_path(NULL, path, &arena, &resolved, &err), -ENOENT);
	assert_memory_equal(err.text, "stat /tmp/", 10);
	assert_int_equal(rmdir(folder), 0);
	rti_arena_done(&arena);
}

static void test_own_network_namespace(void **state)
{
	struct rti_convert_environment environment = probe();
	struct rti_error err = {};
	bool own = false;

	(void)state;
	assert_int_equal(environment.netns_is_own(NULL, "/proc/self/ns/net", &own, &err), 0);
	assert_true(own);
	assert_int_equal(environment.netns_is_own(NULL, "/proc/self/ns/uts", &own, &err), 0);
	assert_false(own);
	assert_int_equal(environment.netns_is_own(NULL, "/proc/self/ns/x", &own, &err), -ENOENT);
	assert_string_equal(err.text, "stat /proc/self/ns/x: no such file or directory");
}

static void test_nothing_stays_open(void **state)
{
	size_t before = open_fds();

	(void)state;
	probe();
	test_id_maps_of_a_process(NULL);
	assert_int_equal(open_fds(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_namespaces_of_this_kernel),
		cmocka_unit_test(test_id_maps_of_a_process),
		cmocka_unit_test(test_other_paths_need_a_process_inside),
		cmocka_unit_test(test_symbolic_links_are_resolved),
		cmocka_unit_test(test_own_network_namespace),
		cmocka_unit_test(test_nothing_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
