/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The init configuration: what the parent tells the init, as plain C data.
 *
 * The parent writes it as one JSON object on the init pipe. This header is the data that every
 * layer shares; names follow the wire's keys. Members that a peer may leave out hold zero, NULL or
 * an empty list. Where the wire tells "absent or null" from "empty" apart, the member is a pointer,
 * or a list whose @items is NULL for null and not NULL for an empty list.
 *
 * Memory: everything hangs on the arena of the rti_init_config; nothing is freed by itself.
 */
#ifndef RTI_PROTOCOL_INIT_CONFIG_H
#define RTI_PROTOCOL_INIT_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/dialect.h"

/* A list as it lies in memory; every typed list below has this layout. */
#define RTI_LIST(type)                                                                             \
	{                                                                                          \
		type *items;                                                                       \
		size_t count;                                                                      \
	}

struct rti_strings RTI_LIST(const char *); /* items[count] is NULL, so that it serves as an argv */
struct rti_numbers RTI_LIST(int64_t);
struct rti_words RTI_LIST(uint64_t); /* a CPU or node set: bit n is bit n % 64 of word n / 64 */

struct rti_string_pair {
	const char *key;
	const char *value;
};
struct rti_string_map RTI_LIST(struct rti_string_pair); /* sorted by key when encoded */

struct rti_id_map {
	int64_t container_id;
	int64_t host_id;
	int64_t size;
};
struct rti_id_maps RTI_LIST(struct rti_id_map);

struct rti_namespace {
	const char *type; /* "NEWPID", "NEWNET", ... */
	const char *path; /* NULL or "": a new one */
};
struct rti_namespaces RTI_LIST(struct rti_namespace);

struct rti_mount_id_mapping {
	bool recursive;
	const char *userns_path;
	struct rti_id_maps uid_mappings;
	struct rti_id_maps gid_mappings;
};

struct rti_mount_attr { /* struct mount_attr of the kernel */
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation;
	uint64_t userns_fd;
};

#define RTI_MOUNT_TMPCOPYUP 1 /* rti_mount.extensions */

struct rti_mount {
	const char *source;
	const char *destination;
	const char *device; /* file system type; "bind" for bind mounts */
	int64_t flags;	    /* MS_* */
	int64_t cleared_flags;
	struct rti_numbers propagation_flags;
	const char *data;
	const char *relabel; /* before runc 1.5 */
	struct rti_mount_attr *rec_attr;
	int64_t extensions;
	struct rti_mount_id_mapping *id_mapping;
};
struct rti_mounts RTI_LIST(struct rti_mount);

struct rti_device_rule {
	int64_t type; /* 'a', 'b', 'c', 'p' */
	int64_t major; /* -1: any */
	int64_t minor;
	const char *permissions;
	bool allow;
};
struct rti_device_rules RTI_LIST(struct rti_device_rule);

struct rti_device {
	struct rti_device_rule rule;
	const char *path;
	uint32_t file_mode;
	uint32_t uid;
	uint32_t gid;
};
struct rti_devices RTI_LIST(struct rti_device);

struct rti_net_device {
	const char *key;  /* name in the runtime's network namespace */
	const char *name; /* new name; NULL: the same */
};
struct rti_net_devices RTI_LIST(struct rti_net_device);

struct rti_network {
	const char *type; /* "loopback" */
	const char *name;
	const char *bridge;
	const char *mac_address;
	const char *address;
	const char *gateway;
	const char *ipv6_address;
	const char *ipv6_gateway;
	int64_t mtu;
	int64_t txqueuelen;
	const char *host_interface_name;
	bool hairpin_mode;
	const char *temp_veth_peer_name; /* only in the top-level list */
};
struct rti_networks RTI_LIST(struct rti_network);

struct rti_route { /* never sent by the runc command line; a library user may */
	const char *destination;
	const char *source;
	const char *gateway;
	const char *interface_name;
};
struct rti_routes RTI_LIST(struct rti_route);

struct rti_capabilities {
	struct rti_strings bounding;
	struct rti_strings effective;
	struct rti_strings inheritable;
	struct rti_strings permitted;
	struct rti_strings ambient;
};

