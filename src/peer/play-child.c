/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What only an init does. It makes its stages, as siblings, but no namespaces: it never gets
 * further into the container than its working directory.
 */
#include "peer/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "peer/escape.h"
#include "peer/relay.h"

static int play_expect_bootstrap(struct peer *peer, const char *text, struct rti_error *err)
{
	struct rti_bootstrap bootstrap;
	void *bytes;
	size_t size;
	int r;

	(void)text;
	r = rti_bootstrap_receive(peer->init_fd, &bootstrap, err);
	if (r < 0)
		return r;
	r = rti_bootstrap_encode(&bootstrap, &bytes, &size, err);
	rti_bootstrap_done(&bootstrap);
	if (r < 0)
		return r;
	peer_hear(peer, "bootstrap", bytes, size);
	free(bytes);
	return 0;
}

/* A sibling, as the real stages are. */
static pid_t make_stage(void)
{
	return (pid_t)syscall(SYS_clone, CLONE_PARENT | SIGCHLD, NULL, NULL, NULL, NULL);
}

/*
 * Stage 2 begins with its part of the script when stage 0 has told the pids and ends: it waits for
 * the end of this pipe, which only stage 0 holds.
 */
static int make_stages(struct peer *peer, struct rti_error *err)
{
	int ends[2];
	char byte;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return rti_fail(err, errno, "pipe");
	peer->pids.stage1_pid = make_stage();
	if (peer->pids.stage1_pid == 0)
		_exit(0);
	peer->pids.stage2_pid = make_stage();
	if (peer->pids.stage1_pid < 0 || peer->pids.stage2_pid < 0)
		return rti_fail(err, errno, "clone");
	if (peer->pids.stage2_pid > 0) {
		rti_close(ends[0]);
		return 0;
	}
	rti_close(ends[1]);
	if (rti_retry(read(ends[0], &byte, 1)) != 0)
		return rti_refuse(err, EIO, "stage 0 said something");
	rti_close(ends[0]);
	peer->is_stage2 = true;
	return SCRIPT_END;
}

static int play_make_stages(struct peer *peer, const char *text, struct rti_error *err)
{
	(void)text;
	return make_stages(peer, err);
}

static int play_send_pids(struct peer *peer, const char *text, struct rti_error *err)
{
	char line[96];
	int r;

	(void)text;
	r = rti_pid_message_send(peer->init_fd, &peer->pids, err);
	if (r < 0)
		return r;
	snprintf(line, sizeof(line), "{\"stage1_pid\":%d,\"stage2_pid\":%d}\n",
		 peer->pids.stage1_pid, peer->pids.stage2_pid);
	peer_say(peer, "pids", line, strlen(line));
	return 0;
}

/* The end of stage 0's part. */
static int play_stage2(struct peer *peer, const char *text, struct rti_error *err)
{
	(void)peer;
	(void)text;
	(void)err;
	return SCRIPT_END;
}

static int play_expect_config(struct peer *peer, const char *text, struct rti_error *err)
{
	_cleanup_free_ char *config = NULL;
	size_t size;
	int r;

	(void)text;
	r = rti_init_config_read(peer->init_fd, NULL, NULL, &peer->config, err);
	if (r == 0)
		r = rti_init_config_encode(&peer->config, RTI_DIALECT_OWN, &config, &size, err);
	if (r == 0)
		peer_hear(peer, "config", config, size);
	return r;
}

static int play_send_log(struct peer *peer, const char *text, struct rti_error *err)
{
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r;

	r = escape_read(text, &bytes, &size, err);
	if (r < 0)
		return r;
	bytes[size] = '\n';
	r = rti_write_full(peer->log_fd, bytes, size + 1);
	if (r < 0)
		return rti_fail(err, -r, "write to the log pipe");
	peer_say(peer, "log", text, strlen(text));
	return 0;
}

static int play_start(struct peer *peer, const char *text, struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	char path[32];

	(void)text;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", peer->fifo_fd);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return rti_fail(err, errno, "open the exec fifo");
	if (write(fd, "0", 1) != 1)
		return rti_fail(err, errno, "write to the exec fifo");
	peer_say(peer, "start", "", 0);
	return 0;
}

static int play_exit(struct peer *peer, const char *text, struct rti_error *err)
{
	int64_t status;

	if (!rti_number_i64(text, 0, 255, &status))
		return rti_refuse(err, EINVAL, "no exit status: %s", text);
	peer_say(peer, "exit", text, strlen(text));
	_exit((int)status);
}

static const struct verb verbs[] = {
	{ "expect bootstrap", NULL, "bootstrap data", play_expect_bootstrap },
	{ "make stages", NULL, "stages 1 and 2; stage 1 ends at once", play_make_stages },
	{ "send pids", NULL, "the pid message of the stages that were made", play_send_pids },
	{ "stage 2", NULL, "from here on stage 2 acts; stage 0 ends", play_stage2 },
	{ "expect config", NULL, "the init configuration", play_expect_config },
	{ "send log", "BYTES", "a line of the log", play_send_log },
	{ "start", NULL, "wait on the exec fifo and write to it", play_start },
	{ "exit", "STATUS", "end", play_exit },
	{ "relay", "PROGRAM", "become this init, and record what it and the parent say",
	  relay_play },
};

const struct verbs peer_child_verbs = { verbs, sizeof(verbs) / sizeof(verbs[0]) };

static int fd_of(const char *name)
{
	const char *value = getenv(name);
	int64_t fd;

	return value && rti_number_i64(value, 3, 1 << 20, &fd) ? (int)fd : -EBADF;
}

static void find_channels(struct peer *peer)
{
	const char *type = getenv("_LIBCONTAINER_INITTYPE");

	peer->type = type && strcmp(type, "setns") == 0 ? RTI_INIT_SETNS : RTI_INIT_STANDARD;
	peer->init_fd = fd_of("_LIBCONTAINER_INITPIPE");
	peer->sync_fd = fd_of("_LIBCONTAINER_SYNCPIPE");
	peer->log_fd = fd_of("_LIBCONTAINER_LOGPIPE");
	peer->fifo_fd = fd_of("_LIBCONTAINER_FIFOFD");
	rti_sync_start(&peer->machine, peer->type, RTI_SYNC_CHILD);
}

/* What stage 2 has to do, behind the line that says so. */
static struct script rest_of(const struct script *script)
{
	struct script rest = { .steps = script->steps + script->count };

	for (size_t i = 0; i < script->count; i++) {
		if (script->steps[i].verb->play != play_stage2)
			continue;
		rest.steps = script->steps + i + 1;
		rest.count = script->count - i - 1;
		break;
	}
	return rest;
}

int peer_child_run(struct rti_error *err)
{
	const struct verbs tables[] = { peer_verbs, peer_child_verbs };
	_cleanup_(script_done) struct script script = { 0 };
	struct peer peer = PEER_EMPTY;
	struct script rest;
	FILE *file;
	int r;

	signal(SIGPIPE, SIG_IGN);
	find_channels(&peer);
	file = fopen(PEER_CHILD_SCRIPT, "re");
	if (!file)
		return rti_fail(err, errno, "open %s in the root file system", PEER_CHILD_SCRIPT);
	r = script_read(file, PEER_CHILD_SCRIPT, tables, 2, &script, err);
	fclose(file);
	if (r == 0)
		r = peer_play(&peer, &script, PEER_CHILD_SCRIPT, err);
	if (r == 0 && peer.is_stage2) {
		rest = rest_of(&script);
		r = peer_play(&peer, &rest, PEER_CHILD_SCRIPT, err);
	}
	peer_done(&peer);
	return r;
}
