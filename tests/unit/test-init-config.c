/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What five releases of runc wrote, decoded and encoded again.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/init-config.h"
#include "tests/unit/wire-data.h"

/*
 * Where decoding makes one of two texts that mean the same, encoding gives the other one. The texts
 * stand for what is in the capture and what comes out.
 */
static const struct {
	enum rti_dialect dialect;
	const char *written;
	const char *encoded;
} same_meaning[] = {
	/* runc 1.2 takes a null environment for an empty one; later releases do not */
	{ RTI_DIALECT_RUNC_1_2, "\"env\":null,\"cwd\"", "\"env\":[],\"cwd\"" },
	/* runc 1.2 takes null capabilities for none at all; later releases leave them alone */
	{ RTI_DIALECT_RUNC_1_2, "\"capabilities\":null,\"process_label\"",
	  "\"capabilities\":{\"Bounding\":null,\"Effective\":null,\"Inheritable\":null,"
	  "\"Permitted\":null,\"Ambient\":null},\"process_label\"" },
};

/* Replace the first @old in a malloc()ed text. */
static char *replaced(char *text, const char *old, const char *new)
{
	char *at = strstr(text, old), *result = NULL;

	if (!at)
		return text;
	assert_true(asprintf(&result, "%.*s%s%s", (int)(at - text), text, new, at + strlen(old)) >=
		    0);
	free(text);
	return result;
}

static void no_unknown(void *data, const char *path, const char *json)
{
	fail_msg("%s: unknown key %s: %s", (const char *)data, path, json);
}

static void decode(const struct wire_file *file, struct rti_init_config *ret)
{
	struct rti_error err;

	if (rti_init_config_decode(file->text, file->size, no_unknown, (void *)file->name, ret,
				   &err) < 0)
		fail_msg("%s: %s", file->name, err.text);
}

static void test_each_capture_encodes_to_what_was_written(void **state)
{
	size_t count, exact = 0;
	struct wire_file *files = wire_files(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *expected = strdup(files[i].text);
		_cleanup_free_ char *encoded = NULL;
		struct rti_init_config config;
		struct rti_error err;
		size_t size;

		decode(&files[i], &config);
		assert_int_equal(
			rti_init_config_encode(&config, files[i].dialect, &encoded, &size, &err),
			0);
		exact += !strcmp(encoded, expected);
		for (size_t j = 0; j < sizeof(same_meaning) / sizeof(*same_meaning); j++)
			if (same_meaning[j].dialect == files[i].dialect)
				expected = replaced(expected, same_meaning[j].written,
						    same_meaning[j].encoded);
		if (strcmp(encoded, expected) != 0)
			fail_msg("%s:\nwritten %s\nencoded %s", files[i].name, expected, encoded);
		assert_int_equal(size, strlen(encoded));
		rti_init_config_done(&config);
	}
	print_message("# %zu of %zu captures encode to the same bytes\n", exact, count);
}

/* What a case's captures of different releases have to differ in. */
static void make_comparable(struct rti_init_config *config)
{
	/* a state comes always in 1.2, later only with hooks that read it */
	config->spec_state = NULL;
	/* not in 1.2, nor in 1.3 */
	config->cpu_affinity = NULL;
	config->config->exec_cpu_affinity = NULL;
	config->config->memory_policy = NULL;
	/* the release's own version of the specification */
	config->config->version = "";
}

/* The captures were made one after the other, so the namespaces joined had other pids. */
static void hide_pids(char *text)
{
	for (char *at = text; (at = strstr(at, "/proc/"));) {
		size_t digits = strspn(at += strlen("/proc/"), "0123456789");

		memmove(at, at + digits, strlen(at + digits) + 1);
	}
}

