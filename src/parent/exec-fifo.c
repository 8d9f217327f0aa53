/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exec fifo holds a container between create and start. The init opens it for writing, which
 * blocks until there is a reader, writes one byte, and executes the container's program. The fifo's
 * presence is what tells a created container from a running one.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/process.h"
#include "parent/runtime-parent.h"

int rti_parent_fifo_create(int dir_fd, uid_t uid, gid_t gid, int *ret_fd, struct rti_error *err)
{
	static const char name[] = RTI_PARENT_FIFO_NAME;
	_cleanup_fd_ int fd = -EBADF;
	int r;

	if (mkfifoat(dir_fd, name, 0622) < 0)
		return rti_fail(err, errno, "mkfifo %s", name);
	/* The umask took bits from the mode. */
	if (fchmodat(dir_fd, name, 0622, 0) < 0) {
		r = rti_fail(err, errno, "chmod %s", name);
		goto failed;
	}
	if (fchownat(dir_fd, name, uid, gid, AT_SYMLINK_NOFOLLOW) < 0) {
		r = rti_fail(err, errno, "chown %s", name);
		goto failed;
	}
	fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		r = rti_fail(err, errno, "unable to setup exec fifo: open %s", name);
		goto failed;
	}
	*ret_fd = rti_take_fd(&fd);
	return 0;
failed:
	rti_parent_fifo_remove(dir_fd);
	return r;
}

/* How long an init that has closed the fifo without a word may take to be dead. Chosen. */
#define DYING_MS 100

/* Waits until the init has written or closed, or has died. */
static int await_init(int fifo_fd, int pidfd)
{
	struct pollfd fds[] = {
		{ .fd = fifo_fd, .events = POLLIN },
		{ .fd = pidfd, .events = POLLIN },
	};
	long r = rti_retry(poll(fds, 2, -1));

	return r < 0 ? (int)r : 0;
}

int rti_parent_fifo_release(int dir_fd, int pidfd, struct rti_error *err)
{
	_cleanup_fd_ int fifo_fd = -EBADF;
	struct stat st;
	char byte;
	long r;

	/* Without O_NONBLOCK, the open would wait for ever for an init that has died. */
	fifo_fd = openat(dir_fd, RTI_PARENT_FIFO_NAME,
			 O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	if (fifo_fd < 0 && errno == ENOENT)
		return rti_refuse(err, ENOENT, "cannot start an already running container");
	if (fifo_fd < 0)
		return rti_fail(err, errno, "exec fifo: open %s", RTI_PARENT_FIFO_NAME);
	if (fstat(fifo_fd, &st) < 0)
		return rti_fail(err, errno, "exec fifo: stat");
	if (!S_ISFIFO(st.st_mode))
		return rti_refuse(err, EINVAL, "exec fifo: %s is not a fifo", RTI_PARENT_FIFO_NAME);
	r = await_init(fifo_fd, pidfd);
	if (r < 0)
		return rti_fail(err, (int)-r, "exec fifo: poll");
	/* What a dead init has written before still counts. */
	r = rti_retry(read(fifo_fd, &byte, 1));
	if (r < 0 && r != -EAGAIN)
		return rti_fail(err, (int)-r, "exec fifo: read");
	if (r != 1 && process_is_dead(pidfd, DYING_MS))
		return rti_refuse(err, ESRCH, "container process is already dead");
	if (r != 1)
		return rti_refuse(err, EALREADY, "cannot start an already running container");
	if (unlinkat(dir_fd, RTI_PARENT_FIFO_NAME, 0) < 0 && errno != ENOENT)
		return rti_fail(err, errno, "unlink %s", RTI_PARENT_FIFO_NAME);
	return 0;
}

void rti_parent_fifo_remove(int dir_fd)
{
	(void)unlinkat(dir_fd, RTI_PARENT_FIFO_NAME, 0);
}
