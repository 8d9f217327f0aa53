/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Theory of Operation
 *
 * rti_parent_start() makes the channels, spawns stage 0 with the child's ends of them at dense fd
 * numbers that the environment names, and then holds the conversation: handshake.c up to the init
 * configuration, sync-loop.c for the questions of the init, and at last the end of the log pipe.
 *
 * Everything hangs on one struct conversation. On any failure end_badly() kills and reaps whatever
 * has been started; nothing before that has to clean up processes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "parent/bootstrap-data.h"
#include "parent/conversation.h"
#include "parent/post-mortem.h"
#include "parent/spawn.h"

/* How long processes that were killed may keep the log pipe open through others. Chosen. */
#define LOG_GRACE_MS 200

/* stdio, console, init pipe, sync socket, log pipe, pidfd socket, exec fifo, seccomp program */
#define CHILD_FDS_MAX 10

/* GOMAXPROCS, eight fd numbers, log level, init type */
#define CHILD_ENV_MAX 11

/* The child's ends, and what the child is told about them. */
struct child_side {
	int init_fd;
	int sync_fd;
	int log_fd;
	int null_fds[2]; /* /dev/null to read from and to write to */
	int *fds;	 /* what becomes 0, 1, 2, ... */
	size_t fd_count;
	char *env[CHILD_ENV_MAX + 1];
	size_t env_count;
	struct rti_arena arena; /* owns fds and env */
};

static void child_side_done(struct child_side *side)
{
	rti_close(side->init_fd);
	rti_close(side->sync_fd);
	rti_close(side->log_fd);
	rti_close(side->null_fds[0]);
	rti_close(side->null_fds[1]);
	rti_arena_done(&side->arena);
}

static int check_start(const struct rti_parent_start *start, struct rti_error *err)
{
	if (!start->program || start->program->exe_fd < 0)
		return rti_refuse(err, EINVAL, "no init program");
	if (!start->config || !start->config->config)
		return rti_refuse(err, EINVAL, "no init configuration");
	if (start->type == RTI_INIT_STANDARD && start->fifo_fd < 0)
		return rti_refuse(err, EINVAL, "a standard init needs an exec fifo");
	if (start->type == RTI_INIT_SETNS && !start->join)
		return rti_refuse(err, EINVAL, "a setns init needs namespaces to join");
	return 0;
}

static int make_pair(int type, const char *name, int *ret_child_fd, int *ret_parent_fd,
		     struct rti_error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0)
		return rti_fail(err, errno, "unable to create %s pipe", name);
	*ret_child_fd = ends[0];
	*ret_parent_fd = ends[1];
	return 0;
}

static int make_channels(struct conversation *conversation, struct child_side *side,
			 struct rti_error *err)
{
	int ends[2], r;

	r = make_pair(SOCK_STREAM, "init", &side->init_fd, &conversation->init_fd, err);
	if (r == 0)
		r = make_pair(SOCK_SEQPACKET, "sync", &side->sync_fd, &conversation->sync.socket_fd,
			      err);
	if (r < 0)
		return r;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return rti_fail(err, errno, "unable to create log pipe");
	side->log_fd = ends[1];
	return log_forward_init(&conversation->log, ends[0], err);
}

/* The fd that the child gets as its @index'th standard stream. */
static int standard_fd(const struct rti_parent_start *start, struct child_side *side, int index,
		       struct rti_error *err)
{
	int *null_fd = &side->null_fds[index > 0];

	if (start->stdio_fds[index] >= 0)
		return start->stdio_fds[index];
	if (*null_fd < 0)
		*null_fd = open("/dev/null", (index > 0 ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	return *null_fd < 0 ? rti_fail(err, errno, "open /dev/null") : *null_fd;
}

static void add_env(struct child_side *side, const char *name, const char *value)
{
	/* A missing text is noticed at the end, by the count. */
	side->env[side->env_count] = rti_arena_printf(&side->arena, "%s=%s", name, value);
	if (side->env[side->env_count])
		side->env_count++;
}

static void add_number(struct child_side *side, const char *name, int number)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", number);
	add_env(side, name, text);
}

/*
 * Dense numbers from 0, and the variables that name them, in runc's order. The program itself is
 * not among them, as with a runc that is a sealed memory file already: it is executed
 * close-on-exec.
 */
static int number_fds(const struct rti_parent_start *start, struct child_side *side,
		      struct rti_error *err)
{
	const char *procs = getenv("GOMAXPROCS");
	const struct {
		const char *name;
		int fd;
	} channels[] = {
		{ "_LIBCONTAINER_CONSOLE", start->console_fd },
		{ "_LIBCONTAINER_INITPIPE", side->init_fd },
		{ "_LIBCONTAINER_SYNCPIPE", side->sync_fd },
		{ "_LIBCONTAINER_LOGPIPE", side->log_fd },
		{ "_LIBCONTAINER_PIDFD_SOCK", start->pidfd_socket_fd },
		{ "_LIBCONTAINER_FIFOFD",
		  start->type == RTI_INIT_STANDARD ? start->fifo_fd : -EBADF },
		{ "_RUNTIME_INIT_SECCOMP", start->program->own ? start->seccomp_fd : -EBADF },
	};
	size_t expected = 2;

