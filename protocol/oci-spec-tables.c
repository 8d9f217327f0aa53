/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One table per object of config.json, innermost first within each part. A key that runc 1.5 does
 * not read is not listed: keys unknown to the tables are passed over.
 */
#include "protocol/oci-spec-tables.h"

#include "protocol/oci-spec.h"

/* A value in its place or behind a pointer; objects in their place or in lists, or behind one. */
#define VALUE(type_, member_, key_, kind_)                                                         \
	{                                                                                          \
		.key = key_, .type = RTI_FIELD_##kind_, .offset = offsetof(struct type_, member_)  \
	}
#define POINTER(type_, member_, key_, kind_)                                                       \
	{                                                                                          \
		.key = key_, .type = RTI_FIELD_##kind_, .offset = offsetof(struct type_, member_), \
		.pointer = true                                                                    \
	}
/* Strings of a type that has a name of its own in runc's errors. */
#define NAMED(type_, member_, key_, kind_, name_)                                                  \
	{                                                                                          \
		.key = key_, .type = RTI_FIELD_##kind_, .offset = offsetof(struct type_, member_), \
		.type_name = name_                                                                 \
	}
#define NESTED(type_, member_, key_, kind_, object_)                                               \
	{                                                                                          \
		.key = key_, .type = RTI_FIELD_##kind_, .offset = offsetof(struct type_, member_), \
		.object = &(object_)                                                               \
	}
#define OPTIONAL(type_, member_, key_, object_)                                                    \
	{                                                                                          \
		.key = key_, .type = RTI_FIELD_OBJECT, .offset = offsetof(struct type_, member_),  \
		.pointer = true, .object = &(object_)                                              \
	}
#define END                                                                                        \
	{                                                                                          \
		.key = NULL                                                                        \
	}
#define OBJECT(name_, type_, ...)                                                                  \
	{                                                                                          \
		.name = name_, .size = sizeof(struct type_),                                       \
		.fields = (const struct rti_field[]){ __VA_ARGS__, END }                           \
	}

/* process */

static const struct rti_object user_object = OBJECT("specs.User", rti_spec_user,
	VALUE(rti_spec_user, uid, "uid", UINT32),
	VALUE(rti_spec_user, gid, "gid", UINT32),
	POINTER(rti_spec_user, umask, "umask", UINT32),
	VALUE(rti_spec_user, additional_gids, "additionalGids", UINT32S));

static const struct rti_object console_size_object = OBJECT("specs.Box", rti_spec_console_size,
	VALUE(rti_spec_console_size, height, "height", UINT),
	VALUE(rti_spec_console_size, width, "width", UINT));

static const struct rti_object capabilities_object = OBJECT("specs.LinuxCapabilities",
	rti_capabilities,
	VALUE(rti_capabilities, bounding, "bounding", STRINGS),
	VALUE(rti_capabilities, effective, "effective", STRINGS),
	VALUE(rti_capabilities, inheritable, "inheritable", STRINGS),
	VALUE(rti_capabilities, permitted, "permitted", STRINGS),
	VALUE(rti_capabilities, ambient, "ambient", STRINGS));

static const struct rti_object rlimit_object = OBJECT("specs.POSIXRlimit", rti_spec_rlimit,
	VALUE(rti_spec_rlimit, type, "type", STRING),
	VALUE(rti_spec_rlimit, hard, "hard", UINT64),
	VALUE(rti_spec_rlimit, soft, "soft", UINT64));

static const struct rti_object scheduler_object = OBJECT("specs.Scheduler", rti_spec_scheduler,
	NAMED(rti_spec_scheduler, policy, "policy", STRING, "specs.LinuxSchedulerPolicy"),
	VALUE(rti_spec_scheduler, nice, "nice", INT32),
	VALUE(rti_spec_scheduler, priority, "priority", INT32),
	NAMED(rti_spec_scheduler, flags, "flags", STRINGS, "specs.LinuxSchedulerFlag"),
	VALUE(rti_spec_scheduler, runtime, "runtime", UINT64),
	VALUE(rti_spec_scheduler, deadline, "deadline", UINT64),
	VALUE(rti_spec_scheduler, period, "period", UINT64));

static const struct rti_object io_priority_object = OBJECT("specs.LinuxIOPriority", rti_io_priority,
	NAMED(rti_io_priority, class_name, "class", STRING, "specs.IOPriorityClass"),
	VALUE(rti_io_priority, priority, "priority", INT));

