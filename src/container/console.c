/* SPDX-License-Identifier: Apache-2.0 */
#include "container/console.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/procfs.h"
#include "container/device.h"
#include "container/mount.h"

#define CONSOLE_PTMX "/dev/pts/ptmx"

#define CONSOLE_PTMX_INODE 2   /* every devpts numbers its ptmx so */
#define CONSOLE_PTY_MAJOR  136 /* UNIX98_PTY_SLAVE_MAJOR */

#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

/* A node that an image put there could be any device, or a file. */
static int console_check_ptmx(int fd, struct rti_error *err)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return rti_fail(err, errno, "fstat " CONSOLE_PTMX);
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return rti_refuse(err, ENODEV,
				  "ptmx handle is not on a real devpts mount: super magic is %#lx",
				  (unsigned long)fs.f_type);
	if (st.st_ino != CONSOLE_PTMX_INODE)
		return rti_refuse(err, ENODEV, "ptmx handle has wrong inode number: %lu",
				  (unsigned long)st.st_ino);
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(5, 2))
		return rti_refuse(err, ENODEV,
				  "ptmx handle is not a real char ptmx device: ftype %#x %u:%u",
				  st.st_mode & S_IFMT, major(st.st_rdev), minor(st.st_rdev));
	return 0;
}

static int console_open_master(struct rti_error *err)
{
	_cleanup_fd_ int path_fd = open(CONSOLE_PTMX, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	int fd;
	int r;

	if (path_fd < 0)
		return rti_fail(err, errno, "open " CONSOLE_PTMX);
	r = guard(PTMX_IS_REAL) ? console_check_ptmx(path_fd, err) : 0;
	if (r < 0)
		return rti_prefix(err, r, "verify ptmx handle");
	fd = rti_procfs_reopen(path_fd, O_RDWR | O_NOCTTY, err);
	if (fd < 0)
		return rti_prefix(err, fd, "reopen ptmx to get new pty pair");
	return fd;
}

/* By name, for kernels without TIOCGPTPEER (before 4.13), after looking at what the name gives. */
static int console_open_named_peer(unsigned int number, struct rti_error *err)
{
	_cleanup_fd_ int path_fd = -EBADF;
	char path[32];
	struct statfs fs;
	struct stat st;

	snprintf(path, sizeof(path), "/dev/pts/%u", number);
	path_fd = open(path, O_PATH | O_CLOEXEC);
	if (path_fd < 0 || fstatfs(path_fd, &fs) < 0 || fstat(path_fd, &st) < 0)
		return rti_fail(err, errno, "open %s", path);
	if (fs.f_type != DEVPTS_SUPER_MAGIC)
		return rti_refuse(err, ENODEV,
				  "pty peer handle is not on a real devpts mount: super magic is "
				  "%#lx",
				  (unsigned long)fs.f_type);
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(CONSOLE_PTY_MAJOR, number))
		return rti_refuse(err, ENODEV,
				  "pty peer handle is not the real char device for pty %u: ftype "
				  "%#x %u:%u",
				  number, st.st_mode & S_IFMT, major(st.st_rdev),
				  minor(st.st_rdev));
	return rti_procfs_reopen(path_fd, O_RDWR | O_NOCTTY, err);
}

static int console_open_peer(int master_fd, unsigned int *ret_number, struct rti_error *err)
{
	int unlock = 0;
	int fd;

	if (ioctl(master_fd, TIOCGPTN, ret_number) < 0)
		return rti_fail(err, errno, "get peer number of pty");
	if (ioctl(master_fd, TIOCSPTLCK, &unlock) < 0)
		return rti_fail(err, errno, "unlock pty");
	fd = ioctl(master_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && errno != EINVAL && errno != ENOTTY)
		return rti_fail(err, errno, "ioctl TIOCGPTPEER");
	return fd < 0 ? console_open_named_peer(*ret_number, err) : fd;
}

static int console_bind(int peer_fd, unsigned int number, struct rti_error *err)
{
	_cleanup_fd_ int target_fd = -EBADF;
	struct mount_call call = { .target_fd = -EBADF, .target = "/dev/console", .type = "bind",
				   .source_fd = guard(PTY_BY_FD) ? peer_fd : -EBADF,
				   .flags = MS_BIND, .is_inside = true };
	char source[32];

	target_fd = device_open_target(AT_FDCWD, "/dev/console", 0666, err);
	if (target_fd < 0)
		return rti_prefix(err, target_fd, "create /dev/console mount target");
	snprintf(source, sizeof(source), "/dev/pts/%u", number);
	call.source = source;
	call.target_fd = target_fd;
	return mount_bind(&call, NULL, err);
}

static int console_send(int socket_fd, int master_fd, struct rti_error *err)
{
	ssize_t n = rti_send_fd(socket_fd, CONSOLE_PTMX, strlen(CONSOLE_PTMX), master_fd);

	return n < 0 ? rti_fail(err, (int)-n, "send console to the console socket") : 0;
}

/*
 * A runtime that shows the terminal itself makes the pair of sockets, so neither end has a name. A
 * console socket of the user's has one: that of the path it was connected to.
 */
static bool console_is_for_parent(int socket_fd)
{
	struct sockaddr_un address;
	socklen_t size = sizeof(address);

	return getpeername(socket_fd, (struct sockaddr *)&address, &size) == 0 &&
	       size <= offsetof(struct sockaddr_un, sun_path);
}

/*
 * runc's parent passes its own terminal's line ends through and so switches off the making of \r\n
 * in the container's, but it does so while the container goes on: a quick program may have written
 * by then. A receiver other than the parent may want the terminal as it is.
 */
static int console_keep_line_ends(int peer_fd, struct rti_error *err)
{
	struct termios mode;

	if (tcgetattr(peer_fd, &mode) < 0)
		return rti_fail(err, errno, "get mode of console");
	mode.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(peer_fd, TCSANOW, &mode) < 0)
		return rti_fail(err, errno, "set mode of console");
	return 0;
}

int console_setup(int socket_fd, uint16_t width, uint16_t height, bool bind_dev_console,
		  struct rti_error *err)
{
	_cleanup_fd_ int master_fd = console_open_master(err);
	_cleanup_fd_ int peer_fd = -EBADF;
	struct winsize size = { .ws_col = width, .ws_row = height };
	unsigned int number = 0;
	int fd;
	int r;

	if (master_fd < 0)
		return master_fd;
	peer_fd = console_open_peer(master_fd, &number, err);
	if (peer_fd < 0)
		return rti_prefix(err, peer_fd,
				  "failed to get peer end of newly-allocated console");
	if (width && height && ioctl(master_fd, TIOCSWINSZ, &size) < 0)
		return rti_fail(err, errno, "set console size");
	r = console_is_for_parent(socket_fd) ? console_keep_line_ends(peer_fd, err) : 0;
	if (r < 0)
		return r;
	if (bind_dev_console) {
		r = console_bind(peer_fd, number, err);
		if (r < 0)
			return r;
	}
	r = console_send(socket_fd, master_fd, err);
	if (r < 0)
		return r;
	for (fd = 0; fd <= 2; fd++)
		if (dup3(peer_fd, fd, 0) < 0)
			return rti_fail(err, errno, "dup3 console to fd %d", fd);
	if (ioctl(0, TIOCSCTTY, 0) < 0)
		return rti_fail(err, errno, "ioctl(setctty)");
	return 0;
}
