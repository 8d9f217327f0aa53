/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Theory of Operation
 *
 * The init comes up in three stages: stage 0 is what we spawned; stage 1 joins and makes
 * namespaces; stage 2 is in all of them and becomes the container's process. All three are our
 * children. Stage 0 tells us the pids of the other two.
 *
 *   standard                              setns
 *   stage 0 joins the cgroup              bootstrap data to stage 0
 *   bootstrap data to stage 0             stage 0 ends
 *   pids from stage 0                     pids from stage 0
 *   stage 1 ends                          stage 1 ends
 *   stage 0 ends                          stage 2 joins the cgroup
 *   configuration to stage 2              configuration to stage 2
 *
 * A standard init has to be in its cgroup before it makes the cgroup namespace. A setns init joins
 * the cgroup only with its last stage, so that nothing is charged for the others. What stage 0 has
 * entered by itself before it executed, see struct rti_parent_join, all stages are in.
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/conversation.h"
#include "parent/net-device.h"
#include "protocol/bootstrap.h"

/* Bytes of a CPU mask that names every CPU any kernel can have. */
#define ALL_CPUS_SIZE 8192

static int send_bootstrap(struct conversation *conversation, struct rti_error *err)
{
	int r = conversation_send(conversation, conversation->bootstrap,
				  conversation->bootstrap_size, conversation->stage0_pidfd);

	if (r < 0)
		return rti_fail(err, -r, "%s: write init-p",
				conversation->start->type == RTI_INIT_SETNS ?
					"error copying bootstrap data to pipe" :
					"can't copy bootstrap data to pipe");
	return 0;
}

static int receive_pids(struct conversation *conversation, struct rti_pid_message *ret,
			struct rti_error *err)
{
	/* Once stage 0 has ended, what it has sent is there, or never will be. */
	int timeout_ms = conversation->stage0_pidfd < 0 ? 0 : -1;
	int r = conversation_wait(conversation, conversation->init_fd, POLLIN,
				  conversation->stage0_pidfd, timeout_ms);

	if (r == CONVERSATION_DEAD || r == -ETIMEDOUT)
		return rti_refuse(err, ENODATA, "EOF");
	if (r < 0)
		return rti_fail(err, -r, "poll");
	return rti_pid_message_receive(conversation->init_fd, ret, err);
}

/* Stage 1 has nothing more to do and ends by itself; how it ends matters only if others fail. */
static void reap_stage1(struct conversation *conversation, pid_t pid)
{
	_cleanup_fd_ int pidfd = -EBADF;

	/* Nobody makes us reap a child of the embedder by naming its pid. */
	if (pid == conversation->stage0_pid || process_family_check(&conversation->family, pid) < 0)
		return;
	pidfd = process_open(pid);
	if (pidfd < 0)
		return;
	conversation->stage1_pid = pid;
	if (conversation_wait(conversation, -EBADF, 0, pidfd, -1) == CONVERSATION_DEAD)
		process_reap(pidfd, &conversation->stage1_status);
}

static int adopt_stage2(struct conversation *conversation, pid_t pid, struct rti_error *err)
{
	int pidfd, r = -ESRCH;

	if (pid != conversation->stage0_pid)
		r = process_family_check(&conversation->family, pid);
	if (r == -ESRCH)
		return rti_refuse(err, ESRCH, "pid %d is no stage of this init", pid);
	if (r < 0)
		return rti_fail(err, -r, "look at pid %d", pid);
	pidfd = process_open(pid);
	if (pidfd < 0)
		return rti_fail(err, -pidfd, "pidfd_open %d", pid);
	conversation->child.pid = pid;
	conversation->child.pidfd = pidfd;
	return 0;
}

/* Waits for stage 0; gives its status. */
static int reap_stage0(struct conversation *conversation, int *ret_status, struct rti_error *err)
{
	int r = conversation_wait(conversation, -EBADF, 0, conversation->stage0_pidfd, -1);

	if (r == CONVERSATION_DEAD)
		r = process_reap(conversation->stage0_pidfd, ret_status);
	if (r < 0)
		return rti_fail(err, -r, "wait");
	conversation->stage0_pidfd = rti_close(conversation->stage0_pidfd);
	return 0;
}

static int check_stage0(struct conversation *conversation, const char *step, struct rti_error *err)
{
	char text[64];
	int status, r;

	r = reap_stage0(conversation, &status, err);
	if (r < 0)
		return rti_prefix(err, r, "%s", step);
	if (status == 0)
		return 0;
	process_status_text(status, text, sizeof(text));
	return rti_refuse(err, ECHILD, "%s: %s", step, text);
}

/* Checkpoints need to know what the process's stdio was; not knowing it is no reason to fail. */
static int read_stdio(struct rti_parent_child *child, struct rti_error *err)
{
	for (int i = 0; i < 3; i++) {
		char path[64], target[4096];
		ssize_t size;

		snprintf(path, sizeof(path), "/proc/%d/fd/%d", child->pid, i);
		size = readlink(path, target, sizeof(target) - 1);
		/* Of a process that has ended meanwhile the conversation tells more. */
		if (size < 0 && errno != EPERM && errno != EACCES && errno != ENOENT &&
		    errno != ESRCH)
			return rti_fail(err, errno,
					"error getting pipe fds for pid %d: readlink %s",
					child->pid, path);
		child->stdio[i] = strndup(target, size < 0 ? 0 : (size_t)size);
		if (!child->stdio[i])
			return rti_fail(err, ENOMEM, "stdio of pid %d", child->pid);
	}
	return 0;
}

