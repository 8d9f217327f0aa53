/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The three stages between the program that the parent started and the one in the container.
 *
 * Stage-0 is what the parent started. It stays in the parent's namespaces, writes what only an
 * outsider may write (id maps, time offsets) and tells the parent the pids. Stage-1 joins and makes
 * the namespaces. Stage-2, its successor, is the first process inside a new pid and time namespace;
 * it becomes the container's. All three are children of the parent, never of each other, so that
 * the parent can wait for each; stage-0 and stage-1 exit with 0 as soon as their work is done.
 *
 * They talk over two private socket pairs. Each end is held by exactly one process, so whoever dies
 * is noticed by the one that waits for it: no stage stays behind.
 */
#ifndef INIT_STAGE_H
#define INIT_STAGE_H

#include <stdbool.h>
#include <sys/types.h>

#include "protocol/bootstrap.h"

/* A socket pair between stage-0 and one other stage. */
struct stage_link {
	int parent_fd; /* stage-0's end */
	int stage_fd;  /* the other's */
};

struct staging {
	int init_fd; /* init pipe, for the pid message; borrowed */
	const struct rti_bootstrap *bootstrap;
	struct stage_link child; /* to stage-1 */
	struct stage_link init;	 /* to stage-2 */
	pid_t stage1_pid;	 /* what the current stage would have to kill; 0: none */
	pid_t stage2_pid;
	int time_offsets_fd; /* stage-0: /proc/<stage-1>/timens_offsets, if opened ahead of time */
	bool needs_dumpable; /* stage-0 may write the maps only of a dumpable process */
};

/**
 * stages_run() - go through the stages
 * @init_fd:   init pipe; borrowed
 * @bootstrap: what the parent sent; borrowed
 *
 * Return: only in stage-2, in its new namespaces and as leader of a new session. The other stages,
 * and any stage that fails, exit: after killing the stages they started, and after a fatal line in
 * the log that the parent has had time to read.
 */
void stages_run(int init_fd, const struct rti_bootstrap *bootstrap);

/* What follows is shared by the stages' own files. */

void stage_parent_run(struct staging *staging) __attribute__((noreturn));
void stage_child_run(struct staging *staging);
void stage_init_run(struct staging *staging);

/**
 * stage_clone() - fork(2), but as a child of this process's parent
 *
 * Return: pid, 0 in the new process, or a negative errno.
 */
pid_t stage_clone(void);

/**
 * stage_set_name() - the process name that ps(1) and runc's tests know the stage by
 */
void stage_set_name(const char *name);

/**
 * stage_set_dumpable() - allow or forbid attaching to this process and reading its /proc files
 *
 * Must be repeated after each change of credentials, which may reset it. Exits on failure.
 */
void stage_set_dumpable(struct staging *staging, bool dumpable);

/**
 * stage_fail() - the end of a stage
 * @staging: its stage1_pid and stage2_pid are killed
 * @errnum:  positive errno whose text is added; 0: none
 * @fmt:     for the fatal line in the log
 */
void stage_fail(const struct staging *staging, int errnum, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

#endif