/* Cases in which a release does something else, not only writes it otherwise. */
static bool is_other_behaviour(const struct wire_file *file)
{
	static const struct {
		const char *test_case;
		enum rti_dialect dialect;
	} cases[] = {
		/* null environments and capabilities, see same_meaning */
		{ "minimal", RTI_DIALECT_RUNC_1_2 },
		{ "caps-absent", RTI_DIALECT_RUNC_1_2 },
		/* computed CPU weights otherwise */
		{ "resources-basic", RTI_DIALECT_RUNC_1_2 },
		/* knows no scheduler of an exec, and sets its io priority in the parent */
		{ "exec-flags", RTI_DIALECT_RUNC_1_2 },
		{ "exec-process-json", RTI_DIALECT_RUNC_1_2 },
		/* drops groups given twice */
		{ "exec-flags", RTI_DIALECT_RUNC_MAIN },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (!strcmp(file->test_case, cases[i].test_case) &&
		    file->dialect == cases[i].dialect)
			return true;
	return false;
}

static char *encode_comparable(const struct wire_file *file)
{
	struct rti_init_config config;
	struct rti_error err;
	char *text;
	size_t size;

	decode(file, &config);
	make_comparable(&config);
	assert_int_equal(rti_init_config_encode(&config, RTI_DIALECT_OWN, &text, &size, &err), 0);
	rti_init_config_done(&config);
	hide_pids(text);
	return text;
}

static void test_captures_of_one_case_decode_to_the_same(void **state)
{
	size_t count, compared = 0;
	struct wire_file *files = wire_files(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		_cleanup_free_ char *own = NULL;

		if (files[i].dialect != RTI_DIALECT_OWN || !*files[i].test_case)
			continue;
		own = encode_comparable(&files[i]);
		for (size_t j = 0; j < count; j++) {
			_cleanup_free_ char *other = NULL;

			if (strcmp(files[i].test_case, files[j].test_case) != 0 ||
			    is_other_behaviour(&files[j]))
				continue;
			other = encode_comparable(&files[j]);
			if (strcmp(own, other) != 0)
				fail_msg("%s:\n%s\n%s:\n%s", files[i].name, own, files[j].name,
					 other);
			compared++;
		}
	}
	print_message("# %zu captures compared\n", compared);
}

static void test_1_2_members_come_where_later_releases_have_them(void **state)
{
	static const char text[] =
		"{\"args\":[\"a\"],\"env\":null,\"capabilities\":null,\"user\":\"1000:1001\","
		"\"additional_groups\":[\"10\",\"20\"],\"rootless_euid\":true,"
		"\"rootless_cgroups\":true,\"config\":{\"scheduler\":{\"policy\":\"SCHED_BATCH\"},"
		"\"io_priority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4},"
		"\"capabilities\":{\"Bounding\":[\"CAP_KILL\"]},\"cgroups\":{\"pids_limit\":0}},"
		"\"spec_state\":{\"id\":\"x\"}}";
	struct rti_init_config config;
	struct rti_error err;

	(void)state;
	assert_int_equal(rti_init_config_decode(text, strlen(text), NULL, NULL, &config, &err), 0);
	assert_int_equal(config.uid, 1000);
	assert_int_equal(config.gid, 1001);
	assert_int_equal(config.additional_groups.count, 2);
	assert_int_equal(config.additional_groups.items[1], 20);
	assert_non_null(config.env.items);
	assert_int_equal(config.env.count, 0);
	assert_string_equal(config.capabilities->bounding.items[0], "CAP_KILL");
	assert_string_equal(config.scheduler->policy, "SCHED_BATCH");
	assert_int_equal(config.io_priority->priority, 4);
	assert_true(config.config->rootless_euid);
	assert_true(config.config->rootless_cgroups);
	assert_null(config.config->cgroups.pids_limit);
	rti_init_config_done(&config);
	rti_init_config_done(&config);
}

/* Text, and the complaint about it. */
static const struct {
	const char *text;
	int error;
	const char *complaint;
} refused[] = {
	{ "", ENODATA, "EOF" },
	{ "{\"config\":{\"rootfs\":\"/", ENODATA, "unexpected EOF" },
	{ "{}", EBADMSG, "init configuration has no \"config\"" },
	{ "null", EBADMSG, "init configuration has no \"config\"" },
	{ "{\"config\":null}", EBADMSG, "init configuration has no \"config\"" },
	{ "garbage", EBADMSG, "invalid character 'g' looking for beginning of value" },
	{ "{\"args\":\"a\"}", EBADMSG,
	  "json: cannot unmarshal string into Go struct field initConfig.args of type []string" },
	{ "{\"config\":{\"mounts\":[{\"flags\":\"ro\"}]}}", EBADMSG,
	  "json: cannot unmarshal string into Go struct field Mount.config.mounts.flags of type "
	  "int" },
	{ "{\"console_width\":65536}", EBADMSG,
	  "json: cannot unmarshal number 65536 into Go struct field initConfig.console_width of "
	  "type uint16" },
	{ "{\"env\":[\"A=1\",\"B=\\u00002\"]}", EBADMSG,
	  "invalid environment variable \"B\": contains nul byte (\\x00)" },
	{ "{\"args\":[\"a\\u0000b\"]}", EBADMSG,
	  "json: Go struct field initConfig.args: \"a\": contains nul byte (\\x00)" },
	{ "{\"user\":\"nobody:1\",\"config\":{}}", EBADMSG,
	  "user \"nobody:1\" is not of the form UID:GID" },
	{ "{\"user\":\"1\",\"config\":{}}", EBADMSG, "user \"1\" is not of the form UID:GID" },
	{ "{\"user\":\"1:4294967296\",\"config\":{}}", EBADMSG,
	  "user \"1:4294967296\" is not of the form UID:GID" },
};

static void test_what_cannot_be_accepted_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct rti_init_config config;
		struct rti_error err = { 0 };

		assert_int_equal(rti_init_config_decode(refused[i].text, strlen(refused[i].text),
							NULL, NULL, &config, &err),
				 -refused[i].error);
		assert_string_equal(err.text, refused[i].complaint);
	}
}

