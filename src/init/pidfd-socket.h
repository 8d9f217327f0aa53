/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_PIDFD_SOCKET_H
#define INIT_PIDFD_SOCKET_H

#include "base/error.h"

/**
 * pidfd_socket_send() - hand a pidfd of this process to whoever listens on a socket
 * @socket_fd: connected unix stream socket; borrowed
 * @name:      payload of the message: the init type
 *
 * Return: 0 or a negative errno ("failed to pidfd_open: ...", "failed to send pidfd on socket:
 * ...").
 */
int pidfd_socket_send(int socket_fd, const char *name, struct rti_error *err);

#endif
