/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The ways to spoil a packet: truncation, excess, wrong types, missing and surplus fds.
 */
#ifndef PEER_FAULT_H
#define PEER_FAULT_H

#include "base/error.h"
#include "peer/cases.h"
#include "peer/smallest.h"

/* The name beside a file that the honest child has asked for. */
#define FAULT_SOURCE SMALLEST_SOURCE

/**
 * fault_each() - hand over the ways to spoil one message
 * @type:   of the message; RTI_SYNC_NONE: what is no message at all
 * @handle: gets the name of the fault, what the honest side does, part of what it says, and the
 *          steps of a script that do it; gives 0, or a negative errno to stop
 *
 * Return: 0 or what @handle gave.
 */
int fault_each(enum rti_sync_type type,
	       int (*handle)(const void *data, const char *name, enum case_outcome outcome,
			     const char *text, const char *lie, struct rti_error *err),
	       const void *data, struct rti_error *err);

#endif
