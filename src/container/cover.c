/* SPDX-License-Identifier: Apache-2.0 */
#include "container/cover.h"

#include <errno.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/fd.h"

/*
 * A tmpfs without limits would be a place for an attacker to fill if it ever became writable. Some
 * distributions' kernels want an inode more than the root's.
 */
static const char *const cover_limits[] = { "nr_blocks=1,nr_inodes=1", "nr_blocks=1,nr_inodes=2" };

#define COVER_INODES_MAX 2

int cover_directory(const struct mount_call *where, const char *label, struct rti_error *err)
{
	int r = -EINVAL;
	size_t i;

	for (i = 0; i < sizeof(cover_limits) / sizeof(cover_limits[0]) && r < 0; i++) {
		_cleanup_free_ char *data = NULL;
		struct mount_call call = *where;

		r = mount_data_with_label(cover_limits[i], label, &data);
		if (r < 0)
			return rti_fail(err, -r, "mount tmpfs");
		call.source = "tmpfs";
		call.source_fd = -EBADF;
		call.type = "tmpfs";
		call.flags = MS_RDONLY;
		call.data = data;
		r = mount_run(&call, err);
	}
	return r;
}

bool cover_is_one(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC && fs.f_blocks == 1 &&
	       fs.f_files <= COVER_INODES_MAX && fs.f_flags & ST_RDONLY;
}
