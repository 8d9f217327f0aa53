/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single values: their types, how they get from text into memory, and what is said of a value of
 * the wrong kind; and the keys that lead to them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "protocol/schema-decoder.h"

#define LIST_SIZE sizeof(struct list)

static const struct {
	const char *name;	     /* Go's, for errors; the object's name follows */
	size_t size;		     /* of what a pointer member points to */
	bool number;
	enum rti_field_type element; /* what a list or map holds */
	size_t element_size;	     /* 0: the object's */
	const char *element_name;    /* for elements that are no type by themselves: numbers */
} types[] = {
	[RTI_FIELD_BOOL] = { "bool", sizeof(bool) },
	[RTI_FIELD_INT] = { "int", sizeof(int64_t), true },
	[RTI_FIELD_INT32] = { "int32", sizeof(int32_t), true },
	[RTI_FIELD_INT64] = { "int64", sizeof(int64_t), true },
	[RTI_FIELD_UINT] = { "uint", sizeof(uint64_t), true },
	[RTI_FIELD_UINT16] = { "uint16", sizeof(uint16_t), true },
	[RTI_FIELD_UINT32] = { "uint32", sizeof(uint32_t), true },
	[RTI_FIELD_UINT64] = { "uint64", sizeof(uint64_t), true },
	[RTI_FIELD_STRING] = { "string", sizeof(char *) },
	[RTI_FIELD_STRINGS] = { "[]string", LIST_SIZE, false, RTI_FIELD_STRING, sizeof(char *) },
	[RTI_FIELD_NUMBERS] = { "[]int", LIST_SIZE, false, RTI_FIELD_INT, sizeof(int64_t) },
	[RTI_FIELD_NUMBER_TEXTS] = { "[]int", LIST_SIZE, false, RTI_FIELD_NUMBER_TEXTS,
				     sizeof(int64_t), "int" },
	[RTI_FIELD_UINT32S] = { "[]uint32", LIST_SIZE, false, RTI_FIELD_UINT32S, sizeof(int64_t),
				"uint32" },
	[RTI_FIELD_WORDS] = { "[]uint", LIST_SIZE, false, RTI_FIELD_UINT, sizeof(uint64_t) },
	[RTI_FIELD_OBJECT] = { "" },
	[RTI_FIELD_OBJECTS] = { "[]", LIST_SIZE, false, RTI_FIELD_OBJECT },
	[RTI_FIELD_STRING_MAP] = { "map[string]string", LIST_SIZE, false, RTI_FIELD_STRING,
				   sizeof(struct rti_string_pair) },
	[RTI_FIELD_OBJECT_MAP] = { "map[string]", LIST_SIZE, false, RTI_FIELD_OBJECT },
	[RTI_FIELD_RAW] = { "json.RawMessage", sizeof(char *) },
	[RTI_FIELD_SKIP] = { "" },
};

enum rti_field_type rti_field_element(const struct rti_field *field, size_t *ret_size)
{
	*ret_size = types[field->type].element_size;
	if (!*ret_size)
		*ret_size = field->object->size;
	return types[field->type].element;
}

size_t rti_field_pointee_size(const struct rti_field *field)
{
	return field->type == RTI_FIELD_OBJECT ? field->object->size : types[field->type].size;
}

static bool slot_is_number(const struct slot *slot)
{
	return types[slot->type].number || (slot->element && types[slot->type].element_name);
}

bool rti_slot_is_scalar(const struct slot *slot)
{
	return slot_is_number(slot) || slot->type == RTI_FIELD_BOOL ||
	       slot->type == RTI_FIELD_STRING;
}

int rti_decoder_no_memory(struct rti_error *err)
{
	return rti_refuse(err, ENOMEM, "JSON object needs too much memory");
}

void rti_decoder_path(const struct decoder *decoder, const char *last, char ret[PATH_SIZE])
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < decoder->depth && used < PATH_SIZE; i++) {
		const struct frame *frame = &decoder->frames[i];

		if (frame->kind == FRAME_OBJECT && frame->field)
			used += (size_t)snprintf(ret + used, PATH_SIZE - used, "%s%s",
						 used ? "." : "", frame->field->key);
	}
	if (last && used < PATH_SIZE)
		snprintf(ret + used, PATH_SIZE - used, "%s%s", used ? "." : "", last);
}

