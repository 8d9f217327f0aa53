/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Scripts: what a side of the conversation shall do, one step a line.
 *
 * A step is the words of a verb and, behind them, its argument up to the end of the line. Empty
 * lines and lines that begin with # are left out. `protocol-peer --help` lists the verbs.
 */
#ifndef PEER_SCRIPT_H
#define PEER_SCRIPT_H

#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"

struct peer;

struct verb {
	const char *words;    /* a last word in capitals is the beginning of the argument */
	const char *argument; /* what it takes, for the usage; NULL: none; "[...]": not needed */
	const char *help;
	int (*play)(struct peer *peer, const char *argument, struct rti_error *err);
};

struct verbs {
	const struct verb *items;
	size_t count;
};

/* A step that says so ends the script: the rest is for another process. */
#define SCRIPT_END 1

struct script_step {
	const struct verb *verb;
	const char *argument; /* "" for none */
	unsigned int line;
};

struct script {
	struct script_step *steps;
	size_t count;
	struct rti_arena arena; /* owns all of it */
};

/**
 * script_read() - read a whole script and look up its verbs
 * @name:  of the file, for errors
 * @verbs: tables of what can be said, @count of them; must outlive the script
 * @ret:   on success the script; release with script_done()
 *
 * Return: 0; -EINVAL with the line for a verb that is none, or without the argument that it needs;
 * -ENOMEM.
 */
int script_read(FILE *file, const char *name, const struct verbs *verbs, size_t count,
		struct script *ret, struct rti_error *err);

void script_done(struct script *script);

#endif
