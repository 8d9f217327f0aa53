/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What five releases of runc wrote, decoded and encoded again.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_capture_encodes_to_what_was_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
