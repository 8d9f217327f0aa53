/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The child program: what the parent starts as the first process of a container, or as a further
 * one in it, and what becomes the container's program by execve(2).
 */
#ifndef INIT_INIT_H
#define INIT_INIT_H

/* Exit codes that runc's parent and its tests know. */
#define INIT_EXIT_STAGE	  1   /* a stage failed; a fatal line in the log says why */
#define INIT_EXIT_FAILURE 255 /* the init failed; procError, or text on stderr */

/**
 * init_main() - be the init
 * @environment: the environment as the parent left it; emptied, in place too
 *
 * Takes over the fds that the environment names, runs the stages, reads the init configuration,
 * sets the process up and executes the container's program.
 *
 * Return: only in processes that do not become the container's program: the exit code.
 */
int init_main(char **environment);

/**
 * init_was_started_by_parent() - whether the environment is that of a runc-like parent
 */
int init_was_started_by_parent(char **environment);

#endif
