/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Command line options in runc's spelling: -name or --name, values after "=" or as the next
 * argument, switches with an optional =true or =false.
 */
#ifndef RUNTIME_PARENT_OPTIONS_H
#define RUNTIME_PARENT_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

enum option_type {
	OPTION_BOOL,
	OPTION_TEXT,
	OPTION_NUMBER,
	OPTION_LIST, /* may be repeated */
};

struct option_spec {
	const char *name;
	char letter; /* 0: none */
	enum option_type type;
	const char *help; /* NULL: not shown */
};

#define OPTIONS_MAX	20 /* per command */
#define OPTION_LIST_MAX 256

struct option_value {
	bool set;
	bool flag;
	const char *text; /* "" when not set */
	int64_t number;
	const char **list;
	size_t count;
};

/**
 * options_parse() - take the options off an argument list
 * @specs:   what is known; .name == NULL ends
 * @reorder: options may also stand after arguments; otherwise the first argument ends them
 * @argc:    number of @argv; on success the number of arguments that are left
 * @argv:    on success starts with the arguments that are left
 * @values:  one for each of @specs, zeroed; release with options_done(), also on failure
 * @err:     on failure "flag provided but not defined: -x" and the like
 *
 * Return: 0; -EINVAL; -ENOMEM.
 */
int options_parse(const struct option_spec *specs, bool reorder, int *argc, char **argv,
		  struct option_value *values, struct rti_error *err);

/**
 * options_done() - release what options_parse() allocated
 * @values: one for each of @specs
 */
void options_done(const struct option_spec *specs, struct option_value *values);

/**
 * options_are_shown() - whether there is anything for options_print()
 */
bool options_are_shown(const struct option_spec *specs);

/**
 * options_print() - the options as a help text lists them
 */
void options_print(const struct option_spec *specs);

#endif
