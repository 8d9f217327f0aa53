/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "protocol/init-config.h"
#include "protocol/schema-decoder.h"

/* CPU and node sets had a fixed size of 1024 bits up to runc 1.5. */
#define PADDED_WORDS 16

/* What a .plain pointer that is NULL is written from. */
static const uint64_t zeros[16];

_Static_assert(sizeof(struct rti_hooks) <= sizeof(zeros), "the largest .plain structure");

static bool is_zero(enum rti_field_type type, const void *member)
{
	switch (type) {
	case RTI_FIELD_BOOL:
		return !*(const bool *)member;
	case RTI_FIELD_UINT16:
		return !*(const uint16_t *)member;
	case RTI_FIELD_INT32:
	case RTI_FIELD_UINT32:
		return !*(const uint32_t *)member;
	case RTI_FIELD_INT:
	case RTI_FIELD_INT64:
	case RTI_FIELD_UINT:
	case RTI_FIELD_UINT64:
		return !*(const uint64_t *)member;
	case RTI_FIELD_STRING:
		return !*(const char *const *)member || !**(const char *const *)member;
	case RTI_FIELD_RAW:
		return !*(const char *const *)member;
	case RTI_FIELD_OBJECT:
	case RTI_FIELD_SKIP:
		return false;
	default: /* lists and maps */
		return !((const struct list *)member)->count;
	}
}

static bool is_list(enum rti_field_type type)
{
	return (type >= RTI_FIELD_STRINGS && type <= RTI_FIELD_WORDS) ||
	       type == RTI_FIELD_OBJECTS || type == RTI_FIELD_STRING_MAP ||
	       type == RTI_FIELD_OBJECT_MAP;
}

static bool is_left_out(const struct rti_field *field, const void *member,
			enum rti_dialect dialect)
{
	bool empty = !member || ((!field->pointer || field->plain) && is_zero(field->type, member));

	switch (field->omit) {
	case RTI_OMIT_NEVER:
		return false;
	case RTI_OMIT_ZERO:
		return empty;
	case RTI_OMIT_ZERO_1_3:
		return empty && dialect >= RTI_DIALECT_RUNC_1_3;
	case RTI_OMIT_ZERO_1_4:
		return empty && dialect >= RTI_DIALECT_RUNC_1_4;
	case RTI_OMIT_CGROUP:
		if (dialect >= RTI_DIALECT_RUNC_MAIN && member && is_list(field->type))
			return !((const struct list *)member)->items;
		return empty && dialect >= RTI_DIALECT_RUNC_1_3;
	}
	return false;
}

static void write_words(const struct rti_words *words, bool padded, enum rti_dialect dialect,
			struct rti_json_writer *writer)
{
	size_t count = words->count;

	if (padded && dialect >= RTI_DIALECT_RUNC_MAIN)
		while (count && !words->items[count - 1])
			count--;
	else if (padded && count < PADDED_WORDS)
		count = PADDED_WORDS;
	for (size_t i = 0; i < count; i++)
		rti_json_write_uint(writer, i < words->count ? words->items[i] : 0);
}

static void write_number_text(int64_t number, struct rti_json_writer *writer)
{
	struct rti_json_writer digits = { 0 };

	rti_json_write_int(&digits, number);
	rti_json_write_text(writer, digits.text ? digits.text : "", digits.size);
	writer->failed |= digits.failed;
	rti_json_writer_done(&digits);
}

static void write_list(const struct rti_field *field, const struct list *list,
		       enum rti_dialect dialect, struct rti_json_writer *writer)
{
	const char *element = list->items;
	size_t size;

	if (!list->items) {
		rti_json_write_null(writer);
		return;
	}
	rti_field_element(field, &size);
	rti_json_write_begin_array(writer);
	if (field->type == RTI_FIELD_WORDS)
		write_words((const struct rti_words *)list, field->padded, dialect, writer);
	else
		for (size_t i = 0; i < list->count; i++, element += size)
			switch (field->type) {
			case RTI_FIELD_STRINGS:
				rti_json_write_string(writer, *(const char *const *)element);
				break;
			case RTI_FIELD_NUMBER_TEXTS:
				write_number_text(*(const int64_t *)element, writer);
				break;
			case RTI_FIELD_OBJECTS:
				rti_json_encode_object(element, field->object, dialect, writer);
				break;
			default:
				rti_json_write_int(writer, *(const int64_t *)element);
			}
	rti_json_write_end_array(writer);
}

