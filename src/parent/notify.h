/* SPDX-License-Identifier: Apache-2.0 */
/**
 * systemd's readiness protocol (sd_notify) from inside a container to the host's service manager.
 *
 * The container sees a directory of ours at /run/notify with a socket in it; what arrives there and
 * begins with READY= is passed on, followed by which process to watch.
 */
#ifndef RTI_PARENT_NOTIFY_H
#define RTI_PARENT_NOTIFY_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"

#define NOTIFY_DIRECTORY "notify" /* in the container's state directory */

/**
 * notify_prepare() - make the directory that is mounted into the container
 * @dir_fd: the container's state directory
 */
int notify_prepare(int dir_fd, struct rti_error *err);

/**
 * notify_listen() - make the socket; before the container's program starts
 *
 * Return: a close-on-exec datagram socket that the caller closes; or a negative errno.
 */
int notify_listen(int dir_fd, struct rti_error *err);

/**
 * notify_pass_on() - read one datagram and pass it on if it says READY
 * @host:     NOTIFY_SOCKET of the caller: a path, or '@' and an abstract name
 * @main_pid: what the service manager is told to watch
 *
 * Return: whether it did, so that nothing more is awaited.
 */
bool notify_pass_on(int fd, const char *host, pid_t main_pid);

/**
 * notify_wait() - wait until the container is ready or its init is gone, pass it on, and give the
 * service manager half a minute to take note
 */
void notify_wait(int fd, const char *host, int pidfd, pid_t pid);

#endif
