/* SPDX-License-Identifier: Apache-2.0 */
#ifndef INIT_EXEC_FIFO_H
#define INIT_EXEC_FIFO_H

#include "base/error.h"

/**
 * exec_fifo_wait() - wait until the container is started
 * @fifo_fd: O_PATH descriptor of the exec fifo; borrowed
 *
 * Opening the fifo for writing blocks until the parent opens it for reading. Its one byte tells the
 * parent that this init is alive; the fifo is closed again before anything else happens, because
 * the parent reads to the end.
 *
 * Return: 0 or a negative errno ("reopen exec fifo: ...", "write exec fifo: ...").
 */
int exec_fifo_wait(int fifo_fd, struct rti_error *err);

#endif
