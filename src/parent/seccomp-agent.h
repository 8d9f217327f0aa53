/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARENT_SECCOMP_AGENT_H
#define PARENT_SECCOMP_AGENT_H

#include <sys/types.h>

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * seccomp_agent_send() - hand a seccomp listener to the agent of the configuration
 * @seccomp:     has the agent's socket and the metadata for it
 * @listener_fd: borrowed
 * @state:       the container, with status and pid as they are to be sent
 * @pid:         the process that the filter is on
 * @err:         on failure runc's words: "failed to connect with seccomp agent specified in the
 * seccomp profile: dial unix P: connect: ...", "cannot send seccomp fd to P: ..."
 *
 * Connects, sends one message, and closes the connection.
 *
 * Return: 0 or a negative errno.
 */
int seccomp_agent_send(const struct rti_seccomp *seccomp, int listener_fd,
		       const struct rti_spec_state *state, pid_t pid, struct rti_error *err);

#endif
