/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Finding the container's program, so that a missing one is an error of "create" and not of
 * "start".
 */
#ifndef CONTAINER_EXEC_PATH_H
#define CONTAINER_EXEC_PATH_H

#include "base/arena.h"
#include "base/error.h"

/**
 * exec_path_find() - what to execute for argv[0]
 * @name:      argv[0]; with a '/' it is used as it stands, relative to the working directory
 * @path_list: value of PATH; NULL: none, and no default is assumed
 * @arena:     owns the result
 * @ret:       path for execve(2)
 * @err:       on failure "exec: \"<name>\": <reason>", the texts of Go's LookPath
 *
 * Runs as the container's user in the container's root. An empty element of PATH means the working
 * directory; a program found through a relative element is refused, as Go does.
 *
 * Return: 0 or a negative errno.
 */
int exec_path_find(const char *name, const char *path_list, struct rti_arena *arena, char **ret,
		   struct rti_error *err);

#endif
