/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of the container module share; see runtime-container.h for what it does.
 */
#ifndef RTI_PARENT_CONTAINER_PRIVATE_H
#define RTI_PARENT_CONTAINER_PRIVATE_H

#include <limits.h>

#include "parent/cgroup.h"
#include "parent/runtime-container.h"
#include "parent/state.h"

struct rti_container {
	const char *id;
	const char *path; /* of the state directory */
	int dir_fd;	  /* it, opened */
	enum rti_dialect dialect;
	struct rti_container_log log;
	struct rti_init_config
		init;	    /* a new container: its configuration and, once started, process */
	struct state state; /* state.config is the configuration in any case */
	struct cgroup cgroup;
	struct rti_arena arena; /* owns the strings above and what state.json held */
};

/**
 * container_log() - one line for the embedder
 */
void container_log(const struct rti_container *container, enum rti_parent_level level,
		   const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/**
 * container_note_cgroup() - put the paths of the container's cgroups into its state
 */
int container_note_cgroup(struct rti_container *container, struct rti_error *err);

/**
 * container_load_draft() - find a container that was not created to the end
 *
 * Return: as rti_container_load().
 */
int container_load_draft(const char *root, const char *id, struct rti_container **ret,
			 struct rti_error *err);

struct container_claim {
	const char *path; /* the cgroup, of those of the container that was asked for; NULL: none */
	char id[NAME_MAX + 1];
};

/**
 * container_find_claim() - find another container that names a container's cgroup, or one below
 * @root: where to look; what is below another one's is not seen
 * @ret:  the first found; borrows from @container
 *
 * A container may be made in the cgroup of another one as long as nobody is in there.
 *
 * Return: 0, also if there is none; or a negative errno where that cannot be told.
 */
int container_find_claim(const struct rti_container *container, const char *root,
			 struct container_claim *ret, struct rti_error *err);

/**
 * container_has_init() - whether the init is alive, or cannot be looked at
 */
bool container_has_init(const struct rti_container *container);

/**
 * container_open_init() - a pidfd of the init, to do something to it
 * @gone: the error's text if it has ended
 *
 * Unlike container_has_init(), takes no process for the init that cannot be looked at: its pid may
 * be somebody else's by now.
 *
 * Return: an fd that the caller closes; -ESRCH; or what pidfd_open(2) or reading /proc gave.
 */
int container_open_init(const struct rti_container *container, const char *gone,
			struct rti_error *err);

/**
 * container_has_private_pidns() - whether the container has a pid namespace that was made for it
 */
bool container_has_private_pidns(const struct rti_container *container);

/**
 * container_spec_state() - the OCI state for hooks and agents, in the container's arena
 * @status: as it shall say
 * @pid:    likewise; 0: none
 */
int container_spec_state(struct rti_container *container, const char *status, int64_t pid,
			 struct rti_spec_state *ret, struct rti_error *err);

#endif
