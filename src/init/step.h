/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The work of an init as a table of steps, so that its order can be read, and a failure be named.
 */
#ifndef INIT_STEP_H
#define INIT_STEP_H

#include <stddef.h>

#include "base/error.h"
#include "init/context.h"

struct step {
	const char *name; /* for the log */
	int (*run)(struct init_context *context, struct rti_error *err);
};

/**
 * steps_run() - run steps in order until one fails
 *
 * Which one failed goes to the log at debug level; the error's text is the step's own, since users
 * know runc's texts.
 *
 * Return: what the failed step returned. The last step of a table executes the program and returns
 * on failure only.
 */
int steps_run(struct init_context *context, const struct step *steps, size_t count,
	      struct rti_error *err);

/* The two tables. Each returns on failure only. */
int init_standard_run(struct init_context *context, struct rti_error *err);
int init_setns_run(struct init_context *context, struct rti_error *err);

#endif
