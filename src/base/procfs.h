/* SPDX-License-Identifier: Apache-2.0 */
/**
 * /proc that is known to be procfs.
 *
 * Where an attacker can mount, /proc/self/attr/exec may be anything (CVE-2019-16884,
 * CVE-2025-52881). So every use of /proc goes through a handle on a procfs of our own:
 * fsopen("proc"), which nobody can mount over; else a detached copy of /proc; else /proc as it is
 * found, checked. Every lookup below the handle stays on that mount and passes no magic link.
 *
 * One handle, limited to processes (subset=pid) where the kernel can, is made at first use and kept
 * for the process. It is close-on-exec. Thread-safe.
 */
#ifndef RTI_BASE_PROCFS_H
#define RTI_BASE_PROCFS_H

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

enum rti_procfs_base {
	RTI_PROCFS_ROOT,	/* /proc, including what subset=pid hides */
	RTI_PROCFS_SELF,	/* /proc/self */
	RTI_PROCFS_THREAD_SELF, /* /proc/thread-self */
};

struct rti_procfs { /* an unlimited handle, for sysctl */
	int root_fd;
	bool is_private; /* a mount of our own, which nobody else can mount on */
};

#define RTI_PROCFS_EMPTY                                                                           \
	{                                                                                          \
		.root_fd = -EBADF                                                                  \
	}

/**
 * rti_procfs_prepare() - make the process's handle now
 *
 * Useful before the place to make it from is lost: before the root is switched, or privileges.
 *
 * Return: 0 or a negative errno ("unsafe procfs detected" where /proc is no procfs).
 */
int rti_procfs_prepare(struct rti_error *err);

/**
 * rti_procfs_forget() - close the process's handle; the next use makes a new one
 *
 * Wanted in a process that has entered another pid namespace, where the old handle may not show it,
 * and before execve(2) of code that should not find it.
 */
void rti_procfs_forget(void);

/**
 * rti_procfs_open() - open a file of procfs
 * @base:  what @path is relative to
 * @path:  e.g. "attr/exec"; a magic link is refused (-ELOOP), use rti_procfs_reopen()
 * @flags: as open(2); O_CLOEXEC and O_NOFOLLOW are added, O_CREAT and O_TRUNC are not for procfs
 *
 * Return: an fd or a negative errno; errors read "openat2 /proc/thread-self/attr/exec: ...", with
 * "unsafe procfs detected: " before it where another mount may be the reason.
 */
int rti_procfs_open(enum rti_procfs_base base, const char *path, int flags, struct rti_error *err);

/**
 * rti_procfs_read() - read a small file of procfs
 * @ret:  text; at most @size - 1 bytes and always NUL-terminated
 *
 * Return: length of the text, or a negative errno; -EFBIG if it does not fit.
 */
ssize_t rti_procfs_read(enum rti_procfs_base base, const char *path, char *ret, size_t size,
			struct rti_error *err);

/**
 * rti_procfs_write() - write @size bytes to a file of procfs with one write(2)
 *
 * Return: 0 or a negative errno; errors read "write /proc/thread-self/attr/exec: ...".
 */
int rti_procfs_write(enum rti_procfs_base base, const char *path, const void *data, size_t size,
		     struct rti_error *err);

/**
 * rti_procfs_reopen() - open again, with other flags, what an fd (O_PATH or not) refers to
 * @flags: as open(2); O_CLOEXEC is added
 *
 * Return: a new fd or a negative errno.
 */
int rti_procfs_reopen(int fd, int flags, struct rti_error *err);

/**
 * rti_procfs_fd_target() - what readlink(2) says about an fd: its path as the process sees it
 * @ret: PATH_MAX bytes
 *
 * Return: 0 or a negative errno.
 */
int rti_procfs_fd_target(int fd, char ret[static PATH_MAX], struct rti_error *err);

/**
 * rti_procfs_open_unlimited() - a procfs handle that shows all of /proc, e.g. for sysctl
 * @ret: release with rti_procfs_done()
 *
 * Return: 0 or a negative errno.
 */
int rti_procfs_open_unlimited(struct rti_procfs *ret, struct rti_error *err);

/**
 * rti_procfs_open_at() - rti_procfs_open() below a given handle
 */
int rti_procfs_open_at(const struct rti_procfs *proc, const char *path, int flags,
		       struct rti_error *err);

/**
 * rti_procfs_name() - a handle as error texts name it
 *
 * Users of runc know a procfs of its own as "fsmount:fscontext:proc".
 */
const char *rti_procfs_name(const struct rti_procfs *proc);

/**
 * rti_procfs_done() - close a handle; accepts an empty one
 */
void rti_procfs_done(struct rti_procfs *proc);

#endif
