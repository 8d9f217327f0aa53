/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of decoding, converting and encoding fails once: an error, no crash, and
 * nothing left behind (which the leak check of the sanitizers and of valgrind sees).
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fd.h"
#include "protocol/init-config.h"
#include "protocol/schema.h"
#include "protocol/spec-convert.h"
#include "protocol/spec-validate.h"
#include "tests/unit/data-files.h"
#include "tests/unit/spec-fixture.h"
#include "tests/unit/wire-data.h"

static long countdown = -1; /* allocations until the one that fails; negative: none fails */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

static bool fails(void)
{
	return countdown >= 0 && countdown-- == 0;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

/* An arena asks the system rarely, so each of its own answers counts as well. */
void *__real_rti_arena_alloc(struct rti_arena *arena, size_t size);
void *__real_rti_arena_array(struct rti_arena *arena, size_t count, size_t size);
char *__real_rti_arena_text(struct rti_arena *arena, const char *text, size_t size);
void *__wrap_rti_arena_alloc(struct rti_arena *arena, size_t size);
void *__wrap_rti_arena_array(struct rti_arena *arena, size_t count, size_t size);
char *__wrap_rti_arena_text(struct rti_arena *arena, const char *text, size_t size);
char *__wrap_rti_arena_printf(struct rti_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

void *__wrap_rti_arena_alloc(struct rti_arena *arena, size_t size)
{
	return fails() ? NULL : __real_rti_arena_alloc(arena, size);
}

void *__wrap_rti_arena_array(struct rti_arena *arena, size_t count, size_t size)
{
	return fails() ? NULL : __real_rti_arena_array(arena, count, size);
}

char *__wrap_rti_arena_text(struct rti_arena *arena, const char *text, size_t size)
{
	return fails() ? NULL : __real_rti_arena_text(arena, text, size);
}

char *__wrap_rti_arena_printf(struct rti_arena *arena, const char *fmt, ...)
{
	char text[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return __wrap_rti_arena_text(arena, text, strlen(text));
}

static void ignore(void *data, const char *path, const char *json)
{
	(void)data;
	(void)path;
	(void)json;
}

static const struct wire_file *largest(void)
{
	size_t count;
	struct wire_file *files = wire_files(&count), *found = files;

	for (size_t i = 1; i < count; i++)
		if (files[i].size > found->size)
			found = &files[i];
	return found;
}

/* Gives how many allocations there are. */
static long decode_failing_each(const char *text, size_t size)
{
	for (long nth = 0;; nth++) {
		struct rti_init_config config;
		struct rti_error err = { 0 };
		int r;

		countdown = nth;
		r = rti_init_config_decode(text, size, ignore, NULL, &config, &err);
		if (countdown >= 0) {
			countdown = -1;
			assert_int_equal(r, 0);
			rti_init_config_done(&config);
			return nth;
		}
		assert_int_equal(r, -ENOMEM);
		assert_true(strlen(err.text) > 0);
	}
}

static void test_decoding_survives_each_failed_allocation(void **state)
{
	static const char text[] =
		"{\"unknown\":[1,\"\\u00e9\"],\"args\":[\"\xff\",\"\\ud800 \\n\"],\"user\":\"1:1\","
		"\"config\":{\"sysctl\":{\"a\":\"b\"},"
		"\"Hooks\":{\"prestart\":[{\"args\":[\"x\"]}]}}}";

	(void)state;
	decode_failing_each(text, strlen(text));
	print_message("# %ld allocations\n", decode_failing_each(largest()->text, largest()->size));
}

static void test_encoding_survives_each_failed_allocation(void **state)
{
	struct rti_init_config config;
	struct rti_error err;

	(void)state;
	assert_int_equal(rti_init_config_decode(largest()->text, largest()->size, NULL, NULL,
						&config, &err),
			 0);
	for (long nth = 0; countdown < 0; nth++) {
		char *text = NULL;
		size_t size;
		int r;

		countdown = nth;
		r = rti_init_config_encode(&config, RTI_DIALECT_OWN, &text, &size, &err);
		assert_int_equal(r, countdown < 0 ? -ENOMEM : 0);
		free(text);
	}
	countdown = -1;
	rti_init_config_done(&config);
}

/* From config.json to the text of the init configuration, of an exec if that is asked for. */
static int convert(const char *json, size_t size, bool exec, struct rti_error *err)
{
	static const char *args[] = { "/bin/true", NULL };
	static const char *caps[] = { "CAP_NET_RAW", NULL };
	static int64_t gids[] = { 7, 8 };
	const struct rti_exec_options exec_options = {
		.args = { args, 1 }, .env = { args, 1 }, .caps = { caps, 1 }, .user = "1:2",
		.cwd = "/etc", .additional_gids = { gids, 2 }, .no_new_privs = &(bool){ true },
	};
	const struct rti_process_options options = { .exec = exec, .cgroup2_path = "/cgroup" };
	struct fixture fixture;
	struct rti_convert_environment environment = fixture_environment(&fixture, "/b", "id");
	struct rti_init_config init = { 0 };
	struct rti_spec spec = { 0 };
	_cleanup_free_ char *text = NULL;
	int r = rti_spec_read(json, size, &spec, err);

	if (r == 0)
		r = rti_spec_check_process(spec.process, true, err);
	if (r == 0)
		r = rti_spec_add_notify_socket(&spec, "/run/id/notify", err);
	if (r == 0)
		r = rti_spec_convert(&spec, &environment, RTI_DIALECT_OWN, &init, err);
	if (r == 0)
		r = rti_spec_validate(init.config, &environment, RTI_DIALECT_OWN, err);
	if (r == 0 && exec)
		r = rti_spec_apply_exec_options(&spec, &exec_options, err);
	if (r == 0)
		r = rti_spec_convert_process(spec.process, &options, &environment, RTI_DIALECT_OWN,
					     exec ? NULL : &spec.annotations, &init, err);
	if (r == 0)
		r = rti_init_config_encode(&init, RTI_DIALECT_OWN, &text, NULL, err);
	rti_init_config_done(&init);
	rti_spec_done(&spec);
	return r;
}

static void convert_failing_each(const char *name, bool exec)
{
	_cleanup_free_ char *json = NULL;
	struct rti_error err;
	char path[128];
	size_t size;
	int whole;

	snprintf(path, sizeof(path), "config/%s.oci.json", name);
	json = data_read(path, &size);
	whole = convert(json, size, exec, &err);
	for (long nth = 0; countdown < 0; nth++) {
		int r;

		countdown = nth;
		r = convert(json, size, exec, &err);
		if (r != (countdown < 0 ? -ENOMEM : whole))
			fail_msg("%s: allocation %ld: %d, %s", name, nth, r, err.text);
	}
	countdown = -1;
}

static void test_conversion_survives_each_failed_allocation(void **state)
{
	static const char *const names[] = {
		"cgroups-systemd", "devices-userns",	 "exec-cpu-affinity-large",
		"hooks-all",	   "idmap-from-userns",	 "intel-rdt",
		"ioprio",	   "mount-flags-matrix", "memory-policy-flags",
		"ns-paths",	   "resources-full",	 "scheduler-deadline",
		"sysctl",	   "timens",		 "user-umask-groups",
		"seccomp-all-actions-ops-flags", "personality-linux32", "resources-unified",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		convert_failing_each(names[i], i % 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoding_survives_each_failed_allocation),
		cmocka_unit_test(test_encoding_survives_each_failed_allocation),
		cmocka_unit_test(test_conversion_survives_each_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
