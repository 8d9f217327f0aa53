/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Single mount operations onto fds, with the error texts of runc.
 *
 * mount(2) wants paths. Before the root is switched an fd is named by "/proc/thread-self/fd/N" of
 * the host's /proc; inside the container, whose /proc is not to be trusted, by "N" in the fd
 * directory of our own procfs. Where move_mount(2) exists binds need neither.
 */
#ifndef CONTAINER_MOUNT_H
#define CONTAINER_MOUNT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

#define MOUNT_FLAGS_TEXT_MAX 320 /* room for the names of all flags */

struct mount_call {
	const char *source; /* as the kernel and the error text have it; NULL or "": none */
	const char *target; /* for the error text, and the path itself where target_fd is -EBADF */
	const char *type;   /* NULL: none */
	unsigned long flags; /* MS_* */
	const char *data;    /* NULL: none */
	int source_fd;	     /* bind this instead of the path @source; -EBADF: none */
	int target_fd;	     /* mount here; -EBADF: at the path @target */
	bool is_inside;	     /* the container's root is "/" already */
};

/* For calls that name everything by path, and those that set an fd later. */
#define MOUNT_CALL_NO_FDS .source_fd = -EBADF, .target_fd = -EBADF

/**
 * mount_flags_text() - names of MS_* flags as "MS_RDONLY|MS_NOSUID", unknown ones as "0x..."
 * @ret: at least MOUNT_FLAGS_TEXT_MAX bytes
 *
 * Return: @ret.
 */
char *mount_flags_text(unsigned long flags, char ret[static MOUNT_FLAGS_TEXT_MAX]);

/**
 * mount_run() - one mount(2)
 *
 * Return: 0 or a negative errno; errors read "mount src=S, srcType=plain-open, srcFd=N, dst=D,
 * dstFd=/proc/thread-self/fd/N, flags=..., data=...: ..." without what is empty.
 */
int mount_run(const struct mount_call *call, struct rti_error *err);

/**
 * mount_fail() - record that an operation on a mount failed, in the form of mount_run()
 * @operation: "mount", "move_mount", "unmount", ...
 *
 * Return: -@errnum.
 */
int mount_fail(const struct mount_call *call, const char *operation, int errnum,
	       struct rti_error *err);

/**
 * mount_clone() - a detached bind of call->source or call->source_fd, to be changed and attached
 *
 * Return: an fd for mount_attach(), or a negative errno; -ENOSYS before Linux 5.2.
 */
int mount_clone(const struct mount_call *call);

/**
 * mount_attach() - put a detached mount onto call->target_fd
 * @tree_fd: from open_tree(OPEN_TREE_CLONE) or fsmount(2); it names the mount afterwards too
 *
 * Return: 0 or a negative errno.
 */
int mount_attach(int tree_fd, const struct mount_call *call, struct rti_error *err);

/**
 * mount_bind() - bind call->source or call->source_fd onto call->target_fd
 * @ret_fd: an fd of the new mount, or -EBADF where the kernel could not give one and the place must
 *          be opened again; may be NULL
 *
 * Uses open_tree(2) and move_mount(2). Whatever these do not like is tried again with mount(2),
 * whose errno is the one that users know.
 *
 * Return: 0 or a negative errno.
 */
int mount_bind(const struct mount_call *call, int *ret_fd, struct rti_error *err);

/**
 * mount_data_with_label() - mount data with an SELinux context appended
 * @data:  comma-separated options; may be NULL or ""
 * @label: NULL or "" for none
 * @ret:   malloc()ed text, "" for none
 *
 * Return: 0 or -ENOMEM.
 */
int mount_data_with_label(const char *data, const char *label, char **ret);

#endif
