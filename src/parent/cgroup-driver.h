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
	int (*apply)(struct cgroup *cgroup, pid_t pid, struct rti_error *err);
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

/**
 * cgroup_find_mount() - where a v1 controller is mounted
 * @mountpoint: its mount point
 * @root:       which of its cgroups is mounted there
 *
 * Return: 0; -ENOENT ("mountpoint for X not found"); or what reading gave.
 */
int cgroup_find_mount(const char *controller, char *mountpoint, char *root, size_t size,
		      struct rti_error *err);

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
