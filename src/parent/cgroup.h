/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The cgroups of one container, with the file system drivers: legacy (v1), hybrid and unified (v2).
 *
 * Which hierarchy is in use is found out once, from what is mounted on /sys/fs/cgroup. Path rules,
 * order of writes and texts follow runc's cgroupfs drivers. The systemd driver is not offered.
 *
 * The life of a container's cgroups: cgroup_open() computes paths and touches nothing;
 * cgroup_prepare() creates them and cgroup_apply() sees to it that a process is in all of them;
 * cgroup_set() writes the limits; cgroup_destroy() removes them.
 */
#ifndef RTI_PARENT_CGROUP_H
#define RTI_PARENT_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"
#include "parent/runtime-parent.h"
#include "protocol/init-config.h"

/* Positive result of cgroup_apply(): a rootless container that may not have all its cgroups. */
#define CGROUP_E_ROOTLESS 1

#define CGROUP_PATHS_MAX 16 /* chosen: more than the controllers of any kernel */

enum cgroup_freezer {
	CGROUP_FREEZER_UNDEFINED, /* no freezer, or no such cgroup */
	CGROUP_THAWED,
	CGROUP_FROZEN,
};

struct cgroup_path {
	const char *controller; /* "memory", "name=systemd"; "" for the unified hierarchy */
	const char *path;	/* absolute, on the host */
	bool is_ready;		/* it is made, and takes processes */
};

struct cgroup {
	const struct rti_cgroups *config; /* borrowed */
	bool unified;			  /* nothing but v2 */
	struct cgroup_path paths[CGROUP_PATHS_MAX];
	size_t path_count;
	struct rti_arena arena; /* owns the paths */
};

/**
 * cgroup_open() - find the cgroups of a container
 * @config: its cgroup configuration; borrowed until cgroup_done()
 * @saved:  the paths that state.json holds, or NULL to compute them from @config
 * @ret:    the result; release with cgroup_done()
 * @err:    on failure, why
 *
 * An absolute cgroup path counts from the root of the hierarchies; a relative one from the caller's
 * own cgroup (v1) or from the parent of the caller's own cgroup (v2).
 *
 * Return: 0; -EINVAL for a configuration that cannot be had here (unified resources on v1, the
 * systemd driver); -ENOENT without a devices hierarchy on v1; -ENOMEM; or what reading /proc gave.
 */
int cgroup_open(struct cgroup *ret, const struct rti_cgroups *config,
		const struct rti_string_map *saved, struct rti_error *err);

/**
 * cgroup_done() - release the memory; the cgroups themselves stay
 */
void cgroup_done(struct cgroup *cgroup);

/**
 * cgroup_is_unified() - whether /sys/fs/cgroup is a cgroup v2 hierarchy
 */
bool cgroup_is_unified(void);

/**
 * cgroup_path() - the path for one controller, or NULL
 *
 * On v2 every controller has the one path; on v1 "" is the v2 hierarchy of a hybrid set-up.
 */
const char *cgroup_path(const struct cgroup *cgroup, const char *controller);

/**
 * cgroup_exists() - whether the container's cgroup (v1: its devices cgroup) is there
 */
bool cgroup_exists(const struct cgroup *cgroup);

/**
 * cgroup_prepare() - create the cgroups, as far as that goes, and open what a process enters by
 * @ret: for each path one; release with cgroup_joins_done(). Indexes change in cgroup_apply().
 *
 * Whatever fails here is done again by cgroup_apply(), which then says why.
 */
void cgroup_prepare(struct cgroup *cgroup, struct rti_parent_join ret[static CGROUP_PATHS_MAX]);

/**
 * cgroup_prepare_join() - open what one more process of a container enters by
 * @ret: as of cgroup_prepare()
 * @subs: as for cgroup_join(), which is to be called when the process is there
 *
 * A cgroup that is frozen or has hardly any room for more processes is left out: stages that are
 * there for a moment only would hang or fail in it.
 */
void cgroup_prepare_join(const struct cgroup *cgroup, const struct rti_string_map *subs,
			 pid_t init_pid, struct rti_parent_join ret[static CGROUP_PATHS_MAX]);

/**
 * cgroup_joins_done() - close the fds
 */
void cgroup_joins_done(struct rti_parent_join joins[static CGROUP_PATHS_MAX]);

/**
 * cgroup_apply() - create what cgroup_prepare() did not, and move a process in
 * @joins: what it has entered by itself; may be NULL
 *
 * Return: 0; CGROUP_E_ROOTLESS if the configuration is rootless without a path of its own and some
 * or all cgroups cannot be had (paths that failed are forgotten); or a negative errno.
 */
int cgroup_apply(struct cgroup *cgroup, const struct rti_parent_join *joins, pid_t pid,
		 struct rti_error *err);

/**
 * cgroup_set() - write the limits of the configuration
 *
 * Return: 0 or a negative errno. For a rootless container the device rules may fail silently.
 */
int cgroup_set(struct cgroup *cgroup, struct rti_error *err);

/**
 * cgroup_join() - move one more process in
 * @subs:     sub-cgroups by controller ("" for all or for v2), from `exec --cgroup`; may be empty
 * @joins:    what it has entered by itself; may be NULL
 * @init_pid: the container init, whose actual v2 cgroup serves when the configured one cannot be
 *            joined and no sub-cgroup was asked for; 0: none
 *
 * Return: 0 (also for a rootless container that may not) or a negative errno.
 */
int cgroup_join(struct cgroup *cgroup, const struct rti_string_map *subs,
		const struct rti_parent_join *joins, pid_t pid, pid_t init_pid,
		struct rti_error *err);

/**
 * cgroup_freeze() - freeze or thaw
 * @state: CGROUP_THAWED or CGROUP_FROZEN
 */
int cgroup_freeze(struct cgroup *cgroup, enum cgroup_freezer state, struct rti_error *err);

/**
 * cgroup_get_freezer() - whether the container is frozen by itself (not only with an ancestor, on
 * v1)
 */
int cgroup_get_freezer(const struct cgroup *cgroup, enum cgroup_freezer *ret,
		       struct rti_error *err);

/**
 * cgroup_get_pids() - the processes in the cgroup and below
 * @ret:       malloc()ed array; the caller frees it
 * @ret_count: its length
 */
int cgroup_get_pids(const struct cgroup *cgroup, pid_t **ret, size_t *ret_count,
		    struct rti_error *err);

/**
 * cgroup_kill() - SIGKILL every process in the cgroup and below
 *
 * With cgroup.kill where the kernel has it, else frozen, so that nothing forks away meanwhile.
 *
 * Return: 0; -ENOENT without cgroup ("cgroup not exist"); another negative errno.
 */
int cgroup_kill(struct cgroup *cgroup, struct rti_error *err);

/**
 * cgroup_get_oom_kills() - how many processes the OOM killer has taken here; 0 if unknown
 */
uint64_t cgroup_get_oom_kills(const struct cgroup *cgroup);

/**
 * cgroup_destroy() - remove the cgroups and those below; missing ones are fine
 */
int cgroup_destroy(struct cgroup *cgroup, struct rti_error *err);

#endif
