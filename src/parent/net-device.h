/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARENT_NET_DEVICE_H
#define PARENT_NET_DEVICE_H

#include <sys/types.h>

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * net_device_move_all() - move network interfaces of ours into a container
 * @devices: by name in our network namespace, with their new names
 * @pid:     a process in the container's network namespace; a child of the caller
 * @err:     on failure runc's words, "move netDevice N to namespace P: ..."
 *
 * Each interface is set down, moved and renamed in one step, given back the permanent global
 * addresses that it had (the kernel drops them), and set up.
 *
 * Starts a thread for a moment, which opens a socket in the container's network namespace.
 *
 * Return: 0 or a negative errno.
 */
int net_device_move_all(const struct rti_net_devices *devices, pid_t pid, struct rti_error *err);

#endif
