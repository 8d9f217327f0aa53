/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent's side of the conversation, with its mount worker, under an init that lies. The
 * first line of the input is the type, S (standard) or N (setns), and what the start has besides,
 * a letter each:
 *
 *   a   a seccomp agent that listens        r   a parent that is not root
 *   p   one that does not                   l   limits that cannot be set
 *   s   a state for it                      w   a state that cannot be stored
 *
 * The other lines are what the init says, see lying-peer.h. What the parent answers is in the
 * order that the init's table has, its success means that it has said procRun, it opens no mount
 * source that the configuration does not have, and no fd is left.
 *
 * The process that the conversation is about is a child of this one that does nothing. As root
 * the worker really joins its mount namespace.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "fuzz/lying-peer.h"
#include "parent/conversation.h"

static struct rti_id_map one_map[] = { { 0, 100000, 65536 } };
static struct rti_mount_id_mapping mapping = {
	.uid_mappings = { one_map, 1 },
	.gid_mappings = { one_map, 1 },
};
static struct rti_mount mounts[] = {
	{ .source = "/", .destination = "/mnt0", .device = "bind", .flags = MS_BIND },
	{ .source = "/dev", .destination = "/mnt1", .device = "bind", .flags = MS_BIND,
	  .id_mapping = &mapping },
	{ .source = "/nonexistent", .destination = "/mnt2", .device = "bind", .flags = MS_BIND },
};

/* What all runs share. */
static struct {
	pid_t pid;
	int pidfd;
	char agent_path[108];
	int agent_fd; /* listens */
} world;

static void open_agent(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(world.agent_path, sizeof(world.agent_path), "%s/agent", fuzz_folder());
	strcpy(address.sun_path, world.agent_path);
	world.agent_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	fuzz_expect(bind(world.agent_fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
			    listen(world.agent_fd, 16) == 0,
		    "%s: %s", world.agent_path, strerror(errno));
}

static void begin_world(void)
{
	pid_t owner = getpid();

	if (world.pid)
		return;
	open_agent();
	world.pid = fork();
	fuzz_expect(world.pid >= 0, "fork: %s", strerror(errno));
	if (world.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		syscall(SYS_close_range, 3, ~0U, 0);
		while (getppid() == owner)
			pause();
		_exit(0);
	}
	world.pidfd = (int)syscall(SYS_pidfd_open, world.pid, 0);
	fuzz_expect(world.pidfd >= 0, "pidfd_open: %s", strerror(errno));
}

static int refuse_limits(void *data, pid_t pid, struct rti_error *err)
{
	(void)data;
	return rti_fail(err, EBUSY, "limits of %d", pid);
}

static int refuse_state(void *data, const struct rti_parent_child *child, struct rti_error *err)
{
	(void)data;
	return rti_fail(err, ENOSPC, "state of %d", child->pid);
}

struct setting { /* what the first line says */
	struct rti_parent_ops ops;
	struct rti_spec_state state;
	struct rti_seccomp seccomp;
	struct rti_config config;
	struct rti_parent_start start;
};

static void read_setting(const char *options, struct setting *ret)
{
	*ret = (struct setting){
		.state = { .oci_version = "1.3.0", .id = "fuzz", .bundle = "/" },
		.config = { .mounts = { mounts, sizeof(mounts) / sizeof(*mounts) },
			    .rootless_euid = strchr(options, 'r') != NULL },
		.start = { .type = *options == 'N' ? RTI_INIT_SETNS : RTI_INIT_STANDARD },
	};
	if (strpbrk(options, "ap")) {
		ret->seccomp.listener_path =
			strchr(options, 'a') ? world.agent_path : "/nonexistent/agent";
		ret->config.seccomp = &ret->seccomp;
	}
	if (strchr(options, 's'))
		ret->start.state = &ret->state;
	if (strchr(options, 'l'))
		ret->ops.set_limits = refuse_limits;
	if (strchr(options, 'w'))
		ret->ops.ready = refuse_state;
	ret->start.ops = &ret->ops;
}

/* A source of the configuration, and what is there. */
static void check_source(const char *name, int fd)
{
	struct stat ours, theirs;

	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts); i++)
		if (strcmp(mounts[i].source, name) == 0) {
			fuzz_expect(stat(name, &ours) == 0 && fstat(fd, &theirs) == 0 &&
					    ours.st_dev == theirs.st_dev &&
					    ours.st_ino == theirs.st_ino,
				    "%s is another file", name);
			return;
		}
	fuzz_fail(__FILE__, __LINE__, "gave out %s", name);
}

static enum rti_sync_type question_of(enum rti_sync_type answer)
{
	for (int type = RTI_SYNC_NONE + 1; type < RTI_SYNC_TYPES; type++)
		if (rti_sync_info((enum rti_sync_type)type)->reply == answer)
			return (enum rti_sync_type)type;
	return RTI_SYNC_NONE;
}

/* What the parent has said, as an honest init would hear it; gives the state where that leads. */
static enum rti_sync_state check_answers(const struct lying_peer *peer, enum rti_init_type type)
{
	struct rti_sync_message message;
	struct rti_sync_machine machine;
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	int fd;

	rti_sync_start(&machine, type, RTI_SYNC_CHILD);
	while (lying_peer_hear(peer, RTI_SYNC_SENDER_PARENT, &message, name, &fd)) {
		struct rti_error err;

		fuzz_expect(rti_sync_advance(&machine, RTI_SYNC_SEND, question_of(message.type),
					     NULL, &err) == 0 &&
				    rti_sync_advance(&machine, RTI_SYNC_RECEIVE, message.type,
						     message.name, &err) == 0,
			    "%s", err.text);
		if (fd >= 0)
			check_source(name, fd);
		rti_close(fd);
		rti_sync_message_done(&message);
	}
	return machine.state;
}

static void close_connections(void)
{
	int fd;

	while ((fd = accept4(world.agent_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(fd);
}

static void converse(struct fuzz_input *input, const struct setting *setting)
{
	struct conversation conversation = {
		.start = &setting->start,
		.config = { .config = (struct rti_config *)&setting->config },
		.log = { .fd = -EBADF },
		.child = { .pid = world.pid, .pidfd = world.pidfd },
	};
	struct rti_error err = { 0 };
	enum rti_sync_state state;
	struct lying_peer peer;
	int r;

	lying_peer_open(&peer);
	lying_peer_send(&peer, input);
	conversation.sync.socket_fd = peer.honest_fd;
	r = sync_loop_run(&conversation, &err);
	mount_worker_stop(conversation.worker);
	state = check_answers(&peer, setting->start.type);
	if (r == 0)
		fuzz_expect(state == RTI_SYNC_STATE_RUN || state == RTI_SYNC_STATE_SECCOMP_DONE,
			    "success in state %d", state);
	else
		fuzz_expect(r < 0 && err.errnum == -r, "failure does not say why: %d", r);
	lying_peer_close(&peer);
	close_connections();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct setting setting;
	struct fuzz_fds fds;
	size_t count;
	_cleanup_free_ char *options = fuzz_line(&input, &count);

	begin_world();
	fds = fuzz_fds_note();
	read_setting(options ? options : "", &setting);
	converse(&input, &setting);
	fuzz_fds_expect(fds);
	return 0;
}
