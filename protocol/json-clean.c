/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/json-clean.h"

#include <ctype.h>
#include <string.h>

#include "protocol/json.h"

#define REPLACEMENT	 "\xef\xbf\xbd" /* U+FFFD */
#define REPLACEMENT_SIZE 3

#define ESCAPE_SIZE 6 /* \uXXXX */

size_t rti_utf8_size(const char *text, size_t size)
{
	const unsigned char *bytes = (const unsigned char *)text;
	unsigned char low = 0x80, high = 0xbf; /* bounds of the second byte */
	size_t length;

	if (!size)
		return 0;
	if (bytes[0] < 0x80)
		return 1;
	if (bytes[0] < 0xc2 || bytes[0] > 0xf4)
		return 0;
	length = bytes[0] < 0xe0 ? 2 : bytes[0] < 0xf0 ? 3 : 4;
	if (size < length)
		return 0;
	switch (bytes[0]) {
	case 0xe0: /* shorter forms exist below */
		low = 0xa0;
		break;
	case 0xed: /* surrogates above */
		high = 0x9f;
		break;
	case 0xf0: /* shorter forms exist below */
		low = 0x90;
		break;
	case 0xf4: /* beyond U+10FFFF above */
		high = 0x8f;
		break;
	}
	if (bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* The value of a \uXXXX escape at @text, or -1. */
static long escape_value(const char *text, size_t size)
{
	long value = 0;

	if (size < ESCAPE_SIZE || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (size_t i = 2; i < ESCAPE_SIZE; i++) {
		int c = (unsigned char)text[i];

		if (!isxdigit(c))
			return -1;
		value = value * 16 + (isdigit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
	}
	return value;
}

/* How many bytes at @text belong together, and whether Go reads U+FFFD for them. */
static size_t judge(const char *text, size_t size, bool *ret_replace)
{
	long first, second;

	*ret_replace = false;
	if (*text != '\\') {
		size_t length = rti_utf8_size(text, size);

		*ret_replace = length == 0;
		return length ? length : 1;
	}
	first = escape_value(text, size);
	if (first < 0) /* another escape, or one that the parser shall refuse */
		return size > 1 ? 2 : 1;
	if (first < 0xd800 || first > 0xdfff)
		return ESCAPE_SIZE;
	second = first < 0xdc00 ? escape_value(text + ESCAPE_SIZE, size - ESCAPE_SIZE) : -1;
	if (second >= 0xdc00 && second <= 0xdfff)
		return (size_t)2 * ESCAPE_SIZE;
	*ret_replace = true;
	return ESCAPE_SIZE;
}

size_t rti_json_clean(const char *text, size_t size, char *ret, bool *ret_changed)
{
	size_t written = 0;

	*ret_changed = false;
	for (size_t i = 0; i < size;) {
		bool replace;
		size_t length = judge(text + i, size - i, &replace);
		size_t gives = replace ? REPLACEMENT_SIZE : length;

		if (ret)
			memcpy(ret + written, replace ? REPLACEMENT : text + i, gives);
		*ret_changed |= replace;
		written += gives;
		i += length;
	}
	return written;
}
