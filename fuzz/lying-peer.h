/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The other end of a sync socket, which says what the input says. Each line of the input is a
 * packet:
 *
 *   0{"type":"procRun","flags":0}     a packet without an fd
 *   1/source                          with one; the digit is how many, up to 3
 *   *x                                the rest of the line 100 times, as one packet
 *
 * All of them are sent before the honest side begins, as the kernel keeps them; then the peer
 * closes its end for writing. So nothing depends on time.
 */
#ifndef FUZZ_LYING_PEER_H
#define FUZZ_LYING_PEER_H

#include "fuzz/fuzz.h"
#include "protocol/sync.h"

struct lying_peer {
	int honest_fd; /* for the side that is tested */
	int peer_fd;
};

/**
 * lying_peer_open() - a connected pair of sockets
 */
void lying_peer_open(struct lying_peer *peer);

/**
 * lying_peer_send() - send every line that is left, as far as the socket takes them
 */
void lying_peer_send(const struct lying_peer *peer, struct fuzz_input *input);

/**
 * lying_peer_hear() - the next thing that the honest side has said, which has to be a message
 * @sender:   who that is; its message has to be one that this sender sends @ret:      the
 * message; release with rti_sync_message_done() @ret_name: if the message has an fd:
 * RTI_SYNC_FD_NAME_MAX + 1 bytes, for its name; else untouched @ret_fd:   likewise the fd, the
 * caller's; -EBADF without one
 *
 * Return: false when there is nothing more.
 */
bool lying_peer_hear(const struct lying_peer *peer, enum rti_sync_sender sender,
		     struct rti_sync_message *ret, char *ret_name, int *ret_fd);

/**
 * lying_peer_close() - close what is open of both ends
 */
void lying_peer_close(struct lying_peer *peer);

#endif
