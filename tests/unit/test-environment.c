/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container/environment.h"

#define MANY 20000

/* The result as one text, entries separated by newlines. */
static char *build(const char *const *entries, int64_t uid, const char *user, const char **ret_path)
{
	static char text[4096];
	struct rti_init_config init = { .uid = uid, .user = user };
	struct rti_arena arena = { 0 };
	struct rti_error err = { 0 };
	const char *path = NULL;
	static char path_copy[256];
	char **env;

	init.env.items = (const char **)entries;
	while (entries && entries[init.env.count])
		init.env.count++;
	if (environment_build(&init, &arena, &env, &path, &err) < 0) {
		rti_arena_done(&arena);
		snprintf(text, sizeof(text), "%.4000s", err.text);
		return text;
	}
	text[0] = '\0';
	for (size_t i = 0; env[i]; i++) {
		if (i > 0)
			strcat(text, "\n");
		strcat(text, env[i]);
	}
	if (path)
		snprintf(path_copy, sizeof(path_copy), "%s", path);
	if (ret_path)
		*ret_path = path ? path_copy : NULL;
	rti_arena_done(&arena);
	return text;
}

#define BUILD(...) build((const char *const[]){ __VA_ARGS__, NULL }, 0, NULL, NULL)

static void test_last_value_of_a_name_keeps_its_place(void **state)
{
	(void)state;
	assert_string_equal(BUILD("HOME=/h", "A=1", "B=2", "A=3", "AA=4"),
			    "HOME=/h\nB=2\nA=3\nAA=4");
}

static void test_empty_values_and_further_equals_signs_stay(void **state)
{
	(void)state;
	assert_string_equal(BUILD("A=", "B==x=", "HOME=/"), "A=\nB==x=\nHOME=/");
}

static void test_bad_entries_are_refused(void **state)
{
	(void)state;
	assert_string_equal(BUILD("A=1", "B"), "invalid environment variable: missing '='");
	assert_string_equal(BUILD("=1", "A=1"),
			    "invalid environment variable: name cannot be empty");
	assert_string_equal(BUILD(""), "invalid environment variable: missing '='");
}

static void test_home_comes_last_where_it_is_missing_or_empty(void **state)
{
	(void)state;
	assert_string_equal(BUILD("A=1"), "A=1\nHOME=/root");
	assert_string_equal(BUILD("A=1", "HOME=", "B=2"), "A=1\nB=2\nHOME=/root");
	/* The last HOME decides, and it is the empty one. */
	assert_string_equal(BUILD("HOME=/x", "A=1", "HOME="), "A=1\nHOME=/root");
	assert_string_equal(build((const char *const[]){ NULL }, 987654, NULL, NULL), "HOME=/");
}

static void test_null_gets_home_too(void **state)
{
	(void)state;
	assert_string_equal(build(NULL, 0, NULL, NULL), "HOME=/root");
}

static void test_dialect_1_2_keeps_the_first_place(void **state)
{
	const char *const entries[] = { "A=1", "HOME=", "B=2", "A=3", NULL };

	(void)state;
	assert_string_equal(build(entries, 0, "0:0", NULL), "A=3\nHOME=/root\nB=2");
	assert_string_equal(build(NULL, 0, "0:0", NULL), "HOME=/root");
}

static void test_path_is_told(void **state)
{
	const char *path = NULL;

	(void)state;
	build((const char *const[]){ "PATH=/a", "HOME=", "PATH=/b:/c", "X=1", NULL }, 0, NULL,
	      &path);
	assert_string_equal(path, "/b:/c");
	build((const char *const[]){ "HOME=", "PATH=", NULL }, 0, NULL, &path);
	assert_string_equal(path, "");
	build((const char *const[]){ "PAT=/a", "PATHS=/b", NULL }, 0, NULL, &path);
	assert_null(path);
}

static void test_many_entries_are_quick(void **state)
{
	static char texts[MANY][16];
	static const char *entries[MANY];
	struct rti_init_config init = { .env = { entries, MANY } };
	struct rti_arena arena = { 0 };
	const char *path;
	size_t count = 0;
	char **env;

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		snprintf(texts[i], sizeof(texts[i]), "V%zu=%zu", i % (MANY / 2), i);
		entries[i] = texts[i];
	}
	assert_int_equal(environment_build(&init, &arena, &env, &path, NULL), 0);
	while (env[count])
		count++;
	assert_int_equal(count, MANY / 2 + 1);
	assert_string_equal(env[0], "V0=10000");
	rti_arena_done(&arena);
}

static const char *home_of(const char *passwd, int64_t uid)
{
	static char text[256];
	const char *home;
	size_t size;

	if (!environment_home_from_passwd(passwd, strlen(passwd), uid, &home, &size))
		return NULL;
	snprintf(text, sizeof(text), "%.*s", (int)size, home);
	return text;
}

static void test_passwd_is_read_as_laxly_as_runc_reads_it(void **state)
{
	(void)state;
	assert_string_equal(home_of("root:x:0:0:r:/root:/bin/sh\nu:x:5:5::/u:/bin/sh\n", 5), "/u");
	assert_string_equal(home_of("u:x:5:5::/u", 5), "/u");
	assert_string_equal(home_of("a:x:5:5::/first:\nb:x:5:5::/second:\n", 5), "/first");
	assert_string_equal(home_of("\n  \t\n  u:x:5:5::/u:/bin/sh  \r\n", 5), "/u");
	assert_string_equal(home_of("u:x:+5:5::/u:", 5), "/u");
	assert_string_equal(home_of("u:x:5:5:::", 5), "");
	assert_string_equal(home_of("u:x:5", 5), "");
	assert_string_equal(home_of("nonsense\n", 0), "");
	assert_string_equal(home_of("u:x:many:5::/u:", 0), "/u");
	assert_null(home_of("u:x:50:5::/u:\n", 5));
	assert_null(home_of("u:x:99999999999999999999:5::/u:\n", 0));
	assert_null(home_of("", 0));
	assert_null(home_of("\n\n", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_value_of_a_name_keeps_its_place),
		cmocka_unit_test(test_empty_values_and_further_equals_signs_stay),
		cmocka_unit_test(test_bad_entries_are_refused),
		cmocka_unit_test(test_home_comes_last_where_it_is_missing_or_empty),
		cmocka_unit_test(test_null_gets_home_too),
		cmocka_unit_test(test_dialect_1_2_keeps_the_first_place),
		cmocka_unit_test(test_path_is_told),
		cmocka_unit_test(test_many_entries_are_quick),
		cmocka_unit_test(test_passwd_is_read_as_laxly_as_runc_reads_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
