/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Theory of Operation
 *
 * The init leads: it asks, the parent answers, and it is the init's turn again. A standard init
 * asks for mount sources while it prepares the root filesystem, then for the hooks, then says that
 * it is ready, then perhaps hands over a seccomp listener. A setns init starts at the third step.
 *
 * The tables are stricter than runc's parent in two ways, both because a lying init could otherwise
 * get around the parent: procReady is not taken before procHooks (the limits of the container's
 * cgroup are set there), and nothing may be asked twice. A genuine init does neither.
 *
 * The child's tables hold one rule more for each question: the parent may answer with a procError.
 */
#include "protocol/sync-state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SETUP	      RTI_SYNC_STATE_SETUP
#define MOUNT_ASKED   RTI_SYNC_STATE_MOUNT_ASKED
#define HOOKS_ASKED   RTI_SYNC_STATE_HOOKS_ASKED
#define HOOKS_DONE    RTI_SYNC_STATE_HOOKS_DONE
#define READY	      RTI_SYNC_STATE_READY
#define RUN	      RTI_SYNC_STATE_RUN
#define SECCOMP_ASKED RTI_SYNC_STATE_SECCOMP_ASKED
#define SECCOMP_DONE  RTI_SYNC_STATE_SECCOMP_DONE
#define FAILED	      RTI_SYNC_STATE_FAILED
#define CLOSED	      RTI_SYNC_STATE_CLOSED
#define SEND	      RTI_SYNC_SEND
#define RECEIVE	      RTI_SYNC_RECEIVE

