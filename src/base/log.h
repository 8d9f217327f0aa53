/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The init's log: one JSON object a line on the pipe that the parent reads.
 *
 * Process-wide and for the init program only; the libraries and the parent must not use it. A line
 * is one write(2) of at most PIPE_BUF bytes, so that lines of different stages never mix; longer
 * text is cut. A full pipe is waited for a short while and then the line is dropped; a closed one
 * is ignored. Nothing is allocated. errno is kept.
 *
 * A line without "level" makes runc's parent panic, so there is none.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdarg.h>
#include <stddef.h>

/* Numbers of _LIBCONTAINER_LOGLEVEL. */
enum log_level {
	LOG_LEVEL_PANIC,
	LOG_LEVEL_FATAL,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
	LOG_LEVEL_TRACE,
};

/* The longest line, with its newline: what a pipe takes in one piece (PIPE_BUF). */
#define LOG_LINE_MAX 4096

/**
 * log_open() - start logging
 * @fd:    write end of the log pipe; the log owns it until log_close()
 * @level: least severe level that is written
 *
 * The pipe becomes non-blocking. The caller has made sure that a write to a closed pipe gives EPIPE
 * and not a deadly signal.
 */
void log_open(int fd, enum log_level level);

/**
 * log_set_level() - change the least severe level that is written
 */
void log_set_level(enum log_level level);

/**
 * log_close() - stop logging and close the pipe; later messages are dropped
 *
 * Return: 0 or the negative errno of close(2).
 */
int log_close(void);

/**
 * log_wait_until_read() - wait until the parent has taken all lines out of the pipe
 * @timeout_ms: how long at most; a pipe that nobody reads any more is not waited for
 *
 * For a process whose end is what makes the parent give up: runc 1.4 and older then ends too, and
 * may do so before it has shown the lines.
 */
void log_wait_until_read(int timeout_ms);

/**
 * log_set_stage() - choose the form of the lines
 * @stage: "nsexec-1" gives `{"level":"debug", "msg": "nsexec-1[PID]: TEXT"}`, runc's stages' form;
 *         NULL gives `{"level":"debug","msg":"TEXT","time":"..."}`, that of runc's init proper.
 *         Borrowed for as long as lines are written.
 */
void log_set_stage(const char *stage);

/**
 * log_is_enabled() - whether a message of this level would be written
 */
int log_is_enabled(enum log_level level);

/**
 * log_msg() - write one line, if a log is open and @level is wanted
 *
 * Before log_open() messages are dropped, except those of LOG_LEVEL_FATAL, which go to stderr as
 * "FATAL: TEXT".
 */
void log_msg(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/**
 * log_format_line() - the line that log_msg() would write
 * @stage:  as for log_set_stage()
 * @pid:    for the stage form
 * @time_s: seconds since 1970 for the other form
 * @text:   message; any bytes
 * @line:   receives the line with its newline, not NUL-terminated
 *
 * Return: its size, at most LOG_LINE_MAX.
 */
size_t log_format_line(enum log_level level, const char *stage, int pid, long long time_s,
		       const char *text, char line[LOG_LINE_MAX]);

#define log_error(...) log_msg(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_msg(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_debug(...) log_msg(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
