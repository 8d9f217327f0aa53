/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One start under way: the processes, the channels to them, and how to wait for either without
 * letting the init choke on a full log pipe.
 */
#ifndef PARENT_CONVERSATION_H
#define PARENT_CONVERSATION_H

#include "parent/log-forward.h"
#include "parent/mount-worker.h"
#include "parent/process.h"
#include "parent/runtime-parent.h"
#include "protocol/sync-socket.h"

struct conversation {
	const struct rti_parent_start *start; /* borrowed */
	struct rti_init_config config;	      /* as the init gets it; borrows from start */
	struct rti_spec_state init_state;     /* config.spec_state points here where needed */
	void *bootstrap;		      /* what stage 0 is told */
	size_t bootstrap_size;
	int init_fd;	      /* our end of the init pipe */
	struct rti_sync sync; /* our end of the sync socket */
	struct log_forward log;
	struct process_family family;
	pid_t stage0_pid;
	int stage0_pidfd; /* -EBADF once it is reaped */
	pid_t stage1_pid;
	int stage1_status; /* once it is reaped */
	struct rti_parent_child child;
	struct mount_worker *worker; /* NULL: not needed so far */
};

#define CONVERSATION_DEAD  0
#define CONVERSATION_READY 1

/**
 * conversation_wait() - wait until an fd is ready or a process has ended, forwarding log lines
 * @fd:         may be -EBADF
 * @events:     as poll(2)
 * @pidfd:      may be -EBADF
 * @timeout_ms: -1: none
 *
 * What a process has sent before it ended is seen first: an fd that is ready wins.
 *
 * Return: CONVERSATION_READY, CONVERSATION_DEAD, -ETIMEDOUT, or another negative errno.
 */
int conversation_wait(struct conversation *conversation, int fd, short events, int pidfd,
		      int timeout_ms);

/**
 * conversation_send() - write to the init pipe, forwarding log lines while the pipe is full
 * @pidfd: who reads; its end ends this
 *
 * Return: 0; -EPIPE when the reader has gone; another negative errno.
 */
int conversation_send(struct conversation *conversation, const void *data, size_t size, int pidfd);

/**
 * conversation_has_word() - whether the init has sent something that is not received yet
 *
 * An init that closed its end, as -EPIPE tells, may have said why before.
 */
bool conversation_has_word(const struct conversation *conversation);

/**
 * conversation_finish_log() - forward what is left, up to the end of the log pipe
 * @timeout_ms: how long to wait for processes that do not close it; -1: as long as the child lives
 */
void conversation_finish_log(struct conversation *conversation, int timeout_ms);

/**
 * conversation_warn() - tell the embedder about something that does not stop the start
 */
void conversation_warn(struct conversation *conversation, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * conversation_has_state() - a copy of the container's state with this status and pid
 *
 * Return: false when the embedder gave none.
 */
bool conversation_has_state(const struct conversation *conversation, const char *status, pid_t pid,
			    struct rti_spec_state *ret);

/**
 * handshake_run() - everything from the spawned stage 0 up to the init that has its configuration
 * @err: on failure runc's words for the step
 *
 * Afterwards the child is known, and the earlier stages have been reaped.
 */
int handshake_run(struct conversation *conversation, struct rti_error *err);

/**
 * sync_loop_run() - answer the init until it closes the sync socket
 * @err: on failure what went wrong, on either side; `error during container init: ` is before it
 *       for a standard init
 *
 * Return: 0 when the init has run to its end; else a negative errno.
 */
int sync_loop_run(struct conversation *conversation, struct rti_error *err);

#endif