static const struct rti_object cpu_affinity_object = OBJECT("specs.CPUAffinity",
	rti_spec_cpu_affinity,
	VALUE(rti_spec_cpu_affinity, initial, "initial", STRING),
	VALUE(rti_spec_cpu_affinity, final, "final", STRING));

const struct rti_object rti_spec_process_object = OBJECT("specs.Process", rti_spec_process,
	VALUE(rti_spec_process, terminal, "terminal", BOOL),
	OPTIONAL(rti_spec_process, console_size, "consoleSize", console_size_object),
	NESTED(rti_spec_process, user, "user", OBJECT, user_object),
	VALUE(rti_spec_process, args, "args", STRINGS),
	VALUE(rti_spec_process, env, "env", STRINGS),
	VALUE(rti_spec_process, cwd, "cwd", STRING),
	OPTIONAL(rti_spec_process, capabilities, "capabilities", capabilities_object),
	NESTED(rti_spec_process, rlimits, "rlimits", OBJECTS, rlimit_object),
	VALUE(rti_spec_process, no_new_privileges, "noNewPrivileges", BOOL),
	VALUE(rti_spec_process, apparmor_profile, "apparmorProfile", STRING),
	POINTER(rti_spec_process, oom_score_adj, "oomScoreAdj", INT),
	OPTIONAL(rti_spec_process, scheduler, "scheduler", scheduler_object),
	VALUE(rti_spec_process, selinux_label, "selinuxLabel", STRING),
	OPTIONAL(rti_spec_process, io_priority, "ioPriority", io_priority_object),
	OPTIONAL(rti_spec_process, exec_cpu_affinity, "execCPUAffinity", cpu_affinity_object));

/* root, mounts, hooks */

static const struct rti_object root_object = OBJECT("specs.Root", rti_spec_root,
	VALUE(rti_spec_root, path, "path", STRING),
	VALUE(rti_spec_root, readonly, "readonly", BOOL));

static const struct rti_object id_map_object = OBJECT("specs.LinuxIDMapping", rti_spec_id_map,
	VALUE(rti_spec_id_map, container_id, "containerID", UINT32),
	VALUE(rti_spec_id_map, host_id, "hostID", UINT32),
	VALUE(rti_spec_id_map, size, "size", UINT32));

static const struct rti_object mount_object = OBJECT("specs.Mount", rti_spec_mount,
	VALUE(rti_spec_mount, destination, "destination", STRING),
	VALUE(rti_spec_mount, type, "type", STRING),
	VALUE(rti_spec_mount, source, "source", STRING),
	VALUE(rti_spec_mount, options, "options", STRINGS),
	NESTED(rti_spec_mount, uid_mappings, "uidMappings", OBJECTS, id_map_object),
	NESTED(rti_spec_mount, gid_mappings, "gidMappings", OBJECTS, id_map_object));

static const struct rti_object hook_object = OBJECT("specs.Hook", rti_spec_hook,
	VALUE(rti_spec_hook, path, "path", STRING),
	VALUE(rti_spec_hook, args, "args", STRINGS),
	VALUE(rti_spec_hook, env, "env", STRINGS),
	POINTER(rti_spec_hook, timeout, "timeout", INT));

static const struct rti_object hooks_object = OBJECT("specs.Hooks", rti_spec_hooks,
	NESTED(rti_spec_hooks, prestart, "prestart", OBJECTS, hook_object),
	NESTED(rti_spec_hooks, create_runtime, "createRuntime", OBJECTS, hook_object),
	NESTED(rti_spec_hooks, create_container, "createContainer", OBJECTS, hook_object),
	NESTED(rti_spec_hooks, start_container, "startContainer", OBJECTS, hook_object),
	NESTED(rti_spec_hooks, poststart, "poststart", OBJECTS, hook_object),
	NESTED(rti_spec_hooks, poststop, "poststop", OBJECTS, hook_object));

/* linux.resources */

static const struct rti_object device_rule_object = OBJECT("specs.LinuxDeviceCgroup",
	rti_spec_device_rule,
	VALUE(rti_spec_device_rule, allow, "allow", BOOL),
	VALUE(rti_spec_device_rule, type, "type", STRING),
	POINTER(rti_spec_device_rule, major, "major", INT64),
	POINTER(rti_spec_device_rule, minor, "minor", INT64),
	VALUE(rti_spec_device_rule, access, "access", STRING));

