/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Running an unmodified runc inside a process whose program file is runtime-init.
 *
 * runc starts its init by executing /proc/self/exe. runc-with-runtime-init therefore executes a
 * sealed copy of runtime-init with a request in the environment; that copy maps runc into itself
 * and jumps to it. From then on the process is runc, but for /proc/self/exe: there runc finds a
 * binary that is sealed already, and executes it as its init.
 */
#ifndef LAUNCH_LAUNCH_H
#define LAUNCH_LAUNCH_H

#include <stdbool.h>

#include "base/error.h"

/* The request: "FD:PATH" of the runc to map, FD open for reading. Never reaches runc. */
#define LAUNCH_VARIABLE "_RUNTIME_INIT_LAUNCH"

/**
 * launch_is_requested() - whether this process shall become runc
 */
bool launch_is_requested(char **environment);

/**
 * launch_become() - map the requested program and jump to it with the arguments and environment of
 * this process
 * @argc:        of main()
 * @argv:        of main()
 * @environment: of main(), in its original place: what lies behind it is the auxiliary vector
 * @err:         why it could not be done; by then the process may be partly built over, so that all
 *               it should do is to report and to exit
 *
 * The program gets the auxiliary vector that it would have got from execve(2).
 *
 * Return: a negative errno; does not return on success.
 */
int launch_become(int argc, char **argv, char **environment, struct rti_error *err);

/**
 * launch_execute() - execute a sealed copy of runtime-init that becomes @program_path
 * @program_fd:   the runc, open for reading
 * @program_path: its path
 * @init_fd:      runtime-init, open for reading
 * @argv:         for the program, unchanged
 * @environment:  for the program
 *
 * Return: a negative errno; does not return on success.
 */
int launch_execute(int program_fd, const char *program_path, int init_fd, char **argv,
		   char **environment, struct rti_error *err);

#endif
