/* SPDX-License-Identifier: Apache-2.0 */
/* What only a parent does: start an init, feed it, and see how it ends. */
#include "peer/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/number.h"
#include "peer/packet.h"
#include "peer/smallest.h"
#include "peer/spawn-init.h"

static int left_ms(int64_t deadline)
{
	int64_t left = deadline - rti_clock_ms();

	return left > 0 ? (int)left : 0;
}

static int play_send_bootstrap(struct peer *peer, const char *text, struct rti_error *err)
{
	_cleanup_free_ void *bytes = NULL;
	size_t size;
	int r;

	(void)text;
	r = smallest_bootstrap(peer->type, &bytes, &size, err);
	if (r < 0)
		return r;
	r = rti_write_full(peer->init_fd, bytes, size);
	if (r < 0)
		return rti_fail(err, -r, "write to the init pipe");
	peer_say(peer, "bootstrap", bytes, size);
	return 0;
}

/* How a process ended; kills nobody. */
static int wait_for(pid_t pid, int64_t deadline, int *ret_status, struct rti_error *err)
{
	for (;;) {
		pid_t ended = waitpid(pid, ret_status, WNOHANG);

		if (ended == pid)
			return 0;
		if (ended < 0)
			return rti_fail(err, errno, "wait for process %d", pid);
		if (left_ms(deadline) == 0)
			return rti_refuse(err, ETIMEDOUT, "process %d has not ended in time", pid);
		usleep(500);
	}
}

/* The early stages end with status 0 when they have told the pids. */
static int reap_stages(struct peer *peer, struct rti_error *err)
{
	pid_t stages[] = { peer->stage0_pid, peer->pids.stage1_pid };
	int64_t deadline = rti_clock_ms() + PEER_STEP_MS;

	for (int i = 0; i < 2; i++) {
		int status, r = wait_for(stages[i], deadline, &status, err);

		if (r < 0)
			return rti_prefix(err, r, "stage %d", i);
		if (status != 0)
			return rti_refuse(err, EPROTO, "stage %d ended with wait status %d", i,
					  status);
	}
	peer->stage0_pid = -1;
	return 0;
}

static int play_expect_pids(struct peer *peer, const char *text, struct rti_error *err)
{
	struct pollfd polled = { .fd = peer->init_fd, .events = POLLIN };
	struct rti_pid_message pids;
	char line[96];
	int r;

	(void)text;
	if (rti_retry(poll(&polled, 1, PEER_STEP_MS)) == 0)
		return rti_refuse(err, ETIMEDOUT, "nothing came within %d ms", PEER_STEP_MS);
	r = rti_pid_message_receive(peer->init_fd, &pids, err);
	if (r < 0)
		return r;
	snprintf(line, sizeof(line), "{\"stage1_pid\":%d,\"stage2_pid\":%d}\n", pids.stage1_pid,
		 pids.stage2_pid);
	peer_hear(peer, "pids", line, strlen(line));
	peer->pids = pids;
	return reap_stages(peer, err);
}

static int play_send_config(struct peer *peer, const char *text, struct rti_error *err)
{
	const struct smallest smallest = {
		.type = peer->type,
		.dialect = peer->dialect,
		.rootfs = peer->rootfs,
		.mount = strstr(text, "mount") != NULL,
		.seccomp = strstr(text, "seccomp") != NULL,
	};
	_cleanup_free_ char *config = NULL;
	size_t size;
	int r;

	r = smallest_config(&smallest, &config, &size, err);
	if (r < 0)
		return r;
	r = rti_write_full(peer->init_fd, config, size);
	if (r < 0)
		return rti_fail(err, -r, "write to the init pipe");
	peer_say(peer, "config", config, size);
	return 0;
}

