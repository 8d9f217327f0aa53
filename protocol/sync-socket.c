/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/sync-socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

/* One more than the kernel passes at once (SCM_MAX_FD), so that none can be lost by truncation. */
#define FDS_MAX 254

union control {
	char bytes[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

struct received_fds {
	int fds[FDS_MAX];
	size_t count;
	size_t messages; /* control messages of type SCM_RIGHTS */
};

static void close_all(const struct received_fds *received)
{
	for (size_t i = 0; i < received->count; i++)
		rti_close(received->fds[i]);
}

static void collect_fds(struct msghdr *message, struct received_fds *ret)
{
	ret->count = 0;
	ret->messages = 0;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		ret->messages++;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (count > FDS_MAX - ret->count)
			count = FDS_MAX - ret->count;
		memcpy(ret->fds + ret->count, CMSG_DATA(c), count * sizeof(int));
		ret->count += count;
	}
}

static long receive_with_fds(int socket_fd, void *buffer, size_t size, int flags,
			     struct received_fds *ret)
{
	union control control;
	struct iovec vector = { .iov_base = buffer, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	long n;

	ret->count = 0;
	ret->messages = 0;
	n = rti_retry_reset(recvmsg(socket_fd, &message, flags | MSG_CMSG_CLOEXEC));
	if (n >= 0)
		collect_fds(&message, ret);
	return n;
}

/* The next packet's size without taking it; without a control buffer no fd is installed yet. */
static long peek_size(int socket_fd)
{
	return rti_retry_reset(recv(socket_fd, NULL, 0, MSG_PEEK | MSG_TRUNC));
}

static void discard_packet(int socket_fd)
{
	struct received_fds received;
	char byte;

	receive_with_fds(socket_fd, &byte, 1, MSG_DONTWAIT, &received);
	close_all(&received);
}

int rti_sync_packet_receive(int socket_fd, char **ret, size_t *ret_size, struct rti_error *err)
{
	_cleanup_free_ char *buffer = NULL;
	struct received_fds received;
	long size, n;

	size = peek_size(socket_fd);
	if (size < 0)
		return rti_fail(err, (int)-size, "fetch packet length from socket: recvfrom");
	if (size == 0)
		return RTI_SYNC_EOF;
	if (size > RTI_SYNC_PACKET_MAX) {
		discard_packet(socket_fd);
		return rti_refuse(err, EMSGSIZE, "sync packet of %ld bytes is larger than %d", size,
				  RTI_SYNC_PACKET_MAX);
	}
	buffer = malloc((size_t)size + 1);
	if (!buffer)
		return rti_fail(err, ENOMEM, "sync packet of %ld bytes", size);
	n = receive_with_fds(socket_fd, buffer, (size_t)size, 0, &received);
	if (n < 0)
		return rti_fail(err, (int)-n, "read sync packet of %ld bytes", size);
	if (received.count || received.messages) {
		close_all(&received);
		return rti_refuse(err, EBADMSG, "sync packet came with an unexpected file");
	}
	if (n != size)
		return rti_refuse(err, EBADMSG, "sync packet of %ld bytes was cut to %ld", size, n);
	buffer[n] = '\0';
	*ret = buffer;
	*ret_size = (size_t)n;
	buffer = NULL;
	return 0;
}

int rti_sync_packet_send(int socket_fd, const char *packet, size_t size, struct rti_error *err)
{
	long n = rti_retry(send(socket_fd, packet, size, MSG_NOSIGNAL));

	if (n < 0)
		return rti_fail(err, (int)-n, "write sync");
	if ((size_t)n != size)
		return rti_fail(err, EIO, "write sync: %ld of %zu bytes", n, size);
	return 0;
}

int rti_sync_fd_receive(int socket_fd, char *name, size_t size, int *ret_fd, struct rti_error *err)
{
	struct received_fds received;
	char buffer[RTI_SYNC_FD_NAME_MAX + 1];
	long n;

	n = receive_with_fds(socket_fd, buffer, sizeof(buffer), 0, &received);
	if (n < 0)
		return rti_fail(err, (int)-n, "recvfile");
	if (n == 0 && received.messages == 0)
		return RTI_SYNC_EOF;
	if (n >= (long)sizeof(buffer) || (size_t)n >= size) {
		close_all(&received);
		return rti_refuse(err, EBADMSG,
				  "recvfile: incorrect number of bytes read (n=%ld oobn=%zu)", n,
				  received.messages ? CMSG_SPACE(received.count * sizeof(int)) : 0);
	}
	if (received.messages != 1) {
		close_all(&received);
		return rti_refuse(err, EBADMSG, "recvfd: number of SCMs is not 1: %zu",
				  received.messages);
	}
	if (received.count != 1) {
		close_all(&received);
		return rti_refuse(err, EBADMSG, "recvfd: number of fds is not 1: %zu",
				  received.count);
	}
	/* A name is compared with what was asked for, and must not only begin with it. */
	if (memchr(buffer, '\0', (size_t)n)) {
		close_all(&received);
		return rti_refuse(err, EBADMSG, "recvfile: the name contains a nul byte");
	}
	memcpy(name, buffer, (size_t)n);
	name[n] = '\0';
	*ret_fd = received.fds[0];
	return 0;
}

int rti_sync_fd_send(int socket_fd, int fd, const char *name, struct rti_error *err)
{
	size_t size = name ? strlen(name) : 0;
	ssize_t n;

	if (size > RTI_SYNC_FD_NAME_MAX)
		return rti_refuse(err, ENAMETOOLONG, "sendfd: filename too long: %zu", size);
	if (size == 0)
		return rti_refuse(err, EINVAL, "sendfd: empty filename");
	n = rti_send_fd(socket_fd, name, size, fd);
	return n < 0 ? rti_fail(err, (int)-n, "sendmsg %s", name) : 0;
}

int rti_sync_send(struct rti_sync *sync, enum rti_sync_type type, const char *arg, int fd,
		  const char *fd_name, struct rti_error *err)
{
	const struct rti_sync_info *info = rti_sync_info(type);
	_cleanup_free_ char *packet = NULL;
	size_t size;
	int r;

	if (info->fd != (fd >= 0))
		return rti_refuse(err, EINVAL, "sync %s %s a file", info->name,
				  info->fd ? "must carry" : "cannot carry");
	r = rti_sync_encode(type, arg, &packet, &size, err);
	if (r < 0)
		return r;
	r = rti_sync_advance(&sync->machine, RTI_SYNC_SEND, type, NULL, err);
	if (r < 0)
		return r;
	r = rti_sync_packet_send(sync->socket_fd, packet, size, err);
	if (r < 0)
		return rti_prefix(err, r, "writing sync %s", info->name);
	if (!info->fd)
		return 0;
	r = rti_sync_fd_send(sync->socket_fd, fd, fd_name, err);
	return r < 0 ? rti_prefix(err, r, "sending file after sync \"%s\"", info->name) : 0;
}

static int receive_flagged_fd(struct rti_sync *sync, const struct rti_sync_message *message,
			      char *fd_name, int *ret_fd, struct rti_error *err)
{
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	int fd, r;

	if (!ret_fd || !rti_sync_info(message->type)->fd) {
		/* Not waited for: a peer that lies may never send it. */
		discard_packet(sync->socket_fd);
		return rti_refuse(err, EBADMSG, "sync %s had unexpected file passed",
				  message->name);
	}
	r = rti_sync_fd_receive(sync->socket_fd, name, sizeof(name), &fd, err);
	if (r == RTI_SYNC_EOF)
		r = rti_refuse(err, ECONNRESET, "EOF");
	if (r < 0)
		return rti_prefix(err, r, "receiving fd from sync %s failed", message->name);
	strcpy(fd_name, name);
	*ret_fd = fd;
	return 0;
}

static int check_arg(const struct rti_sync_message *message, struct rti_error *err)
{
	if (message->arg && rti_sync_info(message->type)->arg == RTI_SYNC_ARG_NONE)
		return rti_refuse(err, EBADMSG, "sync %s had unexpected argument passed: \"%s\"",
				  message->name, message->arg);
	return 0;
}

static int check_message(struct rti_sync *sync, const struct rti_sync_message *message,
			 char *fd_name, int *ret_fd, struct rti_error *err)
{
	bool flagged = message->flags & RTI_SYNC_FLAG_FD;
	int r;

	r = rti_sync_advance(&sync->machine, RTI_SYNC_RECEIVE, message->type, message->name, err);
	if (r < 0)
		return r;
	r = check_arg(message, err);
	if (r < 0)
		return r;
	if (flagged)
		return receive_flagged_fd(sync, message, fd_name, ret_fd, err);
	if (rti_sync_info(message->type)->fd)
		return rti_refuse(err, ENODATA, "response missing attached fd");
	return 0;
}

int rti_sync_receive(struct rti_sync *sync, struct rti_sync_message *ret, int *ret_fd,
		     char *fd_name, struct rti_error *err)
{
	struct rti_sync_message message = { 0 };
	_cleanup_free_ char *packet = NULL;
	int fd = -EBADF, r;
	size_t size;

	r = rti_sync_packet_receive(sync->socket_fd, &packet, &size, err);
	if (r == RTI_SYNC_EOF) {
		r = rti_sync_eof(&sync->machine, err);
		return r < 0 ? r : RTI_SYNC_EOF;
	}
	if (r == 0)
		r = rti_sync_decode(packet, size, &message, err);
	if (r == 0)
		r = check_message(sync, &message, fd_name, ret_fd ? &fd : NULL, err);
	if (r < 0) {
		sync->machine.state = RTI_SYNC_STATE_CLOSED;
		rti_sync_message_done(&message);
		return r;
	}
	*ret = message;
	if (ret_fd)
		*ret_fd = fd;
	return 0;
}

/* A reply that is not the awaited one: let the ordinary decoder say what it is. */
static int explain_reply(struct rti_sync *sync, const char *packet, size_t size,
			 struct rti_error *err)
{
	struct rti_sync_message message = { 0 };
	int r;

