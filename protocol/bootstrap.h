/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Bootstrap data: the first message on the init pipe, framed like a netlink message, and the pid
 * message that answers it.
 *
 * Each attribute has a 16-bit length, so its payload is at most 65531 bytes; the encoder refuses
 * more instead of letting the length wrap (CVE-2021-43784), and the decoder computes in size_t and
 * checks every length against what is there.
 */
#ifndef RTI_PROTOCOL_BOOTSTRAP_H
#define RTI_PROTOCOL_BOOTSTRAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

#define RTI_BOOTSTRAP_MESSAGE_TYPE 62000

/* Largest message accepted, bytes. Chosen: every attribute at its longest fits. */
#define RTI_BOOTSTRAP_MAX (1024 * 1024)

enum rti_bootstrap_attribute {
	RTI_BOOTSTRAP_CLONE_FLAGS = 27281,
	RTI_BOOTSTRAP_NS_PATHS,
	RTI_BOOTSTRAP_UID_MAP,
	RTI_BOOTSTRAP_GID_MAP,
	RTI_BOOTSTRAP_SETGROUPS,
	RTI_BOOTSTRAP_OOM_SCORE_ADJ,
	RTI_BOOTSTRAP_ROOTLESS_EUID,
	RTI_BOOTSTRAP_NEWUIDMAP,
	RTI_BOOTSTRAP_NEWGIDMAP,
	RTI_BOOTSTRAP_TIME_OFFSETS,
};

struct rti_bootstrap {
	uint32_t clone_flags;	   /* namespaces to make: CLONE_NEW* */
	const char *ns_paths;	   /* namespaces to join: "net:/path,pid:/path"; NULL: none */
	const char *uid_map;	   /* "container host size\n" lines; NULL: none */
	const char *gid_map;
	bool setgroups;		   /* the process may call setgroups(2) */
	const char *oom_score_adj; /* decimal text; NULL: leave alone */
	bool rootless_euid;
	const char *newuidmap;	   /* path of the mapping tool; NULL: none */
	const char *newgidmap;
	const char *time_offsets;  /* "boottime SECS NSECS\n" lines; NULL: none */
	void *storage;		   /* owns the texts of a decoded message */
};

/**
 * rti_bootstrap_encode() - the bytes that runc's parent would write
 * @ret: on success malloc()ed bytes, to be sent with one write; the caller frees them
 *
 * Return: 0; -E2BIG if a text does not fit its attribute, with runc's words `netlink: cannot
 * serialize bytemsg of length N (larger than UINT16_MAX)`; -ENOMEM.
 */
int rti_bootstrap_encode(const struct rti_bootstrap *bootstrap, void **ret, size_t *ret_size,
			 struct rti_error *err);

/**
 * rti_bootstrap_decode() - read a whole message, header included
 *
 * Attributes may come in any order; of repeated ones the last counts; an unknown one is refused, as
 * runc does. A text must end in its one NUL. The padding after the last attribute may be missing;
 * anything else that is not an attribute is refused.
 *
 * Return: 0 (release @ret with rti_bootstrap_done()), -EBADMSG or -ENOMEM.
 */
int rti_bootstrap_decode(const void *bytes, size_t size, struct rti_bootstrap *ret,
			 struct rti_error *err);

/**
 * rti_bootstrap_receive() - read one message from the init pipe; as rti_bootstrap_decode()
 * @fd: borrowed; not one byte more than the message is read
 *
 * Return: as rti_bootstrap_decode(), or what read(2) gave; texts are those of runc 1.4 (`failed to
 * read netlink header (got N of 16 bytes)`, `unexpected msg type N`, ...).
 */
int rti_bootstrap_receive(int fd, struct rti_bootstrap *ret, struct rti_error *err);

void rti_bootstrap_done(struct rti_bootstrap *bootstrap);

/* What the init answers: the pids of two of its stages as the first stage sees them. */
struct rti_pid_message {
	pid_t stage1_pid;
	pid_t stage2_pid;
};

/**
 * rti_pid_message_send() - write the pid message to the init pipe; 0 or what write(2) gave
 */
int rti_pid_message_send(int fd, const struct rti_pid_message *message, struct rti_error *err);

/**
 * rti_pid_message_receive() - read the pid message from the init pipe
 *
 * Takes what runc's parent takes: white space, any key order, unknown keys, no newline at the end.
 * Stops at the end of the object. Stricter than runc: both pids must be there and positive.
 *
 * Return: 0; -ENODATA for end of file ("EOF", "unexpected EOF"); -EBADMSG; or what read(2) gave.
 */
int rti_pid_message_receive(int fd, struct rti_pid_message *ret, struct rti_error *err);

#endif