static const struct rti_object memory_object = OBJECT("specs.LinuxMemory", rti_spec_memory,
	POINTER(rti_spec_memory, limit, "limit", INT64),
	POINTER(rti_spec_memory, reservation, "reservation", INT64),
	POINTER(rti_spec_memory, swap, "swap", INT64),
	POINTER(rti_spec_memory, kernel, "kernel", INT64),
	POINTER(rti_spec_memory, kernel_tcp, "kernelTCP", INT64),
	POINTER(rti_spec_memory, swappiness, "swappiness", UINT64),
	POINTER(rti_spec_memory, disable_oom_killer, "disableOOMKiller", BOOL),
	POINTER(rti_spec_memory, check_before_update, "checkBeforeUpdate", BOOL));

static const struct rti_object cpu_object = OBJECT("specs.LinuxCPU", rti_spec_cpu,
	POINTER(rti_spec_cpu, shares, "shares", UINT64),
	POINTER(rti_spec_cpu, quota, "quota", INT64),
	POINTER(rti_spec_cpu, burst, "burst", UINT64),
	POINTER(rti_spec_cpu, period, "period", UINT64),
	POINTER(rti_spec_cpu, realtime_runtime, "realtimeRuntime", INT64),
	POINTER(rti_spec_cpu, realtime_period, "realtimePeriod", UINT64),
	VALUE(rti_spec_cpu, cpus, "cpus", STRING),
	VALUE(rti_spec_cpu, mems, "mems", STRING),
	POINTER(rti_spec_cpu, idle, "idle", INT64));

static const struct rti_object pids_object = OBJECT("specs.LinuxPids", rti_spec_pids,
	POINTER(rti_spec_pids, limit, "limit", INT64));

static const struct rti_object weight_device_object = OBJECT("specs.LinuxWeightDevice",
	rti_spec_weight_device,
	VALUE(rti_spec_weight_device, major, "major", INT64),
	VALUE(rti_spec_weight_device, minor, "minor", INT64),
	POINTER(rti_spec_weight_device, weight, "weight", UINT16),
	POINTER(rti_spec_weight_device, leaf_weight, "leafWeight", UINT16));

static const struct rti_object throttle_object = OBJECT("specs.LinuxThrottleDevice",
	rti_blkio_throttle,
	VALUE(rti_blkio_throttle, major, "major", INT64),
	VALUE(rti_blkio_throttle, minor, "minor", INT64),
	VALUE(rti_blkio_throttle, rate, "rate", UINT64));

static const struct rti_object block_io_object = OBJECT("specs.LinuxBlockIO", rti_spec_block_io,
	POINTER(rti_spec_block_io, weight, "weight", UINT16),
	POINTER(rti_spec_block_io, leaf_weight, "leafWeight", UINT16),
	NESTED(rti_spec_block_io, weight_device, "weightDevice", OBJECTS, weight_device_object),
	NESTED(rti_spec_block_io, throttle_read_bps_device, "throttleReadBpsDevice", OBJECTS,
	       throttle_object),
	NESTED(rti_spec_block_io, throttle_write_bps_device, "throttleWriteBpsDevice", OBJECTS,
	       throttle_object),
	NESTED(rti_spec_block_io, throttle_read_iops_device, "throttleReadIOPSDevice", OBJECTS,
	       throttle_object),
	NESTED(rti_spec_block_io, throttle_write_iops_device, "throttleWriteIOPSDevice", OBJECTS,
	       throttle_object));

static const struct rti_object hugepage_limit_object = OBJECT("specs.LinuxHugepageLimit",
	rti_hugetlb_limit,
	VALUE(rti_hugetlb_limit, page_size, "pageSize", STRING),
	VALUE(rti_hugetlb_limit, limit, "limit", UINT64));

static const struct rti_object interface_priority_object = OBJECT("specs.LinuxInterfacePriority",
	rti_spec_interface_priority,
	VALUE(rti_spec_interface_priority, name, "name", STRING),
	VALUE(rti_spec_interface_priority, priority, "priority", UINT32));

