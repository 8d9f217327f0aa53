/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Resource limits are set from outside, by the parent. This is what a process must do before.
 */
#ifndef CONTAINER_RLIMIT_H
#define CONTAINER_RLIMIT_H

#include "protocol/init-config.h"

/**
 * rlimit_prepare_stack() - make the calling process survive its coming limit of the stack
 *
 * A stack that may not grow kills its process with SIGSEGV at the next deep call. Where the limits
 * have one that is too small for the rest of the init, that part of the stack is made now: what is
 * there already is not taken away. The program gets the limit as it is.
 */
void rlimit_prepare_stack(const struct rti_rlimits *rlimits);

#endif
