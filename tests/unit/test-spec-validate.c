/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every captured refusal of runc's parent is refused with the same text, for each of five releases;
 * what only runc's child, the kernel or a later step refused passes here.
 */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "protocol/schema.h"
#include "protocol/spec-convert.h"
#include "protocol/spec-validate.h"
#include "tests/unit/data-files.h"
#include "tests/unit/spec-fixture.h"

struct result {
	const char *release;
	int64_t code;
	const char *output;
};
struct results RTI_LIST(struct result);

struct refusal {
	const char *name;
	const char *oci; /* JSON text */
	struct rti_strings args;
	struct results results;
};
struct refusals RTI_LIST(struct refusal);

struct capture {
	struct refusals refusals;
};

#define MEMBER(type_, member_, key_, kind_, ...)                                                   \
	{                                                                                          \
		.key = key_, .type = RTI_FIELD_##kind_,                                            \
		.offset = offsetof(struct type_, member_), __VA_ARGS__                             \
	}

static const struct rti_object result_object = {
	.name = "result",
	.size = sizeof(struct result),
	.fields =
		(const struct rti_field[]){
			MEMBER(result, code, "rc", INT64),
			MEMBER(result, output, "stderr", STRING),
			{ NULL },
		},
};

static const struct rti_object refusal_object = {
	.name = "refusal",
	.size = sizeof(struct refusal),
	.fields =
		(const struct rti_field[]){
			MEMBER(refusal, oci, "oci", RAW),
			MEMBER(refusal, args, "args", STRINGS),
			MEMBER(refusal, results, "results", OBJECT_MAP, .object = &result_object),
			{ NULL },
		},
};

static const struct rti_object capture_object = {
	.name = "capture",
	.size = sizeof(struct capture),
	.fields =
		(const struct rti_field[]){
			MEMBER(capture, refusals, "refusals", OBJECT_MAP,
			       .object = &refusal_object),
			{ NULL },
		},
};

static const struct {
	const char *name;
	enum rti_dialect dialect;
} releases[] = {
	{ "1.2.9", RTI_DIALECT_RUNC_1_2 }, { "1.3.6", RTI_DIALECT_RUNC_1_3 },
	{ "1.4.3", RTI_DIALECT_RUNC_1_4 }, { "1.5.1", RTI_DIALECT_RUNC_1_5 },
	{ "main", RTI_DIALECT_RUNC_MAIN },
};

/* Refusals that are not this library's: the texts that they begin with. */
static const char *const out_of_reach[] = {
	"unable to start container process: ",	/* from the child, or while serving it */
	"unable to create new parent process: ", /* on writing the bootstrap data */
	"error running poststart hook ",
};

/* Strings with a NUL are refused as soon as they are read; runc gets further with them. */
static const char *const refused_when_read[] = { "arg-nul", "env-nul", "mount-null-byte" };

static bool is_refused_when_read(const char *name)
{
	for (size_t i = 0; i < sizeof(refused_when_read) / sizeof(*refused_when_read); i++)
		if (!strcmp(refused_when_read[i], name))
			return true;
	return false;
}

/* Undo the quoting of a log line, in place; cut where its quotes end. */
static void unquote(char *text)
{
	char *to = text;

	for (; *text && *text != '"'; text++) {
		if (*text == '\\' && text[1])
			text++;
		*to++ = *text;
	}
	*to = '\0';
}

/* An address that runc prints says nothing; ours reads "<set>". */
static void hide_addresses(char *text)
{
	char *address;

	while ((address = strstr(text, ":0x"))) {
		char *rest = address + 3 + strspn(address + 3, "0123456789abcdef");

		memmove(address + 6, rest, strlen(rest) + 1);
		memcpy(address, ":<set>", 6);
	}
}

/* The refusal in runc's output, or "" where there is none within our reach. */
static void expected_text(const char *output, char *text, size_t size)
{
	static const char prefix[] = "level=error msg=\"runc create failed: ";
	const char *found = strstr(output, prefix);

	snprintf(text, size, "%s", found ? found + strlen(prefix) : "");
	unquote(text);
	hide_addresses(text);
	for (size_t i = 0; i < sizeof(out_of_reach) / sizeof(*out_of_reach); i++)
		if (!strncmp(text, out_of_reach[i], strlen(out_of_reach[i])))
			text[0] = '\0';
}

static bool has_arg(const struct refusal *refusal, const char *arg)
{
	for (size_t i = 0; i < refusal->args.count; i++)
		if (!strcmp(refusal->args.items[i], arg))
			return true;
	return false;
}

