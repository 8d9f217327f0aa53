/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decoding and encoding by tables, with a table that has a member of each type.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/init-config.h"
#include "protocol/schema.h"

struct inner {
	const char *key; /* in a map */
	int64_t number;
	const char *text;
	uint64_t *pointer;
};
struct inners RTI_LIST(struct inner);

struct outer {
	bool flag;
	int64_t number;
	int32_t small;
	uint16_t tiny;
	uint32_t word;
	uint64_t *pointer;
	const char *text;
	struct rti_strings texts;
	struct rti_numbers numbers;
	struct rti_numbers digits;
	struct rti_numbers ids;
	struct rti_words set;
	struct inner object;
	struct inner *object_pointer;
	struct inners objects;
	struct rti_string_map map;
	struct inners object_map;
	const char *raw;
};

static const struct rti_field inner_fields[] = {
	RTI_ROW(struct inner, "number", INT, number),
	RTI_ROW(struct inner, "text", STRING, text, .omit = RTI_OMIT_ZERO),
	RTI_POINTER_ROW(struct inner, "pointer", UINT, pointer, .omit = RTI_OMIT_ZERO),
	{ 0 },
};

static const struct rti_object inner_object = { "pkg.Inner", sizeof(struct inner), inner_fields };

static const struct rti_field outer_fields[] = {
	RTI_ROW(struct outer, "flag", BOOL, flag, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "number", INT, number, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "small", INT32, small, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "tiny", UINT16, tiny, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "word", UINT32, word, .omit = RTI_OMIT_ZERO),
	RTI_POINTER_ROW(struct outer, "pointer", UINT64, pointer, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "text", STRING, text, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "texts", STRINGS, texts, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "numbers", NUMBERS, numbers, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "digits", NUMBER_TEXTS, digits, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "ids", UINT32S, ids, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "set", WORDS, set, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "Object", OBJECT, object, .object = &inner_object),
	RTI_POINTER_ROW(struct outer, "objectPointer", OBJECT, object_pointer,
			.omit = RTI_OMIT_ZERO, .object = &inner_object),
	RTI_ROW(struct outer, "objects", OBJECTS, objects, .omit = RTI_OMIT_ZERO,
		.object = &inner_object),
	RTI_ROW(struct outer, "map", STRING_MAP, map, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct outer, "objectMap", OBJECT_MAP, object_map, .omit = RTI_OMIT_ZERO,
		.object = &inner_object),
	RTI_ROW(struct outer, "raw", RAW, raw, .omit = RTI_OMIT_ZERO),
	RTI_SKIP_ROW("skipped"),
	{ 0 },
};

static const struct rti_object outer_object = { "pkg.Outer", sizeof(struct outer), outer_fields };

struct notes {
	char text[1024];
};

static void note(void *data, const char *path, const char *json)
{
	struct notes *notes = data;
	size_t used = strlen(notes->text);

	snprintf(notes->text + used, sizeof(notes->text) - used, "%s=%s;", path, json);
}

static int decode(const char *text, unsigned int flags, struct outer *ret, struct rti_arena *arena,
		  struct notes *notes, struct rti_error *err)
{
	*ret = (struct outer){ 0 };
	return rti_json_decode_object(text, strlen(text), &outer_object, ret, arena, flags,
				      notes ? note : NULL, notes, err);
}

static char *encode(const struct outer *outer)
{
	struct rti_json_writer writer = { 0 };
	struct rti_error err;
	char *text;

	rti_json_encode_object(outer, &outer_object, RTI_DIALECT_OWN, &writer);
	assert_int_equal(rti_json_writer_finish(&writer, &text, NULL, &err), 0);
	return text;
}

