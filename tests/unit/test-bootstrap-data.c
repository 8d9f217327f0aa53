/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "parent/bootstrap-data.h"
#include "tests/unit/data-files.h"

static const char *const kinds[] = { "user", "ipc", "uts", "net", "pid", "mnt", "cgroup", "time" };

/*
 * Captures whose message depends on what was there when they were made: paths of namespaces, and
 * the mapping tools and group of the rootless user. Those of runc 1.1 spoke another protocol.
 */
static bool depends_on_the_machine(const char *name)
{
	return strstr(name, "115-") || name[0] == 'n' || name[0] == 'r' || name[0] == 'x' ||
	       strstr(name, "exec") || strstr(name, "idmap-path") || strchr(name, '.') ||
	       strcmp(name, "probes") == 0 || strcmp(name, "s151-oomneg") == 0;
}

static void check_text(const char *name, const char *what, const char *made, const char *captured)
{
	if (!made != !captured || (made && strcmp(made, captured) != 0))
		fail_msg("%s: %s is '%s' instead of '%s'", name, what, made ? made : "(none)",
			 captured ? captured : "(none)");
}

static void check_capture(const char *name, void *data)
{
	struct rti_arena arena = { 0 };
	struct rti_bootstrap made, captured;
	struct rti_init_config config;
	struct rti_error err = { 0 };
	char path[256], *bytes, *json;
	size_t size, json_size;

	if (depends_on_the_machine(name))
		return;
	snprintf(path, sizeof(path), "wire/%s/bootstrap.bin", name);
	bytes = data_read(path, &size);
	snprintf(path, sizeof(path), "wire/%s/initconfig.json", name);
	json = data_read(path, &json_size);
	assert_int_equal(rti_bootstrap_decode(bytes, size, &captured, &err), 0);
	if (rti_init_config_decode(json, json_size, NULL, NULL, &config, &err) < 0 ||
	    bootstrap_data_fill(RTI_INIT_STANDARD, config.config, NULL, &arena, &made, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	assert_int_equal(made.clone_flags, captured.clone_flags);
	check_text(name, "ns_paths", made.ns_paths, captured.ns_paths);
	check_text(name, "uid_map", made.uid_map, captured.uid_map);
	check_text(name, "gid_map", made.gid_map, captured.gid_map);
	check_text(name, "oom_score_adj", made.oom_score_adj, captured.oom_score_adj);
	assert_int_equal(made.setgroups, captured.setgroups);
	assert_int_equal(made.rootless_euid, captured.rootless_euid);
	/* The order of the lines is random in runc. */
	assert_int_equal(strlen(made.time_offsets ? made.time_offsets : ""),
			 strlen(captured.time_offsets ? captured.time_offsets : ""));
	rti_arena_done(&arena);
	rti_init_config_done(&config);
	rti_bootstrap_done(&captured);
	free(bytes);
	free(json);
	++*(int *)data;
}

static void test_captured_configurations_give_the_captured_data(void **state)
{
	int checked = 0;

	(void)state;
	data_each("wire", "", check_capture, &checked);
	assert_true(checked > 40);
}

static int fill(enum rti_init_type type, const struct rti_config *config,
		const struct rti_namespaces *join, struct rti_arena *arena,
		struct rti_bootstrap *ret, struct rti_error *err)
{
	memset(ret, 0, sizeof(*ret));
	return bootstrap_data_fill(type, config, join, arena, ret, err);
}

static void test_namespaces_are_joined_in_the_fixed_order(void **state)
{
	/* in the reverse of the order in which they are to be sent */
	struct rti_namespace items[] = {
		{ "NEWTIME", "/proc/self/ns/time" }, { "NEWCGROUP", "/proc/self/ns/cgroup" },
		{ "NEWNS", "/proc/self/ns/mnt" },    { "NEWPID", "/proc/self/ns/pid" },
		{ "NEWNET", "/proc/self/ns/net" },   { "NEWUTS", "/proc/self/ns/uts" },
		{ "NEWIPC", "/proc/self/ns/ipc" },   { "NEWUSER", "/proc/self/ns/user" },
	};
	struct rti_namespaces join = { .items = items, .count = 8 };
	struct rti_id_map map = { 0, 1000, 1 };
	struct rti_time_offset offset = { .clock = "monotonic", .secs = 1 };
	struct rti_config config = { .uid_mappings = { .items = &map, .count = 1 },
				     .time_offsets = { .items = &offset, .count = 1 } };
	struct rti_arena arena = { 0 };
	struct rti_bootstrap data;
	char expected[512] = "";

	(void)state;
	for (size_t i = 0; i < 8; i++)
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected),
			 "%s%s:/proc/self/ns/%s", i ? "," : "", kinds[i], kinds[i]);
	assert_int_equal(fill(RTI_INIT_SETNS, &config, &join, &arena, &data, NULL), 0);
	assert_string_equal(data.ns_paths, expected);
	assert_int_equal(data.clone_flags, 0);
	/* Maps and offsets belong to namespaces that are made. */
	assert_null(data.uid_map);
	assert_null(data.time_offsets);
	config.namespaces = join;
	assert_int_equal(fill(RTI_INIT_STANDARD, &config, NULL, &arena, &data, NULL), 0);
	assert_string_equal(data.ns_paths, expected);
	assert_null(data.uid_map);
	rti_arena_done(&arena);
}

