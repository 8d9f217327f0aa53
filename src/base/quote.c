/* SPDX-License-Identifier: Apache-2.0 */
#include "base/quote.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct {
	uint32_t first;
	uint32_t last;
} unprintable[] = {
	{ 0x7f, 0xa0 },	      { 0xad, 0xad },	     { 0x600, 0x605 },	   { 0x61c, 0x61c },
	{ 0x6dd, 0x6dd },     { 0x70f, 0x70f },	     { 0x1680, 0x1680 },   { 0x180e, 0x180e },
	{ 0x2000, 0x200f },   { 0x2028, 0x202f },    { 0x205f, 0x206f },   { 0x3000, 0x3000 },
	{ 0xd800, 0xf8ff },   { 0xfdd0, 0xfdef },    { 0xfeff, 0xfeff },   { 0xfff0, 0xfffb },
	{ 0xfffe, 0xffff },   { 0x1d173, 0x1d17a },  { 0x1fffe, 0x1ffff }, { 0x2fffe, 0x2ffff },
	{ 0xe0000, 0xe00ff }, { 0xe01f0, 0x10ffff },
};

static const char escapes[][2] = {
	{ '\a', 'a' }, { '\b', 'b' }, { '\f', 'f' }, { '\n', 'n' },  { '\r', 'r' },
	{ '\t', 't' }, { '\v', 'v' }, { '"', '"' },  { '\\', '\\' },
};

static bool is_printable(uint32_t point)
{
	if (point < 0x20)
		return false;
	for (size_t i = 0; i < sizeof(unprintable) / sizeof(unprintable[0]); i++)
		if (point >= unprintable[i].first && point <= unprintable[i].last)
			return false;
	return true;
}

/* Bytes of the UTF-8 sequence at @text, or 0 when it is none: shortest form only, no surrogates. */
static size_t decode_utf8(const unsigned char *text, uint32_t *ret)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t size = text[0] < 0x80   ? 1
		      : text[0] < 0xc0 ? 0
		      : text[0] < 0xe0 ? 2
		      : text[0] < 0xf0 ? 3
				       : 4;
	uint32_t point = text[0];

	if (size == 0 || text[0] > 0xf4)
		return 0;
	if (size > 1)
		point &= 0x7fu >> size;
	for (size_t i = 1; i < size; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (text[i] & 0x3f);
	}
	if (point < smallest[size] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret = point;
	return size;
}

/* One character as it is written; @ret has room for "\U0010ffff". Gives the bytes consumed. */
static size_t quote_one(const unsigned char *text, char ret[16])
{
	uint32_t point;
	size_t size = decode_utf8(text, &point);

	if (size == 0) {
		snprintf(ret, 16, "\\x%02x", text[0]);
		return 1;
	}
	for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
		if (point == (uint32_t)escapes[i][0]) {
			snprintf(ret, 16, "\\%c", escapes[i][1]);
			return size;
		}
	}
	if (is_printable(point))
		snprintf(ret, 16, "%.*s", (int)size, (const char *)text);
	else if (point < 0x80)
		snprintf(ret, 16, "\\x%02x", (unsigned int)point);
	else if (point < 0x10000)
		snprintf(ret, 16, "\\u%04x", (unsigned int)point);
	else
		snprintf(ret, 16, "\\U%08x", (unsigned int)point);
	return size;
}

char *rti_quote(const char *text, char *ret, size_t size)
{
	const unsigned char *next = (const unsigned char *)text;
	size_t at = 1;

	ret[0] = '"';
	while (*next) {
		char one[16];
		size_t used = quote_one(next, one);
		size_t one_size = strlen(one);

		if (one_size + 2 > size - at)
			break;
		memcpy(ret + at, one, one_size);
		at += one_size;
		next += used;
	}
	memcpy(ret + at, "\"", 2);
	return ret;
}
