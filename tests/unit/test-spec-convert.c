/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every captured config.json becomes exactly the init configuration that runc made of it, for each
 * of the five release lines.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "protocol/spec-convert.h"
#include "protocol/spec-validate.h"
#include "tests/unit/data-files.h"
#include "tests/unit/json-diff.h"
#include "tests/unit/spec-fixture.h"

static const struct release {
	const char *ending;
	enum rti_dialect dialect;
} releases[] = {
	{ ".wire.1.2.9.json", RTI_DIALECT_RUNC_1_2 }, { ".wire.1.3.6.json", RTI_DIALECT_RUNC_1_3 },
	{ ".wire.1.4.3.json", RTI_DIALECT_RUNC_1_4 }, { ".wire.json", RTI_DIALECT_RUNC_1_5 },
	{ ".wire.main.json", RTI_DIALECT_RUNC_MAIN },
};

#define RELEASES (sizeof(releases) / sizeof(*releases))

/* How a capture was made, where it was not `runc create` by root without flags. */
static const struct call {
	const char *name;
	const char *id; /* where it is not "r2cfg-NAME" */
	const char *cgroup2_path;
	bool systemd;
	bool no_pivot;
	bool no_new_keyring;
	bool rootless_euid;
	bool rootless_cgroups;
	bool console;
	bool selinux;
	bool unified;
	uint32_t preserve_fds;
	/* runc's parent refuses it: the capture is of a runc built without the check */
	const char *refused;
} calls[] = {
	{ "cgroup2-rw-path", .id = "r2cg2-cgroup2-rw-path", .unified = true,
	  .cgroup2_path = "/sys/fs/cgroup/r2cg2path/x" },
	{ "cgroup2-unified", .id = "r2cg2-cgroup2-unified", .unified = true,
	  .cgroup2_path = "/sys/fs/cgroup/r2cg2-cgroup2-unified" },
	{ "cgroups-systemd", .systemd = true },
	{ "cgroups-systemd-nopath", .systemd = true },
	{ "exec-flags", .id = "r2ex-flags" },
	{ "exec-process-json", .id = "r2ex-process-json" },
	{ "exec-simple", .id = "r2ex-simple" },
	{ "intel-rdt",
	  .refused = "intelRdt is specified in config, but Intel RDT is not enabled" },
	{ "no-new-keyring", .no_new_keyring = true },
	{ "no-pivot", .no_pivot = true },
	{ "preserve-fds", .preserve_fds = 2 },
	{ "resources-unified",
	  .refused = "invalid configuration: cannot use unified on cgroup v1" },
	{ "rootless-cgroups-flag", .rootless_cgroups = true },
	{ "rootless-euid", .rootless_euid = true, .rootless_cgroups = true },
	{ "selinux", .selinux = true },
	{ "terminal", .console = true },
	{ NULL },
};

/*
 * A joined namespace has another process' number in its path in each capture. The configuration on
 * disk is that of 1.5.1; for the other releases its path is replaced.
 */
static const struct {
	const char *name;
	const char *from;
	const char *to;
} paths[] = {
	{ "idmap-userns-path", "/proc/13399/", "/proc/2126/" },
	{ "ns-paths", "/proc/20934/", "/proc/32147/" },
	{ "userns-path", "/proc/13399/", "/proc/2126/" },
	{ "userns-path-and-mappings", "/proc/13399/", "/proc/2126/" },
};

static const struct call *find_call(const char *name)
{
	const struct call *call = calls;

	while (call->name && strcmp(call->name, name) != 0)
		call++;
	return call;
}

/* @text with every @from replaced; the caller frees it. */
static char *replace(const char *text, const char *from, const char *to)
{
	char *replaced = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&replaced, &size);
	const char *found;

	assert_non_null(out);
	while ((found = strstr(text, from))) {
		fprintf(out, "%.*s%s", (int)(found - text), text, to);
		text = found + strlen(from);
	}
	fprintf(out, "%s", text);
	assert_int_equal(fclose(out), 0);
	return replaced;
}

/* The configuration of a capture, as this release had it; the caller frees it. */
static char *read_config(const char *name, enum rti_dialect dialect)
{
	char path[512];
	size_t size;
	char *text;

	snprintf(path, sizeof(path), "config/%s.oci.json", name);
	text = data_read(path, &size);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		if (strcmp(paths[i].name, name) != 0 || dialect == RTI_DIALECT_RUNC_1_5)
			continue;
		char *replaced = replace(text, paths[i].from, paths[i].to);

		free(text);
		text = replaced;
	}
	return text;
}

static struct rti_strings one_string(const char **items, size_t count)
{
	return (struct rti_strings){ items, count };
}

