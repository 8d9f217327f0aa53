/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Theory of Operation
 *
 * The attack (CVE-2019-5736): a process in the container, while it is still the init or because its
 * program is "/proc/self/exe", or a process that looks at /proc/PID/exe of an entering one, keeps
 * an O_PATH fd of the init's program, waits until nobody runs it any more (no ETXTBSY), reopens the
 * fd for writing through /proc/self/fd, and writes its own code into what the host's root will run
 * next.
 *
 * A sealed memory file ends this: F_SEAL_WRITE is on the inode, for everybody and for ever, and the
 * inode is not the host's file in the first place.
 *
 * A detached mount that is read-only costs a tenth of a copy and shares the page cache between
 * containers. /proc/PID/exe gives a path, which is a mount and a file on it; reopening it for
 * writing stays on that mount, and the mount is read-only: EROFS, whatever capabilities the opener
 * has, and likewise for truncate, chmod, setxattr and every ioctl that changes the file. What
 * remains is to make the mount writable or to reach the file by another one:
 *
 *   - mount_setattr(2) works on any fd of a detached mount for who is root in the user namespace of
 *     his mount namespace, which a container's root may be. It demands a mount that belongs to some
 *     namespace. The anonymous one of a detached mount is dissolved when the fd that open_tree(2)
 *     gave is closed; so that fd is closed here, and an O_PATH fd opened through it is kept. From
 *     then on the mount belongs to none, and mount_setattr(2), mount(2) with MS_REMOUNT and
 *     move_mount(2) all refuse it.
 *   - open_tree(2) with OPEN_TREE_CLONE, or a bind mount from /proc/PID/exe, would make a mount
 *     with attributes of its own. Both refuse a source that is in no namespace, or in another one.
 *   - Only the file is on the mount, so there is no way to other files from it ("..": the mount's
 *     root), and link(2) does not cross mounts.
 *   - open_by_handle_at(2) opens on the mount of the fd it is given: this one is read-only;
 *     somebody who has a writable mount of the host's file system did not need the init for it.
 *
 * The child never has an fd of the program: it is executed close-on-exec, with execveat(2).
 *
 * Where the caller may not mount (rootless), and on kernels before 5.12, it is the memory file.
 */
#include "parent/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/sealed-copy.h"

int seal_by_mount(int fd)
{
	struct mount_attr attr = {
		.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV,
	};
	_cleanup_fd_ int tree_fd = -EBADF, file_fd = -EBADF;
	char path[32];

	tree_fd = (int)syscall(SYS_open_tree, fd, "",
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (tree_fd < 0)
		return -errno;
	if (syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0)
		return -errno;
	/* Closing tree_fd dissolves the mount's namespace; file_fd keeps the mount itself. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", tree_fd);
	file_fd = open(path, O_PATH | O_CLOEXEC);
	if (file_fd < 0)
		return -errno;
	return rti_take_fd(&file_fd);
}

int seal_program(int fd, const char *path, struct rti_error *err)
{
	int sealed_fd;

	if (rti_sealed_is(fd) || !guard(PROGRAM_SEALED)) {
		sealed_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return sealed_fd < 0 ? rti_fail(err, errno, "dup %s", path) : sealed_fd;
	}
	/* Whatever kept the mount from being made, the copy does not depend on it. */
	sealed_fd = seal_by_mount(fd);
	if (sealed_fd >= 0)
		return sealed_fd;
	sealed_fd = rti_sealed_copy(fd, "runtime-init", err);
	if (sealed_fd < 0)
		return rti_prefix(err, sealed_fd, "unable to create safe %s clone for runc init",
				  path);
	return sealed_fd;
}
