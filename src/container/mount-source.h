/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Where the source of a bind mount comes from when this process cannot reach it by its path.
 *
 * Id-mapped mounts, and sources that root of the container's user namespace may not look at, are
 * opened by the other side of the conversation. A mechanism must not know about that conversation,
 * so it asks through these operations: the init gives the version that talks to the parent, a test
 * gives its own.
 */
#ifndef CONTAINER_MOUNT_SOURCE_H
#define CONTAINER_MOUNT_SOURCE_H

#include <stdbool.h>

#include "base/error.h"
#include "protocol/init-config.h"

struct mount_source {
	int fd;	       /* the asker's, close-on-exec; -EBADF when there is none */
	bool detached; /* a detached mount, for move_mount(2); else O_PATH, to be bound */
};

struct mount_source_ops {
	/**
	 * request() - open the source of @mount
	 * @ret: filled on success; the caller owns @ret->fd
	 *
	 * Return: 0 or a negative errno with @err holding the whole text, to which nothing is
	 * added.
	 */
	int (*request)(void *data, const struct rti_mount *mount, struct mount_source *ret,
		       struct rti_error *err);
	void *data;
};

#endif
