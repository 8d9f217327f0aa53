/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Everything that can be done wrong in a conversation, as scripts: made from the protocol's tables,
 * so that no state and no message is forgotten.
 *
 * A table is that of the honest side. For each of its states there are the points at which a packet
 * of the other side is read from it: in the state itself when it waits there, else in the state
 * that its own next message leads to. At each point there are a case for each message that must not
 * come, and one for each way to spoil a message that may. The cases of opening.h come before.
 */
#ifndef PEER_CASES_H
#define PEER_CASES_H

#include <stdio.h>

#include "base/error.h"
#include "protocol/sync-state.h"

enum case_outcome {
	CASE_REFUSED,  /* the honest side fails and says why */
	CASE_ACCEPTED, /* it does not look any more: it goes on as if nothing had come */
	CASE_EITHER,   /* a race between the two decides */
};

struct protocol_case {
	const char *name; /* POINT.FAULT.MESSAGE: "hooks-asked.order.procRun" */
	enum case_outcome outcome;
	const char *text;   /* part of what the honest side must say; "" for anything */
	const char *script; /* for the other side */
};

/**
 * cases_each() - hand over all cases of the opening and of a table, one after the other
 * @role:   of the honest side
 * @handle: gives 0, or a negative errno to stop
 *
 * Return: 0, -ENOMEM, or what @handle gave.
 */
int cases_each(enum rti_init_type type, enum rti_sync_role role,
	       int (*handle)(void *data, const struct protocol_case *item, struct rti_error *err),
	       void *data, struct rti_error *err);

/**
 * case_outcome_name() - "refused", "accepted" or "either"
 */
const char *case_outcome_name(enum case_outcome outcome);

#endif
