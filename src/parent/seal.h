/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARENT_SEAL_H
#define PARENT_SEAL_H

#include "base/error.h"

/**
 * seal_program() - something to execute in place of a program file, which nobody can write to
 * @fd:   the file, open for reading; borrowed
 * @path: its path, for errors
 *
 * In this order: the file itself where it is a sealed memory file; the file on a detached read-only
 * mount; a sealed copy in memory. Why each is safe stands in seal.c.
 *
 * Return: a close-on-exec fd that the caller closes, or a negative errno with runc's words `unable
 * to create safe PATH clone for runc init: ...`.
 */
int seal_program(int fd, const char *path, struct rti_error *err);

/**
 * seal_by_mount() - the second way alone; -EPERM where the caller may not mount
 */
int seal_by_mount(int fd);

#endif
