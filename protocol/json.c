/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parser sees whole tokens only: a string or a number that is cut by the end of a chunk waits
 * in reader->kept for its other part. That keeps reading linear (the parser scans a cut token again
 * for each of its chunks), and lets a string be looked at as a whole before the parser decodes it.
 */
#include "protocol/json.h"

#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "protocol/json-clean.h"
#include "protocol/json-explain.h"

/* Blocks of memory that the parser has at a time; it has eight. */
#define PARSER_BLOCKS_MAX 16

enum scan {
	SCAN_BETWEEN, /* structure, white space, literals */
	SCAN_NUMBER,
	SCAN_STRING,
	SCAN_ESCAPE, /* after a backslash */
};

struct rti_json_reader {
	yajl_handle parser;
	int (*token)(void *data, const struct rti_json_token *token, struct rti_error *err);
	void *data;
	struct rti_error *err; /* of the call in progress */
	int result;	       /* what @token gave */
	size_t size;	       /* bytes fed */
	size_t size_max;
	size_t depth;
	enum rti_json_kind last; /* kind of the last token */
	bool started;  /* something other than white space came */
	bool complete;
	size_t end;    /* where it ended, in the text at hand */
	enum scan scan;
	bool suspect;  /* the current string has bytes or escapes that Go may read differently */
	char *kept;    /* a cut token */
	size_t kept_size;
	size_t kept_capacity;
	char *cleaned; /* a string that is not taken as it came */
	jmp_buf out_of_memory;
	void *blocks[PARSER_BLOCKS_MAX];
	yajl_alloc_funcs allocator;
};

/*
 * The parser does not look at what its allocator gives it, so it must not get an empty hand:
 * running out of memory leaves it by longjmp(). It may be half made or in the middle of something
 * then, so its blocks are not its own to free.
 */
static void **find_block(struct rti_json_reader *reader, const void *memory)
{
	for (size_t i = 0; i < PARSER_BLOCKS_MAX; i++)
		if (reader->blocks[i] == memory)
			return &reader->blocks[i];
	longjmp(reader->out_of_memory, 1);
}

static void *parser_realloc(void *context, void *memory, size_t size)
{
	struct rti_json_reader *reader = context;
	void **block = find_block(reader, memory);
	void *larger = realloc(memory, size);

	if (!larger)
		longjmp(reader->out_of_memory, 1);
	*block = larger;
	return larger;
}

static void *parser_malloc(void *context, size_t size)
{
	return parser_realloc(context, NULL, size);
}

static void parser_free(void *context, void *memory)
{
	void **block = find_block(context, memory);

	free(*block);
	*block = NULL;
}

static int report(void *context, enum rti_json_kind kind, const void *text, size_t size)
{
	struct rti_json_reader *reader = context;
	struct rti_json_token token = { .kind = kind, .text = text, .size = size };

	switch (kind) {
	case RTI_JSON_BEGIN_OBJECT:
	case RTI_JSON_BEGIN_ARRAY:
		if (reader->depth++ >= RTI_JSON_DEPTH_MAX) {
			reader->result = rti_refuse(reader->err, EBADMSG, "exceeded max depth");
			return 0;
		}
		break;
	case RTI_JSON_END_OBJECT:
	case RTI_JSON_END_ARRAY:
		reader->depth--;
		break;
	default:
		break;
	}
	reader->last = kind;
	reader->result = reader->token(reader->data, &token, reader->err);
	reader->complete = reader->depth == 0 && kind != RTI_JSON_KEY;
	return reader->result >= 0;
}

static int on_null(void *context)
{
	return report(context, RTI_JSON_NULL, "null", 4);
}

static int on_boolean(void *context, int value)
{
	return report(context, RTI_JSON_BOOL, value ? "true" : "false", value ? 4 : 5);
}

static int on_number(void *context, const char *text, size_t size)
{
	return report(context, RTI_JSON_NUMBER, text, size);
}

static int on_string(void *context, const unsigned char *text, size_t size)
{
	return report(context, RTI_JSON_STRING, text, size);
}

static int on_key(void *context, const unsigned char *text, size_t size)
{
	return report(context, RTI_JSON_KEY, text, size);
}

static int on_begin_object(void *context)
{
	return report(context, RTI_JSON_BEGIN_OBJECT, "{", 1);
}

