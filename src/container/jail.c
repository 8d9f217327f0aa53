/* SPDX-License-Identifier: Apache-2.0 */
#include "container/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/syscall.h"
#include "container/mount.h"

static int jail_make_slave(const char *path, struct rti_error *err)
{
	struct mount_call call = { MOUNT_CALL_NO_FDS, .target = path, .flags = MS_SLAVE | MS_REC };

	return mount_run(&call, err);
}

static int jail_detach(const char *path, struct rti_error *err)
{
	struct mount_call call = { MOUNT_CALL_NO_FDS, .target = path, .flags = MNT_DETACH };

	if (umount2(path, MNT_DETACH) < 0)
		return mount_fail(&call, "unmount", errno, err);
	return 0;
}

/*
 * pivot_root(".", ".") stacks the old root on the new one, so that no directory is needed for it.
 * The old root becomes a slave before it is detached, not private: unmounting must not reach the
 * host, but a private copy would pin mounts that the host wants to get rid of.
 */
int jail_pivot(int root_fd, struct rti_error *err)
{
	_cleanup_fd_ int old_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (old_fd < 0)
		return rti_fail(err, errno, "open /");
	if (fchdir(root_fd) < 0)
		return rti_fail(err, errno, "chdir to the new root");
	if (sys_pivot_root(".", ".") < 0)
		return rti_fail(err, errno, "pivot_root .");
	if (fchdir(old_fd) < 0)
		return rti_fail(err, errno, "fchdir fd %d", old_fd);
	r = jail_make_slave(".", err);
	if (r == 0)
		r = jail_detach(".", err);
	if (r < 0)
		return r;
	if (chdir("/") < 0)
		return rti_fail(err, errno, "chdir /");
	return 0;
}

/* Detaches or covers one complete procfs or sysfs that is not the container's. */
static int jail_hide_mount(void *data, const struct rti_mountinfo *info, struct rti_error *err)
{
	const char *root_path = *(const char *const *)data;
	struct mount_call cover = { MOUNT_CALL_NO_FDS, .source = "tmpfs", .type = "tmpfs",
				    .target = info->mount_point };
	int r;

	if (strcmp(info->root, "/") != 0 ||
	    (strcmp(info->type, "proc") != 0 && strcmp(info->type, "sysfs") != 0) ||
	    rti_path_is_inside(root_path, info->mount_point))
		return 0;
	r = jail_make_slave(info->mount_point, err);
	if (r == -ENOENT)
		return 0; /* gone with a mount above it */
	if (r < 0)
		return r;
	r = jail_detach(info->mount_point, err);
	/* Mounts inherited from a more privileged namespace can only be covered. */
	return r == -EINVAL || r == -EPERM ? mount_run(&cover, err) : r;
}

int jail_move(const char *root_path, struct rti_error *err)
{
	struct mount_call move = { MOUNT_CALL_NO_FDS, .source = root_path, .target = "/",
				   .flags = MS_MOVE };
	_cleanup_fd_ int fd = rti_procfs_open(RTI_PROCFS_THREAD_SELF, "mountinfo", O_RDONLY, err);
	int r = fd;

	if (r >= 0)
		r = rti_mountinfo_each(fd, jail_hide_mount, &root_path, err);
	if (r == 0)
		r = mount_run(&move, err);
	return r < 0 ? r : jail_chroot(err);
}

int jail_chroot(struct rti_error *err)
{
	if (chroot(".") < 0)
		return rti_fail(err, errno, "chroot .");
	if (chdir("/") < 0)
		return rti_fail(err, errno, "chdir /");
	return 0;
}