static int allow_all_cpus(pid_t pid)
{
	unsigned char mask[ALL_CPUS_SIZE];

	memset(mask, 0xff, sizeof(mask));
	if (sched_setaffinity(pid, sizeof(mask), (const cpu_set_t *)(const void *)mask) < 0)
		return -errno;
	return 0;
}

/* The container's CPU set counts, not the affinity that our caller happens to have. */
static void reset_affinity(struct conversation *conversation)
{
	int r = allow_all_cpus(conversation->stage0_pid);

	if (r < 0)
		conversation_warn(conversation, "unable to reset the CPU affinity of pid %d: %s",
				  conversation->stage0_pid, rti_errno_text(-r));
}

static int set_final_affinity(struct conversation *conversation, struct rti_error *err)
{
	const struct rti_cpu_affinity *affinity = conversation->config.cpu_affinity;
	pid_t pid = conversation->child.pid;
	int r = 0;

	if (affinity && affinity->final.count) {
		if (sched_setaffinity(pid, affinity->final.count * sizeof(uint64_t),
				      (const cpu_set_t *)(const void *)affinity->final.items) < 0)
			r = -errno;
	} else if (!affinity || !affinity->initial.count) {
		r = allow_all_cpus(pid);
	}
	return r < 0 ? rti_fail(err, -r, "error setting final CPU affinity") : 0;
}

static int join_cgroup(struct conversation *conversation, pid_t pid, struct rti_error *err)
{
	const struct rti_parent_ops *ops = conversation->start->ops;

	if (!ops || !ops->join_cgroup)
		return 0;
	return ops->join_cgroup(conversation->start->data, pid, err);
}

/* A runc that is told about hooks tells them the state as it was before anything was started. */
static bool needs_state(const struct conversation *conversation)
{
	const struct rti_hooks *hooks = conversation->config.config->hooks;

	if (conversation->start->type == RTI_INIT_SETNS || conversation->config.spec_state)
		return false;
	if (conversation->start->program->dialect == RTI_DIALECT_RUNC_1_2)
		return true;
	return hooks && (hooks->create_container.count || hooks->start_container.count);
}

static int send_config(struct conversation *conversation, struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	if (needs_state(conversation) &&
	    conversation_has_state(conversation, "stopped", 0, &conversation->init_state))
		conversation->config.spec_state = &conversation->init_state;
	r = rti_init_config_encode(&conversation->config, conversation->start->program->dialect,
				   &text, &size, err);
	if (r < 0)
		return r;
	r = conversation_send(conversation, text, size, conversation->child.pidfd);
	if (r == -EPIPE && conversation_has_word(conversation))
		return 0;
	if (r < 0)
		return rti_fail(err, -r, "%s: write init-p",
				conversation->start->type == RTI_INIT_SETNS ?
					"error writing config to pipe" :
					"error sending config to init process");
	return 0;
}

static int handshake_standard(struct conversation *conversation, struct rti_error *err)
{
	struct rti_pid_message pids;
	int r;

	r = join_cgroup(conversation, conversation->stage0_pid, err);
	if (r < 0)
		return rti_prefix(err, r, "unable to apply cgroup configuration");
	reset_affinity(conversation);
	r = send_bootstrap(conversation, err);
	if (r < 0)
		return r;
	r = receive_pids(conversation, &pids, err);
	if (r == 0)
		r = adopt_stage2(conversation, pids.stage2_pid, err);
	if (r < 0)
		return rti_prefix(err, r, "can't get final child's PID from pipe");
	reap_stage1(conversation, pids.stage1_pid);
	r = read_stdio(&conversation->child, err);
	if (r == 0)
		r = check_stage0(conversation, "error waiting for our first child to exit", err);
	if (r < 0)
		return r;
	r = net_device_move_all(&conversation->config.config->net_devices, conversation->child.pid,
				err);
	if (r < 0)
		return rti_prefix(err, r, "error creating network interfaces");
	return send_config(conversation, err);
}

static int handshake_setns(struct conversation *conversation, struct rti_error *err)
{
	static const char step[] = "error executing setns process";
	struct rti_pid_message pids;
	int r;

	r = send_bootstrap(conversation, err);
	if (r == 0)
		r = check_stage0(conversation, step, err);
	if (r < 0)
		return r;
	r = receive_pids(conversation, &pids, err);
	if (r == 0)
		r = adopt_stage2(conversation, pids.stage2_pid, err);
	if (r < 0)
		return rti_prefix(err, r, "%s: error reading pid from init pipe", step);
	reap_stage1(conversation, pids.stage1_pid);
	if (conversation->start->joined_pidfd >= 0 &&
	    process_is_dead(conversation->start->joined_pidfd, 0))
		return rti_refuse(err, ESRCH,
				  "%s: the container's init has ended while it was joined", step);
	r = read_stdio(&conversation->child, err);
	if (r < 0)
		return r;
	r = join_cgroup(conversation, conversation->child.pid, err);
	if (r < 0)
		return rti_prefix(err, r, "error adding pid %d to cgroups",
				  conversation->child.pid);
	r = set_final_affinity(conversation, err);
	return r < 0 ? r : send_config(conversation, err);
}

int handshake_run(struct conversation *conversation, struct rti_error *err)
{
	if (conversation->start->type == RTI_INIT_SETNS)
		return handshake_setns(conversation, err);
	return handshake_standard(conversation, err);
}
