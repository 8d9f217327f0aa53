/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Bytes as one line of text: printable ASCII stands for itself, but for the backslash and for
 * blanks at the ends; everything else is \n, \t, \\ or \xNN.
 */
#ifndef PEER_ESCAPE_H
#define PEER_ESCAPE_H

#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

/**
 * escape_write() - write bytes as text
 */
void escape_write(FILE *file, const void *bytes, size_t size);

/**
 * escape_read() - the bytes of a text
 * @ret: on success malloc()ed bytes with a NUL behind them, which the caller frees
 *
 * Return: 0; -EINVAL for an escape that is none; -ENOMEM.
 */
int escape_read(const char *text, char **ret, size_t *ret_size, struct rti_error *err);

#endif
