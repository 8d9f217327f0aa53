/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Making the prepared root the "/" of this process.
 */
#ifndef CONTAINER_JAIL_H
#define CONTAINER_JAIL_H

#include "base/error.h"

/**
 * jail_pivot() - pivot_root(2) to the root, and detach the old one
 * @root_fd: root of a mount; borrowed
 *
 * Return: 0 or a negative errno. The working directory is "/" afterwards.
 */
int jail_pivot(int root_fd, struct rti_error *err);

/**
 * jail_move() - put the root on top of "/" with MS_MOVE, for roots that pivot_root(2) refuses
 * @root_path: path of the root on the host
 *
 * The old tree stays reachable for somebody who gets out of the chroot, and the kernel allows fresh
 * procfs and sysfs mounts while it shows complete ones. So those are detached or covered first.
 * The working directory must be the root.
 *
 * Return: 0 or a negative errno.
 */
int jail_move(const char *root_path, struct rti_error *err);

/**
 * jail_chroot() - chroot(2) to the working directory, for containers without mount namespace
 *
 * Return: 0 or a negative errno.
 */
int jail_chroot(struct rti_error *err);

#endif
