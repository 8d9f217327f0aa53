/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The user's log, in the two formats of runc: key=value text, and JSON.
 */
#ifndef RUNTIME_PARENT_LOGGER_H
#define RUNTIME_PARENT_LOGGER_H

#include <stdbool.h>

#include "base/error.h"
#include "parent/runtime-parent.h"

struct logger {
	int fd; /* standard error unless a file was given */
	bool json;
	enum rti_parent_level level; /* less important lines are dropped */
};

/**
 * logger_open() - begin to log
 * @path:   "": to standard error
 * @format: "text", "json" or ""
 */
int logger_open(struct logger *ret, const char *path, const char *format, bool debug,
		struct rti_error *err);

/**
 * logger_write() - one line; dropped if nobody takes it for a second
 */
void logger_write(const struct logger *logger, enum rti_parent_level level, const char *message);

/**
 * logger_fail() - report why the program ends: a line in the log and, if that is a file, the plain
 * text on standard error
 */
void logger_fail(const struct logger *logger, const char *message);

#endif
