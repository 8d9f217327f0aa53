/* SPDX-License-Identifier: Apache-2.0 */
#include "container/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"

static int sysctl_write(const struct rti_procfs *proc, const char *key, const char *value,
			struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	char path[PATH_MAX];
	ssize_t size;
	char *c;

	if (snprintf(path, sizeof(path), "sys/%s", key) >= (int)sizeof(path))
		return rti_fail(err, ENAMETOOLONG, "open sysctl %s file", key);
	for (c = path; *c; c++)
		if (*c == '.')
			*c = '/';
	fd = rti_procfs_open_at(proc, path, O_WRONLY, err);
	if (fd < 0)
		return rti_prefix(err, fd, "open sysctl %s file", key);
	size = rti_retry(write(fd, value, strlen(value)));
	if (size < 0) {
		rti_fail(err, (int)-size, "write %s/./%s", rti_procfs_name(proc), path);
		return rti_prefix(err, (int)size, "failed to write sysctl %s = \"%s\"", key, value);
	}
	if ((size_t)size != strlen(value))
		return rti_refuse(err, EIO, "failed to write sysctl %s = \"%s\": short write", key,
				  value);
	return 0;
}

int sysctl_apply(const struct rti_string_map *sysctl, struct rti_error *err)
{
	struct rti_procfs proc = RTI_PROCFS_EMPTY;
	size_t i;
	int r = 0;

	if (sysctl->count == 0)
		return 0;
	r = rti_procfs_open_unlimited(&proc, err);
	for (i = 0; i < sysctl->count && r == 0; i++)
		r = sysctl_write(&proc, sysctl->items[i].key, sysctl->items[i].value, err);
	rti_procfs_done(&proc);
	return r;
}
