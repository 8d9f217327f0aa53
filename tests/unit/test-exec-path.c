/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"
#include "container/exec-path.h"

static char top[64];

static void make_file(const char *name, mode_t mode)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", top, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);
	assert_true(fd >= 0);
	close(fd);
}

static void make_directory(const char *name)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", top, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

static int make_tree(void **state)
{
	(void)state;
	strcpy(top, "/tmp/test-exec-path.XXXXXX");
	assert_non_null(mkdtemp(top));
	make_directory("one");
	make_directory("two");
	make_directory("one/dir");
	make_file("one/plain", 0644);
	make_file("two/plain", 0755);
	make_file("two/dir", 0755);
	make_file("two/tool", 0755);
	make_file("here", 0755);
	return chdir(top);
}

static int remove_tree(void **state)
{
	static const char *const names[] = { "one/plain", "two/plain", "two/dir",
					     "two/tool",  "here",      "one/dir",
					     "one",	  "two",       "." };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) - 1; i++)
		if (remove(names[i]) < 0)
			return -1;
	return rmdir(top);
}

/* What is found, with the tree's own path taken off, or the error. */
static const char *find(const char *name, const char *path_list)
{
	static char text[RTI_ERROR_TEXT_MAX];
	struct rti_arena arena = { 0 };
	struct rti_error err = { 0 };
	char *path = NULL;
	int r = exec_path_find(name, path_list, &arena, &path, &err);

	if (r < 0)
		snprintf(text, sizeof(text), "%s", err.text);
	else if (strncmp(path, top, strlen(top)) == 0)
		snprintf(text, sizeof(text), "%s", path + strlen(top));
	else
		snprintf(text, sizeof(text), "%s", path);
	rti_arena_done(&arena);
	return text;
}

/* A PATH with the tree's own path for each '@'. */
static const char *list(const char *fmt)
{
	static char text[512];
	size_t at = 0;

	for (; *fmt; fmt++)
		at += (size_t)sprintf(text + at, "%.*s", *fmt == '@' ? 64 : 1,
				      *fmt == '@' ? top : fmt);
	return text;
}

static void test_first_runnable_file_in_path_wins(void **state)
{
	(void)state;
	assert_string_equal(find("tool", list("@/one:@/two")), "/two/tool");
	assert_string_equal(find("plain", list("@/one:@/two")),
			    "/two/plain"); /* not executable there */
	assert_string_equal(find("dir", list("@/one:@/two")), "/two/dir"); /* a directory there */
	assert_string_equal(find("tool", list("/nonexistent:@//one/../two/")), "/two/tool");
}

static void test_missing_program_is_told_as_go_does(void **state)
{
	(void)state;
	assert_string_equal(find("nope", list("@/one")),
			    "exec: \"nope\": executable file not found in $PATH");
	assert_string_equal(find("tool", NULL),
			    "exec: \"tool\": executable file not found in $PATH");
	assert_string_equal(find("here", ""), "exec: \"here\": executable file not found in $PATH");
	assert_string_equal(find("", "/bin"), "exec: \"\": executable file not found in $PATH");
	assert_string_equal(find(".", "/bin"), "exec: \".\": executable file not found in $PATH");
	assert_string_equal(find("..", "/bin"), "exec: \"..\": executable file not found in $PATH");
	assert_string_equal(find("a\tb\"\xff", "/bin"),
			    "exec: \"a\\tb\\\"\\xff\": executable file not found in $PATH");
}

static void test_names_with_a_slash_are_used_as_they_are(void **state)
{
	(void)state;
	assert_string_equal(find("./here", "/bin"), "./here");
	assert_string_equal(find("two/../here", NULL), "two/../here");
	assert_string_equal(find("/nope", "/bin"),
			    "exec: \"/nope\": stat /nope: no such file or directory");
	assert_string_equal(find("here/x", NULL), "exec: \"here/x\": stat here/x: not a directory");
	assert_string_equal(find("./one", NULL), "exec: \"./one\": is a directory");
	assert_string_equal(find("one/plain", NULL), "exec: \"one/plain\": permission denied");
}

static void test_relative_elements_of_path_are_refused(void **state)
{
	static const char text[] =
		"exec: \"here\": cannot run executable found relative to current directory";

	(void)state;
	assert_string_equal(find("here", ":/bin"), text);
	assert_string_equal(find("here", "/nonexistent:"), text);
	assert_string_equal(find("here", "."), text);
	assert_string_equal(find("nope", ":"),
			    "exec: \"nope\": executable file not found in $PATH");
	assert_string_equal(
		find("tool", "two"),
		"exec: \"tool\": cannot run executable found relative to current directory");
}

static void test_quotes_are_those_of_go(void **state)
{
	static const struct {
		const char *text;
		const char *quoted;
	} cases[] = {
		{ "plain", "\"plain\"" },
		{ "a\\b\"c", "\"a\\\\b\\\"c\"" },
		{ "\a\b\f\n\r\t\v\x01\x7f", "\"\\a\\b\\f\\n\\r\\t\\v\\x01\\x7f\"" },
		{ "\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		  "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		{ "\xe2\x80\xa8\xc2\xa0\xef\xbb\xbf", "\"\\u2028\\u00a0\\ufeff\"" },
		{ "\xf3\xa0\x80\x81", "\"\\U000e0001\"" },
		{ "\xc0\x80\xed\xa0\x80\xf5", "\"\\xc0\\x80\\xed\\xa0\\x80\\xf5\"" },
		{ "\xe2\x82", "\"\\xe2\\x82\"" },
	};
	char quoted[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(rti_quote(cases[i].text, quoted, sizeof(quoted)),
				    cases[i].quoted);
	assert_string_equal(rti_quote("abcdef", quoted, 5), "\"ab\"");
	assert_string_equal(rti_quote("abcdef", quoted, 3), "\"\"");
	assert_string_equal(rti_quote("ab", quoted, 5), "\"ab\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_runnable_file_in_path_wins),
		cmocka_unit_test(test_missing_program_is_told_as_go_does),
		cmocka_unit_test(test_names_with_a_slash_are_used_as_they_are),
		cmocka_unit_test(test_relative_elements_of_path_are_refused),
		cmocka_unit_test(test_quotes_are_those_of_go),
	};

	return cmocka_run_group_tests(tests, make_tree, remove_tree);
}
