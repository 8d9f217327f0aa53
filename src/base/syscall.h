/* SPDX-License-Identifier: Apache-2.0 */
/**
 * System calls that the C library of Debian 12 has no wrapper for, with the kernel's own names.
 * All return -1 with errno, as system calls do.
 */
#ifndef RTI_BASE_SYSCALL_H
#define RTI_BASE_SYSCALL_H

#include <linux/openat2.h>
#include <linux/sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static inline int sys_openat2(int dir_fd, const char *path, uint64_t flags, uint64_t mode,
			      uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
}

static inline long sys_clone3(struct clone_args *args)
{
	return syscall(SYS_clone3, args, sizeof(*args));
}

static inline int sys_fchmodat2(int dir_fd, const char *path, unsigned int mode, int flags)
{
	return (int)syscall(SYS_fchmodat2, dir_fd, path, mode, flags);
}

static inline int sys_pivot_root(const char *new_root, const char *put_old)
{
	return (int)syscall(SYS_pivot_root, new_root, put_old);
}

#endif
