/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What runc-with-runtime-init is told, and which runc it runs.
 *
 * Its command line is runc's own, so its options stand in a configuration file and in an
 * environment variable, in that order, later ones over earlier ones:
 *
 *     # comment
 *     --runc /usr/libexec/runc
 *     --init /usr/libexec/runtime-init
 *
 * Words are separated by blanks; a backslash takes the next character as it is.
 */
#ifndef LAUNCH_OPTIONS_H
#define LAUNCH_OPTIONS_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"

#define OPTIONS_VARIABLE "RUNC_WITH_RUNTIME_INIT"

struct options {
	char runc[PATH_MAX]; /* "": look for it */
	char init[PATH_MAX]; /* "": the one beside the launcher */
	bool show;	     /* say what would be run, and run nothing */
};

/**
 * options_parse() - read options from text into @options
 * @origin: for errors: the file's name, or the variable's
 *
 * Return: 0, or -EINVAL for an unknown option, a missing value, or a path that is not absolute or
 * too long.
 */
int options_parse(const char *text, const char *origin, struct options *options,
		  struct rti_error *err);

/**
 * options_read() - options from the configuration file, if it is there, and from the environment
 * @file: path of the configuration file
 *
 * Return: as options_parse(), or what open(2) or read(2) gave other than ENOENT.
 */
int options_read(const char *file, struct options *ret, struct rti_error *err);

/**
 * options_open_runc() - open the runc to run
 * @options: if it names none, @options->runc is set to the first program called runc in the usual
 *           system directories that is not this launcher itself; $PATH is not looked at
 *
 * Return: a close-on-exec fd for the caller, or a negative errno.
 */
int options_open_runc(struct options *options, struct rti_error *err);

/**
 * options_open_init() - open runtime-init
 * @options: if it names none, @options->init is set to the one in this launcher's directory, or to
 *           @installed
 *
 * Return: a close-on-exec fd for the caller, or a negative errno.
 */
int options_open_init(struct options *options, const char *installed, struct rti_error *err);

#endif
