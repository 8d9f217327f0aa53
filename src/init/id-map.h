/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Writing the id maps of another process, or having them written by newuidmap(1) and newgidmap(1).
 */
#ifndef INIT_ID_MAP_H
#define INIT_ID_MAP_H

#include <sys/types.h>

#include "base/error.h"

/**
 * id_map_deny_setgroups() - give up setgroups(2) in a process's user namespace
 *
 * A kernel without the file (before 3.19) has no such condition, so that is not an error.
 *
 * Return: 0 or a negative errno ("failed to write 'deny' to /proc/N/setgroups: ...").
 */
int id_map_deny_setgroups(pid_t pid, struct rti_error *err);

/**
 * id_map_write() - write one map, with the mapping tool if the kernel does not let us
 * @pid:  process in the new user namespace
 * @kind: "uid" or "gid"
 * @map:  "container host size\n" lines, any number; NULL or "": nothing is done
 * @tool: path of the mapping tool, tried when the kernel answers EPERM; NULL: none
 *
 * Return: 0 or a negative errno; texts are those of runc's stages.
 */
int id_map_write(pid_t pid, const char *kind, const char *map, const char *tool,
		 struct rti_error *err);

/**
 * id_map_tool_arguments() - the argument vector for a mapping tool
 * @ret: on success tool, pid, and all numbers of the map, each an argument of its own, then NULL.
 *       One malloc()ed block, which the caller frees; @tool is borrowed.
 *
 * Return: number of arguments, or -ENOMEM.
 */
ssize_t id_map_tool_arguments(const char *tool, pid_t pid, const char *map, char ***ret);

#endif
