/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/packet.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fd.h"
#include "protocol/sync-socket.h"

union control {
	char bytes[CMSG_SPACE(PACKET_FILES_MAX * sizeof(int))];
	struct cmsghdr align;
};

/* Room for what is too large for any honest side. Needs CAP_NET_ADMIN; else sending tells. */
static void make_room(int socket_fd, size_t size)
{
	int room = (int)size * 2 + 65536;

	if (setsockopt(socket_fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) < 0)
		setsockopt(socket_fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

static void attach(struct msghdr *message, union control *control, const int *files, size_t count)
{
	struct cmsghdr *c = &control->align;

	if (count == 0)
		return;
	message->msg_control = control->bytes;
	message->msg_controllen = CMSG_SPACE(count * sizeof(int));
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), files, count * sizeof(int));
}

int packet_send(struct peer *peer, const void *bytes, size_t size, const int *files,
		size_t file_count, struct rti_error *err)
{
	union control control = { 0 };
	struct iovec vector = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	long n;

	if (file_count > PACKET_FILES_MAX)
		return rti_refuse(err, EINVAL, "more than %d files in a packet", PACKET_FILES_MAX);
	attach(&message, &control, files, file_count);
	if (size > 65536)
		make_room(peer->sync_fd, size);
	n = rti_retry(sendmsg(peer->sync_fd, &message, MSG_NOSIGNAL));
	/* A side that has closed its end, or has refused the packet before, is told in vain. */
	if (n < 0 && n != -EPIPE && n != -ECONNRESET)
		return rti_fail(err, (int)-n, "send a packet of %zu bytes", size);
	if (file_count > 0)
		transcript_add_file(&peer->transcript, peer->machine.role, file_count, bytes, size);
	else
		peer_say(peer, "sync", bytes, size);
	return 0;
}

static void keep_files(struct msghdr *message, struct packet *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(ret->files + ret->file_count, CMSG_DATA(c), count * sizeof(int));
		ret->file_count += count;
	}
}

static int take(struct peer *peer, size_t size, struct packet *ret, struct rti_error *err)
{
	union control control;
	struct iovec vector = { .iov_base = malloc(size + 1), .iov_len = size };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	long n;

	if (!vector.iov_base)
		return rti_fail(err, ENOMEM, "a packet of %zu bytes", size);
	n = rti_retry_reset(recvmsg(peer->sync_fd, &message, MSG_CMSG_CLOEXEC));
	if (n < 0) {
		free(vector.iov_base);
		return rti_fail(err, (int)-n, "recvmsg");
	}
	*ret = (struct packet){
		.bytes = vector.iov_base,
		.size = (size_t)n,
	};
	keep_files(&message, ret);
	ret->bytes[n] = '\0';
	return 0;
}

/* The size of the next packet; 0 at the end. */
static long peek_size(int socket_fd)
{
	return rti_retry_reset(recv(socket_fd, NULL, 0, MSG_PEEK | MSG_TRUNC));
}

int packet_receive(struct peer *peer, int timeout_ms, struct packet *ret, struct rti_error *err)
{
	struct pollfd polled = { .fd = peer->sync_fd, .events = POLLIN };
	long n = rti_retry(poll(&polled, 1, timeout_ms));
	int r;

	if (n == 0)
		return rti_refuse(err, ETIMEDOUT, "nothing came within %d ms", timeout_ms);
	if (n > 0)
		n = peek_size(peer->sync_fd);
	if (n < 0)
		return rti_fail(err, (int)-n, "recv");
	if (n == 0) {
		*ret = (struct packet){ .end = true };
		peer_hear(peer, "end", "", 0);
		return 0;
	}
	r = take(peer, (size_t)n, ret, err);
	if (r < 0)
		return r;
	if (ret->file_count > 0)
		transcript_add_file(&peer->transcript, peer_other(peer), ret->file_count,
				    ret->bytes, ret->size);
	else
		peer_hear(peer, "sync", ret->bytes, ret->size);
	return 0;
}

void packet_done(struct packet *packet)
{
	for (size_t i = 0; i < packet->file_count; i++)
		rti_close(packet->files[i]);
	free(packet->bytes);
	*packet = (struct packet){ 0 };
}
