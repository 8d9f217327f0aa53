/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTAINER_MEMORY_POLICY_H
#define CONTAINER_MEMORY_POLICY_H

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * memory_policy_apply() - set_mempolicy(2) of the calling thread; NULL: nothing is done
 *
 * The size of the node mask is given to the kernel in bits, as the system call wants it. (runc
 * gives bytes, which silently loses the nodes from 7 up.)
 *
 * Return: 0 or a negative errno ("set_mempolicy: ...").
 */
int memory_policy_apply(const struct rti_memory_policy *policy, struct rti_error *err);

#endif