static int on_end_object(void *context)
{
	return report(context, RTI_JSON_END_OBJECT, "}", 1);
}

static int on_begin_array(void *context)
{
	return report(context, RTI_JSON_BEGIN_ARRAY, "[", 1);
}

static int on_end_array(void *context)
{
	return report(context, RTI_JSON_END_ARRAY, "]", 1);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_map_key = on_key,
	.yajl_start_map = on_begin_object,
	.yajl_end_map = on_end_object,
	.yajl_start_array = on_begin_array,
	.yajl_end_array = on_end_array,
};

int rti_json_reader_new(size_t size_max,
			int (*token)(void *data, const struct rti_json_token *token,
				     struct rti_error *err),
			void *data, struct rti_json_reader **ret, struct rti_error *err)
{
	struct rti_json_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return rti_fail(err, ENOMEM, "read JSON");
	reader->token = token;
	reader->data = data;
	reader->size_max = size_max;
	reader->allocator = (yajl_alloc_funcs){ .malloc = parser_malloc,
						.realloc = parser_realloc,
						.free = parser_free,
						.ctx = reader };
	if (setjmp(reader->out_of_memory)) {
		rti_json_reader_free(reader);
		return rti_fail(err, ENOMEM, "read JSON");
	}
	reader->parser = yajl_alloc(&callbacks, &reader->allocator, reader);
	yajl_config(reader->parser, yajl_dont_validate_strings, 1);
	yajl_config(reader->parser, yajl_allow_trailing_garbage, 1);
	*ret = reader;
	return 0;
}

void rti_json_reader_free(struct rti_json_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < PARSER_BLOCKS_MAX; i++)
		free(reader->blocks[i]);
	free(reader->cleaned);
	free(reader->kept);
	free(reader);
}

/* The parser gave up in @text. */
static int explain(struct rti_json_reader *reader, const char *text, size_t size)
{
	unsigned char *complaint = yajl_get_error(reader->parser, 0, NULL, 0);
	int r = rti_json_explain(reader->err, complaint ? (const char *)complaint : "",
				 reader->last == RTI_JSON_BEGIN_OBJECT, text, size,
				 yajl_get_bytes_consumed(reader->parser));

	if (complaint)
		yajl_free_error(reader->parser, complaint);
	return r;
}

/* Give the parser whole tokens that lie at @offset in the text at hand. */
static int parse(struct rti_json_reader *reader, const char *text, size_t size, size_t offset)
{
	if (!size || reader->complete)
		return 0;
	switch (yajl_parse(reader->parser, (const unsigned char *)text, size)) {
	case yajl_status_ok:
		if (reader->complete)
			reader->end = offset + yajl_get_bytes_consumed(reader->parser);
		return 0;
	case yajl_status_client_canceled:
		return reader->result;
	default:
		return explain(reader, text, size);
	}
}

static int parse_string(struct rti_json_reader *reader, const char *text, size_t size,
			size_t offset)
{
	bool changed;
	size_t cleaned_size = rti_json_clean(text, size, NULL, &changed);
	int r;

	if (!changed)
		return parse(reader, text, size, offset);
	free(reader->cleaned);
	reader->cleaned = malloc(cleaned_size);
	if (!reader->cleaned)
		return rti_fail(reader->err, ENOMEM, "read JSON");
	rti_json_clean(text, size, reader->cleaned, &changed);
	r = parse(reader, reader->cleaned, cleaned_size, offset);
	/* The parser has counted the cleaned bytes; none of them when they only ended a number. */
	if (reader->complete && reader->end == offset + cleaned_size)
		reader->end = offset + size;
	return r;
}

/* Append to what waits for its other part. */
static int keep(struct rti_json_reader *reader, const char *text, size_t size)
{
	if (!size) /* neither pointer need be one then */
		return 0;
	if (reader->kept_capacity - reader->kept_size < size) {
		size_t capacity = reader->kept_capacity ? reader->kept_capacity : 256;
		char *larger;

		while (capacity < reader->kept_size + size)
			capacity *= 2;
		larger = realloc(reader->kept, capacity);
		if (!larger)
			return rti_fail(reader->err, ENOMEM, "read JSON");
		reader->kept = larger;
		reader->kept_capacity = capacity;
	}
	memcpy(reader->kept + reader->kept_size, text, size);
	reader->kept_size += size;
	return 0;
}

