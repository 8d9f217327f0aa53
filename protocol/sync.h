/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Sync messages: the JSON packets that parent and init exchange on the sync socket.
 *
 * One packet is one JSON object, `{"type":"procReady","flags":0}`, perhaps with an "arg". Bit 0 of
 * the flags says that a file follows, in a packet of its own (sync-socket.h). Encoding gives the
 * very bytes that runc writes; decoding takes what Go's decoder takes.
 */
#ifndef RTI_PROTOCOL_SYNC_H
#define RTI_PROTOCOL_SYNC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/dialect.h"
#include "protocol/init-config.h"

enum rti_sync_type {
	RTI_SYNC_NONE, /* in tables: no message; on the wire: a type that is not in the table */
#define SYNC_MESSAGE(id, name, sender, arg, fd, reply) RTI_SYNC_##id,
#include "protocol/sync-messages.def"
#undef SYNC_MESSAGE
	RTI_SYNC_TYPES, /* how many there are, with RTI_SYNC_NONE */
};

enum rti_sync_sender {
	RTI_SYNC_SENDER_CHILD = 1,
	RTI_SYNC_SENDER_PARENT = 2,
	RTI_SYNC_SENDER_BOTH = 3,
};

enum rti_sync_arg {
	RTI_SYNC_ARG_NONE,
	RTI_SYNC_ARG_ERROR,    /* {"message":"..."} */
	RTI_SYNC_ARG_MOUNT,    /* an entry of config.mounts */
	RTI_SYNC_ARG_MOUNT_FD, /* {"type":"plain-open"} or {"type":"open_tree"} */
	RTI_SYNC_ARG_NUMBER,   /* an fd number in the child */
};

#define RTI_SYNC_FLAG_FD 1 /* a file descriptor packet follows */

/* What a message is, as the table has it. */
struct rti_sync_info {
	const char *name;
	enum rti_sync_sender sender;
	enum rti_sync_arg arg;
	bool fd;
	enum rti_sync_type reply;
};

/**
 * rti_sync_info() - the table's row of a message type; a row named "" for RTI_SYNC_NONE
 */
const struct rti_sync_info *rti_sync_info(enum rti_sync_type type);

struct rti_sync_message {
	enum rti_sync_type type; /* RTI_SYNC_NONE: a name that is not in the table, see @name */
	char name[64];		 /* as it came, cut; for errors */
	uint64_t flags;
	const char *arg;	 /* JSON text of the argument, compact; NULL: none or null */
	struct rti_arena arena;	 /* owns @arg */
};

/**
 * rti_sync_decode() - read one packet
 * @packet: the packet's bytes
 * @size:   how many
 * @ret:    on success the message; release with rti_sync_message_done()
 * @err:    on failure, why: `unmarshal sync from parent failed: ...`, runc's words on either side
 *
 * White space around the object, unknown keys, keys in other case, "arg":null and missing flags are
 * accepted; bytes after the object are not.
 *
 * Return: 0, -EBADMSG or -ENOMEM.
 */
int rti_sync_decode(const char *packet, size_t size, struct rti_sync_message *ret,
		    struct rti_error *err);

void rti_sync_message_done(struct rti_sync_message *message);

/**
 * rti_sync_encode() - the packet of a message
 * @type:   which
 * @arg:    JSON text of the argument as it shall appear; NULL for none
 * @ret:    on success malloc()ed bytes, NUL-terminated; the caller frees them
 * @ret_size: how many, without the NUL
 *
 * Return: 0 or -ENOMEM.
 */
int rti_sync_encode(enum rti_sync_type type, const char *arg, char **ret, size_t *ret_size,
		    struct rti_error *err);

/**
 * rti_sync_encode_small() - the packet of a message into the caller's buffer, without allocation
 * @arg: a number, or negative for a message without argument
 *
 * For the exchange that happens with the seccomp filter already loaded.
 *
 * Return: bytes written without the NUL, or -ENOBUFS.
 */
int rti_sync_encode_small(enum rti_sync_type type, int64_t arg, char *buffer, size_t size);

/* Arguments: encoders give malloc()ed JSON text, which the caller frees; decoders take .arg. */

/**
 * rti_sync_error_encode() - `{"message":"..."}` with Go's escapes; 0 or -ENOMEM
 */
int rti_sync_error_encode(const char *message, char **ret, struct rti_error *err);

/**
 * rti_sync_error_decode() - turn a received procError into an error record
 * @message: a message of type RTI_SYNC_PROC_ERROR
 * @err:     receives the peer's text, verbatim
 *
 * Return: always negative: -ECANCELED with the peer's text ("procError with an empty message" for
 * none at all), or -EBADMSG with runc's words for a missing ("procError missing error payload") or
 * malformed argument.
 */
int rti_sync_error_decode(const struct rti_sync_message *message, struct rti_error *err);

/**
 * rti_sync_mount_encode() - a mount, as it stands in the init configuration of @dialect
 */
int rti_sync_mount_encode(const struct rti_mount *mount, enum rti_dialect dialect, char **ret,
			  struct rti_error *err);

/**
 * rti_sync_mount_decode() - the mount that a procMountPlease asks for
 * @arena: owns what @ret points to
 *
 * Return: 0; -EBADMSG: `sync "procMountPlease" is missing an argument` or
 * `sync "procMountPlease" passed invalid mount arg: ...`; -ENOMEM.
 */
int rti_sync_mount_decode(const struct rti_sync_message *message, struct rti_arena *arena,
			  struct rti_mount *ret, struct rti_error *err);

/**
 * rti_sync_number_decode() - the fd number of a procSeccomp
 *
 * Return: 0; -EBADMSG: `sync "procSeccomp" is missing an argument` or
 * `sync "procSeccomp" passed invalid fd arg: ...`.
 */
int rti_sync_number_decode(const struct rti_sync_message *message, int *ret, struct rti_error *err);

#define RTI_SYNC_MOUNT_FD_PLAIN	   "{\"type\":\"plain-open\"}"
#define RTI_SYNC_MOUNT_FD_OPEN_TREE "{\"type\":\"open_tree\"}"

/**
 * rti_sync_mount_fd_decode() - how the fd of a procMountFd was made
 * @source:       the requested source, for errors
 * @ret_detached: true for "open_tree", false for every other type
 *
 * Return: 0 or -EBADMSG with runc's texts.
 */
int rti_sync_mount_fd_decode(const struct rti_sync_message *message, const char *source,
			     bool *ret_detached, struct rti_error *err);

#endif
