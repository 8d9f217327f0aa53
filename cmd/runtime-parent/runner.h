/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What run, create and exec have in common: from a process description to an exit code.
 */
#ifndef RUNTIME_PARENT_RUNNER_H
#define RUNTIME_PARENT_RUNNER_H

#include <stdbool.h>
#include <stdint.h>

#include "cmd/runtime-parent/command.h"

struct runner {
	const struct call *call;
	struct rti_container *container;
	const struct rti_parent_program *program;
	const struct rti_convert_environment *environment;
	const struct rti_spec_process *process;
	const struct rti_string_map *annotations; /* init only */
	const struct rti_string_map *sub_cgroups; /* exec only */
	bool init;				  /* the container's first process */
	bool create;				  /* leave it waiting */
	bool detach;				  /* do not stay with it */
	bool keep;				  /* do not remove the container at its end */
	bool subreaper;
	const char *console_socket; /* "": none */
	const char *pidfd_socket;
	const char *pid_file; /* absolute, or "" */
	int64_t preserve_fds;
	const char *notify_host; /* NULL: none */
};

/**
 * runner_run() - start the process and, unless detached, stay with it
 *
 * On failure the process is gone and, for an init, the container is removed.
 *
 * Return: the exit code for the program; or a negative errno.
 */
int runner_run(const struct runner *runner, struct rti_error *err);

/**
 * absolute_path() - a path that survives a change of directory
 * @path: "" stays ""
 * @room: PATH_MAX bytes
 */
int absolute_path(const char *path, char *room, struct rti_error *err);

#endif
