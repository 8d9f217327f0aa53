/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARENT_BOOTSTRAP_DATA_H
#define PARENT_BOOTSTRAP_DATA_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/bootstrap.h"
#include "protocol/init-config.h"
#include "protocol/sync-state.h"

/**
 * bootstrap_data_fill() - what the first stages have to know about a container
 * @type:   a standard init makes and joins namespaces, a setns init only joins
 * @config: the container
 * @join:   for setns the namespaces with their paths; otherwise NULL
 * @arena:  owns the texts of @ret
 * @err:    on failure runc's words: "namespace NEWX is not supported", "invalid namespace path P",
 *          "namespace path: lstat P: ..."
 *
 * Looks at the file system: whether the kernel has each namespace, whether each path exists, and
 * where newuidmap and newgidmap are (in the PATH of the caller's environment, for a rootless
 * start).
 *
 * Return: 0 or a negative errno.
 */
int bootstrap_data_fill(enum rti_init_type type, const struct rti_config *config,
			const struct rti_namespaces *join, struct rti_arena *arena,
			struct rti_bootstrap *ret, struct rti_error *err);

#endif
