/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *rti_errno_text(int errnum)
{
	static _Thread_local char text[128];
	const char *known = strerrordesc_np(errnum);

	if (!known) {
		snprintf(text, sizeof(text), "errno %d", errnum);
		return text;
	}
	snprintf(text, sizeof(text), "%s", known);
	if (!isupper((unsigned char)text[1]))
		text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

/* Cuts at the end of the buffer; never leaves it unterminated. */
static size_t append(struct rti_error *err, size_t at, const char *fmt, va_list args)
{
	int n;

	if (at >= sizeof(err->text) - 1)
		return at;
	n = vsnprintf(err->text + at, sizeof(err->text) - at, fmt, args);
	if (n < 0)
		return at;
	at += (size_t)n;
	return at < sizeof(err->text) ? at : sizeof(err->text) - 1;
}

int rti_fail(struct rti_error *err, int errnum, const char *fmt, ...)
{
	va_list args;
	size_t at;

	if (errnum == 0)
		errnum = EIO;
	if (!err)
		return -errnum;
	err->errnum = errnum;
	va_start(args, fmt);
	at = append(err, 0, fmt, args);
	va_end(args);
	snprintf(err->text + at, sizeof(err->text) - at, ": %s", rti_errno_text(errnum));
	return -errnum;
}

int rti_refuse(struct rti_error *err, int errnum, const char *fmt, ...)
{
	va_list args;

	if (!err)
		return -errnum;
	err->errnum = errnum;
	va_start(args, fmt);
	append(err, 0, fmt, args);
	va_end(args);
	return -errnum;
}

int rti_prefix(struct rti_error *err, int ret, const char *fmt, ...)
{
	char head[1024];
	size_t head_size, tail_size;
	va_list args;
	int n;

	if (!err)
		return ret;
	err->errnum = -ret;
	va_start(args, fmt);
	n = vsnprintf(head, sizeof(head) - 2, fmt, args);
	va_end(args);
	if (n < 0)
		return ret;
	head_size = strlen(head);
	memcpy(head + head_size, ": ", 2);
	head_size += 2;
	tail_size = strlen(err->text);
	if (tail_size > sizeof(err->text) - 1 - head_size)
		tail_size = sizeof(err->text) - 1 - head_size;
	memmove(err->text + head_size, err->text, tail_size);
	err->text[head_size + tail_size] = '\0';
	memcpy(err->text, head, head_size);
	return ret;
}

int rti_explain(struct rti_error *err, int ret, const char *fmt, ...)
{
	size_t size, used;
	va_list args;

	if (!err)
		return ret;
	used = strlen(err->text);
	size = sizeof(err->text) - used;
	used += (size_t)snprintf(err->text + used, size, " (");
	if (used >= sizeof(err->text) - 1)
		return ret;
	size = sizeof(err->text) - used;
	va_start(args, fmt);
	vsnprintf(err->text + used, size, fmt, args);
	va_end(args);
	used += strlen(err->text + used);
	snprintf(err->text + used, sizeof(err->text) - used, ")");
	return ret;
}
