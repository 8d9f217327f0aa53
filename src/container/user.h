/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Becoming the container's user.
 */
#ifndef CONTAINER_USER_H
#define CONTAINER_USER_H

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * user_switch() - give stdio to the user, then set groups, gid and uid
 * @init: the init configuration
 *
 * Fds 0 to 2 that belong to another user and are not the null device are chown()ed; EPERM and EROFS
 * are tolerated, since the fd may come from the host. setgroups(2) is skipped for a rootless parent
 * and where the user namespace denies it.
 *
 * Return: 0 or a negative errno; the text starts with "unable to setup user: ".
 */
int user_switch(const struct rti_init_config *init, struct rti_error *err);

#endif