/* Text in, and text out after decoding and encoding. */
static const struct {
	const char *text;
	const char *expected;
} accepted[] = {
	{ "{\"flag\":true,\"number\":-9223372036854775808,\"small\":-2147483648,\"tiny\":65535,"
	  "\"word\":4294967295,\"pointer\":18446744073709551615,\"text\":\"t\","
	  "\"texts\":[\"a\",\"\"],\"numbers\":[1,-2],\"digits\":[\"3\",4],\"ids\":[4294967295],"
	  "\"set\":[18446744073709551615,0],\"Object\":{\"number\":5},"
	  "\"objectPointer\":{\"number\":6,\"pointer\":7},\"objects\":[{\"number\":8},"
	  "{\"number\":0,\"text\":\"x\"}],\"map\":{\"z\":\"1\",\"a\":\"2\"},"
	  "\"objectMap\":{\"k\":{\"number\":9}},\"raw\":[ 1 , {\"<\": null} ]}",
	  "{\"flag\":true,\"number\":-9223372036854775808,\"small\":-2147483648,\"tiny\":65535,"
	  "\"word\":4294967295,\"pointer\":18446744073709551615,\"text\":\"t\","
	  "\"texts\":[\"a\",\"\"],\"numbers\":[1,-2],\"digits\":[\"3\",\"4\"],"
	  "\"ids\":[4294967295],\"set\":[18446744073709551615,0],\"Object\":{\"number\":5},"
	  "\"objectPointer\":{\"number\":6,\"pointer\":7},\"objects\":[{\"number\":8},"
	  "{\"number\":0,\"text\":\"x\"}],\"map\":{\"a\":\"2\",\"z\":\"1\"},"
	  "\"objectMap\":{\"k\":{\"number\":9}},\"raw\":[1,{\"\\u003c\":null}]}" },
	/* nothing, and nulls */
	{ "{}", "{\"Object\":{\"number\":0}}" },
	{ "null", "{\"Object\":{\"number\":0}}" },
	{ "{\"flag\":null,\"number\":null,\"pointer\":null,\"text\":null,\"texts\":null,"
	  "\"Object\":null,\"objectPointer\":null,\"objects\":null,\"map\":null,\"raw\":null,"
	  "\"skipped\":null}",
	  "{\"Object\":{\"number\":0}}" },
	{ "{\"texts\":[null],\"numbers\":[null,1],\"objects\":[null],\"map\":{\"a\":null},"
	  "\"objectMap\":{\"b\":null}}",
	  "{\"texts\":[\"\"],\"numbers\":[0,1],\"Object\":{\"number\":0},"
	  "\"objects\":[{\"number\":0}],\"map\":{\"a\":\"\"},"
	  "\"objectMap\":{\"b\":{\"number\":0}}}" },
	/* repeated keys: the last one counts, lists start again, objects and maps are merged */
	{ "{\"number\":1,\"number\":2,\"texts\":[\"a\",\"b\"],\"texts\":[\"c\"],"
	  "\"Object\":{\"number\":1,\"text\":\"kept\"},\"Object\":{\"number\":2},"
	  "\"map\":{\"a\":\"1\",\"b\":\"2\"},\"map\":{\"b\":\"3\",\"b\":\"4\"},"
	  "\"objectPointer\":{\"text\":\"kept\"},\"objectPointer\":{\"number\":3}}",
	  "{\"number\":2,\"texts\":[\"c\"],\"Object\":{\"number\":2,\"text\":\"kept\"},"
	  "\"objectPointer\":{\"number\":3,\"text\":\"kept\"},\"map\":{\"a\":\"1\",\"b\":\"4\"}}" },
	{ "{\"number\":1,\"number\":null,\"texts\":[\"a\"],\"texts\":null,"
	  "\"objectPointer\":{\"number\":1},\"objectPointer\":null,\"pointer\":1,\"pointer\":null}",
	  "{\"number\":1,\"Object\":{\"number\":0}}" },
	{ "{\"objectMap\":{\"a\":{\"number\":1,\"text\":\"gone\"},\"a\":{\"number\":2}}}",
	  "{\"Object\":{\"number\":0},\"objectMap\":{\"a\":{\"number\":2}}}" },
	/* keys in other case, also beyond ASCII, but only where none matches exactly */
	{ "{\"NUMBER\":1,\"oBJECT\":{\"nUmber\":2},\"Flag\":true}",
	  "{\"flag\":true,\"number\":1,\"Object\":{\"number\":2}}" },
	{ "{\"\xc5\xbfmall\":3,\"\xc5\xbf\xe2\x84\xaaipped\":1}",
	  "{\"small\":3,\"Object\":{\"number\":0}}" },
	{ "{\"num\":1,\"numbers2\":1,\"\":1,\"number\\u0000\":1}", "{\"Object\":{\"number\":0}}" },
	/* an empty list is no null */
	{ "{\"texts\":[],\"map\":{}}", "{\"Object\":{\"number\":0}}" },
	{ "{\"number\":-0,\"skipped\":{\"number\":[{}]}}", "{\"Object\":{\"number\":0}}" },
};

static void test_values_go_to_their_members_and_back(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(accepted) / sizeof(*accepted); i++) {
		struct rti_arena arena = { 0 };
		struct rti_error err = { 0 };
		_cleanup_free_ char *text = NULL;
		struct outer outer;

		if (decode(accepted[i].text, RTI_DECODE_WHOLE, &outer, &arena, NULL, &err) < 0)
			fail_msg("%s: %s", accepted[i].text, err.text);
		text = encode(&outer);
		assert_string_equal(text, accepted[i].expected);
		rti_arena_done(&arena);
	}
}

static void test_null_and_empty_lists_differ_in_memory(void **state)
{
	struct rti_arena arena = { 0 };
	struct rti_error err;
	struct outer outer;

	(void)state;
	assert_int_equal(decode("{\"texts\":[],\"numbers\":null,\"map\":{}}", 0, &outer, &arena,
				NULL, &err),
			 0);
	assert_non_null(outer.texts.items);
	assert_null(outer.texts.items[0]);
	assert_null(outer.numbers.items);
	assert_non_null(outer.map.items);
	assert_int_equal(outer.map.count, 0);
	rti_arena_done(&arena);
}

