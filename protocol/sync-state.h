/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The order of the conversation on the sync socket, as data and without any input or output.
 *
 * Four tables, {standard, setns} x {child, parent}, say for each state which messages may be sent,
 * which may come, where they lead, and what it means when the peer closes the socket there. Whoever
 * holds a conversation asks rti_sync_advance() before it sends and after it receives; a message
 * that the table does not have ends the conversation.
 */
#ifndef RTI_PROTOCOL_SYNC_STATE_H
#define RTI_PROTOCOL_SYNC_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "protocol/sync.h"

enum rti_init_type {
	RTI_INIT_STANDARD, /* the container's first process */
	RTI_INIT_SETNS,	   /* a further process in a running container */
};

enum rti_sync_role {
	RTI_SYNC_CHILD,
	RTI_SYNC_PARENT,
};

enum rti_sync_direction {
	RTI_SYNC_SEND,
	RTI_SYNC_RECEIVE,
};

enum rti_sync_state {
	RTI_SYNC_STATE_SETUP,	     /* the init prepares; standard: it mounts */
	RTI_SYNC_STATE_MOUNT_ASKED,  /* procMountPlease is out, procMountFd awaited */
	RTI_SYNC_STATE_HOOKS_ASKED,  /* procHooks is out, procHooksDone awaited */
	RTI_SYNC_STATE_HOOKS_DONE,   /* host side hooks have run, limits are set */
	RTI_SYNC_STATE_READY,	     /* procReady is out, procRun awaited */
	RTI_SYNC_STATE_RUN,	     /* the init may execute the program */
	RTI_SYNC_STATE_SECCOMP_ASKED, /* procSeccomp is out, procSeccompDone awaited */
	RTI_SYNC_STATE_SECCOMP_DONE, /* the listener fd has been taken */
	RTI_SYNC_STATE_FAILED,	     /* procError came or went */
	RTI_SYNC_STATE_CLOSED,	     /* ended as it should, or by a violation */
	RTI_SYNC_STATES,
};

struct rti_sync_rule {
	enum rti_sync_state from;
	enum rti_sync_direction direction;
	enum rti_sync_type type;
	enum rti_sync_state to;
};

struct rti_sync_eof { /* what the end of file means to the one who receives it */
	enum rti_sync_state state;
	bool complete;	  /* the conversation is over as it should be */
	const char *text; /* otherwise: what happened */
};

struct rti_sync_table {
	const char *name; /* "standard child" and so on */
	const struct rti_sync_rule *rules;
	size_t rule_count;
	const struct rti_sync_eof *eofs; /* one for each state in which this side receives */
	size_t eof_count;
};

/**
 * rti_sync_table() - the table of one side of one conversation
 */
const struct rti_sync_table *rti_sync_table(enum rti_init_type type, enum rti_sync_role role);

/**
 * rti_sync_state_name() - short name for errors and logs: "setup", "hooks asked", ...
 */
const char *rti_sync_state_name(enum rti_sync_state state);

struct rti_sync_machine {
	const struct rti_sync_table *table;
	enum rti_sync_role role;
	enum rti_sync_state state;
};

/**
 * rti_sync_start() - a conversation at its beginning
 */
void rti_sync_start(struct rti_sync_machine *machine, enum rti_init_type type,
		    enum rti_sync_role role);

/**
 * rti_sync_advance() - account for one message
 * @type: what is about to be sent or has been received
 * @name: its name on the wire, for errors; may be NULL for a known @type
 * @err:  on failure what came and what was expected; a child says
 *        `unexpected synchronisation flag: got "procReady", expected "procRun"`, a parent
 *        `invalid JSON payload from child: got ...`, which are runc's words
 *
 * Return: 0, or -EPROTO; the conversation is closed then and refuses everything.
 */
int rti_sync_advance(struct rti_sync_machine *machine, enum rti_sync_direction direction,
		     enum rti_sync_type type, const char *name, struct rti_error *err);

/**
 * rti_sync_eof() - account for the peer having closed the socket
 *
 * Return: 0 if the conversation was complete; else -ECONNRESET with what it means in this state.
 */
int rti_sync_eof(struct rti_sync_machine *machine, struct rti_error *err);

/**
 * rti_sync_allows() - whether the table has a rule for this message now
 */
bool rti_sync_allows(const struct rti_sync_machine *machine, enum rti_sync_direction direction,
		     enum rti_sync_type type);

#endif