/* "Mount" of "configs.Mount" */
static const char *bare_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

/* "Go struct field initConfig.config.rootfs", or "Go value" outside of everything. */
static void place_of(const struct decoder *decoder, char *ret, size_t size)
{
	const struct rti_object *object = NULL;
	char path[PATH_SIZE];

	for (size_t i = decoder->depth; i > 0 && !object; i--)
		if (decoder->frames[i - 1].kind == FRAME_OBJECT)
			object = decoder->frames[i - 1].object;
	rti_decoder_path(decoder, NULL, path);
	if (object)
		snprintf(ret, size, "Go struct field %s.%s", bare_name(object->name), path);
	else
		snprintf(ret, size, "Go value");
}

int rti_decoder_mismatch(const struct decoder *decoder, const struct rti_json_token *token,
		    const struct slot *slot, struct rti_error *err)
{
	static const char *const kinds[] = {
		[RTI_JSON_NULL] = "null",	    [RTI_JSON_BOOL] = "bool",
		[RTI_JSON_NUMBER] = "number",	    [RTI_JSON_STRING] = "string",
		[RTI_JSON_BEGIN_OBJECT] = "object", [RTI_JSON_BEGIN_ARRAY] = "array",
	};
	const struct rti_object *object = slot->field ? slot->field->object : decoder->object;
	const char *named = slot->field ? slot->field->type_name : NULL;
	const char *name = slot->element && types[slot->type].element_name
				   ? types[slot->type].element_name
				   : types[slot->type].name;
	char place[PATH_SIZE + 64], literal[64] = "";

	place_of(decoder, place, sizeof(place));
	if (token->kind == RTI_JSON_NUMBER && slot_is_number(slot))
		snprintf(literal, sizeof(literal), " %.*s",
			 (int)(token->size > 48 ? 48 : token->size), token->text);
	if (named)
		name = slot->type == RTI_FIELD_STRINGS ? "[]" : "";
	else if (object)
		named = object->name;
	return rti_refuse(err, EBADMSG, "json: cannot unmarshal %s%s into %s of type %s%s",
			  kinds[token->kind], literal, place, name, named ? named : "");
}

int rti_decoder_copy_text(const struct decoder *decoder, const struct rti_json_token *token,
		     const char **ret, struct rti_error *err)
{
	const struct frame *frame = decoder->depth ? &decoder->frames[decoder->depth - 1] : NULL;
	const struct rti_field *field = frame ? frame->field : NULL;
	const char *nul = memchr(token->text, '\0', token->size);
	char place[PATH_SIZE + 64];

	if (nul && field && field->environment)
		return rti_refuse(
			err, EBADMSG,
			"invalid environment variable \"%.*s\": contains nul byte (\\x00)",
			(int)strcspn(token->text, "="), token->text);
	if (nul) {
		place_of(decoder, place, sizeof(place));
		return rti_refuse(err, EBADMSG, "json: %s: \"%.256s\": contains nul byte (\\x00)",
				  place, token->text);
	}
	*ret = rti_arena_text(decoder->arena, token->text, token->size);
	return *ret ? 0 : rti_decoder_no_memory(err);
}

static bool store_integer(const char *text, enum rti_field_type type, void *member)
{
	int64_t number;
	uint64_t word;

	switch (type) {
	case RTI_FIELD_INT32:
		if (!rti_number_i64(text, INT32_MIN, INT32_MAX, &number))
			return false;
		*(int32_t *)member = (int32_t)number;
		return true;
	case RTI_FIELD_UINT16:
		if (!rti_number_u64(text, UINT16_MAX, &word))
			return false;
		*(uint16_t *)member = (uint16_t)word;
		return true;
	case RTI_FIELD_UINT32:
		if (!rti_number_u64(text, UINT32_MAX, &word))
			return false;
		*(uint32_t *)member = (uint32_t)word;
		return true;
	case RTI_FIELD_UINT32S:
		return rti_number_i64(text, 0, UINT32_MAX, member);
	case RTI_FIELD_UINT:
	case RTI_FIELD_UINT64:
		return rti_number_u64(text, UINT64_MAX, member);
	default:
		return rti_number_i64(text, INT64_MIN, INT64_MAX, member);
	}
}

