/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Capability sets: from the names of the configuration to the process.
 *
 * The order around the change of user is the caller's: capability_drop_bounding(),
 * capability_keep(true), user_switch(), capability_keep(false), capability_apply().
 */
#ifndef CONTAINER_CAPABILITY_H
#define CONTAINER_CAPABILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "protocol/init-config.h"

#define CAPABILITY_MAX 64 /* capset(2) version 3 carries 64 bits */

struct capability_plan {
	bool active; /* false: the configuration says null, so the sets are left alone */
	int last;    /* highest capability of this kernel */
	uint64_t bounding;
	uint64_t effective;
	uint64_t inheritable;
	uint64_t permitted;
	uint64_t ambient;
};

/**
 * capability_from_name() - the number of "CAP_CHOWN" and so on; exact spelling, no aliases
 *
 * Return: the number, or -1 for a name that this project does not know.
 */
int capability_from_name(const char *name);

/**
 * capability_last() - the highest capability that the running kernel has
 *
 * Asked of the kernel with PR_CAPBSET_READ and not read from /proc/sys/kernel/cap_last_cap: that
 * file can be a fake in a container, which would leave capabilities in the bounding set. For the
 * same reason a kernel that refuses to tell counts as one that has all.
 */
int capability_last(void);

/**
 * capability_plan() - decide the five sets
 * @init: the init configuration. Its capabilities being NULL means "leave alone", except from a
 *        runc 1.2 parent, where it means the container's, and those being NULL "none".
 * @ret:  the plan
 *
 * Names that are unknown or above capability_last() are left out with one warning in the log,
 * sorted and each once, as runc does. Must run before the seccomp filter is loaded; makes no other
 * change.
 */
void capability_plan(const struct rti_init_config *init, struct capability_plan *ret);

/**
 * capability_drop_bounding() - drop what the plan does not keep in the bounding set
 *
 * Does nothing without an effective CAP_SETPCAP, which is what runc does: a process in a user
 * namespace or without privileges keeps its bounding set.
 *
 * Return: 0 or a negative errno ("unable to apply bounding set: ...").
 */
int capability_drop_bounding(const struct capability_plan *plan, struct rti_error *err);

/**
 * capability_keep() - PR_SET_KEEPCAPS, so that the permitted set survives setuid(2)
 *
 * Nothing is done for an inactive plan.
 *
 * Return: 0 or a negative errno.
 */
int capability_keep(const struct capability_plan *plan, bool keep, struct rti_error *err);

/**
 * capability_apply() - set effective, permitted, inheritable and ambient sets of this thread
 *
 * The bounding set is as capability_drop_bounding() left it: nothing can add to it.
 *
 * Ambient capabilities that the kernel refuses are only warned of.
 *
 * Return: 0 or a negative errno ("unable to apply caps: ...").
 */
int capability_apply(const struct capability_plan *plan, struct rti_error *err);

#endif