static const struct wire_file *capture(const char *name)
{
	size_t count;
	struct wire_file *files = wire_files(&count);

	for (size_t i = 0; i < count; i++)
		if (!strcmp(files[i].name, name))
			return &files[i];
	fail_msg("no capture %s", name);
	return NULL;
}

static void test_a_text_cut_anywhere_is_refused_as_ended_early(void **state)
{
	static const char *const names[] = { "seccomp-notify.wire.json", "s151-escape",
					     "hooks-all.wire.1.2.9.json" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct wire_file *file = capture(names[i]);

		for (size_t size = 0; size < file->size; size++) {
			/* exactly the bytes, so that reading beyond them is noticed */
			_cleanup_free_ char *text = malloc(size + !size);
			struct rti_init_config config;
			struct rti_error err;

			assert_non_null(text);
			memcpy(text, file->text, size);
			assert_int_equal(
				rti_init_config_decode(text, size, NULL, NULL, &config, &err),
				-ENODATA);
			assert_string_equal(err.text, size ? "unexpected EOF" : "EOF");
		}
	}
}

/* Write the text in pieces of @chunk bytes to a socket that stays open; read it on the other. */
static void read_in_chunks(const struct wire_file *file, size_t chunk)
{
	struct rti_init_config config;
	struct rti_error err;
	int sockets[2];
	pid_t writer;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets), 0);
	writer = fork();
	assert_true(writer >= 0);
	if (!writer) {
		for (size_t done = 0; done < file->size; done += chunk)
			rti_write_full(sockets[1], file->text + done,
				       file->size - done < chunk ? file->size - done : chunk);
		pause();
	}
	/* this side has both ends as well: the end of the file never comes */
	if (rti_init_config_read(sockets[0], no_unknown, (void *)file->name, &config, &err) < 0)
		fail_msg("%s: %s", file->name, err.text);
	assert_non_null(config.config);
	rti_init_config_done(&config);
	kill(writer, SIGKILL);
	waitpid(writer, NULL, 0);
	close(sockets[0]);
	close(sockets[1]);
}

