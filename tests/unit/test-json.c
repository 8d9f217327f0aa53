/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "protocol/json.h"

#define SIZE_MAX_OF_TESTS (1024 * 1024)

/* Write again what is read. */
static int echo(void *data, const struct rti_json_token *token, struct rti_error *err)
{
	(void)err;
	rti_json_write_token(data, token);
	return 0;
}

/* Read @text in chunks of @chunk bytes; gives what was written, to be freed, or NULL with @err. */
static char *echoed(const char *text, size_t size, size_t chunk, size_t *ret_used,
		    struct rti_error *err)
{
	struct rti_json_writer writer = { 0 };
	struct rti_json_reader *reader;
	char *result = NULL;
	size_t done = 0, used;
	int r = 0;

	assert_int_equal(rti_json_reader_new(SIZE_MAX_OF_TESTS, echo, &writer, &reader, err), 0);
	while (r == 0 && done < size) {
		size_t now = size - done < chunk ? size - done : chunk;
		/* the exact bytes, so that reading beyond them is noticed */
		_cleanup_free_ char *copy = malloc(now);

		assert_non_null(copy);
		memcpy(copy, text + done, now);
		r = rti_json_reader_feed(reader, copy, now, &used, err);
		assert_true(used <= now);
		if (r >= 0)
			done += used;
	}
	if (r == 0)
		r = rti_json_reader_finish(reader, err);
	rti_json_reader_free(reader);
	if (ret_used)
		*ret_used = done;
	if (r >= 0)
		assert_int_equal(rti_json_writer_finish(&writer, &result, NULL, err), 0);
	rti_json_writer_done(&writer);
	return result;
}

