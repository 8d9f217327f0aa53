/* SPDX-License-Identifier: Apache-2.0 */
/**
 * From the OCI configuration to the init configuration, as the parent of runc does it: the same
 * values, the same checks in the same order, the same texts.
 *
 * A caller that creates a container goes through these steps, each of which may refuse:
 *
 *   rti_spec_read(), rti_spec_check_process()      config.json and what runc asks of its process
 *   rti_spec_add_notify_socket()                   only with NOTIFY_SOCKET in the environment
 *   rti_spec_convert()                             the container: init->config
 *   rti_spec_validate()                            protocol/spec-validate.h: libcontainer's rules
 *   (state directory, cgroups)
 *   rti_spec_check_terminal()
 *   rti_spec_convert_process()                     the process: the rest of the init configuration
 *
 * One that executes a process in a container takes init->config from the container's state, the
 * process from rti_spec_read_process() or rti_spec_read() and rti_spec_apply_exec_options(), and
 * then goes through rti_spec_check_process(), rti_spec_check_terminal() and
 * rti_spec_convert_process().
 *
 * Everything here is pure: facts about the machine come in struct rti_convert_environment.
 */
#ifndef RTI_PROTOCOL_SPEC_CONVERT_H
#define RTI_PROTOCOL_SPEC_CONVERT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "protocol/dialect.h"
#include "protocol/init-config.h"
#include "protocol/oci-spec.h"

/* What conversion and validation need to know and cannot see for themselves. */
struct rti_convert_environment {
	/* the call */
	const char *bundle; /* working directory as getcwd(2) gives it in the bundle */
	const char *container_id;
	bool systemd_cgroup; /* --systemd-cgroup */
	bool no_pivot_root;  /* --no-pivot */
	bool no_new_keyring; /* --no-new-keyring */
	bool rootless_euid;  /* the effective user is not 0 */
	bool rootless_cgroups;

	/* the machine; rti_convert_environment_probe() fills these */
	bool cgroup_unified; /* cgroup v2 alone on /sys/fs/cgroup */
	bool selinux;
	bool user_namespaces;
	bool cgroup_namespaces;
	bool time_namespaces;
	bool rdt;     /* resctrl is mounted */
	bool rdt_cat; /* and has info/L3 */
	bool rdt_mba; /* and has info/MB */
	unsigned int seccomp_version[3]; /* of libseccomp, which this library does not link */
	unsigned int seccomp_api;	 /* seccomp_api_get(3) */

	/**
	 * read_id_maps() - the maps of an existing user namespace
	 * @path:    of the namespace
	 * @arena:   owns the items of the lists
	 * @ret_uid: on success uid_map
	 * @ret_gid: on success gid_map
	 *
	 * Return: 0 or a negative errno with @err filled.
	 */
	int (*read_id_maps)(void *data, const char *path, struct rti_arena *arena,
			    struct rti_id_maps *ret_uid, struct rti_id_maps *ret_gid,
			    struct rti_error *err);

	/**
	 * resolve_path() - the path without symbolic links, as realpath(3)
	 * @ret: on success the path, in @arena
	 *
	 * Return: 0 or a negative errno; where stat(2) refuses, with the text "stat PATH: ...".
	 */
	int (*resolve_path)(void *data, const char *path, struct rti_arena *arena, const char **ret,
			    struct rti_error *err);

	/**
	 * netns_is_own() - whether a path is the network namespace of the caller
	 *
	 * Return: 0 or a negative errno with the text "stat PATH: ...".
	 */
	int (*netns_is_own)(void *data, const char *path, bool *ret, struct rti_error *err);

	/* One line for the user's log; may be NULL. */
	void (*warn)(void *data, const char *text);

	void *data; /* handed to the four above */
};

/**
 * rti_convert_environment_probe() - fill in the facts about this machine by plain reading
 * @environment: the machine part and the callbacks resolve_path, netns_is_own and read_id_maps are
 *               set, the rest is left alone
 *
 * The read_id_maps set here knows paths of the form /proc/PID/ns/user only and gives -EOPNOTSUPP
 * for others, which need a process inside the namespace: a caller that can fork replaces it.
 * seccomp_version and seccomp_api are the caller's to fill.
 */
void rti_convert_environment_probe(struct rti_convert_environment *environment);

/**
 * rti_spec_check_process() - what runc asks of "process" before anything else
 * @process: may be NULL, which is refused
 * @selinux: whether SELinux is enabled
 *
 * Return: 0 or -EINVAL.
 */
int rti_spec_check_process(const struct rti_spec_process *process, bool selinux,
			   struct rti_error *err);

