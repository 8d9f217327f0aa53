/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Packets and file descriptors on the sync socket; the only place that calls recvmsg and sendmsg on
 * it.
 */
#ifndef RTI_PROTOCOL_SYNC_SOCKET_H
#define RTI_PROTOCOL_SYNC_SOCKET_H

#include <stddef.h>

#include "base/error.h"
#include "protocol/sync-state.h"
#include "protocol/sync.h"

/* Largest packet, bytes. Chosen: five times what the kernel's default socket buffer lets a peer
 * send. */
#define RTI_SYNC_PACKET_MAX (1024 * 1024)

/* Longest name beside an fd, bytes: runc's receive buffer of 4096 must not be filled. */
#define RTI_SYNC_FD_NAME_MAX 4095

/* A condition, not an error: the peer has closed its end. */
#define RTI_SYNC_EOF 1

/**
 * rti_sync_packet_receive() - one whole packet
 * @socket_fd: connected SOCK_SEQPACKET socket, blocking; borrowed
 * @ret:       on success malloc()ed bytes, NUL-terminated; the caller frees them
 * @ret_size:  how many, without the NUL
 *
 * Learns the size before it reads, so nothing is cut; a packet of no bytes counts as end of file,
 * as with runc. An fd that comes along is closed and refused: fds have packets of their own.
 *
 * Return: 0; RTI_SYNC_EOF; -EMSGSIZE over RTI_SYNC_PACKET_MAX (the packet is discarded); -EBADMSG
 * for an fd; -ENOMEM; or what recvmsg(2) gave (`fetch packet length from socket: ...`).
 */
int rti_sync_packet_receive(int socket_fd, char **ret, size_t *ret_size, struct rti_error *err);

/**
 * rti_sync_packet_send() - one packet; 0 or what sendto(2) gave; never raises SIGPIPE
 */
int rti_sync_packet_send(int socket_fd, const char *packet, size_t size, struct rti_error *err);

/**
 * rti_sync_fd_receive() - the packet that carries a file descriptor
 * @name:   receives the name sent beside it, NUL-terminated
 * @size:   of @name, at least RTI_SYNC_FD_NAME_MAX + 1
 * @ret_fd: on success the caller's, close-on-exec
 *
 * Exactly one fd is accepted; on every failure all fds that came are closed.
 *
 * Return: 0; RTI_SYNC_EOF; -EBADMSG with runc's texts (`recvfile: incorrect number of bytes read
 * ...`, `recvfd: number of fds is not 1: 2`); or what recvmsg(2) gave.
 */
int rti_sync_fd_receive(int socket_fd, char *name, size_t size, int *ret_fd, struct rti_error *err);

/**
 * rti_sync_fd_send() - the packet that carries a file descriptor
 * @fd:   stays the caller's
 * @name: what the receiver checks: the source of the mount
 *
 * Return: 0; -ENAMETOOLONG over RTI_SYNC_FD_NAME_MAX (`sendfd: filename too long: N`); -EINVAL for
 * an empty name; or what sendmsg(2) gave.
 */
int rti_sync_fd_send(int socket_fd, int fd, const char *name, struct rti_error *err);

/* One side of a running conversation: the socket and where the conversation stands. */
struct rti_sync {
	int socket_fd; /* borrowed */
	struct rti_sync_machine machine;
};

/**
 * rti_sync_send() - send a message that the state allows
 * @arg:     JSON text of the argument or NULL
 * @fd:      file that follows, or -EBADF; must be given iff the message type carries one
 * @fd_name: its name; NULL without an fd
 *
 * Return: 0; -EPROTO if the state does not allow it (nothing is sent); or a send error.
 */
int rti_sync_send(struct rti_sync *sync, enum rti_sync_type type, const char *arg, int fd,
		  const char *fd_name, struct rti_error *err);

/**
 * rti_sync_receive() - wait for the next message and check it against the state
 * @ret:    on success the message; release with rti_sync_message_done()
 * @ret_fd: the fd that followed, the caller's and close-on-exec; -EBADF if none. NULL: an fd is
 *          refused
 * @fd_name: as in rti_sync_fd_receive(); NULL with @ret_fd NULL
 *
 * A message of the wrong type, one with an fd where its type has none (`sync X had unexpected file
 * passed`) or without one where it must have it, and a wrong argument where none belongs (`sync X
 * had unexpected argument passed: "..."`) end the conversation; the fd is closed then.
 *
 * Return: 0; RTI_SYNC_EOF after a complete conversation; -ECONNRESET for end of file anywhere else;
 * -ENODATA for a missing fd ("response missing attached fd"); -EPROTO, -EBADMSG, -EMSGSIZE, -ENOMEM
 * or a receive error.
 */
int rti_sync_receive(struct rti_sync *sync, struct rti_sync_message *ret, int *ret_fd,
		     char *fd_name, struct rti_error *err);

/**
 * rti_sync_exchange_small() - send a message and await its reply without allocating
 * @type: the message to send
 * @arg:  its number argument, negative for none
 *
 * The one exchange that happens after the seccomp filter is loaded: one write(2), one recvfrom(2),
 * which every profile that works with runc allows. The caller has seen to it that SIGPIPE is
 * harmless. The reply must be the exact bytes that runc and rti_sync_encode() produce, or a
 * procError. An fd that comes along is dropped by the kernel: the filter may forbid recvmsg(2).
 *
 * Return: 0; -ECONNRESET for end of file; -EPROTO for another reply; -EMSGSIZE for one over 4095
 * bytes; or a socket error.
 */
int rti_sync_exchange_small(struct rti_sync *sync, enum rti_sync_type type, int64_t arg,
			    struct rti_error *err);

#endif
