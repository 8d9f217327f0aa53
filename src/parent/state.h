/* SPDX-License-Identifier: Apache-2.0 */
/**
 * state.json: what is kept about a container between calls, in runc's shape, so that a runc with
 * the same --root can read it and the other way round.
 */
#ifndef RTI_PARENT_STATE_H
#define RTI_PARENT_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/dialect.h"
#include "protocol/init-config.h"

#define STATE_FILE "state.json"

/*
 * What is there before: a container that is not created yet has cgroups already, which somebody
 * has to know of should its runtime be killed.
 */
#define STATE_DRAFT_FILE "creating.json"

struct state {
	const char *id;
	int64_t init_pid;
	uint64_t init_start; /* field 22 of /proc/PID/stat: tells a reused pid */
	const char *created; /* RFC 3339 */
	struct rti_config *config;
	bool rootless;
	struct rti_string_map cgroup_paths;    /* by controller; "" for v2 */
	struct rti_string_map namespace_paths; /* by wire name, "NEWPID" */
	struct rti_strings external_descriptors;
	const char *intel_rdt_path;
	const char *intel_rdt_mon_path;
};

/**
 * state_write_draft() - store what is known of a container that is about to be made
 *
 * To be called before anything is made that outlives the caller. Where it is cut off in the middle
 * there is nothing yet to be known.
 *
 * Return: 0 or a negative errno.
 */
int state_write_draft(int dir_fd, const struct state *state, enum rti_dialect dialect,
		      struct rti_error *err);

/**
 * state_read_draft() - load it; as state_read()
 */
int state_read_draft(int dir_fd, struct rti_arena *arena, struct state *ret, struct rti_error *err);

/**
 * state_write() - store it atomically, in place of the draft
 * @dir_fd:  the container's state directory; borrowed
 * @dialect: whose presence rules to follow
 *
 * Return: 0 or a negative errno; a reader sees the old file or the whole new one.
 */
int state_write(int dir_fd, const struct state *state, enum rti_dialect dialect,
		struct rti_error *err);

/**
 * state_read() - load it
 * @arena: owns what @ret points to
 *
 * Return: 0; -ENOENT ("container does not exist"); -EBADMSG; another negative errno.
 */
int state_read(int dir_fd, struct rti_arena *arena, struct state *ret, struct rti_error *err);

#endif
