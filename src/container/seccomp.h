/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Seccomp filters: compiled early with everything that allocates, loaded late with one system call.
 */
#ifndef CONTAINER_SECCOMP_H
#define CONTAINER_SECCOMP_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "protocol/init-config.h"

struct seccomp_program {
	struct sock_filter *filter; /* malloc()ed */
	size_t count;		    /* instructions */
	unsigned int flags;	    /* SECCOMP_FILTER_FLAG_* for seccomp(2) */
	bool notify;		    /* loading gives a listener fd */
};

/**
 * seccomp_program_compile() - the BPF program for a profile
 * @seccomp: profile as the parent sent it
 * @ret:     on success the program; release with seccomp_program_done()
 * @err:     on failure, runc's text
 *
 * Rules are compiled by libseccomp, in the order of calls that runc uses, so that the same verdicts
 * come out. In front stands a stub of our own which answers ENOSYS to system calls newer than the
 * profile knows, as runc's does; see seccomp-stub.h. Unknown system calls are logged at debug level
 * and left out.
 *
 * Return: 0 or a negative errno.
 */
int seccomp_program_compile(const struct rti_seccomp *seccomp, struct seccomp_program *ret,
			    struct rti_error *err);

/**
 * seccomp_program_load() - load a compiled program into the calling thread
 * @program:         what seccomp_program_compile() made
 * @ret_listener_fd: when @program->notify, the listener fd (close-on-exec); else -EBADF
 *
 * One system call, no allocation, no log: prctl(2) without flags and seccomp(2) with. Works without
 * no_new_privs for a process with CAP_SYS_ADMIN.
 *
 * Return: 0 or a negative errno ("error loading seccomp filter into kernel: ...").
 */
int seccomp_program_load(const struct seccomp_program *program, int *ret_listener_fd,
			 struct rti_error *err);

/**
 * seccomp_program_done() - free the instructions; accepts an empty program
 */
void seccomp_program_done(struct seccomp_program *program);

#endif
