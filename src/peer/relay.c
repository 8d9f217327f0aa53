/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "peer/packet.h"

struct relay {
	struct peer *outer; /* towards the parent; says and hears, so it records */
	struct peer inner;  /* towards the init */
	bool pids_told;	    /* what the parent says afterwards is the configuration */
};

static int make_inner(struct peer *inner, int *init_ends, struct rti_error *err)
{
	int init[2], sync[2], log[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, init) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) < 0 ||
	    pipe2(log, O_CLOEXEC) < 0)
		return rti_fail(err, errno, "make channels");
	inner->init_fd = init[0];
	inner->sync_fd = sync[0];
	inner->log_fd = log[0];
	init_ends[0] = init[1];
	init_ends[1] = sync[1];
	init_ends[2] = log[1];
	return 0;
}

/* Bytes of the init pipe. Gives 0 at the end. */
static long pass_bytes(struct relay *relay, bool from_parent)
{
	int from_fd = from_parent ? relay->outer->init_fd : relay->inner.init_fd;
	int to_fd = from_parent ? relay->inner.init_fd : relay->outer->init_fd;
	char bytes[65536];
	long n = rti_retry(recv(from_fd, bytes, sizeof(bytes), 0));

	if (n <= 0) {
		shutdown(to_fd, SHUT_WR);
		return 0;
	}
	if (!from_parent) {
		peer_say(relay->outer, "pids", bytes, (size_t)n);
		relay->pids_told = true;
	} else {
		peer_hear(relay->outer, relay->pids_told ? "config" : "bootstrap", bytes,
			  (size_t)n);
	}
	rti_write_full(to_fd, bytes, (size_t)n);
	return n;
}

static long pass_packet(struct peer *from, struct peer *to)
{
	struct packet packet = { 0 };
	struct rti_error err;

	if (packet_receive(from, 0, &packet, &err) < 0 || packet.end)
		return 0;
	packet_send(to, packet.bytes, packet.size, packet.files, packet.file_count, &err);
	packet_done(&packet);
	return 1;
}

/* Lines of the log come in one write(2) each, so none is cut but a very long one. */
static long pass_log(struct relay *relay)
{
	char text[65536], *line, *save = NULL;
	long n = rti_retry(read(relay->inner.log_fd, text, sizeof(text) - 1));

	if (n <= 0)
		return 0;
	rti_write_full(relay->outer->log_fd, text, (size_t)n);
	text[n] = '\0';
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		peer_say(relay->outer, "log", line, strlen(line));
	return n;
}

static void pass_from_parent(struct relay *relay, const struct pollfd *init,
			     const struct pollfd *sync)
{
	if (init->revents && pass_bytes(relay, true) == 0)
		relay->outer->init_fd = rti_close(relay->outer->init_fd);
	if (sync->revents && pass_packet(relay->outer, &relay->inner) == 0) {
		shutdown(relay->inner.sync_fd, SHUT_WR);
		relay->outer->sync_fd = rti_close(relay->outer->sync_fd);
	}
}

/* The init has closed its end: so does the relay towards the parent. */
static void end_sync(struct relay *relay)
{
	relay->inner.sync_fd = rti_close(relay->inner.sync_fd);
	if (relay->outer->sync_fd >= 0)
		peer_say(relay->outer, "end", "", 0);
	relay->outer->sync_fd = rti_close(relay->outer->sync_fd);
}

static void pass_from_init(struct relay *relay, const struct pollfd *init,
			   const struct pollfd *sync, const struct pollfd *log)
{
	if (init->revents && pass_bytes(relay, false) == 0)
		relay->inner.init_fd = rti_close(relay->inner.init_fd);
	if (sync->revents && pass_packet(&relay->inner, relay->outer) == 0)
		end_sync(relay);
	if (log->revents && pass_log(relay) == 0) {
		relay->inner.log_fd = rti_close(relay->inner.log_fd);
		relay->outer->log_fd = rti_close(relay->outer->log_fd);
	}
}

static void run(struct relay *relay)
{
	while (relay->inner.sync_fd >= 0 || relay->inner.log_fd >= 0) {
		struct pollfd polled[] = {
			{ .fd = relay->outer->init_fd, .events = POLLIN },
			{ .fd = relay->outer->sync_fd, .events = POLLIN },
			{ .fd = relay->inner.init_fd, .events = POLLIN },
			{ .fd = relay->inner.sync_fd, .events = POLLIN },
			{ .fd = relay->inner.log_fd, .events = POLLIN },
		};

		if (rti_retry(poll(polled, 5, -1)) < 0)
			return;
		/* First what the init says: the parent may have gone because of it. */
		pass_from_init(relay, &polled[2], &polled[3], &polled[4]);
		pass_from_parent(relay, &polled[0], &polled[1]);
	}
}

static int compare_fds(const void *one, const void *other)
{
	return *(const int *)one - *(const int *)other;
}

static void close_between(unsigned int first, unsigned int last)
{
	if (first > last || close_range(first, last, 0) == 0)
		return;
	dprintf(STDERR_FILENO, "relay: close_range: %s\n", strerror(errno));
	_exit(127);
}

/* The init's things, with what it was given for the program, are not kept open by the relay. */
static void close_others(const struct relay *relay)
{
	int kept[] = {
		relay->outer->init_fd, relay->outer->sync_fd, relay->outer->log_fd,
		relay->inner.init_fd,  relay->inner.sync_fd,  relay->inner.log_fd,
		relay->outer->transcript.fd,
	};
	const size_t count = sizeof(kept) / sizeof(kept[0]);
	unsigned int first = 0;

	qsort(kept, count, sizeof(kept[0]), compare_fds);
	for (size_t i = 0; i < count; i++) {
		if (kept[i] < 0)
			continue;
		if (kept[i] > 0)
			close_between(first, (unsigned int)kept[i] - 1);
		first = (unsigned int)kept[i] + 1;
	}
	close_between(first, UINT_MAX);
}

/* Not a child of the init, which may wait for all of its children. */
static int leave_behind(struct relay *relay, struct rti_error *err)
{
	pid_t pid = fork();

	if (pid < 0)
		return rti_fail(err, errno, "fork");
	if (pid > 0) {
		waitpid(pid, NULL, 0);
		return 0;
	}
	if (fork() != 0)
		_exit(0);
	close_others(relay);
	run(relay);
	_exit(0);
}

int relay_play(struct peer *peer, const char *program, struct rti_error *err)
{
	struct relay relay = { .outer = peer, .inner = PEER_EMPTY };
	char *argv[] = { (char[]){ "runc" }, (char[]){ "init" }, NULL };
	int numbers[] = { peer->init_fd, peer->sync_fd, peer->log_fd }, init_ends[3], r;
	long flags = peer->fifo_fd < 0 ? 0 : fcntl(peer->fifo_fd, F_SETFD, 0);

	relay.inner.machine.role = RTI_SYNC_PARENT;
	r = flags < 0 ? rti_fail(err, errno, "fcntl") : make_inner(&relay.inner, init_ends, err);
	if (r == 0)
		r = leave_behind(&relay, err);
	if (r < 0)
		return r;
	peer_close(&relay.inner);
	for (int i = 0; i < 3; i++)
		if (dup3(init_ends[i], numbers[i], 0) < 0)
			return rti_fail(err, errno, "dup");
	signal(SIGPIPE, SIG_DFL);
	execve(program, argv, environ);
	return rti_fail(err, errno, "execute %s", program);
}
