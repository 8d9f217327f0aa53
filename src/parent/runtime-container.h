/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The life of an OCI container around the start of its processes: state directory, cgroups, status,
 * signals, removal. What `runtime-parent` is made of.
 *
 * A container lives in the directory ROOT/ID: state.json from the moment its init is ready,
 * exec.fifo while it waits to be started. Its status is not stored but found out: from the init
 * (pid and start time), its freezer, and the presence of exec.fifo.
 *
 * Like runtime-parent.h, the library keeps no global state. A struct rti_container belongs to one
 * thread at a time.
 */
#ifndef RTI_CONTAINER_H
#define RTI_CONTAINER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "parent/runtime-parent.h"
#include "protocol/dialect.h"
#include "protocol/init-config.h"
#include "protocol/oci-spec.h"
#include "protocol/spec-convert.h"

struct rti_container;

enum rti_container_status {
	RTI_CONTAINER_STOPPED, /* the init is gone, or was never started */
	RTI_CONTAINER_CREATED, /* the init waits for rti_container_release() */
	RTI_CONTAINER_RUNNING,
	RTI_CONTAINER_PAUSED,
};

/**
 * rti_container_status_name() - "stopped", "created", "running", "paused"
 */
const char *rti_container_status_name(enum rti_container_status status);

/* Where a container's log lines go. */
struct rti_container_log {
	void (*write)(void *data, enum rti_parent_level level, const char *message);
	void *data;
};

/**
 * rti_container_create() - make the directory of a new container
 * @root:        directory of all containers; made if need be, 0700
 * @spec:        the configuration; borrowed, nothing of it is kept
 * @environment: with container_id; what conversion and validation need
 * @dialect:     of the init program that will be started
 * @log:         copied; kept for the container's life
 * @ret:         on success the container; release with rti_container_free()
 * @err:         on failure, runc's text
 *
 * Return: 0; -EINVAL for a configuration that is refused; -EEXIST ("container with given ID already
 * exists"); -EBUSY for a cgroup that is in use; another negative errno. On failure nothing is left.
 */
int rti_container_create(const char *root, const struct rti_spec *spec,
			 const struct rti_convert_environment *environment,
			 enum rti_dialect dialect, const struct rti_container_log *log,
			 struct rti_container **ret, struct rti_error *err);

/**
 * rti_container_load() - take up a container that is there
 *
 * Return: 0; -ENOENT ("container does not exist"); -EINVAL ("invalid container ID format"); another
 * negative errno.
 */
int rti_container_load(const char *root, const char *id, const struct rti_container_log *log,
		       struct rti_container **ret, struct rti_error *err);

/**
 * rti_container_free() - release the memory; the container itself stays. Accepts NULL
 */
void rti_container_free(struct rti_container *container);

/**
 * rti_container_config() - the container's configuration; valid until rti_container_free()
 */
const struct rti_config *rti_container_config(const struct rti_container *container);

/**
 * rti_container_dir() - its state directory; borrowed
 */
int rti_container_dir(const struct rti_container *container);

/**
 * rti_container_root_ids() - host ids of the container's root
 *
 * Return: 0; -EINVAL if its user namespace maps none.
 */
int rti_container_root_ids(const struct rti_container *container, uid_t *ret_uid, gid_t *ret_gid,
			   struct rti_error *err);

/**
 * rti_container_get_status() - what the container is doing now
 */
int rti_container_get_status(const struct rti_container *container, enum rti_container_status *ret,
			     struct rti_error *err);

/* A process to start in a container. */
struct rti_container_process {
	const struct rti_parent_program *program;
	const struct rti_spec_process *process;
	const struct rti_convert_environment *environment;
	const struct rti_string_map *annotations; /* of the configuration; init only */
	const struct rti_string_map *sub_cgroups; /* exec only: by controller; may be NULL */
	int stdio_fds[3];      /* as in struct rti_parent_start, and so are the next */
	const int *passed_fds; /* first @listen_count sockets, then preserved fds */
	size_t listen_count;
	size_t preserve_count;
	int console_fd;
	int pidfd_socket_fd;
	int seccomp_fd;
	int log_level;
	bool debug;
	const sigset_t *signal_mask;
};

