/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The part of networking that the init does: the loopback interface, and routes.
 */
#ifndef CONTAINER_NETWORK_H
#define CONTAINER_NETWORK_H

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * network_up() - set up interfaces and add routes in the current network namespace
 * @networks: each must be of type "loopback", which is brought up
 * @routes:   added in order to the main table; destination (in CIDR form), source, gateway and
 *            interface are all needed, as in runc
 * @err:      on failure, which interface or route
 *
 * Speaks rtnetlink itself; no program is run.
 *
 * Return: 0 or a negative errno.
 */
int network_up(const struct rti_networks *networks, const struct rti_routes *routes,
	       struct rti_error *err);

#endif