/* Elements of both kinds of maps begin with the key. */
static int compare_keys(const void *left, const void *right)
{
	return strcmp(**(const char *const *const *)left, **(const char *const *const *)right);
}

/* Maps are written sorted, as Go does. */
static void write_map(const struct rti_field *field, const struct list *list,
		      enum rti_dialect dialect, struct rti_json_writer *writer)
{
	const char *const **sorted;
	size_t size;

	if (!list->items) {
		rti_json_write_null(writer);
		return;
	}
	sorted = calloc(list->count + 1, sizeof(*sorted));
	if (!sorted) {
		writer->failed = true;
		return;
	}
	rti_field_element(field, &size);
	for (size_t i = 0; i < list->count; i++)
		sorted[i] = (const void *)((const char *)list->items + i * size);
	qsort(sorted, list->count, sizeof(*sorted), compare_keys);
	rti_json_write_begin_object(writer);
	for (size_t i = 0; i < list->count; i++) {
		rti_json_write_key(writer, *sorted[i]);
		if (field->type == RTI_FIELD_STRING_MAP)
			rti_json_write_string(writer,
					      ((const struct rti_string_pair *)sorted[i])->value);
		else
			rti_json_encode_object(sorted[i], field->object, dialect, writer);
	}
	rti_json_write_end_object(writer);
	free(sorted);
}

static void write_value(const struct rti_field *field, const void *member,
			enum rti_dialect dialect, struct rti_json_writer *writer)
{
	switch (field->type) {
	case RTI_FIELD_BOOL:
		rti_json_write_bool(writer, *(const bool *)member);
		break;
	case RTI_FIELD_INT:
	case RTI_FIELD_INT64:
		rti_json_write_int(writer, *(const int64_t *)member);
		break;
	case RTI_FIELD_INT32:
		rti_json_write_int(writer, *(const int32_t *)member);
		break;
	case RTI_FIELD_UINT16:
		rti_json_write_uint(writer, *(const uint16_t *)member);
		break;
	case RTI_FIELD_UINT32:
		rti_json_write_uint(writer, *(const uint32_t *)member);
		break;
	case RTI_FIELD_UINT:
	case RTI_FIELD_UINT64:
		rti_json_write_uint(writer, *(const uint64_t *)member);
		break;
	case RTI_FIELD_STRING:
		rti_json_write_string(writer, *(const char *const *)member);
		break;
	case RTI_FIELD_RAW:
		if (*(const char *const *)member)
			rti_json_write_raw(writer, *(const char *const *)member,
					   strlen(*(const char *const *)member));
		else
			rti_json_write_null(writer);
		break;
	case RTI_FIELD_OBJECT:
		rti_json_encode_object(member, field->object, dialect, writer);
		break;
	case RTI_FIELD_STRING_MAP:
	case RTI_FIELD_OBJECT_MAP:
		write_map(field, member, dialect, writer);
		break;
	default:
		write_list(field, member, dialect, writer);
	}
}

void rti_json_encode_object(const void *from, const struct rti_object *object,
			    enum rti_dialect dialect, struct rti_json_writer *writer)
{
	const struct rti_field *field;

	rti_json_write_begin_object(writer);
	for (field = object->fields; field->key; field++) {
		const void *member = (const char *)from + field->offset;

		if (field->type == RTI_FIELD_SKIP || dialect < field->since ||
		    (field->until && dialect >= field->until))
			continue;
		if (field->pointer)
			member = *(const void *const *)member;
		if (is_left_out(field, member, dialect))
			continue;
		rti_json_write_key(writer, field->key);
		if (!member && !field->plain)
			rti_json_write_null(writer);
		else
			write_value(field, member ? member : zeros, dialect, writer);
	}
	rti_json_write_end_object(writer);
}
