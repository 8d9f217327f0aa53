/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths and quoted texts as Go makes them: both show up in what users of runc see.
 */
#include <stdio.h>
#include <string.h>

#include "protocol/json.h"
#include "protocol/spec-convert-internal.h"

/* The letter after the backslash of Go's short escapes, or 0. */
static char escape_letter(char byte)
{
	static const char bytes[] = "\a\b\f\n\r\t\v\"\\";
	static const char letters[] = "abfnrtv\"\\";
	const char *found = byte ? strchr(bytes, byte) : NULL;

	return found ? letters[found - bytes] : 0;
}

/* Code points from U+0080 on that show nothing: controls, blanks, marks, private use. */
static bool is_invisible(uint32_t point)
{
	static const uint32_t ranges[][2] = {
		{ 0x80, 0xa0 },	    { 0xad, 0xad },	{ 0x2000, 0x200f }, { 0x2028, 0x202f },
		{ 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0xe000, 0xf8ff }, { 0xfeff, 0xfeff },
		{ 0xfff0, 0xfffb }, { 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
		if (point >= ranges[i][0] && point <= ranges[i][1])
			return true;
	return false;
}

/* The code point of a valid UTF-8 sequence of 2 to 4 bytes. */
static uint32_t code_point(const char *text, size_t length)
{
	uint32_t point = (unsigned char)text[0] & (0x7fu >> length);

	for (size_t i = 1; i < length; i++)
		point = point << 6 | ((unsigned char)text[i] & 0x3f);
	return point;
}

/* A sequence of 2 to 4 bytes as it is, or escaped where nothing would show. */
static char *quote_sequence(char *to, const char *from, size_t length)
{
	uint32_t point = code_point(from, length);

	if (is_invisible(point))
		return to + sprintf(to, point < 0x10000 ? "\\u%04x" : "\\U%08x", point);
	memcpy(to, from, length);
	return to + length;
}

const char *spec_quote(struct rti_arena *arena, const char *text)
{
	const char *from = spec_text(text);
	const char *end = from + strlen(from);
	char *quoted = rti_arena_array(arena, (size_t)(end - from) + 1, 4);
	char *to = quoted;

	if (!quoted)
		return NULL;
	*to++ = '"';
	while (from < end) {
		size_t length = rti_utf8_size(from, (size_t)(end - from));
		char letter = escape_letter(*from);

		if (letter) {
			*to++ = '\\';
			*to++ = letter;
			from++;
		} else if (length > 1) {
			to = quote_sequence(to, from, length);
			from += length;
		} else if (length == 1 && *from >= ' ' && *from != '\x7f') {
			*to++ = *from++;
		} else {
			to += sprintf(to, "\\x%02x", (unsigned char)*from++);
		}
	}
	*to++ = '"';
	*to = '\0';
	return quoted;
}

/* The end of what is left without the last component before @end; nothing before @floor goes. */
static char *drop_component(char *end, const char *floor)
{
	while (end > floor && *--end != '/')
		;
	return end;
}

const char *spec_path_clean(struct rti_arena *arena, const char *path)
{
	bool rooted = path[0] == '/';
	char *clean = rti_arena_alloc(arena, strlen(path) + 2);
	char *to = clean;
	const char *floor = clean; /* ".." does not go back beyond here */

	if (!clean)
		return NULL;
	if (rooted) {
		*to++ = '/';
		floor = to;
	}
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			if (to > floor) {
				to = drop_component(to, floor);
			} else if (!rooted) {
				if (to > clean)
					*to++ = '/';
				*to++ = '.';
				*to++ = '.';
				floor = to;
			}
		} else if (length && !(length == 1 && path[0] == '.')) {
			if (to > clean && to[-1] != '/')
				*to++ = '/';
			memcpy(to, path, length);
			to += length;
		}
		path += length;
		path += strspn(path, "/");
	}
	if (to == clean)
		*to++ = '.';
	*to = '\0';
	return clean;
}

const char *spec_path_join(struct rti_arena *arena, const char *directory, const char *path)
{
	const char *joined;

	if (!*directory || !*path)
		joined = *directory ? directory : path;
	else
		joined = rti_arena_printf(arena, "%s/%s", directory, path);
	if (!joined || !*joined)
		return joined;
	return spec_path_clean(arena, joined);
}