	side->fds = rti_arena_array(&side->arena, CHILD_FDS_MAX + start->passed_count, sizeof(int));
	if (!side->fds)
		return rti_fail(err, ENOMEM, "file descriptors");
	for (int i = 0; i < 3; i++) {
		int fd = standard_fd(start, side, i, err);

		if (fd < 0)
			return fd;
		side->fds[side->fd_count++] = fd;
	}
	for (size_t i = 0; i < start->passed_count; i++)
		side->fds[side->fd_count++] = start->passed_fds[i];
	add_env(side, "GOMAXPROCS", procs ? procs : "");
	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
		if (channels[i].fd < 0)
			continue;
		add_number(side, channels[i].name, (int)side->fd_count);
		side->fds[side->fd_count++] = channels[i].fd;
		expected++;
		/* runc names the level right behind its pipe. */
		if (channels[i].fd == side->log_fd && start->log_level >= 0) {
			add_number(side, "_LIBCONTAINER_LOGLEVEL", start->log_level);
			expected++;
		}
	}
	add_env(side, "_LIBCONTAINER_INITTYPE",
		start->type == RTI_INIT_SETNS ? "setns" : "standard");
	return side->env_count == expected ? 0 : rti_fail(err, ENOMEM, "environment");
}

static int spawn_stage0(struct conversation *conversation, struct child_side *side,
			struct rti_error *err)
{
	const struct rti_parent_start *start = conversation->start;
	const struct rti_init_config *config = &conversation->config;
	const char *argv0 = start->argv0 ? start->argv0 : "runtime-parent";
	char *argv[] = { (char *)argv0, (char[]){ "init" }, NULL };
	struct spawn spawn = {
		.exe_fd = start->program->exe_fd,
		.argv = argv,
		.envp = side->env,
		.fds = side->fds,
		.fd_count = side->fd_count,
		.dir = config->config->rootfs,
		.joins = start->joins,
		.join_count = start->join_count,
		.death_signal = (int)config->config->parent_death_signal,
		.signal_mask = start->signal_mask,
	};
	pid_t pid;
	int r;

	if (start->type == RTI_INIT_SETNS && config->cpu_affinity)
		spawn.cpus = &config->cpu_affinity->initial;
	pid = spawn_process(&spawn, &conversation->stage0_pidfd, err);
	if (pid < 0)
		return rti_prefix(err, pid, "%s",
				  start->type == RTI_INIT_SETNS ? "error starting setns process" :
								  "unable to start init");
	r = process_family_init(&conversation->family, start->program->exe_fd, pid, err);
	if (r == 0)
		conversation->stage0_pid = pid;
	return r;
}

static int make_bootstrap(struct conversation *conversation, struct rti_error *err)
{
	_cleanup_(rti_arena_done) struct rti_arena arena = { 0 };
	const struct rti_parent_start *start = conversation->start;
	struct rti_bootstrap data;
	int r;

	r = bootstrap_data_fill(start->type, conversation->config.config, start->join, &arena,
				&data, err);
	if (r < 0)
		return r;
	return rti_bootstrap_encode(&data, &conversation->bootstrap, &conversation->bootstrap_size,
				    err);
}

/* The child's ends are closed when this returns, so that the end of the child is seen. */
static int spawn_init(struct conversation *conversation, struct rti_error *err)
{
	_cleanup_(child_side_done) struct child_side side = {
		.init_fd = -EBADF,
		.sync_fd = -EBADF,
		.log_fd = -EBADF,
		.null_fds = { -EBADF, -EBADF },
	};
	int r;

	r = make_channels(conversation, &side, err);
	if (r == 0)
		r = number_fds(conversation->start, &side, err);
	if (r == 0)
		r = make_bootstrap(conversation, err);
	if (r < 0)
		return rti_prefix(err, r, "unable to create new parent process");
	r = spawn_stage0(conversation, &side, err);
	return r < 0 ? rti_prefix(err, r, "unable to start container process") : 0;
}

static void add_text(struct rti_error *err, const char *text)
{
	size_t used = err ? strlen(err->text) : 0;

	if (err)
		snprintf(err->text + used, sizeof(err->text) - used, "%s", text);
}

/*
 * Kills and reaps all processes of the start, and ends the mount worker. Closing the sockets before
 * would have the init complain of that; after, it ends a process that could not be found.
 */
