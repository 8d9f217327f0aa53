/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Theory of Operation
 *
 * The init leads and the parent answers; protocol/sync-state.c has the order. What comes here comes
 * from a process that may already be inside the container, so each handler checks what it is asked
 * against the configuration: a mount source is opened only for a mount that the configuration has,
 * and a listener is taken only where the configuration names an agent for it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "parent/conversation.h"
#include "parent/host-hook.h"
#include "parent/mount-match.h"
#include "parent/seccomp-agent.h"

static int ask_worker(struct conversation *conversation, const struct rti_mount *mount,
		      struct mount_answer *ret, struct rti_error *err)
{
	int r;

	if (!conversation->worker) {
		r = mount_worker_start(conversation->child.pidfd, conversation->child.pid,
				       &conversation->worker, err);
		if (r < 0)
			return r;
	}
	r = mount_worker_ask(conversation->worker, mount, err);
	if (r < 0)
		return r;
	r = conversation_wait(conversation, mount_worker_fd(conversation->worker), POLLIN,
			      conversation->child.pidfd, MOUNT_WORKER_ANSWER_MS);
	if (r == CONVERSATION_DEAD)
		return rti_refuse(err, ECONNRESET, "the init ended while %s was opened",
				  mount->source);
	if (r == -ETIMEDOUT)
		return rti_refuse(err, ETIMEDOUT, "open %s: no answer within %d seconds",
				  mount->source, MOUNT_WORKER_ANSWER_MS / 1000);
	if (r < 0)
		return rti_fail(err, -r, "poll");
	return mount_worker_take(conversation->worker, ret, err);
}

/* The configuration's own mount that the init asks for; NULL with @err filled. */
static const struct rti_mount *find_asked(const struct conversation *conversation,
					  const struct rti_mount *request, struct rti_error *err)
{
	const struct rti_mount *mount = NULL;

	if (!mount_can_be_asked(request)) {
		rti_refuse(err, EPERM, "new mount api: only bind-mounts are supported");
		return NULL;
	}
	mount = mount_find(&conversation->config.config->mounts, request);
	if (!mount)
		rti_refuse(err, EPERM, "the container has no such mount of \"%s\" on \"%s\"",
			   request->source ? request->source : "",
			   request->destination ? request->destination : "");
	return mount;
}

static int on_mount_please(struct conversation *conversation,
			   const struct rti_sync_message *message, struct rti_error *err)
{
	_cleanup_(rti_arena_done) struct rti_arena arena = { 0 };
	struct mount_answer answer = { .fd = -EBADF };
	struct rti_mount request = { 0 };
	const struct rti_mount *mount;
	int r;

	if (conversation->config.config->rootless_euid)
		return rti_refuse(err, EPERM, "cannot fulfil mount requests as a rootless user");
	r = rti_sync_mount_decode(message, &arena, &request, err);
	if (r < 0)
		return r;
	mount = find_asked(conversation, &request, err);
	r = mount ? ask_worker(conversation, mount, &answer, err) : -EPERM;
	if (r < 0)
		return rti_prefix(err, r, "failed to fulfil mount request");
	r = rti_sync_send(&conversation->sync, RTI_SYNC_PROC_MOUNT_FD,
			  answer.detached ? RTI_SYNC_MOUNT_FD_OPEN_TREE : RTI_SYNC_MOUNT_FD_PLAIN,
			  answer.fd, mount->source, err);
	rti_close(answer.fd);
	return r;
}

static int run_hooks(struct conversation *conversation, struct rti_error *err)
{
	const struct rti_hooks *hooks = conversation->config.config->hooks;
	struct rti_spec_state state;
	const struct rti_spec_state *known = NULL;
	int pidfd = conversation->child.pidfd;
	int r;

	if (!hooks)
		return 0;
	if (conversation_has_state(conversation, "creating", conversation->child.pid, &state))
		known = &state;
	r = host_hooks_run("prestart", &hooks->prestart, known, pidfd, err);
	if (r < 0)
		return r;
	return host_hooks_run("createRuntime", &hooks->create_runtime, known, pidfd, err);
}

static int on_hooks(struct conversation *conversation, const struct rti_sync_message *message,
		    struct rti_error *err)
{
	const struct rti_parent_ops *ops = conversation->start->ops;
	int r;

	(void)message;
	if (ops && ops->set_limits) {
		r = ops->set_limits(conversation->start->data, conversation->child.pid, err);
		if (r < 0)
			return rti_prefix(err, r,
					  "error setting cgroup config for procHooks process");
	}
	r = run_hooks(conversation, err);
	if (r < 0)
		return r;
	return rti_sync_send(&conversation->sync, RTI_SYNC_PROC_HOOKS_DONE, NULL, -EBADF, NULL,
			     err);
}

/* The child is not reaped yet, so its pid is its own. */
static int set_rlimits(const struct conversation *conversation, struct rti_error *err)
{
	const struct rti_rlimits *rlimits = &conversation->config.rlimits;

	for (size_t i = 0; i < rlimits->count; i++) {
		const struct rti_rlimit *item = &rlimits->items[i];
		struct rlimit limit = { .rlim_cur = item->soft, .rlim_max = item->hard };

		if (prlimit(conversation->child.pid, (__rlimit_resource_t)item->type, &limit,
			    NULL) < 0)
			return rti_fail(
				err, errno,
				"error setting rlimits for ready process: error setting rlimit "
				"type %d",
				(int)item->type);
	}
	return 0;
}

