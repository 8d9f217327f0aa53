/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Listening in on a conversation: the process becomes a real init, and one that it leaves behind
 * hands everything that the two say to the other, and records it.
 */
#ifndef PEER_RELAY_H
#define PEER_RELAY_H

#include "peer/peer.h"

/**
 * relay_play() - the step of a script: execute @program as init, between it and the parent a relay
 * @program: absolute path
 *
 * To the parent the init has the pid that it has started, and its fds have the numbers that it gave
 * them. The relay ends when the init has closed the sync socket and the log pipe.
 *
 * Return: a negative errno; does not return on success.
 */
int relay_play(struct peer *peer, const char *program, struct rti_error *err);

#endif
