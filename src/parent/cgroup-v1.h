/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The controllers of cgroup v1 as a table, for the driver in cgroup-v1.c.
 */
#ifndef RTI_PARENT_CGROUP_V1_H
#define RTI_PARENT_CGROUP_V1_H

#include "parent/cgroup-driver.h"

struct cgroup_v1_controller {
	const char *name; /* as in /proc/self/cgroup; "" for the v2 hierarchy of a hybrid set-up */
	/* What has to be done between mkdir and joining; may be NULL. */
	int (*prepare)(const char *path, const struct rti_cgroups *config, struct rti_error *err);
	/* Write the limits; may be NULL. @path is NULL if the container has no such cgroup. */
	int (*set)(const char *path, const struct rti_cgroups *config, struct rti_error *err);
};

#define CGROUP_V1_CONTROLLERS 16

/* In the order in which they are joined and set. */
extern const struct cgroup_v1_controller cgroup_v1_controllers[CGROUP_V1_CONTROLLERS];

/**
 * cgroup_v1_freeze() - freeze or thaw the freezer cgroup @path
 *
 * Return: 0; -EBUSY ("unable to freeze") after many tries; or what the writes gave.
 */
int cgroup_v1_freeze(const char *path, enum cgroup_freezer state, struct rti_error *err);

#endif
