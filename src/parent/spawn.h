/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The one place where this library makes a process that executes a program.
 *
 * Between clone and exec only raw system calls are made, so that it is safe with other threads
 * around.
 */
#ifndef PARENT_SPAWN_H
#define PARENT_SPAWN_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "parent/runtime-parent.h"
#include "protocol/init-config.h"

struct spawn {
	int exe_fd;	    /* executed by itself; the process does not keep it */
	char *const *argv;
	char *const *envp;
	const int *fds;	    /* fds[i] becomes fd i; all others are closed */
	size_t fd_count;
	const char *dir;    /* working directory; NULL: the caller's */
	struct rti_parent_join *joins; /* cgroups to enter; what fails is not marked as done */
	size_t join_count;
	int death_signal;   /* when the calling thread ends; 0: none */
	const struct rti_words *cpus; /* to run on; NULL or empty: the caller's */
	const sigset_t *signal_mask;  /* NULL: the caller's */
};

/**
 * spawn_process() - make a child of the caller that executes a program
 * @ret_pidfd: close-on-exec; the caller's
 * @err:       on failure which step failed: "clone", "chdir DIR", "exec", ...
 *
 * Returns when the program runs. The child shares the caller's memory until then (as with
 * vfork(2)); to be born into a cgroup v2 it gets a copy, because the C library offers no safe way
 * to ask for that otherwise. All signals get their default action: a runc that becomes a parent
 * handles every signal, so its inits start without ignored ones too.
 *
 * Return: the pid, or a negative errno; nothing is left then.
 */
pid_t spawn_process(const struct spawn *spawn, int *ret_pidfd, struct rti_error *err);

#endif
