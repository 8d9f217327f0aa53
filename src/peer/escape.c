/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/escape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void escape_write(FILE *file, const void *bytes, size_t size)
{
	const unsigned char *first = bytes, *last = first + size - 1;

	for (const unsigned char *at = first; size > 0; at++, size--) {
		/* A blank at an end would be lost. */
		if (*at == ' ' && (at == first || at == last))
			fputs("\\x20", file);
		else if (*at == '\\')
			fputs("\\\\", file);
		else if (*at == '\n')
			fputs("\\n", file);
		else if (*at == '\t')
			fputs("\\t", file);
		else if (*at < ' ' || *at > '~')
			fprintf(file, "\\x%02x", *at);
		else
			putc(*at, file);
	}
}

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* One escape, @text behind its backslash; gives how many characters it has, or 0. */
static size_t read_one(const char *text, char *ret)
{
	static const char letters[] = "n\nt\t\\\\";

	for (size_t i = 0; letters[i]; i += 2) {
		if (*text == letters[i]) {
			*ret = letters[i + 1];
			return 1;
		}
	}
	if (*text != 'x' || digit(text[1]) < 0 || digit(text[2]) < 0)
		return 0;
	*ret = (char)(digit(text[1]) * 16 + digit(text[2]));
	return 3;
}

int escape_read(const char *text, char **ret, size_t *ret_size, struct rti_error *err)
{
	char *bytes = malloc(strlen(text) + 1), *end = bytes;

	if (!bytes)
		return rti_fail(err, ENOMEM, "bytes");
	while (*text) {
		size_t size;

		if (*text != '\\') {
			*end++ = *text++;
			continue;
		}
		size = read_one(text + 1, end++);
		if (size == 0) {
			int r = rti_refuse(err, EINVAL, "no such escape: %.4s", text);

			free(bytes);
			return r;
		}
		text += 1 + size;
	}
	*end = '\0';
	*ret = bytes;
	*ret_size = (size_t)(end - bytes);
	return 0;
}
