/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The "cgroups" object. Only the parent acts on it, but it is on the wire, and in the state that an
 * exec starts from.
 */
#include "protocol/init-config-objects.h"
#include "protocol/init-config.h"

#define ROW(...)	 RTI_ROW(struct rti_cgroups, __VA_ARGS__)
#define POINTER_ROW(...) RTI_POINTER_ROW(struct rti_cgroups, __VA_ARGS__)

static const struct rti_field device_rule_fields[] = {
	RTI_ROW(struct rti_device_rule, "type", INT, type),
	RTI_ROW(struct rti_device_rule, "major", INT64, major),
	RTI_ROW(struct rti_device_rule, "minor", INT64, minor),
	RTI_ROW(struct rti_device_rule, "permissions", STRING, permissions),
	RTI_ROW(struct rti_device_rule, "allow", BOOL, allow),
	{ 0 },
};

const struct rti_object rti_device_rule_object = { "config.Rule", sizeof(struct rti_device_rule),
						   device_rule_fields };

static const struct rti_field weight_device_fields[] = {
	RTI_ROW(struct rti_blkio_weight_device, "major", INT64, major),
	RTI_ROW(struct rti_blkio_weight_device, "minor", INT64, minor),
	RTI_ROW(struct rti_blkio_weight_device, "weight", UINT64, weight),
	RTI_ROW(struct rti_blkio_weight_device, "leafWeight", UINT64, leaf_weight),
	{ 0 },
};

static const struct rti_object weight_device = { "cgroups.WeightDevice",
						 sizeof(struct rti_blkio_weight_device),
						 weight_device_fields };

static const struct rti_field throttle_fields[] = {
	RTI_ROW(struct rti_blkio_throttle, "major", INT64, major),
	RTI_ROW(struct rti_blkio_throttle, "minor", INT64, minor),
	RTI_ROW(struct rti_blkio_throttle, "rate", UINT64, rate),
	{ 0 },
};

static const struct rti_object throttle = { "cgroups.ThrottleDevice",
					    sizeof(struct rti_blkio_throttle), throttle_fields };

static const struct rti_field hugetlb_fields[] = {
	RTI_ROW(struct rti_hugetlb_limit, "page_size", STRING, page_size),
	RTI_ROW(struct rti_hugetlb_limit, "limit", UINT64, limit),
	{ 0 },
};

static const struct rti_object hugetlb = { "cgroups.HugepageLimit",
					   sizeof(struct rti_hugetlb_limit), hugetlb_fields };

static const struct rti_field net_prio_fields[] = {
	RTI_ROW(struct rti_net_prio, "interface", STRING, interface_name),
	RTI_ROW(struct rti_net_prio, "priority", INT64, priority),
	{ 0 },
};

static const struct rti_object net_prio = { "cgroups.IfPrioMap", sizeof(struct rti_net_prio),
					    net_prio_fields };

static const struct rti_field rdma_fields[] = {
	RTI_POINTER_ROW(struct rti_rdma_limit, "hca_handles", UINT32, hca_handles,
			.omit = RTI_OMIT_ZERO),
	RTI_POINTER_ROW(struct rti_rdma_limit, "hca_objects", UINT32, hca_objects,
			.omit = RTI_OMIT_ZERO),
	{ 0 },
};

static const struct rti_object rdma = { "cgroups.LinuxRdma", sizeof(struct rti_rdma_limit),
					rdma_fields };

