/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/runtime-parent/logger.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "protocol/json.h"

int logger_open(struct logger *ret, const char *path, const char *format, bool debug,
		struct rti_error *err)
{
	struct logger logger = { .fd = STDERR_FILENO,
				 .level = debug ? RTI_PARENT_LEVEL_DEBUG : RTI_PARENT_LEVEL_INFO };

	if (strcmp(format, "json") == 0)
		logger.json = true;
	else if (*format && strcmp(format, "text") != 0)
		return rti_refuse(err, EINVAL, "invalid log-format: %s", format);
	if (*path) {
		logger.fd = open(path, O_CREAT | O_WRONLY | O_APPEND | O_SYNC | O_CLOEXEC, 0644);
		if (logger.fd < 0)
			return rti_fail(err, errno, "open %s", path);
	}
	*ret = logger;
	return 0;
}

static const char *const level_names[] = {
	[RTI_PARENT_LEVEL_PANIC] = "panic", [RTI_PARENT_LEVEL_FATAL] = "fatal",
	[RTI_PARENT_LEVEL_ERROR] = "error", [RTI_PARENT_LEVEL_WARNING] = "warning",
	[RTI_PARENT_LEVEL_INFO] = "info",   [RTI_PARENT_LEVEL_DEBUG] = "debug",
	[RTI_PARENT_LEVEL_TRACE] = "trace",
};

/* RFC 3339 in local time. */
static void timestamp(char text[static 40])
{
	time_t now = time(NULL);
	struct tm local;
	size_t n;

	localtime_r(&now, &local);
	n = strftime(text, 40, "%Y-%m-%dT%H:%M:%S%z", &local);
	if (strcmp(text + n - 5, "+0000") == 0) {
		strcpy(text + n - 5, "Z");
	} else {
		memmove(text + n - 1, text + n - 2, 3);
		text[n - 2] = ':';
	}
}

static int format_json(char **ret, const char *level, const char *time, const char *message)
{
	struct rti_json_writer writer = { 0 };

	rti_json_write_begin_object(&writer);
	rti_json_write_key(&writer, "level");
	rti_json_write_string(&writer, level);
	rti_json_write_key(&writer, "msg");
	rti_json_write_string(&writer, message);
	rti_json_write_key(&writer, "time");
	rti_json_write_string(&writer, time);
	rti_json_write_end_object(&writer);
	return rti_json_writer_finish(&writer, ret, NULL, NULL);
}

/* The message as Go's %q: what is not printable is escaped, so that an entry stays one line. */
static int format_text(char **ret, const char *level, const char *time, const char *message)
{
	static const char special[] = "\"\\\a\b\f\n\r\t\v", letters[] = "\"\\abfnrtv";
	size_t size;
	FILE *out = open_memstream(ret, &size);

	if (!out)
		return -ENOMEM;
	fprintf(out, "time=\"%s\" level=%s msg=\"", time, level);
	for (; *message; message++) {
		const char *found = strchr(special, *message);

		if (found)
			fprintf(out, "\\%c", letters[found - special]);
		else if ((unsigned char)*message < 0x20 || *message == 0x7f)
			fprintf(out, "\\x%02x", (unsigned char)*message);
		else
			fputc(*message, out);
	}
	fputc('"', out);
	return fclose(out) == 0 ? 0 : -ENOMEM;
}

/*
 * Who reads the log may have stopped to, and what is done for a container must not wait for that:
 * all lines together wait for a second at most. A pipe that is ready takes PIPE_BUF bytes at once.
 */
static void write_patiently(int fd, const char *text, size_t size)
{
	static int patience_ms = 1000;

	while (size > 0) {
		struct pollfd room = { .fd = fd, .events = POLLOUT };
		int64_t began_ms = rti_clock_ms();
		ssize_t n;

		if (rti_retry(poll(&room, 1, patience_ms)) <= 0) {
			patience_ms = 0;
			return;
		}
		patience_ms -= (int)(rti_clock_ms() - began_ms);
		if (patience_ms < 0)
			patience_ms = 0;
		n = rti_retry(write(fd, text, size < PIPE_BUF ? size : PIPE_BUF));
		if (n < 0)
			return;
		text += n;
		size -= (size_t)n;
	}
}

static void write_line(int fd, const char *text)
{
	_cleanup_free_ char *line = NULL;
	int size = asprintf(&line, "%s\n", text);

	if (size < 0)
		line = NULL;
	else
		write_patiently(fd, line, (size_t)size);
}

void logger_write(const struct logger *logger, enum rti_parent_level level, const char *message)
{
	_cleanup_free_ char *line = NULL;
	char time[40];
	int r;

	if (level > logger->level)
		return;
	timestamp(time);
	r = logger->json ? format_json(&line, level_names[level], time, message)
			 : format_text(&line, level_names[level], time, message);
	if (r == 0)
		write_line(logger->fd, line);
}

void logger_fail(const struct logger *logger, const char *message)
{
	logger_write(logger, RTI_PARENT_LEVEL_ERROR, message);
	if (logger->fd != STDERR_FILENO)
		write_line(STDERR_FILENO, message);
}
