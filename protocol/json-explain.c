/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/json-explain.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Go's words for what the parser objects to. */
static const char *go_context(const char *complaint)
{
	static const struct {
		const char *parser;
		const char *go;
	} words[] = {
		{ "invalid object key", "looking for beginning of object key string" },
		{ "separated by a colon", "after object key" },
		{ "after key and value", "after object key:value pair" },
		{ "after array element", "after array element" },
		{ "invalid character inside string", "in string literal" },
		{ "occurs before a character which it may not", "in string escape code" },
		{ "non-hex", "in \\u hexadecimal character escape" },
		{ "after the decimal point", "after decimal point in numeric literal" },
		{ "after the exponent", "in exponent of numeric literal" },
		{ "after the minus sign", "in numeric literal" },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strstr(complaint, words[i].parser))
			return words[i].go;
	return "looking for beginning of value";
}

/* In a misspelled literal, which character was due: fills "in literal null (expecting 'u')". */
static bool literal_context(const char *text, size_t at, char *ret, size_t ret_size)
{
	static const char *const literals[] = { "true", "false", "null" };

	for (size_t i = 0; i < sizeof(literals) / sizeof(*literals); i++)
		for (size_t done = strlen(literals[i]) - 1; done > 0; done--)
			if (at >= done && !strncmp(text + at - done, literals[i], done)) {
				snprintf(ret, ret_size, "in literal %s (expecting '%c')",
					 literals[i], literals[i][done]);
				return true;
			}
	return false;
}

/* The byte as Go quotes it, which takes it for a character of Latin 1. */
static void quote(unsigned char byte, char ret[8])
{
	static const struct {
		unsigned char byte;
		char quoted[3];
	} escapes[] = {
		{ '\a', "\\a" }, { '\b', "\\b" }, { '\f', "\\f" },
		{ '\n', "\\n" }, { '\r', "\\r" }, { '\t', "\\t" },
		{ '\v', "\\v" }, { '\'', "\\'" }, { '\\', "\\\\" },
	};

	for (size_t i = 0; i < sizeof(escapes) / sizeof(*escapes); i++)
		if (escapes[i].byte == byte) {
			memcpy(ret, escapes[i].quoted, sizeof(escapes[i].quoted));
			return;
		}
	if (byte < 0x20 || byte == 0x7f)
		snprintf(ret, 8, "\\x%02x", (unsigned int)byte);
	else if (byte < 0x7f)
		snprintf(ret, 8, "%c", byte);
	else if (byte <= 0xa0 || byte == 0xad) /* not printable */
		snprintf(ret, 8, "\\u%04x", (unsigned int)byte);
	else
		snprintf(ret, 8, "%c%c", 0xc0 | byte >> 6, 0x80 | (byte & 0x3f));
}

int rti_json_refuse_byte(struct rti_error *err, char byte, const char *context)
{
	char quoted[8];

	quote((unsigned char)byte, quoted);
	return rti_refuse(err, EBADMSG, "invalid character '%s' %s", quoted, context);
}

/* Where the byte is that the parser objects to; it has its own idea of it for each complaint. */
static size_t locate(const char *complaint, const char *text, size_t size, size_t consumed)
{
	size_t at = consumed;

	if (strstr(complaint, "after key and value")) {
		/* the start of the token, or two bytes on when that is a string */
		if (at >= 2 && text[at - 2] == '"')
			at -= 2;
	} else if (!strncmp(complaint, "parse", 5) || strstr(complaint, "invalid char in json")) {
		/* behind the token: back to where a literal or a number begins */
		at -= at > 0;
		while (at > 0 && at < size && isalnum((unsigned char)text[at]) &&
		       (isalnum((unsigned char)text[at - 1]) || text[at - 1] == '.'))
			at--;
		if (at > 0 && at < size && isdigit((unsigned char)text[at]) && text[at - 1] == '-')
			at--;
	}
	return at < size ? at : size - 1;
}

int rti_json_explain(struct rti_error *err, const char *complaint, bool in_empty_object,
		     const char *text, size_t size, size_t consumed)
{
	size_t at = locate(complaint, text, size, consumed);
	const char *context = go_context(complaint);
	char literal[64];

	if (in_empty_object && strstr(complaint, "invalid char in json"))
		context = "looking for beginning of object key string";
	if (strstr(complaint, "invalid string in json text") &&
	    literal_context(text, at, literal, sizeof(literal)))
		context = literal;
	return rti_json_refuse_byte(err, text[at], context);
}