/* What Go makes of a text, observed: read and written again. */
static const struct {
	const char *text;
	const char *expected;
} accepted[] = {
	{ "{}", "{}" },
	{ " \t\r\n[ ] ", "[]" },
	{ "null", "null" },
	{ "-0.5e+10", "-0.5e+10" },
	{ "{\"a\":[1,{\"b\":true},null,\"c\"],\"d\":{}}",
	  "{\"a\":[1,{\"b\":true},null,\"c\"],\"d\":{}}" },
	/* numbers keep all their digits */
	{ "[18446744073709551615,-9223372036854775808,123456789012345678901234567890]",
	  "[18446744073709551615,-9223372036854775808,123456789012345678901234567890]" },
	/* escapes that Go writes, and those it does not */
	{ "\"\\u0041\\/\\b\\f\\n\\r\\t\\\\\\\"\"", "\"A/\\b\\f\\n\\r\\t\\\\\\\"\"" },
	{ "\"<>&\\u2028\\u2029\"", "\"\\u003c\\u003e\\u0026\\u2028\\u2029\"" },
	{ "\"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\"", "\"\\u2028\\u2029\xe2\x80\xaa\"" },
	{ "\"\\u0000\\u0001\\u001f\x7f\"", "\"\\u0000\\u0001\\u001f\x7f\"" },
	{ "\"\\u00e9\xc3\xa9\"", "\"\xc3\xa9\xc3\xa9\"" },
	/* surrogates: a pair, and halves without the other half */
	{ "\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"" },
	{ "\"\\uD83D\\uDE00\"", "\"\xf0\x9f\x98\x80\"" },
	{ "\"\\ud83d\"", "\"\xef\xbf\xbd\"" },
	{ "\"\\ude00\"", "\"\xef\xbf\xbd\"" },
	{ "\"\\ud83dx\"", "\"\xef\xbf\xbdx\"" },
	{ "\"\\ud83d\\n\"", "\"\xef\xbf\xbd\\n\"" },
	{ "\"\\ud83d\\u0041\"", "\"\xef\xbf\xbd" "A\"" },
	{ "\"\\ud83d\\ud83d\\ude00\"", "\"\xef\xbf\xbd\xf0\x9f\x98\x80\"" },
	{ "\"\\ude00\\ud83d\"", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	/* bytes that are not UTF-8: each becomes U+FFFD */
	{ "\"a\xff" "b\"", "\"a\xef\xbf\xbd" "b\"" },
	{ "\"\xc0\x80\"", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\"\xe2\x82\"", "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\"\xed\xa0\x80\"", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\"\xf4\x90\x80\x80\"", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	{ "\"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xee\x80\x80\xe0\xa0\x80\"",
	  "\"\xf0\x9f\x98\x80\xf4\x8f\xbf\xbf\xee\x80\x80\xe0\xa0\x80\"" },
	{ "{\"k\xff\":1}", "{\"k\xef\xbf\xbd\":1}" },
	{ "\"\\\\\\\\\\\"\xff\\\\\"", "\"\\\\\\\\\\\"\xef\xbf\xbd\\\\\"" },
};

static void test_what_go_accepts_is_read_the_same_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++)
		for (size_t chunk = 1; chunk <= strlen(accepted[i].text); chunk++) {
			struct rti_error err = { 0 };
			_cleanup_free_ char *result = echoed(
				accepted[i].text, strlen(accepted[i].text), chunk, NULL, &err);

			if (!result)
				fail_msg("%s by %zu: %s", accepted[i].text, chunk, err.text);
			assert_string_equal(result, accepted[i].expected);
		}
}

/* Texts with the complaint that Go has of them, observed with runc 1.3.6 and 1.5.1. */
static const struct {
	const char *text;
	const char *complaint;
} refused[] = {
	{ "", "EOF" },
	{ " \n", "EOF" },
	{ "{", "unexpected EOF" },
	{ "{\"a", "unexpected EOF" },
	{ "{\"a\":1", "unexpected EOF" },
	{ "tru", "unexpected EOF" },
	{ "-", "unexpected EOF" },
	{ "{\"a\":\"\\u12", "unexpected EOF" },
	{ "{\"a\" 5}", "invalid character '5' after object key" },
	{ "{\"process\":nulx}", "invalid character 'x' in literal null (expecting 'l')" },
	{ "{\"process\":tru,", "invalid character ',' in literal true (expecting 'e')" },
	{ "tru}", "invalid character '}' in literal true (expecting 'e')" },
	{ "not json", "invalid character 'o' in literal null (expecting 'u')" },
	{ "{\"a\":\"\\x\"}", "invalid character 'x' in string escape code" },
	{ "{\"a\":\"\\u12x\"}", "invalid character 'x' in \\u hexadecimal character escape" },
	{ "{\"a\":\"\\ud83d\\u12x\"}",
	  "invalid character 'x' in \\u hexadecimal character escape" },
	{ "{\"a\":1.x}", "invalid character 'x' after decimal point in numeric literal" },
	{ "{\"a\":1ex}", "invalid character 'x' in exponent of numeric literal" },
	{ "{\"a\":-x}", "invalid character 'x' in numeric literal" },
	{ "{,}", "invalid character ',' looking for beginning of object key string" },
	{ "{'a':1}", "invalid character '\\'' looking for beginning of object key string" },
	{ "{\"a\":1,}", "invalid character '}' looking for beginning of object key string" },
	{ "{\"a\":1 \"b\"}", "invalid character '\"' after object key:value pair" },
	{ "{\"a\":1 2}", "invalid character '2' after object key:value pair" },
	{ "{\"a\":1 true}", "invalid character 't' after object key:value pair" },
	{ "{\"a\":1:2}", "invalid character ':' after object key:value pair" },
	{ "[\"a\" \"b\"]", "invalid character '\"' after array element" },
	{ "{\"a\":1]", "invalid character ']' after object key:value pair" },
	{ "[1}", "invalid character '}' after array element" },
	{ "{]", "invalid character ']' looking for beginning of object key string" },
	{ "{\"a\":}", "invalid character '}' looking for beginning of value" },
	{ "{\"a\",", "invalid character ',' after object key" },
	{ "[1-3]", "invalid character '-' after array element" },
	{ "[1 25]", "invalid character '2' after array element" },
	{ "[1 null]", "invalid character 'n' after array element" },
	{ "\xff", "invalid character '\xc3\xbf' looking for beginning of value" },
	{ "\xc3", "invalid character '\xc3\x83' looking for beginning of value" },
	{ "\xa0", "invalid character '\\u00a0' looking for beginning of value" },
	{ "\x7f", "invalid character '\\x7f' looking for beginning of value" },
	{ "[1 2]", "invalid character '2' after array element" },
	{ "{\"a\":01}", "invalid character '1' after object key:value pair" },
	{ "{\"a\":\"\t\"}", "invalid character '\\t' in string literal" },
	{ "garbage", "invalid character 'g' looking for beginning of value" },
	{ "{\"a\":[1,]}", "invalid character ']' looking for beginning of value" },
	{ "{\"a\":/*c*/1}", "invalid character '/' looking for beginning of value" },
	{ "{\"a\":+1}", "invalid character '+' looking for beginning of value" },
	{ "{\"a\":.5}", "invalid character '.' looking for beginning of value" },
	{ "\x0b{}", "invalid character '\\v' looking for beginning of value" },
	{ "[1\x0c]", "invalid character '\\f' looking for beginning of value" },
	{ "]", "invalid character ']' looking for beginning of value" },
};

static void test_what_go_refuses_is_refused_in_its_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct rti_error err = { 0 };
		_cleanup_free_ char *result =
			echoed(refused[i].text, strlen(refused[i].text), SIZE_MAX, NULL, &err);

		if (result)
			fail_msg("%s: accepted as %s", refused[i].text, result);
		assert_string_equal(err.text, refused[i].complaint);
		assert_int_equal(err.errnum, strstr(err.text, "EOF") ? ENODATA : EBADMSG);
	}
}

