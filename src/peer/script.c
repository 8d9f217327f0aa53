/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/script.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"

/* A script that needs more is none that a person or the list of cases has written. */
#define STEPS_MAX 10000

/* The argument of a step if it begins with the words of a verb, else NULL. */
static const char *match(const struct verb *verb, const char *text)
{
	size_t size = strlen(verb->words);

	if (strncmp(text, verb->words, size) != 0)
		return NULL;
	if (text[size] == ' ')
		return text + size + 1;
	return text[size] ? NULL : text + size;
}

/* The verb with the most words that fits, so that `send file` is not a message called file. */
static const struct verb *find_verb(const struct verbs *verbs, size_t count, const char *text,
				    const char **ret_argument)
{
	const struct verb *found = NULL;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < verbs[i].count; j++) {
			const struct verb *verb = &verbs[i].items[j];
			const char *argument = match(verb, text);

			if (!argument || (found && strlen(found->words) > strlen(verb->words)))
				continue;
			found = verb;
			*ret_argument = argument;
		}
	}
	return found;
}

static int check_argument(const struct verb *verb, const char *argument, struct rti_error *err)
{
	if (!verb->argument && argument[0])
		return rti_refuse(err, EINVAL, "'%s' takes no argument", verb->words);
	if (verb->argument && verb->argument[0] != '[' && !argument[0])
		return rti_refuse(err, EINVAL, "'%s' needs an argument: %s", verb->words,
				  verb->argument);
	return 0;
}

static int parse_step(const char *text, const struct verbs *verbs, size_t count,
		      struct script *script, struct script_step *step, struct rti_error *err)
{
	const char *argument = NULL;

	step->verb = find_verb(verbs, count, text, &argument);
	if (!step->verb)
		return rti_refuse(err, EINVAL, "no such step for this side: %s", text);
	step->argument = rti_arena_text(&script->arena, argument, strlen(argument));
	if (!step->argument)
		return rti_fail(err, ENOMEM, "script");
	return check_argument(step->verb, argument, err);
}

/* Without blanks on either side. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && strchr(" \t\n", end[-1]))
		*--end = '\0';
	return text;
}

int script_read(FILE *file, const char *name, const struct verbs *verbs, size_t count,
		struct script *ret, struct rti_error *err)
{
	_cleanup_free_ char *line = NULL;
	struct script script = { 0 };
	unsigned int number = 0;
	size_t room = 0;
	int r = 0;

	script.steps = rti_arena_array(&script.arena, STEPS_MAX, sizeof(*script.steps));
	if (!script.steps)
		return rti_fail(err, ENOMEM, "script");
	while (r == 0 && getline(&line, &room, file) >= 0) {
		struct script_step *step = &script.steps[script.count];
		char *text = trim(line);

		number++;
		if (!text[0] || text[0] == '#')
			continue;
		step->line = number;
		if (++script.count == STEPS_MAX)
			r = rti_refuse(err, EINVAL, "more than %d steps", STEPS_MAX);
		else
			r = parse_step(text, verbs, count, &script, step, err);
		if (r < 0)
			rti_prefix(err, r, "%s:%u", name, number);
	}
	if (r < 0)
		script_done(&script);
	else
		*ret = script;
	return r;
}

void script_done(struct script *script)
{
	rti_arena_done(&script->arena);
	*script = (struct script){ 0 };
}
