/* SPDX-License-Identifier: Apache-2.0 */
/**
 * JSON text: a reader that is fed bytes as they come and reports tokens, and a writer that gives
 * the bytes that Go's encoding/json gives.
 *
 * json.c is the only file that knows the JSON parser (yajl). What Go reads differently from yajl is
 * evened out before the parser sees it (json-clean.c).
 */
#ifndef RTI_PROTOCOL_JSON_H
#define RTI_PROTOCOL_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Deepest nesting accepted; the limit of Go's decoder. A level costs one byte of heap. */
#define RTI_JSON_DEPTH_MAX 10000

enum rti_json_kind {
	RTI_JSON_NULL,
	RTI_JSON_BOOL, /* .text is "true" or "false" */
	RTI_JSON_NUMBER,
	RTI_JSON_STRING,
	RTI_JSON_KEY,
	RTI_JSON_BEGIN_OBJECT,
	RTI_JSON_END_OBJECT,
	RTI_JSON_BEGIN_ARRAY,
	RTI_JSON_END_ARRAY,
};

struct rti_json_token {
	enum rti_json_kind kind;
	const char *text; /* number: as it stands in the JSON text; string, key: unescaped, valid
			     UTF-8; may hold NUL; not NUL-terminated, valid during the call */
	size_t size;
};

struct rti_json_reader;

/**
 * rti_json_reader_new() - begin to read one JSON value
 * @size_max: largest text accepted, bytes
 * @token:    called for each token; gives 0, or a negative errno with @err filled to stop
 * @data:     for @token
 * @ret:      on success the reader; release with rti_json_reader_free()
 *
 * Accepts what Go's decoder accepts: bytes in strings that are not UTF-8, and escaped surrogates
 * without their other half, each become U+FFFD.
 *
 * Return: 0 or -ENOMEM.
 */
int rti_json_reader_new(size_t size_max,
			int (*token)(void *data, const struct rti_json_token *token,
				     struct rti_error *err),
			void *data, struct rti_json_reader **ret, struct rti_error *err);

/**
 * rti_json_reader_feed() - give the reader the next bytes of the text
 * @ret_used: how many of them belong to the value; less than @size only when it is complete
 *
 * Return: 1 when the value is complete, 0 when more bytes are needed, or a negative errno: -EBADMSG
 * for text that is no JSON, is nested too deep or is too long, -ENOMEM, or what @token gave. After
 * anything but 0 the reader takes no more bytes.
 */
int rti_json_reader_feed(struct rti_json_reader *reader, const char *text, size_t size,
			 size_t *ret_used, struct rti_error *err);

/**
 * rti_json_reader_finish() - the text has ended
 *
 * Return: 0 when the value is complete; -ENODATA: "EOF" where there was none, "unexpected EOF" in
 * the middle of it; else as rti_json_reader_feed().
 */
int rti_json_reader_finish(struct rti_json_reader *reader, struct rti_error *err);

/**
 * rti_json_reader_free() - release; accepts NULL
 */
void rti_json_reader_free(struct rti_json_reader *reader);

/**
 * Writer. Zero-initialise it, call the functions below in the order of the text (commas and colons
 * come by themselves) and end with rti_json_writer_finish(). A failure is kept until then.
 */
struct rti_json_writer {
	char *text; /* what is written so far; NULL before the first byte */
	size_t size;
	size_t capacity;
	bool failed; /* out of memory */
};

void rti_json_write_begin_object(struct rti_json_writer *writer);
void rti_json_write_end_object(struct rti_json_writer *writer);
void rti_json_write_begin_array(struct rti_json_writer *writer);
void rti_json_write_end_array(struct rti_json_writer *writer);
void rti_json_write_key(struct rti_json_writer *writer, const char *key);
void rti_json_write_null(struct rti_json_writer *writer);
void rti_json_write_bool(struct rti_json_writer *writer, bool value);
void rti_json_write_int(struct rti_json_writer *writer, int64_t value);
void rti_json_write_uint(struct rti_json_writer *writer, uint64_t value);

/**
 * rti_json_write_string() - a string with Go's escapes; NULL is written as ""
 *
 * `<` `>` `&` become \u003c \u003e \u0026, U+2028 and U+2029 are escaped, control bytes have their
 * short form where there is one, a byte that is not UTF-8 becomes U+FFFD.
 */
void rti_json_write_string(struct rti_json_writer *writer, const char *text);

/**
 * rti_json_write_text() - as rti_json_write_string(), of @size bytes that may hold NUL
 */
void rti_json_write_text(struct rti_json_writer *writer, const char *text, size_t size);

/**
 * rti_json_write_raw() - a value that is JSON text already; copied as it is
 */
void rti_json_write_raw(struct rti_json_writer *writer, const char *text, size_t size);

/**
 * rti_json_write_token() - what the reader reported
 */
void rti_json_write_token(struct rti_json_writer *writer, const struct rti_json_token *token);

/**
 * rti_json_writer_finish() - take the text out of the writer
 * @ret:      on success malloc()ed text, NUL-terminated; the caller frees it
 * @ret_size: its length without the NUL; may be NULL
 *
 * The writer is empty afterwards and may be used again, also after a failure.
 *
 * Return: 0 or -ENOMEM.
 */
int rti_json_writer_finish(struct rti_json_writer *writer, char **ret, size_t *ret_size,
			   struct rti_error *err);

/**
 * rti_json_writer_done() - release a writer that is not finished; accepts an empty one
 */
void rti_json_writer_done(struct rti_json_writer *writer);

/**
 * rti_utf8_size() - bytes of the UTF-8 sequence at the start of @text
 *
 * Follows Go: no overlong forms, no surrogates, nothing above U+10FFFF.
 *
 * Return: 1 to 4; 0 when there is none within @size bytes.
 */
size_t rti_utf8_size(const char *text, size_t size);

#endif