static int store_number_text(const struct decoder *decoder, const struct rti_json_token *token,
			const struct slot *slot, struct rti_error *err)
{
	char text[24]; /* the longest 64 bit number has 20 bytes */

	if (token->size >= sizeof(text))
		return rti_decoder_mismatch(decoder, token, slot, err);
	memcpy(text, token->text, token->size);
	text[token->size] = '\0';
	if (!store_integer(text, slot->type, slot->member))
		return rti_decoder_mismatch(decoder, token, slot, err);
	return 0;
}

int rti_decoder_store_scalar(const struct decoder *decoder, const struct rti_json_token *token,
			const struct slot *slot, struct rti_error *err)
{
	if (slot->type == RTI_FIELD_BOOL && token->kind == RTI_JSON_BOOL) {
		*(bool *)slot->member = *token->text == 't';
		return 0;
	}
	if (slot->type == RTI_FIELD_STRING && token->kind == RTI_JSON_STRING)
		return rti_decoder_copy_text(decoder, token, slot->member, err);
	if (slot_is_number(slot) &&
	    (token->kind == RTI_JSON_NUMBER ||
	     (token->kind == RTI_JSON_STRING && slot->type == RTI_FIELD_NUMBER_TEXTS)))
		return store_number_text(decoder, token, slot, err);
	return rti_decoder_mismatch(decoder, token, slot, err);
}

void rti_decoder_store_null(const struct slot *slot)
{
	switch (slot->type) {
	case RTI_FIELD_STRINGS:
	case RTI_FIELD_NUMBERS:
	case RTI_FIELD_NUMBER_TEXTS:
	case RTI_FIELD_UINT32S:
	case RTI_FIELD_WORDS:
	case RTI_FIELD_OBJECTS:
	case RTI_FIELD_STRING_MAP:
	case RTI_FIELD_OBJECT_MAP:
		if (!slot->element)
			*(struct list *)slot->member = (struct list){ 0 };
		break;
	case RTI_FIELD_STRING:
		/* a hole in a list would end it for those who look for its NULL */
		if (slot->element && !*(const char **)slot->member)
			*(const char **)slot->member = "";
		break;
	case RTI_FIELD_RAW:
		*(const char **)slot->member = NULL;
		break;
	default:
		break;
	}
}


/* The letter that Go's case folding takes a character for; it knows two letters beyond ASCII. */
static unsigned char folded(const char *text, size_t size, size_t *ret_length)
{
	unsigned char c = (unsigned char)*text;

	*ret_length = 1;
	if (c >= 'A' && c <= 'Z')
		return c | 0x20;
	if (size >= 2 && !memcmp(text, "\xc5\xbf", 2)) { /* long s */
		*ret_length = 2;
		return 's';
	}
	if (size >= 3 && !memcmp(text, "\xe2\x84\xaa", 3)) { /* the sign of kelvin */
		*ret_length = 3;
		return 'k';
	}
	return c;
}

/* @text may hold a NUL, @key does not. */
static bool same(const char *key, const char *text, size_t size)
{
	return strlen(key) == size && !memcmp(key, text, size);
}

static bool same_folded(const char *key, const char *text, size_t size)
{
	size_t length, key_length;

	for (; *key && size; key += key_length, text += length, size -= length)
		if (folded(key, 1, &key_length) != folded(text, size, &length))
			return false;
	return !*key && !size;
}

const struct rti_field *rti_decoder_find_field(const struct frame *frame, const char *text,
					       size_t size)
{
	const struct rti_field *fields = frame->object->fields, *field;

	/* Keys mostly come in the order of the table. */
	if (frame->field && frame->field[1].key && same(frame->field[1].key, text, size))
		return &frame->field[1];
	for (field = fields; field->key; field++)
		if (same(field->key, text, size))
			return field;
	for (field = fields; field->key; field++)
		if (same_folded(field->key, text, size))
			return field;
	return NULL;
}