/**
 * rti_spec_check_terminal() - whether terminal, detaching and console socket fit together
 * @detach:             the caller will not stay with the container (create, or --detach)
 * @has_console_socket: --console-socket was given
 *
 * Return: 0 or -EINVAL.
 */
int rti_spec_check_terminal(const struct rti_spec_process *process, bool detach,
			    bool has_console_socket, struct rti_error *err);

/**
 * rti_spec_add_notify_socket() - pass systemd's readiness protocol into the container
 * @spec:      gets the mount of @directory on /run/notify and NOTIFY_SOCKET
 * @directory: on the host, STATE/ID/notify
 *
 * Return: 0; -EINVAL without a process; -ENOMEM.
 */
int rti_spec_add_notify_socket(struct rti_spec *spec, const char *directory, struct rti_error *err);

/* The flags of `exec` that change the process of config.json. */
struct rti_exec_options {
	struct rti_strings args; /* at least one */
	const char *cwd;	 /* NULL or "": as configured; so are the next three */
	const char *apparmor;
	const char *process_label;
	const char *user; /* "UID" or "UID:GID" */
	struct rti_strings env;	 /* appended */
	struct rti_strings caps; /* appended to bounding, effective, permitted (ambient: see .c) */
	struct rti_numbers additional_gids;
	bool tty;
	bool *no_new_privs; /* NULL: as configured */
};

/**
 * rti_spec_apply_exec_options() - turn the container's process into the one to execute
 * @spec: its process is changed; values are copied
 *
 * Return: 0; -EINVAL with runc's text; -ENOMEM.
 */
int rti_spec_apply_exec_options(struct rti_spec *spec, const struct rti_exec_options *options,
				struct rti_error *err);

/**
 * rti_spec_convert() - make the container's configuration
 * @spec:        from rti_spec_read(); borrowed, nothing of it is kept
 * @environment: all but the process part is read
 * @dialect:     whose values: a parent of ours that speaks to our init gives RTI_DIALECT_OWN
 * @ret:         on success with config filled; release with rti_init_config_done()
 * @err:         on failure, runc's text
 *
 * Return: 0; -EINVAL for a configuration that runc refuses here; -ENOMEM; what a callback gave. On
 * failure @ret is empty.
 */
int rti_spec_convert(const struct rti_spec *spec, const struct rti_convert_environment *environment,
		     enum rti_dialect dialect, struct rti_init_config *ret, struct rti_error *err);

/* What a process gets from its call rather than from its description. */
struct rti_process_options {
	bool exec;	     /* joins the container: no networks, no state for hooks */
	bool create_console; /* a console socket goes with it */
	uint32_t listen_fds; /* of socket activation, from fd 3 on */
	uint32_t preserve_fds; /* --preserve-fds, after those */
	const char *cgroup2_path; /* of the container; NULL where cgroup v2 is not alone */
};

/**
 * rti_spec_convert_process() - add a process to a container's configuration
 * @process:     what to run; borrowed, nothing of it is kept
 * @options:     borrowed
 * @environment: container_id, bundle and rootless_euid are read
 * @dialect:     as for rti_spec_convert()
 * @annotations: of the container, for the state that hooks see; NULL for exec
 * @init:        with config filled, from rti_spec_convert() or from the container's state; gets the
 *               rest. What the process leaves out comes from config. On failure unchanged as far as
 *               members go, its arena may have grown.
 *
 * Return: 0; -EINVAL with runc's text; -ENOMEM.
 */
int rti_spec_convert_process(const struct rti_spec_process *process,
			     const struct rti_process_options *options,
			     const struct rti_convert_environment *environment,
			     enum rti_dialect dialect, const struct rti_string_map *annotations,
			     struct rti_init_config *init, struct rti_error *err);

/**
 * rti_cpu_set_parse() - a list of CPUs or memory nodes, "0-3,5, 7"
 * @text:    NULL or "" gives an empty list whose items are NULL
 * @dialect: decides how large a number may be and how many words the set has
 * @arena:   owns the words
 *
 * Return: 0; -EINVAL with runc's text; -ENOMEM.
 */
int rti_cpu_set_parse(const char *text, enum rti_dialect dialect, struct rti_arena *arena,
		      struct rti_words *ret, struct rti_error *err);

/**
 * rti_cpu_weight_from_shares() - cgroup v2's cpu.weight for cgroup v1's cpu.shares
 */
uint64_t rti_cpu_weight_from_shares(uint64_t shares, enum rti_dialect dialect);

/**
 * rti_id_map_to_host() - the host's id of an id in the container
 * @maps: of the container; first match wins
 * @ret:  on success the id
 *
 * Return: whether @id is mapped.
 */
bool rti_id_map_to_host(const struct rti_id_maps *maps, int64_t id, int64_t *ret);

#endif
