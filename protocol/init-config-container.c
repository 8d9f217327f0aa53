/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Table of the "config" object, and of the small ones in it.
 */
#include "protocol/init-config-objects.h"
#include "protocol/init-config.h"

#define ROW(...)	 RTI_ROW(struct rti_config, __VA_ARGS__)
#define POINTER_ROW(...) RTI_POINTER_ROW(struct rti_config, __VA_ARGS__)
#define NETWORK_ROW(key, type, member)                                                             \
	RTI_ROW(struct rti_network, key, type, member, .omit = RTI_OMIT_ZERO_1_4)

static const struct rti_field namespace_fields[] = {
	RTI_ROW(struct rti_namespace, "type", STRING, type),
	RTI_ROW(struct rti_namespace, "path", STRING, path, .omit = RTI_OMIT_ZERO_1_4),
	{ 0 },
};

static const struct rti_object namespace = { "configs.Namespace", sizeof(struct rti_namespace),
					     namespace_fields };

static const struct rti_field net_device_fields[] = {
	RTI_ROW(struct rti_net_device, "name", STRING, name, .omit = RTI_OMIT_ZERO),
	{ 0 },
};

static const struct rti_object net_device = { "configs.LinuxNetDevice",
					      sizeof(struct rti_net_device), net_device_fields };

#define NETWORK_FIELDS                                                                             \
	RTI_ROW(struct rti_network, "type", STRING, type), NETWORK_ROW("name", STRING, name),      \
		NETWORK_ROW("bridge", STRING, bridge),                                             \
		NETWORK_ROW("mac_address", STRING, mac_address),                                   \
		NETWORK_ROW("address", STRING, address), NETWORK_ROW("gateway", STRING, gateway),  \
		NETWORK_ROW("ipv6_address", STRING, ipv6_address),                                 \
		NETWORK_ROW("ipv6_gateway", STRING, ipv6_gateway), NETWORK_ROW("mtu", INT, mtu),   \
		NETWORK_ROW("txqueuelen", INT, txqueuelen),                                        \
		NETWORK_ROW("host_interface_name", STRING, host_interface_name),                   \
		NETWORK_ROW("hairpin_mode", BOOL, hairpin_mode)

static const struct rti_field network_fields[] = { NETWORK_FIELDS, { 0 } };

const struct rti_object rti_network_object = { "configs.Network", sizeof(struct rti_network),
					       network_fields };

static const struct rti_field peer_network_fields[] = {
	NETWORK_FIELDS,
	RTI_ROW(struct rti_network, "temp_veth_peer_name", STRING, temp_veth_peer_name),
	{ 0 },
};

const struct rti_object rti_peer_network_object = { "libcontainer.network",
						    sizeof(struct rti_network),
						    peer_network_fields };

static const struct rti_field route_fields[] = {
	RTI_ROW(struct rti_route, "destination", STRING, destination, .omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_route, "source", STRING, source, .omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_route, "gateway", STRING, gateway, .omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_route, "interface_name", STRING, interface_name,
		.omit = RTI_OMIT_ZERO_1_4),
	{ 0 },
};

static const struct rti_object route = { "configs.Route", sizeof(struct rti_route), route_fields };

static const struct rti_field hook_fields[] = {
	RTI_ROW(struct rti_hook, "path", STRING, path),
	RTI_ROW(struct rti_hook, "args", STRINGS, args),
	RTI_ROW(struct rti_hook, "env", STRINGS, env),
	RTI_ROW(struct rti_hook, "dir", STRING, dir),
	RTI_POINTER_ROW(struct rti_hook, "timeout", INT64, timeout),
	{ 0 },
};

static const struct rti_object hook = { "configs.Command", sizeof(struct rti_hook), hook_fields };

#define HOOKS_ROW(key, member)                                                                     \
	RTI_ROW(struct rti_hooks, key, OBJECTS, member, .object = &hook)

