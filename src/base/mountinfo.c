/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mountinfo.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"

/* Fields of a line, separated by blanks; optional ones lie between OPTIONS and the "-". */
enum {
	MOUNTINFO_ID,
	MOUNTINFO_PARENT,
	MOUNTINFO_DEVICE,
	MOUNTINFO_ROOT,
	MOUNTINFO_MOUNT_POINT,
	MOUNTINFO_OPTIONS,
	MOUNTINFO_FIXED_FIELDS,
};

static int mountinfo_read(int fd, char **ret, struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t room = 0;
	size_t used = 0;

	for (;;) {
		ssize_t size;

		if (room - used < 4096) {
			char *larger = realloc(text, room = room ? room * 2 : 16384);

			if (!larger)
				return rti_fail(err, ENOMEM, "read mountinfo");
			text = larger;
		}
		size = rti_retry(read(fd, text + used, room - used - 1));
		if (size < 0)
			return rti_fail(err, (int)-size, "read mountinfo");
		if (size == 0)
			break;
		used += (size_t)size;
	}
	text[used] = '\0';
	*ret = text;
	text = NULL;
	return 0;
}

/* Replaces "\040" and the like, which the kernel writes for blanks, tabs, newlines, backslashes. */
static char *mountinfo_decode(char *text)
{
	char *from;
	char *to = text;

	for (from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
	return text;
}

static bool mountinfo_parse(char *line, struct rti_mountinfo *ret)
{
	char *fields[MOUNTINFO_FIXED_FIELDS];
	char *type;
	char *source;
	char *word;
	int i;

	for (i = 0; i < MOUNTINFO_FIXED_FIELDS; i++) {
		fields[i] = strsep(&line, " ");
		if (!fields[i])
			return false;
	}
	do
		word = strsep(&line, " ");
	while (word && strcmp(word, "-") != 0);
	type = strsep(&line, " ");
	source = strsep(&line, " ");
	if (!type || !source || !line)
		return false;
	ret->root = mountinfo_decode(fields[MOUNTINFO_ROOT]);
	ret->mount_point = mountinfo_decode(fields[MOUNTINFO_MOUNT_POINT]);
	ret->type = mountinfo_decode(type);
	ret->super_options = mountinfo_decode(line);
	return true;
}

int rti_mountinfo_each(int fd, rti_mountinfo_visitor visit, void *data, struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	char *rest;
	char *line;
	int r;

	r = mountinfo_read(fd, &text, err);
	if (r < 0)
		return r;
	rest = text;
	while (r == 0 && (line = strsep(&rest, "\n")) && *line) {
		struct rti_mountinfo info;

		if (!mountinfo_parse(line, &info))
			return rti_refuse(err, EBADMSG, "mountinfo has a line without all fields");
		r = visit(data, &info, err);
	}
	return r;
}
