/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "init/id-map.h"

static void test_tool_gets_each_number_as_an_argument(void **state)
{
	static const char *const expected[] = {
		"/usr/bin/newuidmap", "4711", "0", "1000", "1", "1", "200000", "65536", NULL
	};
	char **arguments;

	(void)state;
	assert_int_equal(id_map_tool_arguments("/usr/bin/newuidmap", 4711,
					       "0 1000 1\n1 200000 65536\n", &arguments),
			 8);
	for (size_t i = 0; expected[i]; i++)
		assert_string_equal(arguments[i], expected[i]);
	assert_null(arguments[8]);
	free(arguments);
}

static void test_any_number_of_entries_fits(void **state)
{
	char map[340 * 16] = "", *end = map;
	char **arguments;

	(void)state;
	for (int i = 0; i < 340; i++)
		end += sprintf(end, "%d %d 1\n", i, 1000 + i);
	assert_int_equal(id_map_tool_arguments("t", 1, map, &arguments), 2 + 3 * 340);
	assert_string_equal(arguments[2 + 3 * 339], "339");
	assert_string_equal(arguments[2 + 3 * 339 + 1], "1339");
	assert_null(arguments[2 + 3 * 340]);
	free(arguments);
}

static void test_missing_map_is_nothing_to_do(void **state)
{
	struct rti_error err;

	(void)state;
	assert_int_equal(id_map_write(getpid(), "uid", NULL, NULL, &err), 0);
	assert_int_equal(id_map_write(getpid(), "uid", "", NULL, &err), 0);
}

/* The map of a process in this user namespace is set already, so the kernel answers EPERM. */
static int write_own_map(const char *tool, struct rti_error *err)
{
	return id_map_write(getpid(), "uid", "0 0 1\n", tool, err);
}

static void write_script(char *path, const char *body)
{
	FILE *file = fdopen(mkstemp(path), "w");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\n%s\n", body);
	fclose(file);
	assert_int_equal(chmod(path, 0700), 0);
}

static void test_only_a_tool_that_exits_with_0_has_succeeded(void **state)
{
	char works[] = "/tmp/rti-test-XXXXXX", fails[] = "/tmp/rti-test-XXXXXX",
	     dies[] = "/tmp/rti-test-XXXXXX", expected[64];
	struct rti_error err;

	(void)state;
	write_script(works, "test \"$#\" = 4 && test \"$2$3$4\" = 001 && test -z \"$HOME\"");
	write_script(fails, "exit 3");
	write_script(dies, "kill -KILL $$");
	snprintf(expected, sizeof(expected), "failed to use newuid map on %d", getpid());

	assert_int_equal(write_own_map(works, &err), 0);
	assert_int_equal(write_own_map(fails, &err), -EPERM);
	assert_string_equal(err.text, expected);
	assert_int_equal(write_own_map(dies, &err), -EPERM);
	assert_string_equal(err.text, expected);
	assert_int_equal(write_own_map("/nonexistent", &err), -EPERM);
	assert_int_equal(write_own_map(NULL, &err), -EPERM);
	assert_non_null(strstr(err.text, "mapping tool not present: write /proc/"));
	unlink(works);
	unlink(fails);
	unlink(dies);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tool_gets_each_number_as_an_argument),
		cmocka_unit_test(test_any_number_of_entries_fits),
		cmocka_unit_test(test_missing_map_is_nothing_to_do),
		cmocka_unit_test(test_only_a_tool_that_exits_with_0_has_succeeded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
