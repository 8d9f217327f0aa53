/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Starting an init as a runtime does, and getting rid of it.
 */
#ifndef PEER_SPAWN_INIT_H
#define PEER_SPAWN_INIT_H

#include "peer/peer.h"

/**
 * spawn_init() - start stage 0 of an init
 * @peer: gets this side's ends and the pid; its type and root file system are looked at
 * @path: of the program, which is executed as `runc init`
 *
 * The calling process becomes the one that gets the orphans among its descendants.
 *
 * Return: 0 or a negative errno. That the program cannot be executed shows in its status, 127.
 */
int spawn_init(struct peer *peer, const char *path, struct rti_error *err);

/**
 * spawn_init_end() - kill and reap all children of this process
 */
void spawn_init_end(void);

#endif