static const struct rti_field cgroups_fields[] = {
	ROW("name", STRING, name, .omit = RTI_OMIT_ZERO),
	ROW("parent", STRING, parent, .omit = RTI_OMIT_ZERO),
	ROW("path", STRING, path, .omit = RTI_OMIT_CGROUP),
	ROW("scope_prefix", STRING, scope_prefix, .omit = RTI_OMIT_CGROUP),
	ROW("devices", OBJECTS, devices, .omit = RTI_OMIT_CGROUP,
	    .object = &rti_device_rule_object),
	ROW("memory", INT64, memory, .omit = RTI_OMIT_CGROUP),
	ROW("memory_reservation", INT64, memory_reservation, .omit = RTI_OMIT_CGROUP),
	ROW("memory_swap", INT64, memory_swap, .omit = RTI_OMIT_CGROUP),
	ROW("cpu_shares", UINT64, cpu_shares, .omit = RTI_OMIT_CGROUP),
	ROW("cpu_quota", INT64, cpu_quota, .omit = RTI_OMIT_CGROUP),
	POINTER_ROW("cpu_burst", UINT64, cpu_burst, .omit = RTI_OMIT_CGROUP),
	ROW("cpu_period", UINT64, cpu_period, .omit = RTI_OMIT_CGROUP),
	ROW("cpu_rt_quota", INT64, cpu_rt_quota, .omit = RTI_OMIT_CGROUP),
	ROW("cpu_rt_period", UINT64, cpu_rt_period, .omit = RTI_OMIT_CGROUP),
	ROW("cpuset_cpus", STRING, cpuset_cpus, .omit = RTI_OMIT_CGROUP),
	ROW("cpuset_mems", STRING, cpuset_mems, .omit = RTI_OMIT_CGROUP),
	POINTER_ROW("cpu_idle", INT64, cpu_idle, .omit = RTI_OMIT_ZERO),
	/* before 1.4 a limit of 0 and none were the same */
	POINTER_ROW("pids_limit", INT64, pids_limit, .omit = RTI_OMIT_CGROUP, .plain = true,
		    .until = RTI_DIALECT_RUNC_1_4),
	POINTER_ROW("pids_limit", INT64, pids_limit, .omit = RTI_OMIT_ZERO,
		    .since = RTI_DIALECT_RUNC_1_4),
	ROW("blkio_weight", UINT64, blkio_weight, .omit = RTI_OMIT_CGROUP),
	ROW("blkio_leaf_weight", UINT64, blkio_leaf_weight, .omit = RTI_OMIT_CGROUP),
	ROW("blkio_weight_device", OBJECTS, blkio_weight_device, .omit = RTI_OMIT_CGROUP,
	    .object = &weight_device),
	ROW("blkio_throttle_read_bps_device", OBJECTS, blkio_throttle_read_bps_device,
	    .omit = RTI_OMIT_CGROUP, .object = &throttle),
	ROW("blkio_throttle_write_bps_device", OBJECTS, blkio_throttle_write_bps_device,
	    .omit = RTI_OMIT_CGROUP, .object = &throttle),
	ROW("blkio_throttle_read_iops_device", OBJECTS, blkio_throttle_read_iops_device,
	    .omit = RTI_OMIT_CGROUP, .object = &throttle),
	ROW("blkio_throttle_write_iops_device", OBJECTS, blkio_throttle_write_iops_device,
	    .omit = RTI_OMIT_CGROUP, .object = &throttle),
	ROW("freezer", STRING, freezer, .omit = RTI_OMIT_CGROUP),
	ROW("hugetlb_limit", OBJECTS, hugetlb_limit, .omit = RTI_OMIT_CGROUP, .object = &hugetlb),
	ROW("oom_kill_disable", BOOL, oom_kill_disable, .omit = RTI_OMIT_CGROUP),
	POINTER_ROW("memory_swappiness", UINT64, memory_swappiness, .omit = RTI_OMIT_CGROUP),
	ROW("net_prio_ifpriomap", OBJECTS, net_prio_ifpriomap, .omit = RTI_OMIT_CGROUP,
	    .object = &net_prio),
	ROW("net_cls_classid_u", UINT32, net_cls_classid_u, .omit = RTI_OMIT_CGROUP),
	ROW("rdma", OBJECT_MAP, rdma, .omit = RTI_OMIT_CGROUP, .object = &rdma),
	ROW("cpu_weight", UINT64, cpu_weight, .omit = RTI_OMIT_CGROUP),
	ROW("unified", STRING_MAP, unified, .omit = RTI_OMIT_CGROUP),
	ROW("memory_check_before_update", BOOL, memory_check_before_update,
	    .omit = RTI_OMIT_CGROUP),
	ROW("Systemd", BOOL, systemd, .omit = RTI_OMIT_CGROUP),
	ROW("Rootless", BOOL, rootless, .omit = RTI_OMIT_CGROUP),
	POINTER_ROW("owner_uid", INT, owner_uid, .omit = RTI_OMIT_ZERO),
	{ 0 },
};

const struct rti_object rti_cgroups_object = { "cgroups.Cgroup", sizeof(struct rti_cgroups),
					       cgroups_fields };
