/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the two file system drivers offer to cgroup.c, and the pieces they share. See cgroup.h for
 * the meaning of the operations.
 */
#ifndef RTI_PARENT_CGROUP_DRIVER_H
#define RTI_PARENT_CGROUP_DRIVER_H

#include "parent/cgroup.h"

struct cgroup_driver {
	/* Fill the paths; @inner is clean and lies in the hierarchies' root if it is absolute. */
	int (*find_paths)(struct cgroup *cgroup, const char *inner, struct rti_error *err);
	/* Make the cgroup at @index of the paths, so that it takes processes. */
	int (*make)(struct cgroup *cgroup, size_t index, struct rti_error *err);
	int (*apply)(struct cgroup *cgroup, const struct rti_parent_join *joins, pid_t pid,
		     struct rti_error *err);
	int (*set)(struct cgroup *cgroup, struct rti_error *err);
	int (*freeze)(struct cgroup *cgroup, enum cgroup_freezer state, struct rti_error *err);
	int (*get_freezer)(const struct cgroup *cgroup, enum cgroup_freezer *ret,
			   struct rti_error *err);
};

extern const struct cgroup_driver cgroup_v1_driver;
extern const struct cgroup_driver cgroup_v2_driver;

/**
 * cgroup_add_path() - note one more path; the text is copied
 */
int cgroup_add_path(struct cgroup *cgroup, const char *controller, const char *path,
		    struct rti_error *err);

/**
 * cgroup_make() - make the cgroup at @index of the paths, unless that has been done
 */
int cgroup_make(struct cgroup *cgroup, size_t index, struct rti_error *err);

/**
 * cgroup_open_join() - open what a process enters the cgroup @path by
 * @index: of the paths, whose hierarchy it is in
 * @ret:   written if it could be opened
 */
void cgroup_open_join(const struct cgroup *cgroup, size_t index, const char *path,
		      struct rti_parent_join *ret);

/**
 * cgroup_is_ignorable() - whether a rootless container goes on without what failed with @r
 */
bool cgroup_is_ignorable(const struct cgroup *cgroup, int r);

/**
 * cgroup_own_path() - the cgroup of a process, from /proc/<pid>/cgroup
 * @pid:        0 for the caller
 * @controller: "" for the unified hierarchy
 * @path:       the path as /proc gives it
 *
 * Return: 0; -ENOENT if the process has no such controller; or what reading gave.
 */
int cgroup_own_path(pid_t pid, const char *controller, char *path, size_t size,
		    struct rti_error *err);

#define CGROUP_MOUNTS_MAX 64 /* chosen: some times as many as there are hierarchies */

/* Where a hierarchy of cgroup v1 is mounted. */
struct cgroup_mount {
	const char *controllers; /* among other options of the file system */
	const char *mountpoint;
	const char *root; /* which of its cgroups is mounted there */
};

/* What procfs says of cgroup v1, read once for all controllers. */
struct cgroup_mounts {
	struct cgroup_mount items[CGROUP_MOUNTS_MAX];
	size_t count;
	char *own;	       /* /proc/self/cgroup */
	struct rti_arena arena; /* holds the texts of the items */
};

/**
 * cgroup_mounts_read() - what is mounted, and where the caller is
 * @ret: release with cgroup_mounts_done()
 *
 * Return: 0; -E2BIG for more mounts than CGROUP_MOUNTS_MAX; or what reading gave.
 */
int cgroup_mounts_read(struct cgroup_mounts *ret, struct rti_error *err);

/**
 * cgroup_mounts_done() - release; accepts an empty one
 */
void cgroup_mounts_done(struct cgroup_mounts *mounts);

/**
 * cgroup_mounts_find() - the mount of a controller, or NULL
 */
const struct cgroup_mount *cgroup_mounts_find(const struct cgroup_mounts *mounts,
					      const char *controller);

/**
 * cgroup_mounts_own_path() - the caller's own cgroup, as cgroup_own_path() gives it
 */
int cgroup_mounts_own_path(const struct cgroup_mounts *mounts, const char *controller, char *path,
			   size_t size, struct rti_error *err);

/**
 * cgroup_running_in_userns() - whether the caller is outside the initial user namespace, where
 * device rules cannot be set
 */
bool cgroup_running_in_userns(void);

/**
 * cgroup_devices_set_v1() - make devices.allow and devices.deny mean @rules
 *
 * Return: 0; -EINVAL for rules that v1 cannot express (an exception inside a wildcard rule); or
 * what the writes gave. Does nothing in a user namespace.
 */
int cgroup_devices_set_v1(const char *path, const struct rti_device_rules *rules,
			  struct rti_error *err);

/**
 * cgroup_devices_set_v2() - attach a device program that means @rules, in place of earlier ones
 *
 * Failure is ignored where it takes nothing away: in a user namespace, and if the rules only allow.
 */
int cgroup_devices_set_v2(const char *path, const struct rti_device_rules *rules,
			  struct rti_error *err);

/**
 * cgroup_set_rdma() - rdma.max, the same on v1 and v2
 */
int cgroup_set_rdma(const char *path, const struct rti_rdma_limits *limits, struct rti_error *err);

/**
 * cgroup_set_hugetlb() - each page size's limit and, since Linux 5.7, its limit of reservations
 * @ending: what the files' names end in: "limit_in_bytes" on v1, "max" on v2
 */
int cgroup_set_hugetlb(const char *path, const char *ending,
		       const struct rti_hugetlb_limits *limits, struct rti_error *err);

#endif