/* What the parent does with a configuration before it starts a process; the refusal is in @err. */
static int create(const struct refusal *refusal, enum rti_dialect dialect, struct rti_error *err)
{
	struct fixture fixture;
	struct rti_convert_environment environment = fixture_environment(
		&fixture, "/bundles/err", strcmp(refusal->name, "bad-id") ? "r2err" : "bad/id");
	struct rti_process_options options = {};
	struct rti_init_config init = {};
	struct rti_spec spec = {};
	int r = rti_spec_read(refusal->oci, strlen(refusal->oci), &spec, err);

	environment.no_pivot_root = has_arg(refusal, "--no-pivot");
	if (r == 0)
		r = rti_spec_check_process(spec.process, environment.selinux, err);
	if (r == 0)
		r = rti_spec_convert(&spec, &environment, dialect, &init, err);
	if (r == 0)
		r = rti_spec_validate(init.config, &environment, dialect, err);
	if (r == 0)
		r = rti_spec_check_terminal(spec.process, true,
					    has_arg(refusal, "--console-socket"), err);
	if (r == 0)
		r = rti_spec_convert_process(spec.process, &options, &environment, dialect,
					     &spec.annotations, &init, err);
	rti_init_config_done(&init);
	rti_spec_done(&spec);
	return r;
}

static size_t check_refusal(const struct refusal *refusal, const struct result *result,
			    enum rti_dialect dialect)
{
	struct rti_error err = {};
	char expected[4096];
	int r = create(refusal, dialect, &err);

	expected_text(result->output, expected, sizeof(expected));
	if (is_refused_when_read(refusal->name)) {
		assert_true(r < 0);
		assert_non_null(strstr(err.text, "contains nul byte"));
		return 0;
	}
	if ((r < 0) == (expected[0] != '\0') && !strcmp(err.text, expected))
		return 0;
	print_error("%s, %s:\n  ours:  %s\n  runc: %s\n", refusal->name, result->release, err.text,
		    expected);
	return 1;
}

static void test_captured_refusals(void **state)
{
	struct rti_arena arena = {};
	struct capture capture = {};
	struct rti_error err = {};
	size_t checked = 0;
	size_t wrong = 0;
	size_t size;
	_cleanup_free_ char *bare = data_read("config/validation-errors.json", &size);
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_true(asprintf(&text, "{\"refusals\":%s}", bare) > 0);
	if (rti_json_decode_object(text, strlen(text), &capture_object, &capture, &arena, 0, NULL,
				   NULL, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(capture.refusals.count > 100);
	for (size_t i = 0; i < capture.refusals.count; i++) {
		const struct refusal *refusal = &capture.refusals.items[i];

		for (size_t j = 0; j < refusal->results.count; j++)
			for (size_t k = 0; k < sizeof(releases) / sizeof(*releases); k++)
				if (!strcmp(releases[k].name, refusal->results.items[j].release)) {
					wrong += check_refusal(refusal, &refusal->results.items[j],
							       releases[k].dialect);
					checked++;
				}
	}
	assert_true(checked > 500);
	assert_int_equal(wrong, 0);
	rti_arena_done(&arena);
}

/* A configuration that is accepted, and one change to it that is not. */
static const struct {
	const char *json;
	const char *text;
	bool rootless;
	bool unified;
	bool systemd;
} rows[] = {
	{ "null", "config cannot be null" },
	{ " \n", "EOF" },
	{ "{\"root\":{\"path\":\"r\"}}", "" },
	{ "{\"root\":{\"path\":\"r\"},\"domainname\":\"d\"}",
	  "unable to set domainname without a private UTS namespace" },
	{ "{\"root\":{\"path\":\"r\"}}", "rootless container requires user namespaces",
	  .rootless = true },
	{ "{\"root\":{\"path\":\"r\"},\"mounts\":[{\"destination\":\"/x\",\"source\":\"/y\","
	  "\"options\":[\"uid=0\",\"gid=70000\"]}],\"linux\":{\"namespaces\":[{\"type\":\"user\","
	  "\"path\":\"/proc/9/ns/user\"}]}}",
	  "cannot specify gid=70000 mount option for rootless container: user namespaces enabled, "
	  "but no mapping found for gid 70000",
	  .rootless = true },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"resources\":{\"memory\":{\"swap\":5}}}}",
	  "unable to set swap limit without memory limit", .unified = true },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"resources\":{\"memory\":{\"swap\":5}}}}", "" },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"resources\":{\"memory\":{\"swap\":5,"
	  "\"limit\":6}}}}",
	  "memory+swap limit should be >= memory limit", .unified = true },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"cgroupsPath\":\"/a/b\"}}",
	  "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got "
	  "\"/a/b\" instead",
	  .systemd = true },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"cgroupsPath\":\"a:b:c:d\"}}",
	  "expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got "
	  "\"a:b:c:d\" instead",
	  .systemd = true },
	{ "{\"root\":{\"path\":\"r\"},\"annotations\":{\"org.systemd.property.A1b\":\"1\"}}",
	  "annotation org.systemd.property.A1b name incorrect: contains non-alphabetic character",
	  .systemd = true },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"bogus\"}]}}",
	  "namespace {\"bogus\" \"\"} does not exist" },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"sysctl\":{\"net/ipv4/conf/e.1/x\":\"1\"}}}",
	  "sysctl \"net.ipv4.conf.e/1.x\" not allowed in host network namespace" },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"sysctl\":{\"net.x\":\"1\"},\"namespaces\":"
	  "[{\"type\":\"network\",\"path\":\"/proc/self/ns/net\"}]}}",
	  "sysctl \"net.x\" not allowed in host network namespace" },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"sysctl\":{\"net.x\":\"1\"},\"namespaces\":"
	  "[{\"type\":\"network\",\"path\":\"/nonexistent\"}]}}",
	  "invalid netns path: stat /nonexistent: no such file or directory" },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"sysctl\":{\"net.x\":\"1\"},\"namespaces\":"
	  "[{\"type\":\"network\",\"path\":\"/run/netns/a\"}]}}",
	  "" },
	{ "{\"root\":{\"path\":\"r\"},\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":1,"
	  "\"size\":1}],\"namespaces\":[{\"type\":\"user\",\"path\":\"/proc/9/ns/user\"}]}}",
	  "user namespaces enabled, but both namespace path and non-matching mapping specified -- "
	  "you may only provide one" },
	{ "{\"root\":{\"path\":\"r\"},\"process\":{\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\","
	  "\"priority\":8}}}",
	  "invalid ioPriority.Priority: 8" },
	{ "{\"root\":{\"path\":\"r\"},\"process\":{\"scheduler\":{\"policy\":\"SCHED_FIFO\","
	  "\"period\":8}}}",
	  "scheduler runtime/deadline/period can only be specified for SchedDeadline policy" },
	{ "{\"root\":{\"path\":\"r\"},\"mounts\":[{\"destination\":\"/x\",\"source\":\"y\","
	  "\"options\":[\"rbind\",\"rshared\",\"rro\",\"foo\"]}]}",
	  "invalid mount &{Source:/bundle/y Destination:/x Device:bind Flags:20480 ClearedFlags:0 "
	  "PropagationFlags:[1064960] Data:foo Relabel: RecAttr:<set> Extensions:0 "
	  "IDMapping:<nil>}: bind mounts cannot have any filesystem-specific options applied" },
};

