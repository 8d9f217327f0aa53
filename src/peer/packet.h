/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Packets on the sync socket as they are, good or bad, with a limit on the time.
 */
#ifndef PEER_PACKET_H
#define PEER_PACKET_H

#include <stdbool.h>
#include <stddef.h>

#include "peer/peer.h"

/* Most fds that the kernel passes in one packet. */
#define PACKET_FILES_MAX 253

struct packet {
	char *bytes; /* malloc()ed, with a NUL behind them */
	size_t size;
	int files[PACKET_FILES_MAX]; /* fds that came along */
	size_t file_count;
	bool end; /* no packet: the other side has closed its end */
};

/**
 * packet_send() - send a packet of whatever size with any number of fds
 * @files: fds that go along; borrowed
 *
 * Records it as a file if it has fds, else as a message. That the other side has closed its end is
 * no error here: what it has said before tells why.
 *
 * Return: 0 or what sendmsg(2) gave.
 */
int packet_send(struct peer *peer, const void *bytes, size_t size, const int *files,
		size_t file_count, struct rti_error *err);

/**
 * packet_receive() - take the next packet and record it
 * @timeout_ms: how long to wait
 * @ret:	release with packet_done()
 *
 * A reset connection is an ended one.
 *
 * Return: 0, -ETIMEDOUT, or what recvmsg(2) gave.
 */
int packet_receive(struct peer *peer, int timeout_ms, struct packet *ret, struct rti_error *err);

/**
 * packet_done() - free the bytes and close the fds
 */
void packet_done(struct packet *packet);

#endif