static const struct rti_object network_object = OBJECT("specs.LinuxNetwork", rti_spec_network,
	POINTER(rti_spec_network, class_id, "classID", UINT32),
	NESTED(rti_spec_network, priorities, "priorities", OBJECTS, interface_priority_object));

static const struct rti_object rdma_object = OBJECT("specs.LinuxRdma", rti_rdma_limit,
	POINTER(rti_rdma_limit, hca_handles, "hcaHandles", UINT32),
	POINTER(rti_rdma_limit, hca_objects, "hcaObjects", UINT32));

static const struct rti_object rti_spec_resources_object = OBJECT("specs.LinuxResources",
	rti_spec_resources,
	NESTED(rti_spec_resources, devices, "devices", OBJECTS, device_rule_object),
	OPTIONAL(rti_spec_resources, memory, "memory", memory_object),
	OPTIONAL(rti_spec_resources, cpu, "cpu", cpu_object),
	OPTIONAL(rti_spec_resources, pids, "pids", pids_object),
	OPTIONAL(rti_spec_resources, block_io, "blockIO", block_io_object),
	NESTED(rti_spec_resources, hugepage_limits, "hugepageLimits", OBJECTS,
	       hugepage_limit_object),
	OPTIONAL(rti_spec_resources, network, "network", network_object),
	NESTED(rti_spec_resources, rdma, "rdma", OBJECT_MAP, rdma_object),
	VALUE(rti_spec_resources, unified, "unified", STRING_MAP));

/* linux.seccomp */

static const struct rti_object seccomp_arg_object = OBJECT("specs.LinuxSeccompArg",
	rti_spec_seccomp_arg,
	VALUE(rti_spec_seccomp_arg, index, "index", UINT),
	VALUE(rti_spec_seccomp_arg, value, "value", UINT64),
	VALUE(rti_spec_seccomp_arg, value_two, "valueTwo", UINT64),
	NAMED(rti_spec_seccomp_arg, op, "op", STRING, "specs.LinuxSeccompOperator"));

static const struct rti_object seccomp_syscall_object = OBJECT("specs.LinuxSyscall",
	rti_spec_seccomp_syscall,
	VALUE(rti_spec_seccomp_syscall, names, "names", STRINGS),
	NAMED(rti_spec_seccomp_syscall, action, "action", STRING, "specs.LinuxSeccompAction"),
	POINTER(rti_spec_seccomp_syscall, errno_ret, "errnoRet", UINT),
	NESTED(rti_spec_seccomp_syscall, args, "args", OBJECTS, seccomp_arg_object));

static const struct rti_object seccomp_object = OBJECT("specs.LinuxSeccomp", rti_spec_seccomp,
	NAMED(rti_spec_seccomp, default_action, "defaultAction", STRING,
	      "specs.LinuxSeccompAction"),
	POINTER(rti_spec_seccomp, default_errno_ret, "defaultErrnoRet", UINT),
	NAMED(rti_spec_seccomp, architectures, "architectures", STRINGS, "specs.Arch"),
	NAMED(rti_spec_seccomp, flags, "flags", STRINGS, "specs.LinuxSeccompFlag"),
	VALUE(rti_spec_seccomp, listener_path, "listenerPath", STRING),
	VALUE(rti_spec_seccomp, listener_metadata, "listenerMetadata", STRING),
	NESTED(rti_spec_seccomp, syscalls, "syscalls", OBJECTS, seccomp_syscall_object));

/* the rest of linux */

static const struct rti_object namespace_object = OBJECT("specs.LinuxNamespace", rti_spec_namespace,
	NAMED(rti_spec_namespace, type, "type", STRING, "specs.LinuxNamespaceType"),
	VALUE(rti_spec_namespace, path, "path", STRING));

static const struct rti_object device_object = OBJECT("specs.LinuxDevice", rti_spec_device,
	VALUE(rti_spec_device, path, "path", STRING),
	VALUE(rti_spec_device, type, "type", STRING),
	VALUE(rti_spec_device, major, "major", INT64),
	VALUE(rti_spec_device, minor, "minor", INT64),
	{ .key = "fileMode", .type = RTI_FIELD_UINT32,
	  .offset = offsetof(struct rti_spec_device, file_mode), .pointer = true,
	  .type_name = "fs.FileMode" },
	POINTER(rti_spec_device, uid, "uid", UINT32),
	POINTER(rti_spec_device, gid, "gid", UINT32));