static void end_processes(struct conversation *conversation, struct rti_error *err)
{
	const int pidfds[] = { conversation->child.pidfd, conversation->stage0_pidfd };
	bool stuck = false;

	for (size_t i = 0; i < sizeof(pidfds) / sizeof(pidfds[0]); i++)
		if (pidfds[i] >= 0)
			stuck |= process_kill(pidfds[i]) == -ETIMEDOUT;
	if (conversation->stage0_pid > 0 && !stuck)
		stuck = process_family_kill(&conversation->family) == -ETIMEDOUT;
	conversation->init_fd = rti_close(conversation->init_fd);
	conversation->sync.socket_fd = rti_close(conversation->sync.socket_fd);
	mount_worker_stop(conversation->worker);
	conversation->worker = NULL;
	if (stuck)
		add_text(err, "; SIGKILL was sent, but a process of the init is still there");
}

/* What the OOM killer did explains whatever the init or the kernel told us. */
static void explain_oom(const struct rti_parent_start *start, struct rti_error *err)
{
	static const char text[] = "container init was OOM-killed (memory limit too low?)";
	struct rti_error original = *err;

	if (!start->ops || !start->ops->was_oom_killed || !start->ops->was_oom_killed(start->data))
		return;
	if (start->type == RTI_INIT_SETNS)
		add_text(err, " (possibly OOM-killed)");
	else if (start->debug)
		rti_prefix(err, -original.errnum, "%s", text);
	else
		rti_refuse(err, original.errnum, "%s", text);
}

static int end_badly(struct conversation *conversation, int r, struct rti_error *err)
{
	post_mortem_tell(conversation, r, err);
	explain_oom(conversation->start, err);
	end_processes(conversation, err);
	conversation_finish_log(conversation, LOG_GRACE_MS);
	rti_prefix(err, r, "unable to start container process");
	if (conversation->log.fatal) {
		add_text(err, "; runc init error(s): ");
		add_text(err, conversation->log.fatal);
	}
	return r;
}

static int converse(struct conversation *conversation, struct rti_error *err)
{
	int r;

	r = handshake_run(conversation, err);
	if (r == 0)
		r = sync_loop_run(conversation, err);
	if (r < 0)
		return end_badly(conversation, r, err);
	/* The init closes the log pipe when it has nothing more to say; a fatal line still counts.
	 */
	conversation_finish_log(conversation, -1);
	if (!conversation->log.fatal)
		return 0;
	rti_refuse(err, EPROTO, "runc init error(s): %s", conversation->log.fatal);
	end_processes(conversation, err);
	return -EPROTO;
}

static void conversation_init(struct conversation *conversation,
			      const struct rti_parent_start *start)
{
	*conversation = (struct conversation){
		.start = start,
		.config = *start->config,
		.init_fd = -EBADF,
		.sync = { .socket_fd = -EBADF },
		.log = { .fd = -EBADF, .data = start->data },
		.stage0_pidfd = -EBADF,
		.child = RTI_PARENT_CHILD_EMPTY,
	};
	conversation->config.passed_files_count = (int64_t)start->passed_count;
	conversation->config.create_console = start->console_fd >= 0;
	if (start->ops)
		conversation->log.log = start->ops->log;
	conversation->log.collect_fatal = start->program->dialect >= RTI_DIALECT_RUNC_1_4;
}

static void conversation_done(struct conversation *conversation)
{
	rti_close(conversation->init_fd);
	rti_close(conversation->sync.socket_fd);
	rti_close(conversation->stage0_pidfd);
	mount_worker_stop(conversation->worker);
	log_forward_done(&conversation->log);
	free(conversation->bootstrap);
	rti_parent_child_done(&conversation->child);
}

int rti_parent_start(const struct rti_parent_start *start, struct rti_parent_child *ret,
		     struct rti_error *err)
{
	struct rti_parent_child empty = RTI_PARENT_CHILD_EMPTY;
	struct conversation conversation;
	struct rti_error local;
	int r;

	/* Several steps read the text back. */
	if (!err)
		err = &local;
	r = check_start(start, err);
	if (r < 0)
		return r;
	conversation_init(&conversation, start);
	r = spawn_init(&conversation, err);
	if (r < 0)
		end_processes(&conversation, err);
	else
		r = converse(&conversation, err);
	if (r == 0) {
		*ret = conversation.child;
		conversation.child = empty;
	}
	conversation_done(&conversation);
	return r;
}

int rti_parent_child_kill(const struct rti_parent_child *child, struct rti_error *err)
{
	int r = process_kill(child->pidfd);

	return r < 0 ? rti_fail(err, -r, "kill pid %d", child->pid) : 0;
}

void rti_parent_child_done(struct rti_parent_child *child)
{
	child->pidfd = rti_close(child->pidfd);
	for (int i = 0; i < 3; i++) {
		free(child->stdio[i]);
		child->stdio[i] = NULL;
	}
}