static bool is_number_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Find the tokens in @text from @position on and have them parsed; before that lies a cut token. */
static int scan(struct rti_json_reader *reader, const char *text, size_t size, size_t position,
		size_t *ret_rest)
{
	size_t parsed = 0, token = 0;
	int r;

	for (; position < size && !reader->complete; position++) {
		char c = text[position];

		switch (reader->scan) {
		case SCAN_STRING:
			if (c == '\\')
				reader->scan = SCAN_ESCAPE;
			else if ((unsigned char)c >= 0x80)
				reader->suspect = true;
			if (c != '"')
				break;
			reader->scan = SCAN_BETWEEN;
			if (!reader->suspect)
				break;
			r = parse(reader, text + parsed, token - parsed, parsed);
			if (r < 0)
				return r;
			parsed = position + 1;
			r = parse_string(reader, text + token, parsed - token, token);
			if (r < 0)
				return r;
			break;
		case SCAN_ESCAPE:
			reader->suspect |= c == 'u';
			reader->scan = SCAN_STRING;
			break;
		case SCAN_NUMBER:
			if (is_number_byte(c))
				break;
			reader->scan = SCAN_BETWEEN;
			/* fall through */
		case SCAN_BETWEEN:
			token = position;
			if (c == '"') {
				reader->scan = SCAN_STRING;
				reader->suspect = false;
			} else if (c == '-' || (c >= '0' && c <= '9')) {
				reader->scan = SCAN_NUMBER;
			} else if (c == '\v' || c == '\f') { /* white space to the parser */
				r = parse(reader, text + parsed, position - parsed, parsed);
				if (r < 0 || reader->complete)
					return r;
				return rti_json_refuse_byte(reader->err, c,
							    "looking for beginning of value");
			}
			break;
		}
	}
	*ret_rest = reader->scan == SCAN_BETWEEN ? size : token;
	return parse(reader, text + parsed, *ret_rest - parsed, parsed);
}

/* Parse @size bytes that follow what was kept, and keep the token that they cut. */
static int take(struct rti_json_reader *reader, const char *text, size_t size)
{
	size_t before = reader->kept_size, rest = 0;
	int r;

	if (before) {
		r = keep(reader, text, size);
		if (r < 0)
			return r;
		text = reader->kept;
		size = reader->kept_size;
	}
	r = scan(reader, text, size, before, &rest);
	if (r < 0 || reader->complete) {
		/* A number may have ended before these bytes, where only they show that it has. */
		reader->end -= reader->end < before ? reader->end : before;
		return r;
	}
	if (!before)
		return keep(reader, text + rest, size - rest);
	memmove(reader->kept, reader->kept + rest, size - rest);
	reader->kept_size = size - rest;
	return 0;
}

int rti_json_reader_feed(struct rti_json_reader *reader, const char *text, size_t size,
			 size_t *ret_used, struct rti_error *err)
{
	int r;

	*ret_used = 0;
	if (reader->complete)
		return 1;
	reader->err = err;
	if (size > reader->size_max - reader->size)
		return rti_refuse(err, EBADMSG, "JSON text is longer than %zu bytes",
				  reader->size_max);
	reader->size += size;
	for (size_t i = 0; i < size && !reader->started; i++)
		reader->started = !is_space(text[i]);
	*ret_used = size;
	if (setjmp(reader->out_of_memory))
		return rti_fail(err, ENOMEM, "read JSON");
	r = take(reader, text, size);
	if (r < 0)
		return r;
	if (reader->complete)
		*ret_used = reader->end;
	return reader->complete;
}

int rti_json_reader_finish(struct rti_json_reader *reader, struct rti_error *err)
{
	if (reader->complete)
		return 0;
	if (!reader->started)
		return rti_refuse(err, ENODATA, "EOF");
	reader->err = err;
	if (setjmp(reader->out_of_memory))
		return rti_fail(err, ENOMEM, "read JSON");
	/* Only a number, and only outside of everything, is ended by the end of the text. */
	if (reader->scan == SCAN_NUMBER && reader->depth == 0) {
		reader->result = 0;
		yajl_parse(reader->parser, (const unsigned char *)reader->kept, reader->kept_size);
		yajl_complete_parse(reader->parser);
		if (reader->result < 0)
			return reader->result;
	}
	return reader->complete ? 0 : rti_refuse(err, ENODATA, "unexpected EOF");
}
