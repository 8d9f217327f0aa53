/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The container's /dev: device nodes, links, and the real /dev/null.
 */
#ifndef CONTAINER_DEVICE_H
#define CONTAINER_DEVICE_H

#include <sys/types.h>

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * device_fill_dev() - make the configured devices and the usual links of /dev
 * @root_fd: the container's root, not switched to yet; borrowed
 * @config:  its devices; nodes are bound from the host's where a user namespace is listed
 *
 * Nodes are made by mknod(2), else, and in user namespaces, as binds of the host's node of the same
 * path. A name that exists already is left as it is, as runc does, except /dev/ptmx, which becomes
 * a link to pts/ptmx. Everything is relative to the root fd: an image whose /dev is a link to
 * elsewhere gets its devices inside the root (CVE-2026-41579).
 *
 * Return: 0 or a negative errno: `error creating device nodes: ...`, `error setting up ptmx: ...`,
 * `error setting up /dev symlinks: ...`.
 */
int device_fill_dev(int root_fd, const struct rti_config *config, struct rti_error *err);

/**
 * device_open_target() - an fd of a file to bind a device over, made empty if missing
 * @dir_fd: what @path is relative to; the last name of @path is not followed
 * @mode:   of a new file, less the umask
 *
 * Nothing is opened for real: in an image it may be a pipe that never opens, or a device.
 *
 * Return: an fd (O_PATH if the file was there) or a negative errno; -ELOOP for a link.
 */
int device_open_target(int dir_fd, const char *path, mode_t mode, struct rti_error *err);

/**
 * device_open_null() - open the caller's /dev/null and make sure that it is one (char 1:3)
 * @flags: as open(2); O_CLOEXEC is added
 *
 * Return: an fd or a negative errno; -ENODEV "container's /dev/null is invalid".
 */
int device_open_null(int flags, struct rti_error *err);

/**
 * device_reopen_null() - put the container's /dev/null on those of fds 0 to 2 that are the host's
 *
 * For use inside the container's root.
 *
 * Return: 0 or a negative errno ("can't reopen /dev/null: ...").
 */
int device_reopen_null(struct rti_error *err);

#endif