static const struct rti_field hooks_fields[] = {
	HOOKS_ROW("createContainer", create_container),
	HOOKS_ROW("createRuntime", create_runtime),
	HOOKS_ROW("poststart", poststart),
	HOOKS_ROW("poststop", poststop),
	HOOKS_ROW("prestart", prestart),
	HOOKS_ROW("startContainer", start_container),
	{ 0 },
};

static const struct rti_object hooks = { "configs.Hooks", sizeof(struct rti_hooks), hooks_fields };

static const struct rti_field intel_rdt_fields[] = {
	RTI_ROW(struct rti_intel_rdt, "closID", STRING, clos_id, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_intel_rdt, "schemata", STRINGS, schemata, .omit = RTI_OMIT_ZERO,
		.since = RTI_DIALECT_RUNC_1_4),
	RTI_ROW(struct rti_intel_rdt, "l3_cache_schema", STRING, l3_cache_schema,
		.omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_intel_rdt, "memBwSchema", STRING, mem_bw_schema, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_intel_rdt, "enableMonitoring", BOOL, enable_monitoring,
		.omit = RTI_OMIT_ZERO, .since = RTI_DIALECT_RUNC_1_4),
	{ 0 },
};

static const struct rti_object intel_rdt = { "configs.IntelRdt", sizeof(struct rti_intel_rdt),
					     intel_rdt_fields };

static const struct rti_field memory_policy_fields[] = {
	RTI_ROW(struct rti_memory_policy, "mode", INT, mode, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_memory_policy, "flags", INT, flags, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_memory_policy, "nodes", WORDS, nodes, .omit = RTI_OMIT_ZERO,
		.padded = true),
	{ 0 },
};

static const struct rti_object memory_policy = { "configs.LinuxMemoryPolicy",
						 sizeof(struct rti_memory_policy),
						 memory_policy_fields };

static const struct rti_field time_offset_fields[] = {
	RTI_ROW(struct rti_time_offset, "secs", INT64, secs, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_time_offset, "nanosecs", UINT32, nanosecs, .omit = RTI_OMIT_ZERO),
	{ 0 },
};

static const struct rti_object time_offset = { "specs.LinuxTimeOffset",
					       sizeof(struct rti_time_offset),
					       time_offset_fields };

static const struct rti_field personality_fields[] = {
	RTI_ROW(struct rti_personality, "domain", INT, domain),
	{ 0 },
};

static const struct rti_object personality = { "configs.LinuxPersonality",
					       sizeof(struct rti_personality),
					       personality_fields };

