/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/json.h"

/* Chosen: a sync packet needs one allocation, an ordinary init configuration four. */
#define FIRST_CAPACITY (size_t)512

static bool make_room(struct rti_json_writer *writer, size_t size)
{
	size_t needed, capacity = writer->capacity ? writer->capacity : FIRST_CAPACITY;
	char *text;

	/* one byte more for the final NUL */
	if (writer->failed || __builtin_add_overflow(writer->size + 1, size, &needed))
		return false;
	if (needed <= writer->capacity)
		return true;
	while (capacity < needed && capacity <= SIZE_MAX / 2)
		capacity *= 2;
	text = capacity < needed ? NULL : realloc(writer->text, capacity);
	if (!text) {
		writer->failed = true;
		return false;
	}
	writer->text = text;
	writer->capacity = capacity;
	return true;
}

static void append(struct rti_json_writer *writer, const char *text, size_t size)
{
	if (!make_room(writer, size))
		return;
	memcpy(writer->text + writer->size, text, size);
	writer->size += size;
}

/* A comma, unless what follows is the first of its object or array, or the value of a key: the last
 * byte tells, since a string ends in a quote. */
static void separate(struct rti_json_writer *writer)
{
	if (writer->size && !strchr("{[:", writer->text[writer->size - 1]))
		append(writer, ",", 1);
}

void rti_json_write_raw(struct rti_json_writer *writer, const char *text, size_t size)
{
	separate(writer);
	append(writer, text, size);
}

void rti_json_write_begin_object(struct rti_json_writer *writer)
{
	rti_json_write_raw(writer, "{", 1);
}

void rti_json_write_end_object(struct rti_json_writer *writer)
{
	append(writer, "}", 1);
}

void rti_json_write_begin_array(struct rti_json_writer *writer)
{
	rti_json_write_raw(writer, "[", 1);
}

void rti_json_write_end_array(struct rti_json_writer *writer)
{
	append(writer, "]", 1);
}

void rti_json_write_null(struct rti_json_writer *writer)
{
	rti_json_write_raw(writer, "null", 4);
}

void rti_json_write_bool(struct rti_json_writer *writer, bool value)
{
	rti_json_write_raw(writer, value ? "true" : "false", value ? 4 : 5);
}

void rti_json_write_int(struct rti_json_writer *writer, int64_t value)
{
	char text[24];

	rti_json_write_raw(writer, text, (size_t)snprintf(text, sizeof(text), "%" PRId64, value));
}

void rti_json_write_uint(struct rti_json_writer *writer, uint64_t value)
{
	char text[24];

	rti_json_write_raw(writer, text, (size_t)snprintf(text, sizeof(text), "%" PRIu64, value));
}

/* The escape of the character at @text that takes @length bytes; NULL: it is written as it is. */
static const char *escape_of(const char *text, size_t length, char buffer[8])
{
	static const char short_form[][3] = {
		['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r",
	};
	unsigned char c = (unsigned char)*text;

	switch (length) {
	case 0:
		return "\xef\xbf\xbd";
	case 1:
		if (c == '"')
			return "\\\"";
		if (c == '\\')
			return "\\\\";
		if (c < sizeof(short_form) / sizeof(*short_form) && *short_form[c])
			return short_form[c];
		if (c >= 0x20 && c != '<' && c != '>' && c != '&')
			return NULL;
		snprintf(buffer, 8, "\\u%04x", (unsigned int)c);
		return buffer;
	case 3: /* the line ends of JavaScript, U+2028 and U+2029 */
		if (!memcmp(text, "\xe2\x80\xa8", 3))
			return "\\u2028";
		if (!memcmp(text, "\xe2\x80\xa9", 3))
			return "\\u2029";
		return NULL;
	default:
		return NULL;
	}
}

void rti_json_write_text(struct rti_json_writer *writer, const char *text, size_t size)
{
	size_t plain = 0; /* bytes before the current one that are not yet written */

	rti_json_write_raw(writer, "\"", 1);
	for (size_t i = 0; i < size;) {
		size_t length = rti_utf8_size(text + i, size - i);
		char buffer[8];
		const char *escape = escape_of(text + i, length, buffer);

		length = length ? length : 1;
		if (!escape) {
			plain += length;
		} else {
			append(writer, text + i - plain, plain);
			append(writer, escape, strlen(escape));
			plain = 0;
		}
		i += length;
	}
	append(writer, text + size - plain, plain);
	append(writer, "\"", 1);
}

void rti_json_write_string(struct rti_json_writer *writer, const char *text)
{
	rti_json_write_text(writer, text ? text : "", text ? strlen(text) : 0);
}

void rti_json_write_key(struct rti_json_writer *writer, const char *key)
{
	rti_json_write_string(writer, key);
	append(writer, ":", 1);
}

void rti_json_write_token(struct rti_json_writer *writer, const struct rti_json_token *token)
{
	switch (token->kind) {
	case RTI_JSON_NULL:
		rti_json_write_null(writer);
		break;
	case RTI_JSON_BOOL:
	case RTI_JSON_NUMBER:
		rti_json_write_raw(writer, token->text, token->size);
		break;
	case RTI_JSON_STRING:
		rti_json_write_text(writer, token->text, token->size);
		break;
	case RTI_JSON_KEY:
		rti_json_write_text(writer, token->text, token->size);
		append(writer, ":", 1);
		break;
	case RTI_JSON_BEGIN_OBJECT:
		rti_json_write_begin_object(writer);
		break;
	case RTI_JSON_END_OBJECT:
		rti_json_write_end_object(writer);
		break;
	case RTI_JSON_BEGIN_ARRAY:
		rti_json_write_begin_array(writer);
		break;
	case RTI_JSON_END_ARRAY:
		rti_json_write_end_array(writer);
		break;
	}
}

int rti_json_writer_finish(struct rti_json_writer *writer, char **ret, size_t *ret_size,
			   struct rti_error *err)
{
	if (!make_room(writer, 0)) {
		rti_json_writer_done(writer);
		return rti_fail(err, ENOMEM, "write JSON");
	}
	writer->text[writer->size] = '\0';
	*ret = writer->text;
	if (ret_size)
		*ret_size = writer->size;
	*writer = (struct rti_json_writer){ 0 };
	return 0;
}

void rti_json_writer_done(struct rti_json_writer *writer)
{
	free(writer->text);
	*writer = (struct rti_json_writer){ 0 };
}