	r = rti_sync_decode(packet, size, &message, err);
	if (r < 0)
		return r;
	r = check_message(sync, &message, NULL, NULL, err);
	if (r == 0 && message.type == RTI_SYNC_PROC_ERROR)
		r = rti_sync_error_decode(&message, err);
	rti_sync_message_done(&message);
	return r;
}

int rti_sync_exchange_small(struct rti_sync *sync, enum rti_sync_type type, int64_t arg,
			    struct rti_error *err)
{
	enum rti_sync_type reply = rti_sync_info(type)->reply;
	char packet[4096], expected[128];
	int size, expected_size, r;
	long n;

	size = rti_sync_encode_small(type, arg, packet, sizeof(packet));
	expected_size = rti_sync_encode_small(reply, -1, expected, sizeof(expected));
	if (size < 0 || expected_size < 0)
		return rti_refuse(err, ENOBUFS, "sync %s does not fit", rti_sync_info(type)->name);
	r = rti_sync_advance(&sync->machine, RTI_SYNC_SEND, type, NULL, err);
	if (r < 0)
		return r;
	/* Filters that have worked with runc let write(2) pass, not sendto(2). */
	n = rti_retry(write(sync->socket_fd, packet, (size_t)size));
	if (n < 0)
		return rti_fail(err, (int)-n, "writing sync %s: write sync",
				rti_sync_info(type)->name);
	n = rti_retry(recv(sync->socket_fd, packet, sizeof(packet) - 1, MSG_TRUNC));
	if (n < 0)
		return rti_fail(err, (int)-n, "read sync %s", rti_sync_info(reply)->name);
	if (n >= (long)sizeof(packet))
		return rti_refuse(err, EMSGSIZE, "sync packet of %ld bytes is larger than %zu", n,
				  sizeof(packet) - 1);
	if (n == 0)
		return rti_sync_eof(&sync->machine, err);
	if (n == expected_size && memcmp(packet, expected, (size_t)n) == 0)
		return rti_sync_advance(&sync->machine, RTI_SYNC_RECEIVE, reply, NULL, err);
	packet[n] = '\0';
	return explain_reply(sync, packet, (size_t)n, err);
}
