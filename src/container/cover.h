/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Hiding a directory under an empty, read-only tmpfs.
 */
#ifndef CONTAINER_COVER_H
#define CONTAINER_COVER_H

#include <stdbool.h>

#include "base/error.h"
#include "container/mount.h"

/**
 * cover_directory() - mount an empty read-only tmpfs of one block
 * @where: its target, target_fd and is_inside say where
 * @label: SELinux label; NULL or "" for none
 *
 * Return: 0 or a negative errno, with the text of mount_run().
 */
int cover_directory(const struct mount_call *where, const char *label, struct rti_error *err);

/**
 * cover_is_one() - whether an fd is in a tmpfs as cover_directory() makes
 */
bool cover_is_one(int fd);

#endif