/**
 * rti_container_start() - start the container init, which then waits for rti_container_release()
 * @ret: on success the process; release with rti_parent_child_done()
 * @err: on failure the text that runc prints after "runc create failed: "
 *
 * On failure the processes are gone; rti_container_destroy() has still to be called.
 *
 * Return: 0 or a negative errno.
 */
int rti_container_start(struct rti_container *container,
			const struct rti_container_process *process, struct rti_parent_child *ret,
			struct rti_error *err);

/**
 * rti_container_exec() - start one more process in a running container; as rti_container_start()
 */
int rti_container_exec(struct rti_container *container, const struct rti_container_process *process,
		       struct rti_parent_child *ret, struct rti_error *err);

/**
 * rti_container_release() - let the waiting init execute its program, and run the poststart hooks
 *
 * A poststart hook that fails kills the init, as with runc.
 *
 * Return: 0; -ENOENT ("cannot start an already running container"); another negative errno.
 */
int rti_container_release(struct rti_container *container, struct rti_error *err);

/**
 * rti_container_signal() - send a signal to the init
 *
 * SIGKILL goes to every process of the container if it shares a pid namespace, where the kernel
 * would leave them, and thaws a frozen one.
 *
 * Return: 0; -ESRCH ("container not running"); another negative errno.
 */
int rti_container_signal(struct rti_container *container, int signal, struct rti_error *err);

/**
 * rti_container_pause() - freeze the container, or let it go on
 *
 * Return: 0; -ESRCH ("container not running", "container not paused"); another negative errno.
 */
int rti_container_pause(struct rti_container *container, bool pause, struct rti_error *err);

/**
 * rti_container_get_pids() - the processes of the container, in the caller's pid namespace
 * @ret:       on success malloc()ed array; the caller frees it
 * @ret_count: its length
 *
 * Unless the container is paused, some may be gone when the caller looks.
 */
int rti_container_get_pids(const struct rti_container *container, pid_t **ret, size_t *ret_count,
			   struct rti_error *err);

/**
 * rti_container_destroy() - remove a stopped container: its cgroups, its directory; run the
 * poststop hooks
 *
 * A created container is killed first; a running or paused one is refused (-EBUSY).
 */
int rti_container_destroy(struct rti_container *container, struct rti_error *err);

/**
 * rti_container_kill_and_destroy() - SIGKILL, wait up to ten seconds for the init, remove
 *
 * Return: 0; -EBUSY ("container init still running"); another negative errno.
 */
int rti_container_kill_and_destroy(struct rti_container *container, struct rti_error *err);

/**
 * rti_container_remove_unfinished() - remove what is there of a container whose creation was cut
 * off
 * @force: kill what is left of its processes
 *
 * Removes its cgroups, of which runc knows nothing at that time, removes its directory, and runs
 * its poststop hooks. A cgroup that another container below @root names too is left to that one.
 *
 * Return: 0, also if there is none; -EBUSY while it has processes, or they may be another
 * container's; another negative errno.
 */
int rti_container_remove_unfinished(const char *root, const char *id, bool force,
				    struct rti_error *err);

/* What `state` and `list` tell. */
struct rti_container_report {
	const char *oci_version;
	const char *id;
	int64_t pid; /* 0 when stopped */
	const char *status;
	const char *bundle;
	const char *rootfs;
	const char *created;
	struct rti_string_map annotations;
	const char *owner; /* set by the caller */
};

/**
 * rti_container_report() - describe the container
 * @ret: on success the report, owned by @container
 */
int rti_container_report(struct rti_container *container, struct rti_container_report *ret,
			 struct rti_error *err);

/**
 * rti_container_report_encode() - a report as runc's JSON
 * @ret: on success malloc()ed text without newline; the caller frees it
 */
int rti_container_report_encode(const struct rti_container_report *report, char **ret,
				struct rti_error *err);

/**
 * rti_container_is_rootful() - whether the caller is root of the initial user namespace
 *
 * Everybody else gets cgroup errors ignored where runc ignores them ("rootless").
 */
bool rti_container_is_rootful(void);

/**
 * rti_container_read_id_maps() - for struct rti_convert_environment: the maps of any user namespace
 *
 * Starts a short-lived process that joins the namespace.
 */
int rti_container_read_id_maps(void *data, const char *path, struct rti_arena *arena,
			       struct rti_id_maps *ret_uid, struct rti_id_maps *ret_gid,
			       struct rti_error *err);

#endif
