/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTAINER_RLIMIT_H
#define CONTAINER_RLIMIT_H

#include "protocol/init-config.h"

/**
 * rlimit_apply_nofile() - set RLIMIT_NOFILE early, ignoring errors
 *
 * All limits are set by the parent later on; only this one is set by the init as its first act,
 * because runc's does, and hooks can see it.
 */
void rlimit_apply_nofile(const struct rti_rlimits *rlimits);

#endif