/* The complaints are those of Go, observed for structures of the same shape. */
static const struct {
	const char *text;
	const char *complaint;
} refused[] = {
	{ "[1]", "json: cannot unmarshal array into Go value of type pkg.Outer" },
	{ "5", "json: cannot unmarshal number into Go value of type pkg.Outer" },
	{ "\"x\"", "json: cannot unmarshal string into Go value of type pkg.Outer" },
	{ "{\"flag\":1}",
	  "json: cannot unmarshal number into Go struct field Outer.flag of type bool" },
	{ "{\"FLAG\":\"true\"}",
	  "json: cannot unmarshal string into Go struct field Outer.flag of type bool" },
	{ "{\"number\":\"1\"}",
	  "json: cannot unmarshal string into Go struct field Outer.number of type int" },
	{ "{\"number\":1.5}",
	  "json: cannot unmarshal number 1.5 into Go struct field Outer.number of type int" },
	{ "{\"number\":1e2}",
	  "json: cannot unmarshal number 1e2 into Go struct field Outer.number of type int" },
	{ "{\"number\":9223372036854775808}", "json: cannot unmarshal number 9223372036854775808 "
					      "into Go struct field Outer.number of type int" },
	{ "{\"small\":2147483648}", "json: cannot unmarshal number 2147483648 into Go struct field "
				    "Outer.small of type int32" },
	{ "{\"tiny\":65536}",
	  "json: cannot unmarshal number 65536 into Go struct field Outer.tiny of type uint16" },
	{ "{\"word\":-1}",
	  "json: cannot unmarshal number -1 into Go struct field Outer.word of type uint32" },
	{ "{\"pointer\":18446744073709551616}",
	  "json: cannot unmarshal number 18446744073709551616 into Go struct field Outer.pointer "
	  "of type uint64" },
	{ "{\"number\":{}}",
	  "json: cannot unmarshal object into Go struct field Outer.number of type int" },
	{ "{\"text\":5}",
	  "json: cannot unmarshal number into Go struct field Outer.text of type string" },
	{ "{\"texts\":\"a\"}",
	  "json: cannot unmarshal string into Go struct field Outer.texts of type []string" },
	{ "{\"texts\":[\"a\",5]}",
	  "json: cannot unmarshal number into Go struct field Outer.texts of type string" },
	{ "{\"texts\":{}}",
	  "json: cannot unmarshal object into Go struct field Outer.texts of type []string" },
	{ "{\"numbers\":[\"x\"]}",
	  "json: cannot unmarshal string into Go struct field Outer.numbers of type int" },
	{ "{\"ids\":5}",
	  "json: cannot unmarshal number into Go struct field Outer.ids of type []uint32" },
	{ "{\"ids\":[-1]}",
	  "json: cannot unmarshal number -1 into Go struct field Outer.ids of type uint32" },
	{ "{\"digits\":[\"x\"]}",
	  "json: cannot unmarshal string into Go struct field Outer.digits of type int" },
	{ "{\"Object\":5}",
	  "json: cannot unmarshal number into Go struct field Outer.Object of type pkg.Inner" },
	{ "{\"objects\":[5]}",
	  "json: cannot unmarshal number into Go struct field Outer.objects of type pkg.Inner" },
	{ "{\"objects\":{}}",
	  "json: cannot unmarshal object into Go struct field Outer.objects of type []pkg.Inner" },
	{ "{\"objects\":[{\"number\":true}]}",
	  "json: cannot unmarshal bool into Go struct field Inner.objects.number of type int" },
	{ "{\"objectPointer\":{\"pointer\":-5}}", "json: cannot unmarshal number -5 into Go struct "
						 "field Inner.objectPointer.pointer of type uint" },
	{ "{\"map\":{\"a\":5}}",
	  "json: cannot unmarshal number into Go struct field Outer.map of type string" },
	{ "{\"map\":[]}",
	  "json: cannot unmarshal array into Go struct field Outer.map of type map[string]string" },
	{ "{\"objectMap\":{\"a\":{\"number\":\"x\"}}}",
	  "json: cannot unmarshal string into Go struct field Inner.objectMap.number of type int" },
	{ "{\"objectMap\":{\"a\":5}}",
	  "json: cannot unmarshal number into Go struct field Outer.objectMap of type pkg.Inner" },
	/* NUL ends a C string, so a text with one would be another text for us */
	{ "{\"text\":\"ab\\u0000c\"}",
	  "json: Go struct field Outer.text: \"ab\": contains nul byte (\\x00)" },
	{ "{\"texts\":[\"\\u0000\"]}",
	  "json: Go struct field Outer.texts: \"\": contains nul byte (\\x00)" },
	{ "{\"map\":{\"k\\u0000\":\"\"}}",
	  "json: Go struct field Outer.map: \"k\": contains nul byte (\\x00)" },
	{ "{} x", "invalid character 'x' after top-level value" },
	{ "{}\n{}", "invalid character '{' after top-level value" },
	{ "", "unexpected end of JSON input" },
	{ "{\"number\":1", "unexpected end of JSON input" },
};