static void test_the_end_of_the_file_is_not_awaited(void **state)
{
	static const size_t chunks[] = { 1, 7, 64, 4095, 4096, 1024 * 1024 };

	(void)state;
	for (size_t i = 0; i < sizeof(chunks) / sizeof(*chunks); i++) {
		read_in_chunks(capture("s151-escape"), chunks[i]);
		read_in_chunks(capture("resources-full.wire.json"), chunks[i]);
	}
}

static void test_what_go_tolerates_is_tolerated(void **state)
{
	static const char text[] =
		" {\n \"ARGS\" : [ \"first\" ] , \"args\":[\"/bin/true\"], \"newKey\":{\"a\":[1]},"
		"\"Config\":{\"RootFS\":\"/r\",\"hooks\":null,\"mounts\":null},\"uid\":null,"
		"\"env\":[\"A=\xff\"]}trailing";
	struct rti_init_config config;
	struct rti_error err;

	(void)state;
	assert_int_equal(rti_init_config_decode(text, strlen(text), NULL, NULL, &config, &err), 0);
	assert_int_equal(config.args.count, 1);
	assert_string_equal(config.args.items[0], "/bin/true");
	assert_null(config.args.items[1]);
	assert_string_equal(config.config->rootfs, "/r");
	assert_string_equal(config.env.items[0], "A=\xef\xbf\xbd");
	assert_null(config.capabilities);
	assert_int_equal(config.uid, 0);
	rti_init_config_done(&config);
}

static void test_long_strings_and_long_lists_are_no_matter(void **state)
{
	const size_t length = 100 * 1000, count = 1000;
	_cleanup_free_ char *text = calloc(1, length + 8 * count + 256);
	struct rti_init_config config;
	struct rti_error err;
	size_t used = (size_t)sprintf(text, "{\"config\":{},\"cwd\":\"");

	(void)state;
	memset(text + used, 'x', length);
	used += length;
	used += (size_t)sprintf(text + used, "\",\"args\":[\"0\"");
	for (size_t i = 1; i < count; i++)
		used += (size_t)sprintf(text + used, ",\"%zu\"", i);
	used += (size_t)sprintf(text + used, "]}");
	assert_int_equal(rti_init_config_decode(text, used, NULL, NULL, &config, &err), 0);
	assert_int_equal(strlen(config.cwd), length);
	assert_int_equal(config.args.count, count);
	assert_string_equal(config.args.items[count - 1], "999");
	rti_init_config_done(&config);
}

static void test_namespaces_are_found_by_type(void **state)
{
	struct rti_namespace items[] = { { "NEWNS", NULL }, { NULL, NULL }, { "NEWNET", "/x" } };
	struct rti_config config = { .namespaces = { items, 3 } };

	(void)state;
	assert_true(rti_config_has_namespace(&config, "NEWNS"));
	assert_true(rti_config_has_namespace(&config, "NEWNET"));
	assert_false(rti_config_has_namespace(&config, "NEWUSER"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_capture_encodes_to_what_was_written),
		cmocka_unit_test(test_captures_of_one_case_decode_to_the_same),
		cmocka_unit_test(test_1_2_members_come_where_later_releases_have_them),
		cmocka_unit_test(test_what_cannot_be_accepted_is_refused),
		cmocka_unit_test(test_a_text_cut_anywhere_is_refused_as_ended_early),
		cmocka_unit_test(test_the_end_of_the_file_is_not_awaited),
		cmocka_unit_test(test_what_go_tolerates_is_tolerated),
		cmocka_unit_test(test_long_strings_and_long_lists_are_no_matter),
		cmocka_unit_test(test_namespaces_are_found_by_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
