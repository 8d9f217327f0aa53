/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A thread in the container's mount namespace that opens mount sources for the init.
 *
 * The init is root only in the container's user namespace and may not see every source, and it may
 * not map ids; the parent may do both, but a mount source must come from the container's own mount
 * namespace to be mounted there. Only a thread can be in two places: this one joins the init's
 * mount namespace and keeps the parent's credentials.
 *
 * It shares one slot with its owner, for one request or one answer, under one mutex; the request is
 * a copy. It is never reused for another container, and has nothing to do with the embedder's
 * memory.
 */
#ifndef PARENT_MOUNT_WORKER_H
#define PARENT_MOUNT_WORKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "protocol/init-config.h"

struct mount_worker;

struct mount_answer {
	int fd;	       /* close-on-exec; the taker's */
	bool detached; /* a detached mount; otherwise an O_PATH fd */
};

/**
 * mount_worker_start() - make the thread and let it join the mount namespace
 * @pidfd: a process in that namespace; borrowed
 * @pid:   the same, for kernels whose setns(2) takes no pidfd (before 5.8)
 * @ret:   on success the worker; end it with mount_worker_stop()
 * @err:   "error spawning mount remapping thread: ...", and of what the thread says about joining
 *
 * Blocks all signals in the thread.
 */
int mount_worker_start(int pidfd, pid_t pid, struct mount_worker **ret, struct rti_error *err);

/**
 * mount_worker_ask() - hand over a request; none may be under way
 * @mount: a mount of the configuration, found by mount_find(); copied
 *
 * Return: 0 or -ENOMEM.
 */
int mount_worker_ask(struct mount_worker *worker, const struct rti_mount *mount,
		     struct rti_error *err);

/**
 * mount_worker_fd() - becomes readable when there is an answer; belongs to the worker
 */
int mount_worker_fd(const struct mount_worker *worker);

/**
 * mount_worker_take() - take the answer out of the slot; only when mount_worker_fd() is readable
 * @ret: on success the source
 * @err: on failure runc's words: "open P: ...", "open_tree(OPEN_TREE_CLONE) P: ...", "failed to set
 *       MOUNT_ATTR_IDMAP on P: ...", ...
 */
int mount_worker_take(struct mount_worker *worker, struct mount_answer *ret, struct rti_error *err);

/**
 * mount_worker_stop() - end the thread and wait for it; accepts NULL
 *
 * A thread that the kernel holds in an open of a source that does not answer (a dead network file
 * system) cannot be ended by anybody. It is waited for MOUNT_WORKER_STOP_MS, and then left to end
 * by itself when the kernel lets it go; it holds nothing but its own memory and fds.
 */
void mount_worker_stop(struct mount_worker *worker);

#define MOUNT_WORKER_STOP_MS 500

/* How long one source may take to open; chosen, and counted for each mount by itself. */
#define MOUNT_WORKER_ANSWER_MS (60 * 1000)

#endif
