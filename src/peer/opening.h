/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What can be done wrong before the sync socket is used, where the protocol has no tables: with the
 * bootstrap data, the pids and the configuration.
 */
#ifndef PEER_OPENING_H
#define PEER_OPENING_H

#include "peer/cases.h"

/**
 * opening_each() - hand over all cases of the opening; the honest side refuses each of them
 * @role:   of the honest side
 * @handle: gives 0, or a negative errno to stop
 *
 * Return: 0, -ENOMEM, or what @handle gave.
 */
int opening_each(enum rti_init_type type, enum rti_sync_role role,
		 int (*handle)(void *data, const struct protocol_case *item, struct rti_error *err),
		 void *data, struct rti_error *err);

#endif
