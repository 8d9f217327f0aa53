/* SPDX-License-Identifier: Apache-2.0 */
/* Paths and quoted texts are those of Go: strconv.Quote(), filepath.Clean() and filepath.Join(). */
#include "tests/unit/unit.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/spec-convert-internal.h"

static void test_quoting_is_gos(void **state)
{
	static const char *const rows[][2] = {
		{ "", "\"\"" },
		{ "plain text", "\"plain text\"" },
		{ "\a\b\f\n\r\t\v\"\\", "\"\\a\\b\\f\\n\\r\\t\\v\\\"\\\\\"" },
		{ "\x01\x7f", "\"\\x01\\x7f\"" },
		{ "\xff\xc3", "\"\\xff\\xc3\"" },
		{ "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		  "\"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80\"" },
		{ "\xc2\xa0\xe2\x80\xa8", "\"\\u00a0\\u2028\"" },
		{ "\xf4\x8f\xbf\xbf", "\"\\U0010ffff\"" },
	};
	struct rti_arena arena = {};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(spec_quote(&arena, rows[i][0]), rows[i][1]);
	assert_string_equal(spec_quote(&arena, NULL), "\"\"");
	rti_arena_done(&arena);
}

static void test_cleaning_is_gos(void **state)
{
	static const char *const rows[][2] = {
		{ "", "." },	       { "/", "/" },	    { "a/b/", "a/b" },
		{ "a//./b", "a/b" },   { "a/../b", "b" },   { "a/..", "." },
		{ "..", ".." },	       { "../../a", "../../a" }, { "a/../../b", "../b" },
		{ "/../a", "/a" },     { "/a/../..", "/" }, { "../a/../..", "../.." },
	};
	struct rti_arena arena = {};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(spec_path_clean(&arena, rows[i][0]), rows[i][1]);
	rti_arena_done(&arena);
}

static void test_joining_is_gos(void **state)
{
	static const char *const rows[][3] = {
		{ "", "", "" },	      { "a", "", "a" },	       { "", "b/", "b" },
		{ "a", "b", "a/b" },  { "/a", "/b", "/a/b" },  { "/a", "../../b", "/b" },
	};
	struct rti_arena arena = {};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_string_equal(spec_path_join(&arena, rows[i][0], rows[i][1]), rows[i][2]);
	rti_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoting_is_gos),
		cmocka_unit_test(test_cleaning_is_gos),
		cmocka_unit_test(test_joining_is_gos),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
