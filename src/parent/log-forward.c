/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/log-forward.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "protocol/schema.h"

/* Most text of fatal lines that is kept, bytes. Chosen: what fits beside an error in its record. */
#define FATAL_MAX 4096

struct log_line {
	const char *level;
	const char *msg;
};

#define STRING(member)                                                                             \
	{ .key = #member, .type = RTI_FIELD_STRING, .offset = offsetof(struct log_line, member) }

static const struct rti_object log_line_object = {
	.name = "logrus line",
	.size = sizeof(struct log_line),
	.fields = (const struct rti_field[]){
		STRING(level),
		STRING(msg),
		{ .key = NULL },
	},
};

static const struct {
	const char *name;
	enum rti_parent_level level;
} levels[] = {
	{ "panic", RTI_PARENT_LEVEL_PANIC },	 { "fatal", RTI_PARENT_LEVEL_FATAL },
	{ "error", RTI_PARENT_LEVEL_ERROR },	 { "warning", RTI_PARENT_LEVEL_WARNING },
	{ "warn", RTI_PARENT_LEVEL_WARNING },	 { "info", RTI_PARENT_LEVEL_INFO },
	{ "debug", RTI_PARENT_LEVEL_DEBUG },	 { "trace", RTI_PARENT_LEVEL_TRACE },
};

static bool find_level(const char *name, enum rti_parent_level *ret)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (strcasecmp(name, levels[i].name) == 0) {
			*ret = levels[i].level;
			return true;
		}
	}
	return false;
}

static void report(struct log_forward *forward, enum rti_parent_level level, const char *message)
{
	if (forward->log)
		forward->log(forward->data, level, message);
}

static void collect(struct log_forward *forward, const char *message)
{
	char *joined;

	if (!forward->fatal) {
		forward->fatal = strndup(message, FATAL_MAX);
		return;
	}
	if (strlen(forward->fatal) + strlen(message) > FATAL_MAX ||
	    asprintf(&joined, "%s; %s", forward->fatal, message) < 0)
		return;
	free(forward->fatal);
	forward->fatal = joined;
}

static void report_undecodable(struct log_forward *forward, const char *line, size_t size,
			       const char *why)
{
	char message[1024];

	/* A long line is cut, so that the reason behind it is still seen. */
	snprintf(message, sizeof(message), "failed to decode \"%.*s\" to json: %.400s",
		 size > 500 ? 500 : (int)size, line, why);
	report(forward, RTI_PARENT_LEVEL_ERROR, message);
}

void log_forward_line(struct log_forward *forward, const char *line, size_t size)
{
	_cleanup_(rti_arena_done) struct rti_arena arena = { 0 };
	/* Without a level it is an error; runc's parent takes it for a panic, and panics. */
	enum rti_parent_level level = RTI_PARENT_LEVEL_ERROR;
	struct log_line decoded = { 0 };
	struct rti_error err;

	if (size > 0 && line[size - 1] == '\r')
		size--;
	if (size == 0)
		return;
	if (rti_json_decode_object(line, size, &log_line_object, &decoded, &arena, RTI_DECODE_WHOLE,
				   NULL, NULL, &err) < 0) {
		report_undecodable(forward, line, size, err.text);
		return;
	}
	if (decoded.level && decoded.level[0] && !find_level(decoded.level, &level)) {
		report_undecodable(forward, line, size, "not a valid logrus Level");
		return;
	}
	if (level == RTI_PARENT_LEVEL_FATAL && forward->collect_fatal)
		collect(forward, decoded.msg ? decoded.msg : "");
	else
		report(forward, level, decoded.msg ? decoded.msg : "");
}

int log_forward_init(struct log_forward *forward, int fd, struct rti_error *err)
{
	forward->fd = fd;
	forward->line = malloc(LOG_LINE_MAX);
	if (!forward->line)
		return rti_fail(err, ENOMEM, "log pipe");
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return rti_fail(err, errno, "log pipe");
	return 0;
}

/* Forwards the whole lines of the buffer and moves the rest to its beginning. */
static void take_lines(struct log_forward *forward)
{
	size_t at = 0;
	char *newline;

	while ((newline = memchr(forward->line + at, '\n', forward->used - at))) {
		size_t size = (size_t)(newline - (forward->line + at));

		if (!forward->gave_up)
			log_forward_line(forward, forward->line + at, size);
		at += size + 1;
	}
	forward->used -= at;
	memmove(forward->line, forward->line + at, forward->used);
	if (forward->used == LOG_LINE_MAX) {
		if (!forward->gave_up)
			report(forward, RTI_PARENT_LEVEL_ERROR,
			       "error reading from log source: bufio.Scanner: token too long");
		forward->gave_up = true;
	}
	if (forward->gave_up)
		forward->used = 0;
}

void log_forward_pump(struct log_forward *forward)
{
	while (forward->fd >= 0) {
		long size = rti_retry(read(forward->fd, forward->line + forward->used,
					   LOG_LINE_MAX - forward->used));

		if (size == -EAGAIN)
			return;
		if (size <= 0) {
			if (!forward->gave_up)
				log_forward_line(forward, forward->line, forward->used);
			forward->fd = rti_close(forward->fd);
			return;
		}
		forward->used += (size_t)size;
		take_lines(forward);
	}
}

void log_forward_done(struct log_forward *forward)
{
	forward->fd = rti_close(forward->fd);
	free(forward->line);
	free(forward->fatal);
	forward->line = forward->fatal = NULL;
}
