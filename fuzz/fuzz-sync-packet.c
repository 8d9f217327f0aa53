/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of the sync socket. The first line of the input says what the reader does, a letter a
 * step:
 *
 *   p   reads a packet and decodes it
 *   f   reads the packet of a file descriptor
 *
 * The other lines are the packets, see lying-peer.h. What decodes comes out of the encoder as a
 * packet that decodes to the same; no fd is kept that was refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "fuzz/lying-peer.h"
#include "protocol/sync-socket.h"

static void decode_argument(const struct rti_sync_message *message)
{
	_cleanup_(rti_arena_done) struct rti_arena arena = { 0 };
	struct rti_mount mount = { 0 };
	struct rti_error err;
	bool detached;
	int number;

	switch (rti_sync_info(message->type)->arg) {
	case RTI_SYNC_ARG_NONE:
		break;
	case RTI_SYNC_ARG_ERROR:
		fuzz_expect(rti_sync_error_decode(message, &err) < 0, "an error is none");
		break;
	case RTI_SYNC_ARG_MOUNT:
		if (rti_sync_mount_decode(message, &arena, &mount, &err) == 0) {
			_cleanup_free_ char *text = NULL;

			fuzz_expect(!rti_sync_mount_encode(&mount, RTI_DIALECT_OWN, &text, &err),
				    "%s", err.text);
		}
		break;
	case RTI_SYNC_ARG_MOUNT_FD:
		rti_sync_mount_fd_decode(message, "source", &detached, &err);
		break;
	case RTI_SYNC_ARG_NUMBER:
		if (rti_sync_number_decode(message, &number, &err) == 0)
			fuzz_expect(number >= 0, "fd number %d", number);
		break;
	}
}

static bool is_same_text(const char *a, const char *b)
{
	return !a == !b && (!a || strcmp(a, b) == 0);
}

static void encode_again(const struct rti_sync_message *message)
{
	_cleanup_free_ char *packet = NULL;
	struct rti_sync_message again;
	struct rti_error err;
	size_t size;

	fuzz_expect(rti_sync_encode(message->type, message->arg, &packet, &size, &err) == 0, "%s",
		    err.text);
	fuzz_expect(rti_sync_decode(packet, size, &again, &err) == 0, "%s: %s", packet, err.text);
	fuzz_expect(again.type == message->type && is_same_text(again.arg, message->arg),
		    "%s means something else", packet);
	rti_sync_message_done(&again);
}

static void read_packet(int socket_fd)
{
	_cleanup_free_ char *packet = NULL;
	struct rti_sync_message message;
	struct rti_error err;
	size_t size;

	if (rti_sync_packet_receive(socket_fd, &packet, &size, &err) != 0 ||
	    rti_sync_decode(packet, size, &message, &err) < 0)
		return;
	if (message.type != RTI_SYNC_NONE) {
		encode_again(&message);
		decode_argument(&message);
	}
	rti_sync_message_done(&message);
}

static void read_fd(int socket_fd)
{
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	_cleanup_fd_ int fd = -EBADF;

	if (rti_sync_fd_receive(socket_fd, name, sizeof(name), &fd, NULL) != 0) {
		fuzz_expect(fd == -EBADF, "an fd on failure");
		return;
	}
	fuzz_expect(strlen(name) <= RTI_SYNC_FD_NAME_MAX, "name of %zu bytes", strlen(name));
	fuzz_expect(fcntl(fd, F_GETFD) == FD_CLOEXEC, "an fd that is not close-on-exec");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct fuzz_fds fds = fuzz_fds_note();
	struct lying_peer peer;
	size_t steps;
	_cleanup_free_ char *script = fuzz_line(&input, &steps);

	lying_peer_open(&peer);
	lying_peer_send(&peer, &input);
	for (size_t i = 0; script && i < steps; i++)
		if (script[i] == 'f')
			read_fd(peer.honest_fd);
		else
			read_packet(peer.honest_fd);
	lying_peer_close(&peer);
	fuzz_fds_expect(fds);
	return 0;
}