static void test_wrong_values_are_refused_in_gos_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct rti_arena arena = { 0 };
		struct rti_error err = { 0 };
		struct outer outer;

		assert_true(decode(refused[i].text, RTI_DECODE_WHOLE, &outer, &arena, NULL, &err) <
			    0);
		assert_string_equal(err.text, refused[i].complaint);
		rti_arena_done(&arena);
	}
}

static void test_bytes_behind_the_object_are_ignored_unless_asked(void **state)
{
	struct rti_arena arena = { 0 };
	struct rti_error err;
	struct outer outer;

	(void)state;
	assert_int_equal(decode("{\"number\":1}\xff{\x0b", 0, &outer, &arena, NULL, &err), 0);
	assert_int_equal(outer.number, 1);
	assert_int_equal(decode("{} \r\n\t", RTI_DECODE_WHOLE, &outer, &arena, NULL, &err), 0);
	rti_arena_done(&arena);
}

static void test_unknown_keys_are_reported_with_path_and_excerpt(void **state)
{
	struct rti_arena arena = { 0 };
	struct notes notes = { "" };
	struct rti_error err;
	struct outer outer;
	char text[4096], zeros[512];

	(void)state;
	assert_int_equal(decode("{\"new\":1,\"objects\":[{\"x\":{\"y\":[ ]}}],\"objectMap\":{\"a\":"
				"{\"z\":null}},\"skipped\":2,\"number\":4}",
				0, &outer, &arena, &notes, &err),
			 0);
	assert_string_equal(notes.text, "new=1;objects.x={\"y\":[]};objectMap.z=null;");
	assert_int_equal(outer.number, 4);

	memset(zeros, '0', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '\0';
	notes.text[0] = '\0';
	snprintf(text, sizeof(text), "{\"k%s\":[\"%s\",[\"%s\"]],\"number\":5}", zeros, zeros,
		 zeros);
	assert_int_equal(decode(text, 0, &outer, &arena, &notes, &err), 0);
	assert_int_equal(outer.number, 5);
	assert_true(strlen(notes.text) < 256);
	rti_arena_done(&arena);
}

static void test_memory_is_bounded_by_the_arena(void **state)
{
	struct rti_arena arena = { .limit = 64 * 1024 };
	struct rti_error err = { 0 };
	const size_t count = 100 * 1000;
	_cleanup_free_ char *text = calloc(1, 3 * count + 64);
	size_t used = (size_t)sprintf(text, "{\"objects\":[{}");
	struct outer outer;

	(void)state;
	for (size_t i = 0; i < count; i++, used += 3)
		memcpy(text + used, ",{}", 3);
	memcpy(text + used, "]}", 3);
	assert_int_equal(decode(text, 0, &outer, &arena, NULL, &err), -ENOMEM);
	assert_string_equal(err.text, "JSON object needs too much memory");
	rti_arena_done(&arena);
}

static void test_an_object_is_read_from_a_pipe_that_stays_open(void **state)
{
	static const char text[] = "{\"number\":5,\"text\":\"a\\u00e9\"}";
	struct rti_arena arena = { 0 };
	struct outer outer = { 0 };
	struct rti_error err;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(rti_write_full(fds[1], text, strlen(text)), 0);
	assert_int_equal(rti_json_read_object(fds[0], 1024, &outer_object, &outer, &arena, 0, NULL,
					      NULL, &err),
			 0);
	assert_int_equal(outer.number, 5);
	assert_string_equal(outer.text, "a\xc3\xa9");
	rti_arena_done(&arena);
	close(fds[0]);
	close(fds[1]);
	assert_int_equal(rti_json_read_object(fds[0], 1024, &outer_object, &outer, &arena, 0, NULL,
					      NULL, &err),
			 -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_go_to_their_members_and_back),
		cmocka_unit_test(test_null_and_empty_lists_differ_in_memory),
		cmocka_unit_test(test_wrong_values_are_refused_in_gos_words),
		cmocka_unit_test(test_bytes_behind_the_object_are_ignored_unless_asked),
		cmocka_unit_test(test_unknown_keys_are_reported_with_path_and_excerpt),
		cmocka_unit_test(test_memory_is_bounded_by_the_arena),
		cmocka_unit_test(test_an_object_is_read_from_a_pipe_that_stays_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