struct rti_rlimit {
	int64_t type; /* RLIMIT_* */
	uint64_t hard;
	uint64_t soft;
};
struct rti_rlimits RTI_LIST(struct rti_rlimit);

struct rti_io_priority {
	const char *class_name; /* "IOPRIO_CLASS_BE", ... */
	int64_t priority;
};

struct rti_scheduler {
	const char *policy; /* "SCHED_BATCH", ... */
	int32_t nice;
	int32_t priority;
	struct rti_strings flags;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
};

struct rti_cpu_affinity {
	struct rti_words initial;
	struct rti_words final;
};

struct rti_personality {
	int64_t domain;
};

struct rti_memory_policy {
	int64_t mode;  /* MPOL_* */
	int64_t flags; /* MPOL_F_* */
	struct rti_words nodes;
};

struct rti_time_offset {
	const char *clock; /* "monotonic" or "boottime" */
	int64_t secs;
	uint32_t nanosecs;
};
struct rti_time_offsets RTI_LIST(struct rti_time_offset);

enum rti_seccomp_action {
	RTI_SECCOMP_KILL = 1,
	RTI_SECCOMP_ERRNO,
	RTI_SECCOMP_TRAP,
	RTI_SECCOMP_ALLOW,
	RTI_SECCOMP_TRACE,
	RTI_SECCOMP_LOG,
	RTI_SECCOMP_NOTIFY,
	RTI_SECCOMP_KILL_THREAD,
	RTI_SECCOMP_KILL_PROCESS,
};

enum rti_seccomp_operator {
	RTI_SECCOMP_EQ = 1,
	RTI_SECCOMP_NE,
	RTI_SECCOMP_GT,
	RTI_SECCOMP_GE,
	RTI_SECCOMP_LT,
	RTI_SECCOMP_LE,
	RTI_SECCOMP_MASKED_EQ,
};

struct rti_seccomp_arg {
	uint64_t index;
	uint64_t value;
	uint64_t value_two; /* only for MASKED_EQ: value is the mask, value_two the datum */
	int64_t op;
};
struct rti_seccomp_args RTI_LIST(struct rti_seccomp_arg);

struct rti_seccomp_syscall {
	const char *name;
	int64_t action;
	uint64_t *errno_ret; /* NULL: EPERM */
	struct rti_seccomp_args args;
};
struct rti_seccomp_syscalls RTI_LIST(struct rti_seccomp_syscall);

struct rti_seccomp {
	int64_t default_action;
	struct rti_strings architectures; /* runc's short names: "amd64", ... */
	struct rti_strings flags;
	struct rti_seccomp_syscalls syscalls;
	uint64_t *default_errno_ret;
	const char *listener_path;
	const char *listener_metadata;
};

struct rti_hook {
	const char *path;
	struct rti_strings args;
	struct rti_strings env;
	const char *dir;
	int64_t *timeout; /* nanoseconds; NULL: none */
};
struct rti_hook_list RTI_LIST(struct rti_hook);

struct rti_hooks {
	struct rti_hook_list create_container;
	struct rti_hook_list create_runtime;
	struct rti_hook_list poststart;
	struct rti_hook_list poststop;
	struct rti_hook_list prestart;
	struct rti_hook_list start_container;
};

struct rti_intel_rdt {
	const char *clos_id;
	struct rti_strings schemata;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	bool enable_monitoring;
};

struct rti_blkio_weight_device {
	int64_t major;
	int64_t minor;
	uint64_t weight;
	uint64_t leaf_weight;
};
struct rti_blkio_weight_devices RTI_LIST(struct rti_blkio_weight_device);

struct rti_blkio_throttle {
	int64_t major;
	int64_t minor;
	uint64_t rate;
};
struct rti_blkio_throttles RTI_LIST(struct rti_blkio_throttle);

struct rti_hugetlb_limit {
	const char *page_size;
	uint64_t limit;
};
struct rti_hugetlb_limits RTI_LIST(struct rti_hugetlb_limit);

