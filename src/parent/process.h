/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Processes by pidfd: waiting, killing, and telling our own from others.
 *
 * Nothing is ever signalled by pid: a pid that has been reaped may belong to somebody else by now.
 */
#ifndef PARENT_PROCESS_H
#define PARENT_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/**
 * process_open() - a pidfd of a child of the caller
 * @pid: must be a child that has not been reaped; that is what keeps the number from being reused
 *
 * Return: a close-on-exec fd; -ESRCH; -ECHILD if it is not a child of the calling process; -EINVAL
 * for a pid that is none.
 */
int process_open(pid_t pid);

/**
 * process_reap() - wait until a process has ended, and reap it
 * @ret_status: how it ended, as waitpid(2) gives it; may be NULL
 *
 * Return: 0; -ECHILD if it is no child, or was reaped by somebody else; another negative errno.
 */
int process_reap(int pidfd, int *ret_status);

/**
 * process_peek() - how a child has ended, as process_reap(), but without reaping it
 */
int process_peek(int pidfd, int *ret_status);

/* How long a process may take to go after SIGKILL, where only the kernel can hold it. Chosen. */
#define PROCESS_KILL_MS 1000

/**
 * process_kill() - SIGKILL a process and reap it
 *
 * Return: 0, also if it had gone already; -ETIMEDOUT if it is still there after PROCESS_KILL_MS, as
 * a process is that waits for a dead server's disk, or is frozen by a v1 cgroup; another negative
 * errno.
 */
int process_kill(int pidfd);

/**
 * process_is_dead() - whether the process has ended (reaped or not), or does so in @timeout_ms
 */
bool process_is_dead(int pidfd, int timeout_ms);

/**
 * process_status_text() - how a process ended, as Go says it: "exit status 1", "signal: killed"
 */
void process_status_text(int status, char *text, size_t size);

/* What /proc/PID/stat says about a process. */
struct process_stat {
	char state; /* 'R', 'S', 'Z', ... */
	uint64_t start_time; /* clock ticks since boot */
};

/**
 * process_stat_read() - state and start time of a process
 *
 * Return: 0; -ENOENT or -ESRCH when there is none; another negative errno.
 */
int process_stat_read(pid_t pid, struct process_stat *ret);

/**
 * process_look() - whether @pid is still the process that started at @start_time, and no zombie
 *
 * Return: 1 if so, 0 if not; a negative errno when it cannot be looked at.
 */
int process_look(int64_t pid, uint64_t start_time);

/**
 * process_is_alive() - whether @pid is still the process that started at @start_time, and no
 * zombie
 *
 * A process that cannot be looked at, say for want of an fd, counts as alive: the state of a
 * container is removed only when its init is known to be gone.
 */
bool process_is_alive(int64_t pid, uint64_t start_time);

/**
 * What tells the processes of one start from other children of the same embedder.
 *
 * The init makes its later stages as children of the parent. Until it has told their pids the
 * parent knows them only as children of its own thread that are younger than stage 0, and that run
 * the init program, as far as /proc lets it see that.
 */
struct process_family {
	dev_t exe_dev;	  /* the program */
	ino_t exe_ino;	  /* likewise */
	uint64_t started; /* start time of stage 0, clock ticks since boot */
};

/**
 * process_family_init() - note what to look for
 * @stage0: the process just spawned by this thread
 */
int process_family_init(struct process_family *family, int exe_fd, pid_t stage0,
			struct rti_error *err);

/**
 * process_family_check() - whether a process belongs to the start
 *
 * Return: 0; -ESRCH when it does not; another negative errno when it could not be looked at.
 */
int process_family_check(const struct process_family *family, pid_t pid);

/**
 * process_family_list() - the members, dead ones that are not reaped included
 * @ret: room for @max pids
 *
 * Return: how many there are in @ret.
 */
size_t process_family_list(const struct process_family *family, pid_t *ret, size_t max);

/**
 * process_family_kill() - SIGKILL and reap whatever is left of a start that failed
 *
 * Needs /proc/thread-self/children, which kernels without CONFIG_PROC_CHILDREN do not have; there
 * the stages are left to end by themselves, which they do when their sockets close.
 *
 * Return: 0; -ETIMEDOUT as process_kill().
 */
int process_family_kill(const struct process_family *family);

#endif
