/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The listening end of a Unix socket on which a runtime delivers fds.
 */
#ifndef RTI_TESTS_HELPERS_SOCKET_H
#define RTI_TESTS_HELPERS_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

/**
 * socket_listen() - bind and listen at @path; ends the program with a message when it cannot
 */
int socket_listen(const char *path);

/**
 * socket_receive() - one message with at most one fd from a connection
 *
 * Return: size of the message, which is terminated in @text; *ret_fd is -EBADF without an fd. Ends
 * the program when nothing can be received.
 */
size_t socket_receive(int connection_fd, char *text, size_t size, int *ret_fd);

#endif
