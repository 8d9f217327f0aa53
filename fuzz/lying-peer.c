/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/lying-peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/sync-socket.h"

#define FDS_MAX	 3
#define REPEATED 100

void lying_peer_open(struct lying_peer *peer)
{
	int fds[2];

	fuzz_expect(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0,
		    "socketpair: %s", strerror(errno));
	peer->honest_fd = fds[0];
	peer->peer_fd = fds[1];
}

/* What does not fit the socket's buffer is left out. */
static void send_packet(int socket_fd, const char *bytes, size_t size, size_t fd_count)
{
	int fds[FDS_MAX] = { STDIN_FILENO, STDIN_FILENO, STDIN_FILENO };
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(fds))];
	} control = { .bytes = { 0 } };
	struct iovec iov = { .iov_base = (void *)bytes, .iov_len = size };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (fd_count) {
		struct cmsghdr *header = &control.align;

		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(header), fds, fd_count * sizeof(int));
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
	}
	(void)!sendmsg(socket_fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void send_repeated(int socket_fd, const char *bytes, size_t size)
{
	_cleanup_free_ char *packet = malloc(REPEATED * size + 1);

	fuzz_expect(packet, "no memory");
	for (size_t i = 0; i < REPEATED; i++)
		memcpy(packet + i * size, bytes, size);
	send_packet(socket_fd, packet, REPEATED * size, 0);
}

void lying_peer_send(const struct lying_peer *peer, struct fuzz_input *input)
{
	size_t size;
	char *line;

	while ((line = fuzz_line(input, &size))) {
		if (size && *line == '*')
			send_repeated(peer->peer_fd, line + 1, size - 1);
		else if (size)
			send_packet(peer->peer_fd, line + 1, size - 1,
				    (uint8_t)*line % (FDS_MAX + 1));
		free(line);
	}
	shutdown(peer->peer_fd, SHUT_WR);
}

bool lying_peer_hear(const struct lying_peer *peer, enum rti_sync_sender sender,
		     struct rti_sync_message *ret, char *ret_name, int *ret_fd)
{
	_cleanup_free_ char *packet = NULL;
	const struct rti_sync_info *info;
	struct rti_error err;
	size_t size;

	*ret_fd = -EBADF;
	/* Having sent, the honest side is done; what it has not said by now it will not. */
	if (fcntl(peer->peer_fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ||
	    rti_sync_packet_receive(peer->peer_fd, &packet, &size, &err) != 0)
		return false;
	fuzz_expect(rti_sync_decode(packet, size, ret, &err) == 0, "said %s: %s", packet, err.text);
	info = rti_sync_info(ret->type);
	fuzz_expect(info->sender & sender, "said %s, which is not its to say", packet);
	fuzz_expect(!ret->flags == !info->fd, "said %s", packet);
	if (info->fd)
		fuzz_expect(rti_sync_fd_receive(peer->peer_fd, ret_name, RTI_SYNC_FD_NAME_MAX + 1,
						ret_fd, &err) == 0,
			    "after %s: %s", packet, err.text);
	return true;
}

void lying_peer_close(struct lying_peer *peer)
{
	peer->honest_fd = rti_close(peer->honest_fd);
	peer->peer_fd = rti_close(peer->peer_fd);
}