static void test_bad_namespaces_are_refused(void **state)
{
	struct rti_namespace item = { "NEWNET", "/no/such" };
	struct rti_config config = { .namespaces = { .items = &item, .count = 1 } };
	struct rti_namespaces none = { 0 };
	struct rti_arena arena = { 0 };
	struct rti_bootstrap data;
	struct rti_error err;

	(void)state;
	assert_int_equal(fill(RTI_INIT_STANDARD, &config, NULL, &arena, &data, &err), -ENOENT);
	assert_string_equal(err.text, "namespace path: lstat /no/such: no such file or directory");
	item.type = "NEWBOGUS";
	assert_int_equal(fill(RTI_INIT_STANDARD, &config, NULL, &arena, &data, &err), -EINVAL);
	assert_int_equal(fill(RTI_INIT_SETNS, &config, &none, &arena, &data, &err), -EINVAL);
	rti_arena_done(&arena);
}

static void test_setgroups_is_left_to_who_may(void **state)
{
	struct rti_id_map map = { 0, getegid(), 1 };
	struct rti_config config = { .gid_mappings = { .items = &map, .count = 1 } };
	struct rti_arena arena = { 0 };
	struct rti_bootstrap data;

	(void)state;
	assert_int_equal(fill(RTI_INIT_STANDARD, &config, NULL, &arena, &data, NULL), 0);
	assert_false(data.setgroups);
	map.size = 2;
	assert_int_equal(fill(RTI_INIT_STANDARD, &config, NULL, &arena, &data, NULL), 0);
	assert_true(data.setgroups);
	rti_arena_done(&arena);
}

static void test_mapping_tools_are_found_for_the_rootless(void **state)
{
	struct rti_id_map map = { 0, 1000, 1 };
	struct rti_config config = { .rootless_euid = true,
				     .uid_mappings = { .items = &map, .count = 1 },
				     .gid_mappings = { .items = &map, .count = 1 } };
	char folder[] = "/tmp/rti-test-tools-XXXXXX", tool[64], list[128];
	char *old = strdup(getenv("PATH") ? getenv("PATH") : "");
	struct rti_arena arena = { 0 };
	struct rti_bootstrap data;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(tool, sizeof(tool), "%s/newuidmap", folder);
	fclose(fopen(tool, "w"));
	snprintf(list, sizeof(list), "/no/such::relative:%s", folder);
	setenv("PATH", list, 1);
	assert_int_equal(fill(RTI_INIT_STANDARD, &config, NULL, &arena, &data, NULL), 0);
	assert_null(data.newuidmap); /* it is no program */
	chmod(tool, 0755);
	assert_int_equal(fill(RTI_INIT_STANDARD, &config, NULL, &arena, &data, NULL), 0);
	assert_string_equal(data.newuidmap, tool);
	assert_null(data.newgidmap);
	config.rootless_euid = false;
	assert_int_equal(fill(RTI_INIT_STANDARD, &config, NULL, &arena, &data, NULL), 0);
	assert_null(data.newuidmap);
	setenv("PATH", old, 1);
	free(old);
	unlink(tool);
	rmdir(folder);
	rti_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured_configurations_give_the_captured_data),
		cmocka_unit_test(test_namespaces_are_joined_in_the_fixed_order),
		cmocka_unit_test(test_bad_namespaces_are_refused),
		cmocka_unit_test(test_setgroups_is_left_to_who_may),
		cmocka_unit_test(test_mapping_tools_are_found_for_the_rootless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
