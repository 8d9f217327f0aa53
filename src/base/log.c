/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"

/* Chosen: a reader that has not read for this long will not read in time. */
#define FULL_PIPE_WAIT_MS 2000

_Static_assert(LOG_LINE_MAX <= PIPE_BUF, "a log line must be one atomic write");

static const char *const level_names[] = {
	[LOG_LEVEL_PANIC] = "panic",	 [LOG_LEVEL_FATAL] = "fatal", [LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_TRACE] = "trace",
};

static struct {
	int fd;
	enum log_level level;
	const char *stage;
} logger = { .fd = -EBADF, .level = LOG_LEVEL_DEBUG };

void log_open(int fd, enum log_level level)
{
	int flags = fcntl(fd, F_GETFL);

	/* Nobody else holds the write end for long: the parent closes its copy. */
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	logger.fd = fd;
	logger.level = level;
}

void log_set_level(enum log_level level)
{
	logger.level = level;
}

int log_close(void)
{
	int fd = rti_take_fd(&logger.fd);

	if (fd < 0)
		return 0;
	return close(fd) < 0 ? -errno : 0;
}

void log_wait_until_read(int timeout_ms)
{
	struct timespec pause = { .tv_nsec = 1000000 };

	for (; timeout_ms > 0; timeout_ms--) {
		struct pollfd readers = { .fd = logger.fd, .events = POLLOUT };
		int size;

		if (ioctl(logger.fd, FIONREAD, &size) < 0 || size == 0)
			return;
		if (poll(&readers, 1, 0) > 0 && readers.revents & POLLERR)
			return;
		nanosleep(&pause, NULL);
	}
}

void log_set_stage(const char *stage)
{
	logger.stage = stage;
}

int log_is_enabled(enum log_level level)
{
	return logger.fd >= 0 && level <= logger.level;
}

/* A line being put together; what does not fit any more is left out. */
struct line {
	char *bytes;
	size_t size;
	size_t limit;
};

static bool line_add(struct line *line, const char *bytes, size_t size)
{
	if (size > line->limit - line->size)
		return false;
	memcpy(line->bytes + line->size, bytes, size);
	line->size += size;
	return true;
}

static bool line_add_text(struct line *line, const char *text)
{
	return line_add(line, text, strlen(text));
}

/* The escapes of runc's stages, which are those of JSON plus DEL. */
static bool line_add_escaped(struct line *line, const char *text)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";

	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		const char *known = strchr(from, c);
		char escape[8];
		bool fits;

		if (known) {
			escape[0] = '\\';
			escape[1] = to[known - from];
			fits = line_add(line, escape, 2);
		} else if (c < ' ' || c == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			fits = line_add(line, escape, 6);
		} else {
			fits = line_add(line, text, 1);
		}
		if (!fits)
			return false;
	}
	return true;
}

/*
 * Calendar date of a time, in UTC. gmtime_r(3) may open the time zone file, which by the time of
 * most lines would be the container's.
 */
static void format_time(long long time_s, char *ret, size_t size)
{
	long long days = time_s / 86400, rest = time_s % 86400;
	long long era, day_of_era, year_of_era, day_of_year, month;

	days += 719468; /* from 0000-03-01, so that the leap day is the last of its year */
	era = days / 146097;
	day_of_era = days % 146097;
	year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	month = (5 * day_of_year + 2) / 153;
	snprintf(ret, size, "%04lld-%02lld-%02lldT%02lld:%02lld:%02lldZ",
		 era * 400 + year_of_era + (month >= 10), month < 10 ? month + 3 : month - 9,
		 day_of_year - (153 * month + 2) / 5 + 1, rest / 3600, rest / 60 % 60, rest % 60);
}

size_t log_format_line(enum log_level level, const char *stage, int pid, long long time_s,
		       const char *text, char bytes[LOG_LINE_MAX])
{
	char head[96], tail[160], when[128];
	struct line line = { .bytes = bytes };

	if (stage) {
		snprintf(head, sizeof(head),
			 "{\"level\":\"%s\", \"msg\": \"%.32s[%d]: ", level_names[level], stage,
			 pid);
		snprintf(tail, sizeof(tail), "\"}\n");
	} else {
		format_time(time_s, when, sizeof(when));
		snprintf(head, sizeof(head), "{\"level\":\"%s\",\"msg\":\"", level_names[level]);
		snprintf(tail, sizeof(tail), "\",\"time\":\"%s\"}\n", when);
	}
	line.limit = LOG_LINE_MAX - strlen(tail);
	line_add_text(&line, head);
	line_add_escaped(&line, text);
	line.limit = LOG_LINE_MAX;
	line_add_text(&line, tail);
	return line.size;
}

/* A line is either written whole or not at all: it is no longer than PIPE_BUF. */
static void write_line(const char *line, size_t size)
{
	struct pollfd writable = { .fd = logger.fd, .events = POLLOUT };

	if (rti_retry(write(logger.fd, line, size)) != -EAGAIN)
		return;
	if (rti_retry(poll(&writable, 1, FULL_PIPE_WAIT_MS)) > 0)
		(void)rti_retry(write(logger.fd, line, size));
}

void log_msg(enum log_level level, const char *fmt, ...)
{
	bool to_stderr = logger.fd < 0 && level == LOG_LEVEL_FATAL;
	char text[RTI_ERROR_TEXT_MAX], line[LOG_LINE_MAX];
	int saved = errno;
	struct timespec now = { 0 };
	va_list args;

	if (!to_stderr && !log_is_enabled(level))
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (to_stderr) {
		dprintf(STDERR_FILENO, "FATAL: %s\n", text);
	} else {
		clock_gettime(CLOCK_REALTIME, &now);
		write_line(line,
			   log_format_line(level, logger.stage, getpid(), now.tv_sec, text, line));
	}
	errno = saved;
}
