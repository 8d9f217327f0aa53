/* SPDX-License-Identifier: Apache-2.0 */
#include "container/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <linux/sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/fd.h"

const struct namespace_kind namespace_kinds[NAMESPACE_KINDS] = {
	{ CLONE_NEWUSER, "NEWUSER", "user" },
	{ CLONE_NEWIPC, "NEWIPC", "ipc" },
	{ CLONE_NEWUTS, "NEWUTS", "uts" },
	{ CLONE_NEWNET, "NEWNET", "net" },
	{ CLONE_NEWPID, "NEWPID", "pid" },
	{ CLONE_NEWNS, "NEWNS", "mnt" },
	{ CLONE_NEWCGROUP, "NEWCGROUP", "cgroup" },
	{ CLONE_NEWTIME, "NEWTIME", "time" },
};

const struct namespace_kind *namespace_from_wire(const char *name)
{
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		if (strcmp(namespace_kinds[i].wire, name) == 0)
			return &namespace_kinds[i];
	return NULL;
}

const struct namespace_kind *namespace_from_proc(const char *name)
{
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		if (strcmp(namespace_kinds[i].proc, name) == 0)
			return &namespace_kinds[i];
	return NULL;
}

bool namespace_is_foreign(const struct namespace_kind *kind)
{
	_cleanup_fd_ int owner_fd = -EBADF;
	_cleanup_fd_ int fd = -EBADF;
	struct stat owner, own;
	char path[32];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->proc);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	owner_fd = ioctl(fd, NS_GET_USERNS);
	if (owner_fd < 0)
		return errno == EPERM; /* it is none of ours, nor below it */
	return fstat(owner_fd, &owner) == 0 && stat("/proc/self/ns/user", &own) == 0 &&
	       owner.st_ino != own.st_ino;
}