/* A reader of the fifo is what the init waits for. */
static int play_expect_start(struct peer *peer, const char *text, struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	struct pollfd polled;
	char path[32], byte;

	(void)text;
	if (peer->fifo_fd < 0)
		return rti_refuse(err, EINVAL, "only a standard init waits to be started");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", peer->fifo_fd);
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return rti_fail(err, errno, "open the exec fifo");
	polled = (struct pollfd){ .fd = fd, .events = POLLIN };
	if (rti_retry(poll(&polled, 1, PEER_STEP_MS)) <= 0)
		return rti_refuse(err, ETIMEDOUT, "nothing came within %d ms", PEER_STEP_MS);
	if (read(fd, &byte, 1) != 1 || byte != '0')
		return rti_refuse(err, EPROTO, "the init wrote no 0");
	peer_hear(peer, "start", "", 0);
	return 0;
}

static void note_complaint(struct peer *peer, const char *text)
{
	/* What was asked for is not forgotten for what comes after it. */
	if (peer->words[0] && (!peer->wanted || strstr(peer->words, peer->wanted)))
		return;
	snprintf(peer->words, sizeof(peer->words), "%s", text);
}

static void note_packet(struct peer *peer, const struct packet *packet)
{
	struct rti_sync_message message = { 0 };
	struct rti_error err;

	if (rti_sync_decode(packet->bytes, packet->size, &message, &err) == 0 &&
	    message.type == RTI_SYNC_PROC_ERROR) {
		rti_sync_error_decode(&message, &err);
		note_complaint(peer, err.text);
	}
	rti_sync_message_done(&message);
}

static int drain_sync(struct peer *peer, struct rti_error *err)
{
	struct packet packet = { 0 };
	int r = packet_receive(peer, 0, &packet, err);

	if (r < 0)
		return r;
	if (packet.end)
		peer->sync_fd = rti_close(peer->sync_fd);
	else
		note_packet(peer, &packet);
	packet_done(&packet);
	return 0;
}

/* Lines of the log or of standard error. */
static int drain_text(struct peer *peer, int *fd, const char *channel, struct rti_error *err)
{
	char text[4096], *line, *save = NULL;
	long n = rti_retry(read(*fd, text, sizeof(text) - 1));

	if (n < 0)
		return rti_fail(err, (int)-n, "read %s", channel);
	if (n == 0)
		*fd = rti_close(*fd);
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		peer_hear(peer, channel, line, strlen(line));
		if (fd == &peer->stderr_fd || strstr(line, "\"fatal\"") ||
		    strstr(line, "\"error\""))
			note_complaint(peer, line);
	}
	return 0;
}

/* Everything that the init has to say, until it has closed all its ends. */
static int drain(struct peer *peer, int64_t deadline, struct rti_error *err)
{
	int r = 0;

	while (r == 0 && (peer->sync_fd >= 0 || peer->log_fd >= 0 || peer->stderr_fd >= 0)) {
		struct pollfd polled[] = {
			{ .fd = peer->sync_fd, .events = POLLIN },
			{ .fd = peer->log_fd, .events = POLLIN },
			{ .fd = peer->stderr_fd, .events = POLLIN },
		};

		if (rti_retry(poll(polled, 3, left_ms(deadline))) <= 0)
			return rti_refuse(err, ETIMEDOUT, "the init has not ended in time");
		if (polled[0].revents)
			r = drain_sync(peer, err);
		if (r == 0 && polled[1].revents)
			r = drain_text(peer, &peer->log_fd, "log", err);
		if (r == 0 && polled[2].revents)
			r = drain_text(peer, &peer->stderr_fd, "stderr", err);
	}
	return r;
}

/* Nobody else may be there: this process gets the orphans of its children. */
static int expect_nobody(int64_t deadline, struct rti_error *err)
{
	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return 0;
		if (pid == 0 && left_ms(deadline) == 0)
			return rti_refuse(err, EPROTO, "the init has left a process behind");
		if (pid == 0)
			usleep(500);
	}
}

