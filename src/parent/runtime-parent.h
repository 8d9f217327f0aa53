/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The parent's side of starting a container process: spawn an init, tell it what to do, answer its
 * questions, and hand back the process that it became.
 *
 * The init may be runtime-init of the same build or a genuine runc from 1.2 on. The embedder
 * decides about everything around it (cgroups, state files, terminals) in callbacks that come at
 * fixed moments.
 *
 * The library keeps no global state, runs no code before it is called, installs no signal handler,
 * changes no working directory and no credentials, and starts processes only where it says so. Each
 * function may be called from any thread. While one that starts a process runs, the embedder must
 * neither ignore SIGCHLD nor reap children that it does not know.
 */
#ifndef RTI_PARENT_H
#define RTI_PARENT_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "protocol/dialect.h"
#include "protocol/init-config.h"
#include "protocol/sync-state.h"

/* ---- the program ---- */

/* An init program that is ready to run and that no container can write to. */
struct rti_parent_program {
	int exe_fd;		  /* what is executed; close-on-exec */
	bool own;		  /* runtime-init; otherwise a genuine runc */
	enum rti_dialect dialect; /* what it is spoken to in */
	char version[64];	  /* of the runtime-init or the runc */
};

#define RTI_PARENT_PROGRAM_EMPTY { .exe_fd = -EBADF }

/**
 * rti_parent_program_open() - find out what an init program is, and seal it
 * @path: absolute path of the file
 * @ret:  on success the program; release with rti_parent_program_done()
 * @err:  on failure, why
 *
 * runtime-init tells its build by a note in the file; it has to be the build of this library. Any
 * other program is asked for its version by running `PATH --version`, and has to be a runc from 1.2
 * on.
 *
 * A container process that gets hold of its init through /proc/PID/exe must not be able to write to
 * the host's file (CVE-2019-5736). What is executed is therefore @path itself only if it is a
 * sealed memory file already; otherwise the file on a read-only mount that is attached nowhere,
 * where the caller may mount, or else a sealed copy in memory.
 *
 * One opened program serves any number of starts.
 *
 * Return: 0; -EPROTONOSUPPORT for an init of another build or one that speaks another protocol;
 * another negative errno.
 */
int rti_parent_program_open(const char *path, struct rti_parent_program *ret,
			    struct rti_error *err);

/**
 * rti_parent_program_done() - release; accepts an empty or already released one
 */
void rti_parent_program_done(struct rti_parent_program *program);

/* ---- the start ---- */

enum rti_parent_level {
	RTI_PARENT_LEVEL_PANIC,
	RTI_PARENT_LEVEL_FATAL,
	RTI_PARENT_LEVEL_ERROR,
	RTI_PARENT_LEVEL_WARNING,
	RTI_PARENT_LEVEL_INFO,
	RTI_PARENT_LEVEL_DEBUG,
	RTI_PARENT_LEVEL_TRACE,
};

/* A started container process. */
struct rti_parent_child {
	pid_t pid;	/* in the caller's pid namespace */
	int pidfd;	/* close-on-exec */
	char *stdio[3]; /* what its fds 0, 1 and 2 were at first; "" where that is not known */
};

#define RTI_PARENT_CHILD_EMPTY { .pidfd = -EBADF }

/**
 * What the embedder does at fixed moments of a start. Every member may be NULL. A callback that
 * returns a negative errno (and fills @err) ends the start, and the init is killed; the library
 * puts runc's words for the step before the text. All are called on the thread of
 * rti_parent_start(), and may leave no child process of that thread behind.
 */
struct rti_parent_ops {
	/**
	 * A line that the init logged, or a warning of the library. Fatal lines come only with the
	 * dialects before runc 1.4; later ones end up in the error of the start.
	 */
	void (*log)(void *data, enum rti_parent_level level, const char *message);

	/**
	 * Put the process into the container's cgroup. Standard: stage 0, before it has been told
	 * anything, so that the cgroup namespace's root is right. Setns: the final process, once it
	 * has joined the namespaces. What @joins says to be done needs no more doing.
	 */
	int (*join_cgroup)(void *data, pid_t pid, struct rti_error *err);

	/**
	 * Standard only, when the mounts are done and before any hook: set the limits of the
	 * cgroup.
	 */
	int (*set_limits)(void *data, pid_t pid, struct rti_error *err);

	/**
	 * Standard only, when the init is ready and before it is told to run: store the state. A
	 * library failure after this, as any other, kills the process.
	 */
	int (*ready)(void *data, const struct rti_parent_child *child, struct rti_error *err);

	/**
	 * On failure, before the processes are killed: whether the OOM killer has been in the
	 * container's cgroup since the start, which then becomes the error's text.
	 */
	bool (*was_oom_killed)(void *data);
};

/*
 * A cgroup that the new process enters by itself, before it executes anything. To move another
 * process, the kernel first waits until no process of the machine is being forked or executed, some
 * milliseconds; one that is born into its cgroup, or moves itself, waits for nobody.
 */
struct rti_parent_join {
	int fd;     /* v2: O_PATH of the directory; v1: its "tasks" for writing; -EBADF: none */
	bool is_v2; /* one of these at most */
	bool done;  /* by the start: it is in */
};

struct rti_parent_start {
	enum rti_init_type type;
	const struct rti_parent_program *program;
	const char *argv0; /* NULL: "runtime-parent" */

	/**
	 * What the init is told. passed_files_count and create_console are filled in by the
	 * library, and spec_state where the configuration has hooks that the init runs.
	 */
	const struct rti_init_config *config;

	/**
	 * Setns only: the container's namespaces with the paths to join them by. A standard init
	 * joins and makes what config->config->namespaces says.
	 */
	const struct rti_namespaces *join;

