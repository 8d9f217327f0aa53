/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of decoding and encoding fails once: an error, no crash, and nothing left behind
 * (which the leak check of the sanitizers and of valgrind sees).
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/init-config.h"
#include "protocol/schema.h"
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decoding_survives_each_failed_allocation),
		cmocka_unit_test(test_encoding_survives_each_failed_allocation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