struct rti_net_prio {
	const char *interface_name;
	int64_t priority;
};
struct rti_net_prios RTI_LIST(struct rti_net_prio);

struct rti_rdma_limit {
	const char *device;
	uint32_t *hca_handles;
	uint32_t *hca_objects;
};
struct rti_rdma_limits RTI_LIST(struct rti_rdma_limit);

struct rti_cgroups {
	const char *name;
	const char *parent;
	const char *path;
	const char *scope_prefix;
	struct rti_device_rules devices;
	int64_t memory;
	int64_t memory_reservation;
	int64_t memory_swap;
	uint64_t cpu_shares;
	int64_t cpu_quota;
	uint64_t *cpu_burst;
	uint64_t cpu_period;
	int64_t cpu_rt_quota;
	uint64_t cpu_rt_period;
	const char *cpuset_cpus;
	const char *cpuset_mems;
	int64_t *cpu_idle;
	int64_t *pids_limit;
	uint64_t blkio_weight;
	uint64_t blkio_leaf_weight;
	struct rti_blkio_weight_devices blkio_weight_device;
	struct rti_blkio_throttles blkio_throttle_read_bps_device;
	struct rti_blkio_throttles blkio_throttle_write_bps_device;
	struct rti_blkio_throttles blkio_throttle_read_iops_device;
	struct rti_blkio_throttles blkio_throttle_write_iops_device;
	const char *freezer;
	struct rti_hugetlb_limits hugetlb_limit;
	bool oom_kill_disable;
	uint64_t *memory_swappiness;
	struct rti_net_prios net_prio_ifpriomap;
	uint32_t net_cls_classid_u;
	struct rti_rdma_limits rdma;
	uint64_t cpu_weight;
	struct rti_string_map unified;
	bool memory_check_before_update;
	bool systemd;
	bool rootless;
	int64_t *owner_uid;
};

struct rti_config { /* the "config" object: the container */
	bool no_pivot_root;
	int64_t parent_death_signal;
	const char *rootfs;
	uint32_t *umask; /* NULL: 022 for a standard init, inherited for setns */
	bool readonlyfs;
	int64_t root_propagation; /* MS_*; 0: MS_SLAVE | MS_REC */
	struct rti_mounts mounts;
	struct rti_devices devices;
	struct rti_net_devices net_devices;
	const char *mount_label;
	const char *hostname;
	const char *domainname;
	struct rti_namespaces namespaces;
	struct rti_capabilities *capabilities;
	struct rti_networks networks;
	struct rti_routes routes;
	struct rti_cgroups cgroups;
	const char *apparmor_profile;
	const char *process_label;
	struct rti_rlimits rlimits;
	int64_t *oom_score_adj;
	struct rti_id_maps uid_mappings;
	struct rti_id_maps gid_mappings;
	struct rti_strings mask_paths;
	struct rti_strings readonly_paths;
	struct rti_string_map sysctl;
	struct rti_seccomp *seccomp;
	bool no_new_privileges;
	struct rti_hooks *hooks;
	const char *version;
	struct rti_strings labels;
	bool no_new_keyring;
	struct rti_intel_rdt *intel_rdt;
	struct rti_memory_policy *memory_policy;
	bool rootless_euid;
	bool rootless_cgroups;
	struct rti_time_offsets time_offsets;
	struct rti_scheduler *scheduler;
	struct rti_personality *personality;
	struct rti_io_priority *io_priority;
	struct rti_cpu_affinity *exec_cpu_affinity;
};

struct rti_spec_state { /* the OCI state handed to hooks */
	const char *oci_version;
	const char *id;
	const char *status;
	int64_t pid; /* 0: left out */
	const char *bundle;
	struct rti_string_map annotations;
};