/* The process that a capture of exec started; the file beside it says how it was called. */
static void read_exec_process(const char *name, enum rti_dialect dialect, struct rti_spec *spec)
{
	static const char *args[] = { "/bin/true", "x", NULL };
	static const char *env[] = { "B=2", NULL };
	static const char *caps[] = { "CAP_NET_RAW", NULL };
	static int64_t gids[] = { 7, 7 };
	static bool yes = true;
	struct rti_exec_options options = { .args = one_string(args, 2) };
	struct rti_error err = {};
	size_t size;

	if (!strcmp(name, "exec-process-json")) {
		_cleanup_free_ char *text =
			data_read("config/exec-process-json.process.json", &size);
		char *inner = strchr(strchr(text, '{') + 1, '{');
		struct rti_spec process = {};

		assert_int_equal(rti_spec_read_process(inner, strlen(inner), &process, &err), 0);
		rti_spec_done(spec);
		*spec = process;
		return;
	}
	if (!strcmp(name, "exec-flags")) {
		options.cwd = "/etc";
		options.user = "1000:1001";
		options.env = one_string(env, 1);
		options.caps = one_string(caps, 1);
		options.no_new_privs = &yes;
		/* runc's command line gave this list twice until main */
		options.additional_gids = (struct rti_numbers){
			gids, dialect < RTI_DIALECT_RUNC_MAIN ? 2 : 1
		};
	}
	assert_int_equal(rti_spec_apply_exec_options(spec, &options, &err), 0);
}

static struct rti_convert_environment make_environment(struct fixture *fixture,
						       const struct call *call, const char *bundle,
						       const char *id)
{
	struct rti_convert_environment environment = fixture_environment(fixture, bundle, id);

	environment.systemd_cgroup = call->systemd;
	environment.no_pivot_root = call->no_pivot;
	environment.no_new_keyring = call->no_new_keyring;
	environment.rootless_euid = call->rootless_euid;
	environment.rootless_cgroups = call->rootless_cgroups;
	environment.selinux = call->selinux;
	environment.cgroup_unified = call->unified;
	return environment;
}

static void check_validation(const struct rti_init_config *init, const struct call *call,
			     const struct rti_convert_environment *environment,
			     enum rti_dialect dialect)
{
	struct rti_error err = {};
	int r = rti_spec_validate(init->config, environment, dialect, &err);

	if (call->refused) {
		assert_true(r < 0);
		assert_string_equal(err.text, call->refused);
	} else if (r < 0) {
		fail_msg("%s", err.text);
	}
}

