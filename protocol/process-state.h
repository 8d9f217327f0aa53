/* SPDX-License-Identifier: Apache-2.0 */
/**
 * State texts of the runtime specification: what hooks read on their stdin, and what a seccomp
 * agent receives.
 */
#ifndef RTI_PROTOCOL_PROCESS_STATE_H
#define RTI_PROTOCOL_PROCESS_STATE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/init-config.h"

/**
 * rti_spec_state_encode() - the OCI state as JSON text, in the bytes that runc writes
 * @state:    what to encode; a pid of 0 and empty annotations are left out
 * @ret:      on success malloc()ed text, NUL-terminated, without newline; the caller frees it
 * @ret_size: its length without the NUL
 *
 * Return: 0 or -ENOMEM.
 */
int rti_spec_state_encode(const struct rti_spec_state *state, char **ret, size_t *ret_size,
			  struct rti_error *err);

/**
 * rti_spec_state_decode() - read an OCI state; bytes after the object are an error
 * @arena: owns what @ret points to
 * @ret:   on success the state
 *
 * Return: 0, -ENODATA, -EBADMSG or -ENOMEM, as rti_init_config_decode().
 */
int rti_spec_state_decode(const char *json, size_t size, struct rti_arena *arena,
			  struct rti_spec_state *ret, struct rti_error *err);

/* What accompanies the listener fd on its way to a seccomp agent. */
struct rti_process_state {
	const char *oci_version;
	struct rti_strings fds; /* names of the fds sent along: "seccompFd" */
	int64_t pid;		/* the process that the filter is on */
	const char *metadata;	/* listenerMetadata of the configuration; empty: left out */
	struct rti_spec_state state;
};

/**
 * rti_process_state_encode() - the specification's ContainerProcessState; as
 * rti_spec_state_encode()
 */
int rti_process_state_encode(const struct rti_process_state *state, char **ret, size_t *ret_size,
			     struct rti_error *err);

#endif