struct rti_init_config {
	struct rti_config *config; /* never NULL after decoding */
	struct rti_strings args;
	struct rti_strings env; /* items NULL: the peer sent null */
	int64_t uid;
	int64_t gid;
	const char *user; /* runc 1.2: "UID:GID"; the decoder has put it into uid and gid as well */
	struct rti_numbers additional_groups;
	const char *cwd;
	bool create_console;
	uint16_t console_width;
	uint16_t console_height;
	int64_t passed_files_count;
	const char *apparmor_profile;
	struct rti_capabilities *capabilities; /* NULL: leave capabilities alone */
	bool no_new_privileges;
	const char *process_label;
	struct rti_rlimits rlimits;
	struct rti_io_priority *io_priority;
	struct rti_scheduler *scheduler;
	struct rti_cpu_affinity *cpu_affinity;
	const char *container_id;
	const char *cgroup2_path;
	struct rti_networks network;
	bool rootless_euid;    /* runc 1.2 only; later inside config */
	bool rootless_cgroups; /* runc 1.2 only; later inside config */
	struct rti_spec_state *spec_state;
	struct rti_arena arena; /* owns all of the above */
};

/* Largest init configuration accepted, bytes. Chosen: a hundred times a Docker-sized one. */
#define RTI_INIT_CONFIG_MAX (16u * 1024 * 1024)

/**
 * rti_init_config_read() - read and decode one init configuration from the init pipe
 * @fd:      the init pipe; borrowed, read up to the end of the object and not beyond what one
 *           read(2) gives; end of file is not awaited
 * @unknown: called for each key that this project does not know, with its path ("config.newKey")
 * and its JSON text cut to a short length; may be NULL
 * @data:    for @unknown
 * @ret:     on success the configuration; release with rti_init_config_done()
 * @err:     on failure, what was wrong and where in the object
 *
 * Tolerates what Go's decoder tolerates: null and missing keys, keys in other case, unknown and
 * repeated keys, bytes after the object. Numbers must be integers in range; strings must not hold a
 * NUL; depth and size are bounded. A missing "config" object is refused. Members of the 1.2 dialect
 * are put where the later dialects have them (user into uid and gid, config.scheduler into
 * scheduler, config.io_priority into io_priority unless it is an exec, rootless_* into config), and
 * what 1.2 alone understands otherwise becomes what it means: a null environment is an empty one,
 * null capabilities are those of config or none at all. Hooks of which there are none are NULL, and
 * CPU and node sets have no zero words at their end, whichever dialect wrote them.
 *
 * Return: 0; -ENODATA for end of file before the object ("EOF", "unexpected EOF"); -EBADMSG for an
 * object that cannot be accepted; -ENOMEM; or what read(2) gave. On failure @ret is empty.
 */
int rti_init_config_read(int fd, void (*unknown)(void *data, const char *path, const char *json),
			 void *data, struct rti_init_config *ret, struct rti_error *err);

/**
 * rti_init_config_decode() - decode an init configuration from memory; as rti_init_config_read()
 */
int rti_init_config_decode(const char *json, size_t size,
			   void (*unknown)(void *data, const char *path, const char *json),
			   void *data, struct rti_init_config *ret, struct rti_error *err);

/**
 * rti_init_config_encode() - the JSON text that a runc parent of @dialect would write
 * @config:   what to encode; borrowed
 * @dialect:  which runc release line's layout and presence rules to follow
 * @ret:      on success malloc()ed text, NUL-terminated; the caller frees it
 * @ret_size: its length without the NUL
 * @err:      on failure, why
 *
 * Return: 0 or -ENOMEM.
 */
int rti_init_config_encode(const struct rti_init_config *config, enum rti_dialect dialect,
			   char **ret, size_t *ret_size, struct rti_error *err);

/**
 * rti_init_config_done() - release everything; accepts a zeroed or already released one
 */
void rti_init_config_done(struct rti_init_config *config);

/**
 * rti_config_has_namespace() - whether the container has a namespace of this type, new or joined
 * @type: wire name, "NEWNS" and so on
 */
bool rti_config_has_namespace(const struct rti_config *config, const char *type);

/**
 * rti_id_maps_are_equal() - whether two id maps are the same, entry by entry
 *
 * Order and splitting count, as in runc, which compares line by line.
 */
bool rti_id_maps_are_equal(const struct rti_id_maps *a, const struct rti_id_maps *b);

#endif
