/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The terminal of a container's process.
 */
#ifndef CONTAINER_CONSOLE_H
#define CONTAINER_CONSOLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/**
 * console_setup() - make a pseudo terminal in the container and put it on fds 0 to 2
 * @socket_fd:        Unix socket that gets the master; borrowed
 * @width:            columns; with @height 0 or @width 0 the size is left alone
 * @height:           rows
 * @bind_dev_console: bind the terminal over /dev/console too (the container's first process)
 *
 * Call it inside the container's root, as leader of a session without terminal. The pair is made
 * from the container's /dev/pts/ptmx after checking that this is one, and the terminal's end is
 * taken from the master's fd and not by name (CVE-2025-52565). The master goes out with the payload
 * "/dev/pts/ptmx", and fds 0 to 2 become the terminal, which becomes the controlling one. It does
 * not turn \n into \r\n when the socket is one of a pair, since then its other end is a runtime
 * that shows the terminal in another one.
 *
 * Return: 0 or a negative errno, e.g. `open /dev/pts/ptmx: no such file or directory`,
 * `verify ptmx handle: ...`.
 */
int console_setup(int socket_fd, uint16_t width, uint16_t height, bool bind_dev_console,
		  struct rti_error *err);

#endif