static const struct rti_object net_device_object = OBJECT("specs.LinuxNetDevice", rti_net_device,
	VALUE(rti_net_device, name, "name", STRING));

static const struct rti_object intel_rdt_object = OBJECT("specs.LinuxIntelRdt", rti_intel_rdt,
	VALUE(rti_intel_rdt, clos_id, "closID", STRING),
	VALUE(rti_intel_rdt, schemata, "schemata", STRINGS),
	VALUE(rti_intel_rdt, l3_cache_schema, "l3CacheSchema", STRING),
	VALUE(rti_intel_rdt, mem_bw_schema, "memBwSchema", STRING),
	VALUE(rti_intel_rdt, enable_monitoring, "enableMonitoring", BOOL));

static const struct rti_object memory_policy_object = OBJECT("specs.LinuxMemoryPolicy",
	rti_spec_memory_policy,
	NAMED(rti_spec_memory_policy, mode, "mode", STRING, "specs.MemoryPolicyModeType"),
	VALUE(rti_spec_memory_policy, nodes, "nodes", STRING),
	NAMED(rti_spec_memory_policy, flags, "flags", STRINGS, "specs.MemoryPolicyFlagType"));

static const struct rti_object personality_object = OBJECT("specs.LinuxPersonality",
	rti_spec_personality,
	NAMED(rti_spec_personality, domain, "domain", STRING, "specs.LinuxPersonalityDomain"),
	NAMED(rti_spec_personality, flags, "flags", STRINGS, "specs.LinuxPersonalityFlag"));

static const struct rti_object time_offset_object = OBJECT("specs.LinuxTimeOffset", rti_time_offset,
	VALUE(rti_time_offset, secs, "secs", INT64),
	VALUE(rti_time_offset, nanosecs, "nanosecs", UINT32));

static const struct rti_object linux_object = OBJECT("specs.Linux", rti_spec_linux,
	NESTED(rti_spec_linux, uid_mappings, "uidMappings", OBJECTS, id_map_object),
	NESTED(rti_spec_linux, gid_mappings, "gidMappings", OBJECTS, id_map_object),
	VALUE(rti_spec_linux, sysctl, "sysctl", STRING_MAP),
	OPTIONAL(rti_spec_linux, resources, "resources", rti_spec_resources_object),
	VALUE(rti_spec_linux, cgroups_path, "cgroupsPath", STRING),
	NESTED(rti_spec_linux, namespaces, "namespaces", OBJECTS, namespace_object),
	NESTED(rti_spec_linux, devices, "devices", OBJECTS, device_object),
	NESTED(rti_spec_linux, net_devices, "netDevices", OBJECT_MAP, net_device_object),
	OPTIONAL(rti_spec_linux, seccomp, "seccomp", seccomp_object),
	VALUE(rti_spec_linux, rootfs_propagation, "rootfsPropagation", STRING),
	VALUE(rti_spec_linux, masked_paths, "maskedPaths", STRINGS),
	VALUE(rti_spec_linux, readonly_paths, "readonlyPaths", STRINGS),
	VALUE(rti_spec_linux, mount_label, "mountLabel", STRING),
	OPTIONAL(rti_spec_linux, intel_rdt, "intelRdt", intel_rdt_object),
	OPTIONAL(rti_spec_linux, memory_policy, "memoryPolicy", memory_policy_object),
	OPTIONAL(rti_spec_linux, personality, "personality", personality_object),
	NESTED(rti_spec_linux, time_offsets, "timeOffsets", OBJECT_MAP, time_offset_object));

const struct rti_object rti_spec_object = OBJECT("specs.Spec", rti_spec,
	VALUE(rti_spec, oci_version, "ociVersion", STRING),
	OPTIONAL(rti_spec, process, "process", rti_spec_process_object),
	OPTIONAL(rti_spec, root, "root", root_object),
	VALUE(rti_spec, hostname, "hostname", STRING),
	VALUE(rti_spec, domainname, "domainname", STRING),
	NESTED(rti_spec, mounts, "mounts", OBJECTS, mount_object),
	OPTIONAL(rti_spec, hooks, "hooks", hooks_object),
	VALUE(rti_spec, annotations, "annotations", STRING_MAP),
	OPTIONAL(rti_spec, linux_part, "linux", linux_object));