static int on_ready(struct conversation *conversation, const struct rti_sync_message *message,
		    struct rti_error *err)
{
	const struct rti_parent_start *start = conversation->start;
	int r;

	(void)message;
	r = set_rlimits(conversation, err);
	if (r < 0)
		return r;
	if (start->type == RTI_INIT_STANDARD && start->ops && start->ops->ready) {
		r = start->ops->ready(start->data, &conversation->child, err);
		if (r < 0)
			return rti_prefix(err, r, "unable to store init state");
	}
	return rti_sync_send(&conversation->sync, RTI_SYNC_PROC_RUN, NULL, -EBADF, NULL, err);
}

static int send_listener(struct conversation *conversation, int listener_fd, struct rti_error *err)
{
	const struct rti_parent_start *start = conversation->start;
	struct rti_spec_state state;
	bool has_state;

	if (start->type == RTI_INIT_STANDARD)
		has_state = conversation_has_state(conversation, "creating",
						   conversation->child.pid, &state);
	else
		has_state =
			conversation_has_state(conversation, "running",
					       start->state ? (pid_t)start->state->pid : 0, &state);
	if (!has_state)
		return rti_refuse(err, EINVAL, "the seccomp agent needs the container's state");
	return seccomp_agent_send(conversation->config.config->seccomp, listener_fd, &state,
				  conversation->child.pid, err);
}

static int on_seccomp(struct conversation *conversation, const struct rti_sync_message *message,
		      struct rti_error *err)
{
	const struct rti_seccomp *seccomp = conversation->config.config->seccomp;
	_cleanup_fd_ int listener_fd = -EBADF;
	int number, r;

	if (!seccomp || !seccomp->listener_path || !seccomp->listener_path[0])
		return rti_refuse(err, EINVAL, "seccomp listenerPath is not set");
	r = rti_sync_number_decode(message, &number, err);
	if (r < 0)
		return r;
	listener_fd = (int)syscall(SYS_pidfd_getfd, conversation->child.pidfd, number, 0);
	if (listener_fd < 0)
		return rti_fail(err, errno,
				"sync \"procSeccomp\" get fd %d from child failed: pidfd_getfd",
				number);
	/*
	 * The init may now go on. Its next system calls may wait for the agent, but it needs
	 * nothing more from here before that.
	 */
	r = rti_sync_send(&conversation->sync, RTI_SYNC_PROC_SECCOMP_DONE, NULL, -EBADF, NULL, err);
	return r < 0 ? r : send_listener(conversation, listener_fd, err);
}

static int on_error(struct conversation *conversation, const struct rti_sync_message *message,
		    struct rti_error *err)
{
	(void)conversation;
	return rti_sync_error_decode(message, err);
}

static const struct {
	enum rti_sync_type type;
	int (*handle)(struct conversation *conversation, const struct rti_sync_message *message,
		      struct rti_error *err);
} handlers[] = {
	{ RTI_SYNC_PROC_MOUNT_PLEASE, on_mount_please },
	{ RTI_SYNC_PROC_HOOKS, on_hooks },
	{ RTI_SYNC_PROC_READY, on_ready },
	{ RTI_SYNC_PROC_SECCOMP, on_seccomp },
	{ RTI_SYNC_PROC_ERROR, on_error },
};

static int handle(struct conversation *conversation, const struct rti_sync_message *message,
		  struct rti_error *err)
{
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++)
		if (handlers[i].type == message->type)
			return handlers[i].handle(conversation, message, err);
	return rti_refuse(err, EPROTO, "invalid JSON payload from child: got \"%s\"",
			  message->name);
}

/* One message; RTI_SYNC_EOF when the init has closed the socket and may have. */
static int serve_one(struct conversation *conversation, struct rti_error *err)
{
	_cleanup_(rti_sync_message_done) struct rti_sync_message message = { 0 };
	struct rti_sync *sync = &conversation->sync;
	int r;

	r = conversation_wait(conversation, sync->socket_fd, POLLIN, conversation->child.pidfd, -1);
	if (r < 0)
		return rti_fail(err, -r, "poll");
	if (r == CONVERSATION_DEAD) { /* and somebody else still has the socket open */
		r = rti_sync_eof(&sync->machine, err);
		return r < 0 ? r : RTI_SYNC_EOF;
	}
	r = rti_sync_receive(sync, &message, NULL, NULL, err);
	if (r == 0)
		r = handle(conversation, &message, err);
	return r == -EPIPE && conversation_has_word(conversation) ? 0 : r;
}

int sync_loop_run(struct conversation *conversation, struct rti_error *err)
{
	enum rti_init_type type = conversation->start->type;
	int r;

	rti_sync_start(&conversation->sync.machine, type, RTI_SYNC_PARENT);
	do
		r = serve_one(conversation, err);
	while (r == 0);
	/* No more answers; an init that waits for one ends. */
	if (shutdown(conversation->sync.socket_fd, SHUT_WR) < 0 && r == RTI_SYNC_EOF)
		r = rti_fail(err, errno, "shutdown sync");
	if (r == RTI_SYNC_EOF)
		return 0;
	return type == RTI_INIT_STANDARD ? rti_prefix(err, r, "error during container init") : r;
}
