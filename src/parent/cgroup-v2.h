/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The limits of cgroup v2, for the driver in cgroup-v2.c.
 */
#ifndef RTI_PARENT_CGROUP_V2_H
#define RTI_PARENT_CGROUP_V2_H

#include "parent/cgroup-driver.h"

#define UNIFIED_MOUNT "/sys/fs/cgroup"

/**
 * cgroup_v2_needs_domain() - whether a limit is asked for that a threaded cgroup cannot have
 */
bool cgroup_v2_needs_domain(const struct rti_cgroups *config);

/**
 * cgroup_v2_needs_controllers() - whether a limit is asked for that this machine could keep, if we
 * were allowed to
 */
bool cgroup_v2_needs_controllers(const struct rti_cgroups *config);

/**
 * cgroup_v2_set_limits() - write all limits but the freezer and the unified resources
 */
int cgroup_v2_set_limits(const char *path, const struct rti_cgroups *config, struct rti_error *err);

/**
 * cgroup_v2_set_unified() - write files of the cgroup by name, after all else
 */
int cgroup_v2_set_unified(const char *path, const struct rti_string_map *unified,
			  struct rti_error *err);

#endif