/* The whole way from the text of config.json to that of the init configuration. */
static char *convert(const char *name, const char *json, enum rti_dialect dialect)
{
	const struct call *call = find_call(name);
	struct rti_process_options options = {
		.exec = !strncmp(name, "exec-", 5) && strcmp(name, "exec-cpu-affinity-large") != 0,
		.create_console = call->console,
		.preserve_fds = call->preserve_fds,
		.cgroup2_path = call->cgroup2_path,
	};
	struct rti_init_config init = {};
	struct rti_spec spec = {};
	struct rti_error err = {};
	struct fixture fixture;
	char bundle[256];
	char id[256];
	char *text = NULL;

	snprintf(bundle, sizeof(bundle), "/bundles/bundles/%s", name);
	snprintf(id, sizeof(id), "r2cfg-%s", name);
	const struct rti_convert_environment environment =
		make_environment(&fixture, call, bundle, call->id ? call->id : id);

	if (rti_spec_read(json, strlen(json), &spec, &err) < 0 ||
	    rti_spec_check_process(spec.process, environment.selinux, &err) < 0 ||
	    rti_spec_convert(&spec, &environment, dialect, &init, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	check_validation(&init, call, &environment, dialect);
	if (options.exec)
		read_exec_process(name, dialect, &spec);
	if (rti_spec_convert_process(spec.process, &options, &environment, dialect,
				     options.exec ? NULL : &spec.annotations, &init, &err) < 0 ||
	    rti_init_config_encode(&init, dialect, &text, NULL, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	rti_init_config_done(&init);
	rti_spec_done(&spec);
	return text;
}

struct tally {
	const struct release *release;
	size_t compared;
	size_t different;
};

static void compare_capture(const char *file, void *data)
{
	struct tally *tally = data;
	const char *ending = tally->release->ending;
	char path[512];
	char name[256];
	char difference[512];
	size_t size;

	snprintf(path, sizeof(path), "config/%s", file);
	snprintf(name, sizeof(name), "%.*s", (int)(strlen(file) - strlen(ending)), file);

	_cleanup_free_ char *expected = data_read(path, &size);
	_cleanup_free_ char *json = read_config(name, tally->release->dialect);
	_cleanup_free_ char *text = convert(name, json, tally->release->dialect);

	tally->compared++;
	if (!json_is_same(text, expected, "labels", difference, sizeof(difference))) {
		tally->different++;
		print_error("%s%s: ours | runc's: %s\n", name, ending, difference);
	}
}

static void compare_release(enum rti_dialect dialect, size_t at_least)
{
	struct tally tally = { .release = &releases[dialect] };

	assert_int_equal(tally.release->dialect, dialect);
	data_each("config", tally.release->ending, compare_capture, &tally);
	assert_true(tally.compared >= at_least);
	assert_int_equal(tally.different, 0);
}

static void test_captures_of_runc_1_2(void **state)
{
	(void)state;
	compare_release(RTI_DIALECT_RUNC_1_2, 60);
}

static void test_captures_of_runc_1_3(void **state)
{
	(void)state;
	compare_release(RTI_DIALECT_RUNC_1_3, 60);
}

static void test_captures_of_runc_1_4(void **state)
{
	(void)state;
	compare_release(RTI_DIALECT_RUNC_1_4, 60);
}

static void test_captures_of_runc_1_5(void **state)
{
	(void)state;
	compare_release(RTI_DIALECT_RUNC_1_5, 70);
}

static void test_captures_of_runc_main(void **state)
{
	(void)state;
	compare_release(RTI_DIALECT_RUNC_MAIN, 60);
}

static void test_cpu_weight_hits_the_ends_and_the_default(void **state)
{
	static const struct {
		uint64_t shares;
		uint64_t weight;
		uint64_t weight_1_2;
	} rows[] = {
		{ 0, 0, 0 },	{ 2, 1, 1 },	    { 512, 59, 20 },
		{ 1024, 100, 39 }, { 262144, 10000, 10000 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(rti_cpu_weight_from_shares(rows[i].shares, RTI_DIALECT_OWN),
				 rows[i].weight);
		assert_int_equal(rti_cpu_weight_from_shares(rows[i].shares, RTI_DIALECT_RUNC_1_2),
				 rows[i].weight_1_2);
	}
	assert_int_equal(rti_cpu_weight_from_shares(1, RTI_DIALECT_OWN), 1);
	assert_int_equal(rti_cpu_weight_from_shares(UINT64_MAX, RTI_DIALECT_OWN), 10000);
}

static void test_cpu_list_grammar(void **state)
{
	struct rti_arena arena = {};
	struct rti_words set = {};
	struct rti_error err = {};

	(void)state;
	assert_int_equal(rti_cpu_set_parse("0-3,5, 7 ,,", RTI_DIALECT_OWN, &arena, &set, &err), 0);
	assert_int_equal(set.count, 16);
	assert_int_equal(set.items[0], 0xaf);
	assert_int_equal(
		rti_cpu_set_parse("64-65", RTI_DIALECT_RUNC_MAIN, &arena, &set, &err), 0);
	assert_int_equal(set.count, 2);
	assert_int_equal(set.items[1], 3);
	assert_int_equal(
		rti_cpu_set_parse("65536", RTI_DIALECT_RUNC_MAIN, &arena, &set, &err), 0);
	assert_int_equal(set.count, 1025);
	assert_int_equal(rti_cpu_set_parse("", RTI_DIALECT_OWN, &arena, &set, &err), 0);
	assert_null(set.items);
	assert_true(rti_cpu_set_parse("4294967296", RTI_DIALECT_OWN, &arena, &set, &err) < 0);
	assert_string_equal(err.text,
			    "strconv.ParseUint: parsing \"4294967296\": value out of range");
	assert_true(rti_cpu_set_parse("-1", RTI_DIALECT_OWN, &arena, &set, &err) < 0);
	assert_string_equal(err.text, "strconv.ParseUint: parsing \"\": invalid syntax");
	rti_arena_done(&arena);
}

static void test_default_configuration_is_that_of_runc(void **state)
{
	static const char *const files[] = { "spec/default.json", "spec/rootless.json" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		_cleanup_free_ char *text = NULL;
		size_t size;
		_cleanup_free_ char *expected = data_read(files[i], &size);

		assert_int_equal(rti_spec_default(i, false, 0, 0, &text), 0);
		assert_string_equal(text, expected);
	}
}

static void test_default_configuration_is_accepted(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct rti_init_config init = {};
		struct rti_spec spec = {};
		struct rti_error err = {};
		struct fixture fixture;
		_cleanup_free_ char *text = NULL;
		struct rti_convert_environment environment =
			fixture_environment(&fixture, "/bundle", "c1");

		environment.rootless_euid = i & 1;
		assert_int_equal(rti_spec_default(i & 1, i & 2, 1000, 1001, &text), 0);
		if (rti_spec_read(text, strlen(text), &spec, &err) < 0 ||
		    rti_spec_convert(&spec, &environment, RTI_DIALECT_OWN, &init, &err) < 0 ||
		    rti_spec_validate(init.config, &environment, RTI_DIALECT_OWN, &err) < 0)
			fail_msg("%s in %s", err.text, text);
		assert_string_equal(init.config->rootfs, "/bundle/rootfs");
		if (i & 1)
			assert_int_equal(init.config->gid_mappings.items[0].host_id, 1001);
		rti_init_config_done(&init);
		rti_spec_done(&spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captures_of_runc_1_2),
		cmocka_unit_test(test_captures_of_runc_1_3),
		cmocka_unit_test(test_captures_of_runc_1_4),
		cmocka_unit_test(test_captures_of_runc_1_5),
		cmocka_unit_test(test_captures_of_runc_main),
		cmocka_unit_test(test_cpu_weight_hits_the_ends_and_the_default),
		cmocka_unit_test(test_cpu_list_grammar),
		cmocka_unit_test(test_default_configuration_is_that_of_runc),
		cmocka_unit_test(test_default_configuration_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
