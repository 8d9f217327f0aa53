/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The step-by-step resolver behind base/path.h. Only path.c and the tests use it.
 */
#ifndef RTI_BASE_PATH_WALK_H
#define RTI_BASE_PATH_WALK_H

#include <limits.h>
#include <stdbool.h>

/**
 * rti_path_walk() - resolve @path inside the root with one O_NOFOLLOW step per name
 * @root_fd:      borrowed
 * @path:         as the kernel takes it; "" is not accepted
 * @flags:        O_DIRECTORY and O_NOFOLLOW as for open(2)
 * @keep_missing: accept names that do not exist, see rti_path_resolve()
 * @ret_resolved: PATH_MAX bytes for the path without links ("" for the root), or NULL
 * @ret_fd:       O_PATH fd of what was found, -EBADF if it does not exist; or NULL
 *
 * Return: 0 or a negative errno, the one that openat2(RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)
 * would give; -EAGAIN if the tree kept changing.
 */
int rti_path_walk(int root_fd, const char *path, int flags, bool keep_missing,
		  char *ret_resolved, int *ret_fd);

#endif