static void test_what_go_refuses_is_refused_in_any_chunks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++)
		for (size_t chunk = 1; chunk <= strlen(refused[i].text); chunk++) {
			struct rti_error err = { 0 };
			_cleanup_free_ char *result = echoed(
				refused[i].text, strlen(refused[i].text), chunk, NULL, &err);

			assert_null(result);
		}
}

static void test_reading_stops_behind_the_value(void **state)
{
	static const char *const texts[] = { "{\"a\":\"\xff\\ud800\"}tail", "[]\x0b", "{} {}",
					     "\"x\"\"y\"", "{\"a\":1}-5 " };
	static const size_t ends[] = { 15, 2, 2, 3, 7 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		for (size_t chunk = 1; chunk <= strlen(texts[i]); chunk++) {
			struct rti_error err = { 0 };
			size_t used;
			_cleanup_free_ char *result =
				echoed(texts[i], strlen(texts[i]), chunk, &used, &err);

			assert_non_null(result);
			assert_int_equal(used, ends[i]);
		}
}

/* Only what follows a number shows that it has ended. */
static void test_a_number_ends_before_the_bytes_that_show_it(void **state)
{
	static const char text[] = "17\"text\"";

	(void)state;
	for (size_t chunk = 1; chunk <= strlen(text); chunk++) {
		struct rti_error err;
		_cleanup_free_ char *result = echoed(text, strlen(text), chunk, NULL, &err);

		assert_string_equal(result, "17");
	}
}

static char *nested(size_t depth)
{
	char *text = malloc(2 * depth + 1);

	assert_non_null(text);
	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	text[2 * depth] = '\0';
	return text;
}

static void test_depth_is_bounded(void **state)
{
	_cleanup_free_ char *deepest = nested(RTI_JSON_DEPTH_MAX);
	_cleanup_free_ char *deeper = nested(RTI_JSON_DEPTH_MAX + 1);
	struct rti_error err = { 0 };
	_cleanup_free_ char *result = echoed(deepest, strlen(deepest), SIZE_MAX, NULL, &err);

	(void)state;
	assert_string_equal(result, deepest);
	assert_null(echoed(deeper, strlen(deeper), SIZE_MAX, NULL, &err));
	assert_string_equal(err.text, "exceeded max depth");
}

static void test_size_is_bounded(void **state)
{
	_cleanup_free_ char *text = calloc(1, SIZE_MAX_OF_TESTS + 2);
	struct rti_error err = { 0 };

	(void)state;
	memset(text, ' ', SIZE_MAX_OF_TESTS + 1);
	assert_null(echoed(text, SIZE_MAX_OF_TESTS + 1, 4096, NULL, &err));
	assert_int_equal(err.errnum, EBADMSG);
	assert_string_equal(err.text, "JSON text is longer than 1048576 bytes");
}

/* A string or number that comes in very many pieces must not be scanned again for each. */
static void test_long_tokens_in_small_chunks_take_linear_time(void **state)
{
	const size_t size = 200 * 1000;
	_cleanup_free_ char *text = calloc(1, size + 1);
	struct rti_error err = { 0 };

	(void)state;
	memset(text, '\xff', size);
	text[0] = text[size - 1] = '"';
	free(echoed(text, size, 1, NULL, &err));
	assert_string_equal(err.text, "");
	memset(text, '7', size);
	free(echoed(text, size, 1, NULL, &err));
	assert_string_equal(err.text, "");
}

static int refuse_strings(void *data, const struct rti_json_token *token, struct rti_error *err)
{
	(void)data;
	return token->kind == RTI_JSON_STRING ? rti_refuse(err, EPROTO, "no strings") : 0;
}

static void test_the_handlers_error_is_handed_on(void **state)
{
	struct rti_json_reader *reader;
	struct rti_error err = { 0 };
	size_t used;

	(void)state;
	assert_int_equal(rti_json_reader_new(100, refuse_strings, NULL, &reader, &err), 0);
	assert_int_equal(rti_json_reader_feed(reader, "[1,\"a\"]", 7, &used, &err), -EPROTO);
	assert_string_equal(err.text, "no strings");
	rti_json_reader_free(reader);
	rti_json_reader_free(NULL);
}

static void test_writer_sets_commas_and_takes_raw_text(void **state)
{
	struct rti_json_writer writer = { 0 };
	_cleanup_free_ char *text = NULL;
	struct rti_error err;
	size_t size;

	(void)state;
	rti_json_write_begin_object(&writer);
	rti_json_write_key(&writer, "a{");
	rti_json_write_string(&writer, "[");
	rti_json_write_key(&writer, "b");
	rti_json_write_begin_array(&writer);
	rti_json_write_int(&writer, INT64_MIN);
	rti_json_write_uint(&writer, UINT64_MAX);
	rti_json_write_string(&writer, NULL);
	rti_json_write_begin_object(&writer);
	rti_json_write_end_object(&writer);
	rti_json_write_null(&writer);
	rti_json_write_raw(&writer, "{\"c\":1}", 7);
	rti_json_write_bool(&writer, false);
	rti_json_write_end_array(&writer);
	rti_json_write_end_object(&writer);
	assert_int_equal(rti_json_writer_finish(&writer, &text, &size, &err), 0);
	assert_string_equal(text, "{\"a{\":\"[\",\"b\":[-9223372036854775808,18446744073709551615,"
				  "\"\",{},null,{\"c\":1},false]}");
	assert_int_equal(size, strlen(text));
	assert_null(writer.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_go_accepts_is_read_the_same_in_any_chunks),
		cmocka_unit_test(test_what_go_refuses_is_refused_in_its_words),
		cmocka_unit_test(test_what_go_refuses_is_refused_in_any_chunks),
		cmocka_unit_test(test_reading_stops_behind_the_value),
		cmocka_unit_test(test_a_number_ends_before_the_bytes_that_show_it),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_size_is_bounded),
		cmocka_unit_test(test_long_tokens_in_small_chunks_take_linear_time),
		cmocka_unit_test(test_the_handlers_error_is_handed_on),
		cmocka_unit_test(test_writer_sets_commas_and_takes_raw_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
