/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The parent's end of the log pipe: lines of JSON become calls of the embedder's log function.
 *
 * The init is not trusted with the form of its lines: whatever comes is reported in some way, and
 * nothing that comes stops the start.
 */
#ifndef PARENT_LOG_FORWARD_H
#define PARENT_LOG_FORWARD_H

#include <stdbool.h>
#include <stddef.h>

#include "parent/runtime-parent.h"

/* Longest line, bytes; runc's limit. After a longer one nothing more is forwarded. */
#define LOG_LINE_MAX (64 * 1024)

struct log_forward {
	int fd; /* read end of the pipe, non-blocking; -EBADF after its end */
	void (*log)(void *data, enum rti_parent_level level, const char *message);
	void *data;
	bool collect_fatal; /* keep fatal lines for the final error, as runc does from 1.4 on */
	bool gave_up;	    /* a line was too long; what follows is dropped */
	char *fatal;	    /* collected, joined with "; "; NULL: none */
	char *line;	    /* LOG_LINE_MAX bytes */
	size_t used;	    /* of @line */
};

/**
 * log_forward_init() - begin to forward
 * @fd: read end of the log pipe; taken over, also on failure
 */
int log_forward_init(struct log_forward *forward, int fd, struct rti_error *err);

/**
 * log_forward_pump() - forward what is there, without waiting
 *
 * At the end of the file the fd is closed and a last line without newline is forwarded.
 */
void log_forward_pump(struct log_forward *forward);

/**
 * log_forward_line() - forward one line; for log_forward_pump(), and for tests
 */
void log_forward_line(struct log_forward *forward, const char *line, size_t size);

void log_forward_done(struct log_forward *forward);

#endif
