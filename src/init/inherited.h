/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the parent hands to the first stage: environment variables, and the fds that they name.
 *
 * runc's child looks at the variables at two points, which its users can see: those that the stages
 * need before anything happens, with failures in the log or on stderr; the rest in stage-2, with
 * failures on the sync socket. Here all of them are read and wiped at once and checked in that
 * order.
 */
#ifndef INIT_INHERITED_H
#define INIT_INHERITED_H

#include <stdbool.h>

#include "base/error.h"
#include "base/log.h"
#include "protocol/sync-state.h"

enum inherited_variable {
	INHERITED_INITPIPE,
	INHERITED_SYNCPIPE,
	INHERITED_LOGPIPE,
	INHERITED_LOGLEVEL,
	INHERITED_INITTYPE,
	INHERITED_FIFOFD,
	INHERITED_CONSOLE,
	INHERITED_PIDFD_SOCK,
	INHERITED_STATEDIR, /* set by runc up to 1.1 only */
	INHERITED_SECCOMP,  /* set by our own parent only */
	INHERITED_VARIABLES,
};

/* Longest value kept; every valid one is far shorter, and a cut one stays invalid. */
#define INHERITED_VALUE_MAX 64

struct inherited {
	char value[INHERITED_VARIABLES][INHERITED_VALUE_MAX]; /* "": not set */
	int init_fd;	     /* stream socket: bootstrap data, pid message, init configuration */
	int sync_fd;	     /* packet socket: the sync dialog */
	int log_fd;	     /* write end of a pipe, -EBADF: none; moves into the log */
	int fifo_fd;	     /* O_PATH on the exec fifo; standard init only */
	int console_fd;	     /* stream socket that wants the terminal, -EBADF: none */
	int pidfd_socket_fd; /* stream socket that wants a pidfd, -EBADF: none */
	int seccomp_fd;	     /* sealed: finished seccomp program, -EBADF: none */
	enum log_level log_level;
	bool has_log_level;
	enum rti_init_type type;
};

/**
 * inherited_take() - read the variables and wipe the environment
 * @environment: emptied; the strings are overwritten too, so that /proc/<pid>/environ shows nothing
 * @ret:         values only; every fd is -EBADF
 */
void inherited_take(char **environment, struct inherited *ret);

/**
 * inherited_has() - whether the environment has a variable that is not empty; nothing is changed
 */
bool inherited_has(char **environment, enum inherited_variable variable);

/**
 * inherited_open_log() - check LOGPIPE and LOGLEVEL
 *
 * Both may be missing. The log_* members are valid afterwards, also after a failure.
 *
 * Return: 0, -EINVAL or -EBADF; the text is that of runc's stages.
 */
int inherited_open_log(struct inherited *inherited, struct rti_error *err);

/**
 * inherited_check_parent() - refuse a parent that speaks another protocol
 *
 * runc up to 1.1 has no sync socket; it is recognised by the state directory that it names.
 *
 * Return: 0 or -EPROTONOSUPPORT.
 */
int inherited_check_parent(const struct inherited *inherited, struct rti_error *err);

/**
 * inherited_open_init() - check INITPIPE: a unix stream socket; as inherited_open_log()
 */
int inherited_open_init(struct inherited *inherited, struct rti_error *err);

/**
 * inherited_open_sync() - check SYNCPIPE: a unix packet socket
 *
 * Return: 0, -EINVAL or -EBADF; the text is that of runc's init proper.
 */
int inherited_open_sync(struct inherited *inherited, struct rti_error *err);

/**
 * inherited_open_rest() - check that LOGPIPE was set, INITTYPE, FIFOFD, CONSOLE, PIDFD_SOCK and
 * SECCOMP
 *
 * FIFOFD must be there for a standard init. An unknown INITTYPE is no failure here, because runc
 * reports it only after it has read the configuration: inherited_check_type().
 */
int inherited_open_rest(struct inherited *inherited, struct rti_error *err);

/**
 * inherited_check_type() - refuse an unknown INITTYPE
 *
 * Return: 0 or -EINVAL ("unknown init type \"bogus\"").
 */
int inherited_check_type(const struct inherited *inherited, struct rti_error *err);

#endif
