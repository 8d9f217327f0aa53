/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The OCI configuration: config.json of a bundle, and process.json of an exec, as plain C data.
 *
 * Runtime specification 1.3, the part for Linux that runc reads. Member names follow the JSON keys.
 * A pointer member is NULL where the key is absent or null; the items of a list are NULL where the
 * list is absent or null and not NULL for an empty list. Nothing is judged here:
 * protocol/spec-convert.h does that.
 *
 * Memory: everything hangs on the arena of the rti_spec.
 */
#ifndef RTI_PROTOCOL_OCI_SPEC_H
#define RTI_PROTOCOL_OCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/init-config.h"

struct rti_spec_id_map {
	uint32_t container_id;
	uint32_t host_id;
	uint32_t size;
};
struct rti_spec_id_maps RTI_LIST(struct rti_spec_id_map);

struct rti_spec_user {
	uint32_t uid;
	uint32_t gid;
	uint32_t *umask;
	struct rti_numbers additional_gids;
};

struct rti_spec_console_size {
	uint64_t height;
	uint64_t width;
};

struct rti_spec_rlimit {
	const char *type; /* "RLIMIT_NOFILE" */
	uint64_t hard;
	uint64_t soft;
};
struct rti_spec_rlimits RTI_LIST(struct rti_spec_rlimit);

struct rti_spec_cpu_affinity {
	const char *initial; /* "0-3,7" */
	const char *final;
};