static const struct rti_field config_fields[] = {
	ROW("no_pivot_root", BOOL, no_pivot_root, .omit = RTI_OMIT_ZERO_1_4),
	ROW("parent_death_signal", INT, parent_death_signal, .omit = RTI_OMIT_ZERO_1_4),
	ROW("rootfs", STRING, rootfs),
	POINTER_ROW("umask", UINT32, umask, .omit = RTI_OMIT_ZERO_1_4),
	ROW("readonlyfs", BOOL, readonlyfs, .omit = RTI_OMIT_ZERO_1_4),
	ROW("rootPropagation", INT, root_propagation, .omit = RTI_OMIT_ZERO_1_4),
	ROW("mounts", OBJECTS, mounts, .object = &rti_mount_object),
	ROW("devices", OBJECTS, devices, .object = &rti_device_object),
	ROW("netDevices", OBJECT_MAP, net_devices, .omit = RTI_OMIT_ZERO, .object = &net_device,
	    .since = RTI_DIALECT_RUNC_1_4),
	ROW("mount_label", STRING, mount_label, .omit = RTI_OMIT_ZERO_1_4),
	ROW("hostname", STRING, hostname, .omit = RTI_OMIT_ZERO_1_4),
	ROW("domainname", STRING, domainname, .omit = RTI_OMIT_ZERO_1_4),
	ROW("namespaces", OBJECTS, namespaces, .object = &namespace),
	POINTER_ROW("capabilities", OBJECT, capabilities, .omit = RTI_OMIT_ZERO_1_4,
		    .object = &rti_capabilities_object),
	ROW("networks", OBJECTS, networks, .omit = RTI_OMIT_ZERO_1_4,
	    .object = &rti_network_object),
	ROW("routes", OBJECTS, routes, .omit = RTI_OMIT_ZERO_1_4, .object = &route),
	ROW("cgroups", OBJECT, cgroups, .object = &rti_cgroups_object),
	ROW("apparmor_profile", STRING, apparmor_profile, .omit = RTI_OMIT_ZERO),
	ROW("process_label", STRING, process_label, .omit = RTI_OMIT_ZERO),
	ROW("rlimits", OBJECTS, rlimits, .omit = RTI_OMIT_ZERO, .object = &rti_rlimit_object),
	POINTER_ROW("oom_score_adj", INT, oom_score_adj, .omit = RTI_OMIT_ZERO),
	ROW("uid_mappings", OBJECTS, uid_mappings, .omit = RTI_OMIT_ZERO_1_4,
	    .object = &rti_id_map_object),
	ROW("gid_mappings", OBJECTS, gid_mappings, .omit = RTI_OMIT_ZERO_1_4,
	    .object = &rti_id_map_object),
	ROW("mask_paths", STRINGS, mask_paths, .omit = RTI_OMIT_ZERO_1_4),
	ROW("readonly_paths", STRINGS, readonly_paths, .omit = RTI_OMIT_ZERO_1_4),
	ROW("sysctl", STRING_MAP, sysctl, .omit = RTI_OMIT_ZERO_1_4),
	POINTER_ROW("seccomp", OBJECT, seccomp, .omit = RTI_OMIT_ZERO_1_4,
		    .object = &rti_seccomp_object),
	ROW("no_new_privileges", BOOL, no_new_privileges, .omit = RTI_OMIT_ZERO),
	POINTER_ROW("Hooks", OBJECT, hooks, .omit = RTI_OMIT_ZERO_1_4, .plain = true,
		    .object = &hooks),
	ROW("version", STRING, version),
	ROW("labels", STRINGS, labels),
	ROW("no_new_keyring", BOOL, no_new_keyring, .omit = RTI_OMIT_ZERO_1_4),
	POINTER_ROW("intel_rdt", OBJECT, intel_rdt, .omit = RTI_OMIT_ZERO, .object = &intel_rdt),
	POINTER_ROW("memory_policy", OBJECT, memory_policy, .omit = RTI_OMIT_ZERO,
		    .object = &memory_policy, .since = RTI_DIALECT_RUNC_1_4),
	ROW("rootless_euid", BOOL, rootless_euid, .omit = RTI_OMIT_ZERO),
	ROW("rootless_cgroups", BOOL, rootless_cgroups, .omit = RTI_OMIT_ZERO),
	ROW("time_offsets", OBJECT_MAP, time_offsets, .omit = RTI_OMIT_ZERO,
	    .object = &time_offset),
	POINTER_ROW("scheduler", OBJECT, scheduler, .omit = RTI_OMIT_ZERO,
		    .object = &rti_scheduler_object),
	POINTER_ROW("personality", OBJECT, personality, .omit = RTI_OMIT_ZERO,
		    .object = &personality),
	POINTER_ROW("io_priority", OBJECT, io_priority, .omit = RTI_OMIT_ZERO,
		    .object = &rti_io_priority_object),
	POINTER_ROW("exec_cpu_affinity", OBJECT, exec_cpu_affinity, .omit = RTI_OMIT_ZERO,
		    .object = &rti_cpu_affinity_object, .since = RTI_DIALECT_RUNC_1_3),
	{ 0 },
};

const struct rti_object rti_config_object = { "configs.Config", sizeof(struct rti_config),
					      config_fields };
