/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The root file system of a container: its mounts, devices, and the switch to it.
 *
 * Works on the calling process, which must be single-threaded and in its new namespaces. The order
 * of the calls is rootfs_prepare(), (parent's hooks), rootfs_chdir(), (createContainer hooks),
 * rootfs_switch(), (console), rootfs_lock_down(), rootfs_done(). Texts of errors and the order of
 * steps follow runc 1.5.
 */
#ifndef CONTAINER_ROOTFS_H
#define CONTAINER_ROOTFS_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "container/mount-source.h"
#include "protocol/init-config.h"

struct rootfs {
	const struct rti_init_config *init; /* borrowed */
	int root_fd;			    /* O_PATH; all before the switch is relative to it */
	char root_path[PATH_MAX];	    /* what the kernel calls root_fd on the host */
	bool has_own_dev;		    /* /dev was filled by us, not bound from elsewhere */
};

#define ROOTFS_EMPTY                                                                               \
	{                                                                                          \
		.root_fd = -EBADF                                                                  \
	}

/**
 * rootfs_prepare() - propagation, the root's own mount, all mounts of the configuration, /dev
 * @rootfs:  ROOTFS_EMPTY; release with rootfs_done(), also after a failure
 * @init:    the init configuration; borrowed until rootfs_done()
 * @sources: asked for bind sources that cannot be reached by path; borrowed for this call
 *
 * Return: 0 or a negative errno, e.g. `error mounting "proc" to rootfs at "/proc": ...`,
 * `configuring container /dev: ...`, `error preparing rootfs: ...`.
 */
int rootfs_prepare(struct rootfs *rootfs, const struct rti_init_config *init,
		   const struct mount_source_ops *sources, struct rti_error *err);

/**
 * rootfs_chdir() - make the prepared root the working directory, as createContainer hooks expect
 */
int rootfs_chdir(struct rootfs *rootfs, struct rti_error *err);

/**
 * rootfs_switch() - make it "/" and finish what must be done from inside
 *
 * pivot_root(2), or MS_MOVE where the configuration forbids it, or chroot(2) where there is no
 * mount namespace; then the root's propagation, /dev/null on the standard fds, and the process's
 * working directory, which is made if missing. The root fd is closed.
 *
 * Return: 0 or a negative errno, e.g. `error jailing process inside rootfs: ...`.
 */
int rootfs_switch(struct rootfs *rootfs, struct rti_error *err);

/**
 * rootfs_lock_down() - read-only remounts of tmpfs and /dev mounts, read-only root, umask
 *
 * A no-op in a container without mount namespace, as with runc. Call it inside the new root.
 */
int rootfs_lock_down(struct rootfs *rootfs, struct rti_error *err);

/**
 * rootfs_done() - close what is open; accepts an empty one
 */
void rootfs_done(struct rootfs *rootfs);

#endif