struct rti_spec_scheduler {
	const char *policy; /* "SCHED_BATCH", ... */
	int32_t nice;
	int32_t priority;
	struct rti_strings flags;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

struct rti_spec_process {
	bool terminal;
	struct rti_spec_console_size *console_size;
	struct rti_spec_user user;
	struct rti_strings args;
	struct rti_strings env;
	const char *cwd;
	struct rti_capabilities *capabilities;
	struct rti_spec_rlimits rlimits;
	bool no_new_privileges;
	const char *apparmor_profile;
	int64_t *oom_score_adj;
	struct rti_spec_scheduler *scheduler;
	const char *selinux_label;
	struct rti_io_priority *io_priority;
	struct rti_spec_cpu_affinity *exec_cpu_affinity;
};

struct rti_spec_root {
	const char *path;
	bool readonly;
};

struct rti_spec_mount {
	const char *destination;
	const char *type;
	const char *source;
	struct rti_strings options;
	struct rti_spec_id_maps uid_mappings;
	struct rti_spec_id_maps gid_mappings;
};
struct rti_spec_mounts RTI_LIST(struct rti_spec_mount);

struct rti_spec_hook {
	const char *path;
	struct rti_strings args;
	struct rti_strings env;
	int64_t *timeout; /* seconds */
};
struct rti_spec_hook_list RTI_LIST(struct rti_spec_hook);

struct rti_spec_hooks {
	struct rti_spec_hook_list prestart;
	struct rti_spec_hook_list create_runtime;
	struct rti_spec_hook_list create_container;
	struct rti_spec_hook_list start_container;
	struct rti_spec_hook_list poststart;
	struct rti_spec_hook_list poststop;
};

struct rti_spec_namespace {
	const char *type; /* "pid", "network", "mount", ... */
	const char *path;
};
struct rti_spec_namespaces RTI_LIST(struct rti_spec_namespace);

struct rti_spec_device {
	const char *path;
	const char *type; /* "c", "b", "u", "p" */
	int64_t major;
	int64_t minor;
	uint32_t *file_mode;
	uint32_t *uid;
	uint32_t *gid;
};
struct rti_spec_devices RTI_LIST(struct rti_spec_device);

struct rti_spec_device_rule {
	bool allow;
	const char *type; /* NULL or "": "a" */
	int64_t *major;	  /* NULL: any */
	int64_t *minor;
	const char *access;
};
struct rti_spec_device_rules RTI_LIST(struct rti_spec_device_rule);

struct rti_spec_memory {
	int64_t *limit;
	int64_t *reservation;
	int64_t *swap;
	int64_t *kernel;     /* ignored with a warning */
	int64_t *kernel_tcp; /* likewise */
	uint64_t *swappiness;
	bool *disable_oom_killer;
	bool *check_before_update;
};

struct rti_spec_cpu {
	uint64_t *shares;
	int64_t *quota;
	uint64_t *burst;
	uint64_t *period;
	int64_t *realtime_runtime;
	uint64_t *realtime_period;
	const char *cpus;
	const char *mems;
	int64_t *idle;
};

struct rti_spec_pids {
	int64_t *limit;
};

struct rti_spec_weight_device {
	int64_t major;
	int64_t minor;
	uint16_t *weight;
	uint16_t *leaf_weight;
};
struct rti_spec_weight_devices RTI_LIST(struct rti_spec_weight_device);

struct rti_spec_block_io {
	uint16_t *weight;
	uint16_t *leaf_weight;
	struct rti_spec_weight_devices weight_device;
	struct rti_blkio_throttles throttle_read_bps_device;
	struct rti_blkio_throttles throttle_write_bps_device;
	struct rti_blkio_throttles throttle_read_iops_device;
	struct rti_blkio_throttles throttle_write_iops_device;
};

struct rti_spec_interface_priority {
	const char *name;
	uint32_t priority;
};
struct rti_spec_interface_priorities RTI_LIST(struct rti_spec_interface_priority);

struct rti_spec_network {
	uint32_t *class_id;
	struct rti_spec_interface_priorities priorities;
};

struct rti_spec_resources {
	struct rti_spec_device_rules devices;
	struct rti_spec_memory *memory;
	struct rti_spec_cpu *cpu;
	struct rti_spec_pids *pids;
	struct rti_spec_block_io *block_io;
	struct rti_hugetlb_limits hugepage_limits;
	struct rti_spec_network *network;
	struct rti_rdma_limits rdma;
	struct rti_string_map unified;
};

struct rti_spec_seccomp_arg {
	uint64_t index;
	uint64_t value;
	uint64_t value_two;
	const char *op; /* "SCMP_CMP_EQ" */
};
struct rti_spec_seccomp_args RTI_LIST(struct rti_spec_seccomp_arg);

struct rti_spec_seccomp_syscall {
	struct rti_strings names;
	const char *action;
	uint64_t *errno_ret;
	struct rti_spec_seccomp_args args;
};
struct rti_spec_seccomp_syscalls RTI_LIST(struct rti_spec_seccomp_syscall);

struct rti_spec_seccomp {
	const char *default_action; /* "SCMP_ACT_ERRNO" */
	uint64_t *default_errno_ret;
	struct rti_strings architectures; /* "SCMP_ARCH_X86_64" */
	struct rti_strings flags;
	const char *listener_path;
	const char *listener_metadata;
	struct rti_spec_seccomp_syscalls syscalls;
};

struct rti_spec_memory_policy {
	const char *mode;  /* "MPOL_BIND" */
	const char *nodes; /* "0-1" */
	struct rti_strings flags;
};

struct rti_spec_personality {
	const char *domain; /* "LINUX" or "LINUX32" */
	struct rti_strings flags;
};

struct rti_spec_linux {
	struct rti_spec_id_maps uid_mappings;
	struct rti_spec_id_maps gid_mappings;
	struct rti_string_map sysctl;
	struct rti_spec_resources *resources;
	const char *cgroups_path;
	struct rti_spec_namespaces namespaces;
	struct rti_spec_devices devices;
	struct rti_net_devices net_devices;
	struct rti_spec_seccomp *seccomp;
	const char *rootfs_propagation;
	struct rti_strings masked_paths;
	struct rti_strings readonly_paths;
	const char *mount_label;
	struct rti_intel_rdt *intel_rdt;
	struct rti_spec_memory_policy *memory_policy;
	struct rti_spec_personality *personality;
	struct rti_time_offsets time_offsets;
};

struct rti_spec {
	const char *oci_version;
	struct rti_spec_process *process;
	struct rti_spec_root *root;
	const char *hostname;
	const char *domainname;
	struct rti_spec_mounts mounts;
	struct rti_spec_hooks *hooks;
	struct rti_string_map annotations;
	struct rti_spec_linux *linux_part; /* key "linux", a macro of the compiler */
	struct rti_arena arena;
};

/* Largest config.json or process.json accepted, bytes. Chosen: far above any seen. */
#define RTI_SPEC_MAX (16u * 1024 * 1024)

/**
 * rti_spec_read() - decode a config.json
 * @json: its text; borrowed
 * @size: bytes
 * @ret:  on success the configuration; release with rti_spec_done()
 * @err:  on failure, what is wrong and where
 *
 * Tolerates what Go's decoder tolerates (see rti_init_config_read()); keys that this project does
 * not know are passed over silently, as runc does. A text that is null is refused as runc words it.
 *
 * Return: 0; -ENODATA for a text without an object ("EOF"); -EBADMSG for one that cannot be
 * accepted; -ENOMEM. On failure @ret is empty.
 */
int rti_spec_read(const char *json, size_t size, struct rti_spec *ret, struct rti_error *err);

/**
 * rti_spec_read_process() - decode a process.json; as rti_spec_read(), but null is an empty process
 *
 * Only .process and .arena of @ret are filled.
 */
int rti_spec_read_process(const char *json, size_t size, struct rti_spec *ret,
			  struct rti_error *err);

/**
 * rti_spec_done() - release everything; accepts a zeroed or already released one
 */
void rti_spec_done(struct rti_spec *spec);

/**
 * rti_spec_default() - the text of the configuration that `spec` writes
 * @rootless: for a container made by an unprivileged user, as `runc spec --rootless`
 * @cgroup_namespace: with a cgroup namespace; runc writes one where cgroup v2 is mounted alone
 * @uid:      effective user of the caller, for the mapping of @rootless
 * @gid:      likewise the group
 * @ret:      on success malloc()ed text, indented by tabs, without final newline; the caller
 *            frees it
 *
 * Return: 0 or -ENOMEM.
 */
int rti_spec_default(bool rootless, bool cgroup_namespace, uint32_t uid, uint32_t gid, char **ret);

#endif