	/**
	 * Setns only: the process whose namespaces they are, if the paths name its pid. Should it
	 * have ended when they have been joined, the pid may have been another's, and the start
	 * fails. -EBADF: nobody's.
	 */
	int joined_pidfd;

	/**
	 * The container for host-side hooks and the seccomp agent. The library fills in status, and
	 * for a standard init pid; for setns pid is the container init's. May be NULL when there is
	 * neither a hook nor a listener.
	 */
	const struct rti_spec_state *state;

	/* All fds are borrowed; -EBADF: /dev/null for stdio, else none. */
	int stdio_fds[3];
	const int *passed_fds; /* become 3 and following */
	size_t passed_count;
	int console_fd;	     /* socket that gets the terminal */
	int pidfd_socket_fd; /* socket that gets a pidfd of the process */
	int fifo_fd;	     /* O_PATH fd of the exec fifo; a standard init needs it */
	int seccomp_fd;	     /* sealed seccomp program for an init of ours; see PROTOCOL.md */
	int log_level;	     /* enum rti_parent_level for the init; -1: let it choose */
	bool debug;	     /* add the original error to "container init was OOM-killed" */
	const sigset_t *signal_mask; /* of the process; NULL: the caller's */

	struct rti_parent_join *joins; /* what cannot be joined so is left to ops->join_cgroup */
	size_t join_count;

	const struct rti_parent_ops *ops; /* may be NULL */
	void *data;			  /* for ops */
};

#define RTI_PARENT_START_EMPTY                                                                     \
	{                                                                                          \
		.stdio_fds = { -EBADF, -EBADF, -EBADF }, .console_fd = -EBADF,                     \
		.pidfd_socket_fd = -EBADF, .fifo_fd = -EBADF, .seccomp_fd = -EBADF,                \
		.joined_pidfd = -EBADF,                                                            \
		.log_level = -1,                                                                   \
	}

/**
 * rti_parent_start() - start a container process
 * @start: what to start; borrowed
 * @ret:   on success the process; release with rti_parent_child_done()
 * @err:   on failure the whole text that runc prints after "runc run failed: "
 *
 * On return the conversation is over. A standard init waits on the exec fifo for
 * rti_parent_fifo_release(); a setns init is about to execute its program. On failure every process
 * that was started has been killed and reaped.
 *
 * The hooks prestart and createRuntime run in here, in the caller's working directory (the bundle,
 * for runc's users) and with the caller's environment.
 *
 * Starts processes: the init, which is a child of the calling thread's process and so is the
 * process it becomes; the hooks; a short-lived helper for id-mapped mounts; and, while mount
 * sources are served, one thread.
 *
 * There is no time limit: an init that hangs is ended by killing it, which ends the start. Who has
 * died shows in the error; the rest is killed, and waited for a few seconds at most.
 *
 * Return: 0 or a negative errno.
 */
int rti_parent_start(const struct rti_parent_start *start, struct rti_parent_child *ret,
		     struct rti_error *err);

/**
 * rti_parent_child_kill() - SIGKILL the process and wait until it is gone
 *
 * Return: 0, also if it was gone already or is no child of the caller; or a negative errno.
 */
int rti_parent_child_kill(const struct rti_parent_child *child, struct rti_error *err);

/**
 * rti_parent_child_done() - release fds and memory; the process goes on
 */
void rti_parent_child_done(struct rti_parent_child *child);

/* ---- hooks ---- */

enum rti_parent_hook {
	RTI_PARENT_HOOK_POSTSTART, /* after rti_parent_fifo_release(); status "running" */
	RTI_PARENT_HOOK_POSTSTOP,  /* after the container is gone; status "stopped" */
};

/**
 * rti_parent_hooks_run() - run the hooks that belong to no conversation, in order
 * @kind:   which
 * @config: the container; its hooks may be NULL
 * @state:  what they get on standard input, with status and pid as they are to be
 * @err:    on failure "error running poststop hook #0: ..."
 *
 * Stops at the first failure. The hooks start in the caller's working directory.
 *
 * Return: 0 or a negative errno.
 */
int rti_parent_hooks_run(enum rti_parent_hook kind, const struct rti_config *config,
			 const struct rti_spec_state *state, struct rti_error *err);

/* ---- the exec fifo ---- */

#define RTI_PARENT_FIFO_NAME "exec.fifo"

/**
 * rti_parent_fifo_create() - make the exec fifo in a container's state directory
 * @dir_fd:  the state directory; borrowed
 * @uid:     host id of the container's root, who opens it
 * @gid:     likewise
 * @ret_fd:  on success an O_PATH fd for rti_parent_start.fifo_fd; the caller closes it
 *
 * The mode is 0622 whatever the umask. On failure nothing is left.
 *
 * Return: 0; -EEXIST; or another negative errno.
 */
int rti_parent_fifo_create(int dir_fd, uid_t uid, gid_t gid, int *ret_fd, struct rti_error *err);

/**
 * rti_parent_fifo_release() - let a started init execute its program
 * @dir_fd: the state directory; borrowed
 * @pidfd:  the init; borrowed
 * @err:    on failure, why; an init that has died is told from one that runs already
 *
 * Opens the fifo without blocking, waits for the init's byte or the init's end, removes the fifo.
 *
 * Return: 0; -ENOENT without fifo and -EALREADY where the init has closed it without a byte
 * ("cannot start an already running container"); -ESRCH ("container process is already dead"); or
 * another negative errno.
 */
int rti_parent_fifo_release(int dir_fd, int pidfd, struct rti_error *err);

/**
 * rti_parent_fifo_remove() - remove the fifo of a start that failed; none there is fine
 */
void rti_parent_fifo_remove(int dir_fd);

#endif