static int await_end(struct peer *peer, int timeout_ms, struct rti_error *err)
{
	pid_t pid = peer->pids.stage2_pid > 0 ? peer->pids.stage2_pid : peer->stage0_pid;
	int64_t deadline = rti_clock_ms() + timeout_ms;
	char text[16];
	int r;

	r = drain(peer, deadline, err);
	if (r == 0)
		r = wait_for(pid, deadline, &peer->status, err);
	if (r == 0)
		r = expect_nobody(deadline, err);
	if (r < 0)
		return r;
	if (WIFSIGNALED(peer->status))
		return rti_refuse(err, EPROTO, "the init was killed by signal %d",
				  WTERMSIG(peer->status));
	snprintf(text, sizeof(text), "%d", WEXITSTATUS(peer->status));
	peer_hear(peer, "exit", text, strlen(text));
	return 0;
}

static int play_expect_exit(struct peer *peer, const char *text, struct rti_error *err)
{
	int64_t status;
	int r;

	if (!rti_number_i64(text, 0, 255, &status))
		return rti_refuse(err, EINVAL, "no exit status: %s", text);
	r = await_end(peer, PEER_STEP_MS, err);
	if (r == 0 && WEXITSTATUS(peer->status) != status)
		r = rti_refuse(err, EPROTO, "the init ended with status %d: %s",
			       WEXITSTATUS(peer->status), peer->words);
	return r;
}

static int play_expect_refusal(struct peer *peer, const char *text, struct rti_error *err)
{
	int r;

	peer->wanted = text;
	r = await_end(peer, peer->refusal_ms, err);
	if (r < 0)
		return r;
	if (WEXITSTATUS(peer->status) == 0)
		return rti_refuse(err, EPROTO, "the init has accepted it");
	if (!peer->words[0])
		return rti_refuse(err, EPROTO, "the init ended with status %d and said nothing",
				  WEXITSTATUS(peer->status));
	if (!strstr(peer->words, text))
		return rti_refuse(err, EPROTO, "the init says '%s' and not '%s'", peer->words,
				  text);
	return 0;
}

static const struct verb verbs[] = {
	{ "send bootstrap", NULL, "the smallest bootstrap data", play_send_bootstrap },
	{ "expect pids", NULL, "the pid message; the early stages end", play_expect_pids },
	{ "send config", "[mount] [seccomp]",
	  "the smallest configuration, with a mount to be asked for, with a listener",
	  play_send_config },
	{ "expect start", NULL, "the init writes to the exec fifo, which is opened",
	  play_expect_start },
	{ "expect exit", "STATUS", "the init ends with this status, and leaves nobody",
	  play_expect_exit },
	{ "expect refusal", "[TEXT]",
	  "the init tells an error with this text, fails within a second, and leaves nobody",
	  play_expect_refusal },
};

const struct verbs peer_parent_verbs = { verbs, sizeof(verbs) / sizeof(verbs[0]) };

static int open_script(const char *path, struct script *ret, struct rti_error *err)
{
	const struct verbs tables[] = { peer_verbs, peer_parent_verbs };
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
	int r;

	if (!file)
		return rti_fail(err, errno, "open %s", path);
	r = script_read(file, path, tables, 2, ret, err);
	if (file != stdin)
		fclose(file);
	return r;
}

int peer_parent_run(const struct peer_parent *parent, struct rti_error *err)
{
	_cleanup_(script_done) struct script script = { 0 };
	struct peer peer = PEER_EMPTY;
	int r;

	peer.type = parent->type;
	peer.rootfs = parent->rootfs;
	peer.dialect = parent->dialect;
	peer.refusal_ms = parent->refusal_ms;
	rti_sync_start(&peer.machine, parent->type, RTI_SYNC_PARENT);
	signal(SIGPIPE, SIG_IGN);
	r = open_script(parent->script, &script, err);
	if (r == 0 && parent->record)
		r = transcript_open(&peer.transcript, parent->record, parent->type, err);
	if (r == 0)
		r = spawn_init(&peer, parent->init, err);
	if (r == 0)
		r = peer_play(&peer, &script, parent->script, err);
	peer_close(&peer);
	spawn_init_end();
	peer_done(&peer);
	return r;
}