static void test_rules_that_no_capture_shows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fixture fixture;
		struct rti_convert_environment environment =
			fixture_environment(&fixture, "/bundle", "c1");
		struct rti_init_config init = {};
		struct rti_spec spec = {};
		struct rti_error err = {};
		int r = rti_spec_read(rows[i].json, strlen(rows[i].json), &spec, &err);

		environment.rootless_euid = rows[i].rootless;
		environment.cgroup_unified = rows[i].unified;
		environment.systemd_cgroup = rows[i].systemd;
		if (r == 0)
			r = rti_spec_convert(&spec, &environment, RTI_DIALECT_OWN, &init, &err);
		if (r == 0)
			r = rti_spec_validate(init.config, &environment, RTI_DIALECT_OWN, &err);
		assert_string_equal(err.text, rows[i].text);
		assert_int_equal(r < 0, rows[i].text[0] != '\0');
		rti_init_config_done(&init);
		rti_spec_done(&spec);
	}
}

static void test_warnings(void **state)
{
	static const char json[] =
		"{\"root\":{\"path\":\"r\"},\"mounts\":[{\"destination\":\"x\"}],\"linux\":{"
		"\"personality\":{\"domain\":\"LINUX\",\"flags\":[\"A\",\"B\"]},"
		"\"resources\":{\"memory\":{\"kernel\":1}}}}";
	struct fixture fixture;
	struct rti_convert_environment environment = fixture_environment(&fixture, "/bundle", "c1");
	struct rti_init_config init = {};
	struct rti_spec spec = {};
	struct rti_error err = {};

	(void)state;
	assert_int_equal(rti_spec_read(json, strlen(json), &spec, &err), 0);
	assert_int_equal(rti_spec_convert(&spec, &environment, RTI_DIALECT_OWN, &init, &err), 0);
	assert_int_equal(rti_spec_validate(init.config, &environment, RTI_DIALECT_OWN, &err), 0);
	assert_string_equal(
		fixture.warnings,
		"mount destination x is not absolute. Support for non-absolute mount destinations "
		"will be removed in a future release.\n"
		"Kernel memory settings are ignored and will be removed\n"
		"ignoring unsupported personality flags: [A B] because personality flag has not "
		"supported at this time\n"
		"mount &{Source: Destination:x Device: Flags:0 ClearedFlags:0 PropagationFlags:[] "
		"Data: Relabel: RecAttr:<nil> Extensions:0 IDMapping:<nil>}: relative destination "
		"path is **deprecated**, using it as relative to /\n");
	rti_init_config_done(&init);
	rti_spec_done(&spec);
}

static void test_container_ids(void **state)
{
	static const char *const good[] = { "a", "A-1_2.3+x", "..a" };
	static const char *const bad[] = { "", ".", "..", "a/b", "a b", "\xc3\xa4" };
	struct rti_error err = {};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(rti_container_id_check(good[i], &err), 0);
	for (size_t i = 0; i < 6; i++)
		assert_true(rti_container_id_check(bad[i], &err) < 0);
	assert_true(rti_container_id_check(NULL, &err) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captured_refusals),
		cmocka_unit_test(test_rules_that_no_capture_shows),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_container_ids),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
