/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/runtime-parent/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"

static int find_option(const struct option_spec *specs, const char *name, size_t length)
{
	for (int i = 0; specs[i].name; i++) {
		if (strncmp(specs[i].name, name, length) == 0 && specs[i].name[length] == 0)
			return i;
		if (length == 1 && specs[i].letter == name[0])
			return i;
	}
	return -1;
}

static int set_bool(struct option_value *value, const char *name, const char *text,
		    struct rti_error *err)
{
	static const char *const words[] = { "1", "t", "T", "true",  "TRUE",  "True",
					     "0", "f", "F", "false", "FALSE", "False" };

	value->flag = true;
	if (!text)
		return 0;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i]) == 0) {
			value->flag = i < 6;
			return 0;
		}
	}
	return rti_refuse(err, EINVAL, "invalid boolean value \"%s\" for -%s: parse error", text,
			  name);
}

static int set_value(const struct option_spec *spec, struct option_value *value, const char *text,
		     struct rti_error *err)
{
	value->text = text;
	if (spec->type == OPTION_NUMBER &&
	    !rti_number_i64(text, INT64_MIN, INT64_MAX, &value->number))
		return rti_refuse(err, EINVAL, "invalid value \"%s\" for flag -%s: parse error",
				  text, spec->name);
	if (spec->type != OPTION_LIST)
		return 0;
	if (!value->list)
		value->list = calloc(OPTION_LIST_MAX + 1, sizeof(*value->list));
	/* analyzer: no leak, options_done() frees it */
	if (!value->list)
		return rti_fail(err, ENOMEM, "read options");
	if (value->count == OPTION_LIST_MAX)
		return rti_refuse(err, E2BIG, "too many values for flag -%s", spec->name);
	value->list[value->count++] = text;
	return 0;
}

/* One option at @argv[*at]; moves *at to its last word. */
static int parse_option(const struct option_spec *specs, int argc, char **argv, int *at,
			struct option_value *values, struct rti_error *err)
{
	const char *name = argv[*at] + 1 + (argv[*at][1] == '-');
	size_t length = strcspn(name, "=");
	const char *text = name[length] ? name + length + 1 : NULL;
	int i = find_option(specs, name, length);

	if (i < 0)
		return rti_refuse(err, EINVAL, "flag provided but not defined: -%.*s", (int)length,
				  name);
	values[i].set = true;
	if (specs[i].type == OPTION_BOOL)
		return set_bool(&values[i], specs[i].name, text, err);
	if (!text && *at + 1 < argc)
		text = argv[++*at];
	if (!text)
		return rti_refuse(err, EINVAL, "flag needs an argument: -%.*s", (int)length, name);
	return set_value(&specs[i], &values[i], text, err);
}

int options_parse(const struct option_spec *specs, bool reorder, int *argc, char **argv,
		  struct option_value *values, struct rti_error *err)
{
	int left = 0, at = 0;

	for (int i = 0; specs[i].name; i++)
		values[i].text = "";
	for (; at < *argc; at++) {
		int r;

		if (strcmp(argv[at], "--") == 0) {
			at++;
			break;
		}
		if (argv[at][0] != '-' || argv[at][1] == 0) {
			if (!reorder)
				break;
			argv[left++] = argv[at];
			continue;
		}
		r = parse_option(specs, *argc, argv, &at, values, err);
		if (r < 0)
			return r;
	}
	while (at < *argc)
		argv[left++] = argv[at++];
	argv[left] = NULL;
	*argc = left;
	return 0;
}

void options_done(const struct option_spec *specs, struct option_value *values)
{
	for (size_t i = 0; specs[i].name; i++) {
		free(values[i].list);
		values[i].list = NULL;
	}
}

bool options_are_shown(const struct option_spec *specs)
{
	while (specs->name && !specs->help)
		specs++;
	return specs->name != NULL;
}

void options_print(const struct option_spec *specs)
{
	for (int i = 0; specs[i].name; i++) {
		char text[64], letter[8] = "";

		if (!specs[i].help)
			continue;
		if (specs[i].letter)
			snprintf(letter, sizeof(letter), ", -%c", specs[i].letter);
		snprintf(text, sizeof(text), "--%s%s%s", specs[i].name, letter,
			 specs[i].type == OPTION_BOOL ? "" : " value");
		printf("   %-28s %s\n", text, specs[i].help);
	}
}