static const struct rti_sync_rule standard_child[] = {
	{ SETUP,         SEND,    RTI_SYNC_PROC_MOUNT_PLEASE, MOUNT_ASKED },
	{ MOUNT_ASKED,   RECEIVE, RTI_SYNC_PROC_MOUNT_FD,     SETUP },
	{ MOUNT_ASKED,   RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ SETUP,         SEND,    RTI_SYNC_PROC_HOOKS,        HOOKS_ASKED },
	{ HOOKS_ASKED,   RECEIVE, RTI_SYNC_PROC_HOOKS_DONE,   HOOKS_DONE },
	{ HOOKS_ASKED,   RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ HOOKS_DONE,    SEND,    RTI_SYNC_PROC_READY,        READY },
	{ READY,         RECEIVE, RTI_SYNC_PROC_RUN,          RUN },
	{ READY,         RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ RUN,           SEND,    RTI_SYNC_PROC_SECCOMP,      SECCOMP_ASKED },
	{ SECCOMP_ASKED, RECEIVE, RTI_SYNC_PROC_SECCOMP_DONE, SECCOMP_DONE },
	{ SECCOMP_ASKED, RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ SETUP,         SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ MOUNT_ASKED,   SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ HOOKS_ASKED,   SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ HOOKS_DONE,    SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ READY,         SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ RUN,           SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ SECCOMP_ASKED, SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ SECCOMP_DONE,  SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
};

static const struct rti_sync_rule standard_parent[] = {
	{ SETUP,         RECEIVE, RTI_SYNC_PROC_MOUNT_PLEASE, MOUNT_ASKED },
	{ MOUNT_ASKED,   SEND,    RTI_SYNC_PROC_MOUNT_FD,     SETUP },
	{ SETUP,         RECEIVE, RTI_SYNC_PROC_HOOKS,        HOOKS_ASKED },
	{ HOOKS_ASKED,   SEND,    RTI_SYNC_PROC_HOOKS_DONE,   HOOKS_DONE },
	{ HOOKS_DONE,    RECEIVE, RTI_SYNC_PROC_READY,        READY },
	{ READY,         SEND,    RTI_SYNC_PROC_RUN,          RUN },
	{ RUN,           RECEIVE, RTI_SYNC_PROC_SECCOMP,      SECCOMP_ASKED },
	{ SECCOMP_ASKED, SEND,    RTI_SYNC_PROC_SECCOMP_DONE, SECCOMP_DONE },
	{ SETUP,         RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ HOOKS_DONE,    RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ RUN,           RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ SECCOMP_DONE,  RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
};

static const struct rti_sync_rule setns_child[] = {
	{ SETUP,         SEND,    RTI_SYNC_PROC_READY,        READY },
	{ READY,         RECEIVE, RTI_SYNC_PROC_RUN,          RUN },
	{ READY,         RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ RUN,           SEND,    RTI_SYNC_PROC_SECCOMP,      SECCOMP_ASKED },
	{ SECCOMP_ASKED, RECEIVE, RTI_SYNC_PROC_SECCOMP_DONE, SECCOMP_DONE },
	{ SECCOMP_ASKED, RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ SETUP,         SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ READY,         SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ RUN,           SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ SECCOMP_ASKED, SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
	{ SECCOMP_DONE,  SEND,    RTI_SYNC_PROC_ERROR,        FAILED },
};

static const struct rti_sync_rule setns_parent[] = {
	{ SETUP,         RECEIVE, RTI_SYNC_PROC_READY,        READY },
	{ READY,         SEND,    RTI_SYNC_PROC_RUN,          RUN },
	{ RUN,           RECEIVE, RTI_SYNC_PROC_SECCOMP,      SECCOMP_ASKED },
	{ SECCOMP_ASKED, SEND,    RTI_SYNC_PROC_SECCOMP_DONE, SECCOMP_DONE },
	{ SETUP,         RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ RUN,           RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
	{ SECCOMP_DONE,  RECEIVE, RTI_SYNC_PROC_ERROR,        FAILED },
};

/* To a waiting child the end of file means that the parent has died or given up. */
static const struct rti_sync_eof child_eofs[] = {
	{ MOUNT_ASKED,   false, "the parent went away instead of sending a mount source: EOF" },
	{ HOOKS_ASKED,   false, "the parent went away while it ran the hooks: EOF" },
	{ READY,         false, "the parent went away instead of sending procRun: EOF" },
	{ SECCOMP_ASKED, false, "the parent went away instead of taking the listener fd: EOF" },
};

/* The first words are what runc says in all of these. */
#define NOT_READY "procReady not received: the init ended "

static const struct rti_sync_eof standard_parent_eofs[] = {
	{ SETUP,        false, NOT_READY "while it set up the container" },
	{ HOOKS_DONE,   false, NOT_READY "after the hooks" },
	{ RUN,          true,  NULL },
	{ SECCOMP_DONE, true,  NULL },
	{ FAILED,       true,  NULL },
};

static const struct rti_sync_eof setns_parent_eofs[] = {
	{ SETUP,        false, NOT_READY "while it joined the container" },
	{ RUN,          true,  NULL },
	{ SECCOMP_DONE, true,  NULL },
	{ FAILED,       true,  NULL },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TABLE(name, rules, eofs)                                                                   \
	{                                                                                          \
		name, rules, COUNT(rules), eofs, COUNT(eofs)                                       \
	}

static const struct rti_sync_table tables[2][2] = {
	[RTI_INIT_STANDARD] = {
		[RTI_SYNC_CHILD] = TABLE("standard child", standard_child, child_eofs),
		[RTI_SYNC_PARENT] = TABLE("standard parent", standard_parent, standard_parent_eofs),
	},
	[RTI_INIT_SETNS] = {
		[RTI_SYNC_CHILD] = TABLE("setns child", setns_child, child_eofs),
		[RTI_SYNC_PARENT] = TABLE("setns parent", setns_parent, setns_parent_eofs),
	},
};

static const char *const state_names[RTI_SYNC_STATES] = {
	[SETUP] = "setup",
	[MOUNT_ASKED] = "mount source asked",
	[HOOKS_ASKED] = "hooks asked",
	[HOOKS_DONE] = "hooks done",
	[READY] = "ready",
	[RUN] = "run",
	[SECCOMP_ASKED] = "seccomp asked",
	[SECCOMP_DONE] = "seccomp done",
	[FAILED] = "failed",
	[CLOSED] = "closed",
};

const struct rti_sync_table *rti_sync_table(enum rti_init_type type, enum rti_sync_role role)
{
	return &tables[type][role];
}

const char *rti_sync_state_name(enum rti_sync_state state)
{
	return state_names[state];
}

void rti_sync_start(struct rti_sync_machine *machine, enum rti_init_type type,
		    enum rti_sync_role role)
{
	machine->table = rti_sync_table(type, role);
	machine->role = role;
	machine->state = SETUP;
}

static const struct rti_sync_rule *find_rule(const struct rti_sync_machine *machine,
					     enum rti_sync_direction direction,
					     enum rti_sync_type type)
{
	for (size_t i = 0; i < machine->table->rule_count; i++) {
		const struct rti_sync_rule *rule = &machine->table->rules[i];

		if (rule->from == machine->state && rule->direction == direction &&
		    rule->type == type)
			return rule;
	}
	return NULL;
}

/* "procHooks or procMountPlease", without procError, which could always come instead. */
static void list_expected(const struct rti_sync_machine *machine, enum rti_sync_direction direction,
			  char *text, size_t size)
{
	size_t at = 0;

	snprintf(text, size, "nothing");
	for (size_t i = 0; i < machine->table->rule_count; i++) {
		const struct rti_sync_rule *rule = &machine->table->rules[i];

		if (rule->from != machine->state || rule->direction != direction ||
		    rule->type == RTI_SYNC_PROC_ERROR || at >= size)
			continue;
		at += (size_t)snprintf(text + at, size - at, "%s%s", at ? " or " : "",
				       rti_sync_info(rule->type)->name);
	}
}

static int violation(const struct rti_sync_machine *machine, enum rti_sync_direction direction,
		     const char *name, struct rti_error *err)
{
	const char *state = state_names[machine->state];
	char expected[128];

	list_expected(machine, direction, expected, sizeof(expected));
	if (direction == RTI_SYNC_SEND)
		return rti_refuse(err, EPROTO,
				  "cannot send %s in state '%s' of the %s conversation", name,
				  state, machine->table->name);
	if (machine->role == RTI_SYNC_CHILD)
		return rti_refuse(err, EPROTO,
				  "unexpected synchronisation flag: got \"%s\", expected \"%s\"",
				  name, expected);
	return rti_refuse(err, EPROTO,
			  "invalid JSON payload from child: got \"%s\" in state '%s', expected %s",
			  name, state, expected);
}

int rti_sync_advance(struct rti_sync_machine *machine, enum rti_sync_direction direction,
		     enum rti_sync_type type, const char *name, struct rti_error *err)
{
	const struct rti_sync_rule *rule = find_rule(machine, direction, type);
	int r;

	if (rule) {
		machine->state = rule->to;
		return 0;
	}
	r = violation(machine, direction, name ? name : rti_sync_info(type)->name, err);
	machine->state = CLOSED;
	return r;
}

int rti_sync_eof(struct rti_sync_machine *machine, struct rti_error *err)
{
	enum rti_sync_state state = machine->state;

	machine->state = CLOSED;
	for (size_t i = 0; i < machine->table->eof_count; i++) {
		const struct rti_sync_eof *eof = &machine->table->eofs[i];

		if (eof->state != state)
			continue;
		return eof->complete ? 0 : rti_refuse(err, ECONNRESET, "%s", eof->text);
	}
	return rti_refuse(err, ECONNRESET, "end of file in state '%s' of the %s conversation",
			  state_names[state], machine->table->name);
}

bool rti_sync_allows(const struct rti_sync_machine *machine, enum rti_sync_direction direction,
		     enum rti_sync_type type)
{
	return find_rule(machine, direction, type) != NULL;
}
