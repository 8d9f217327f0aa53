/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Staying with a container process in the foreground: its standard streams or its terminal, signals
 * that are handed on, and its exit status.
 *
 * Without a terminal the process gets three pipes that belong to the container's root, so that it
 * may open /dev/stdout again and the caller's own files are never given away. With one, the
 * caller's terminal is put into raw mode and everything is copied to and from the container's.
 *
 * Between session_open() and session_done() all signals of the calling thread are blocked.
 */
#ifndef RTI_PARENT_SESSION_H
#define RTI_PARENT_SESSION_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <termios.h>

#include "base/error.h"
#include "parent/runtime-container.h"

#define SESSION_BUFFER_SIZE (32 * 1024)

/* One direction of copying. Closed when both fds are empty. */
struct session_relay {
	int from_fd;
	int to_fd;
	bool own_from; /* close it at the end */
	bool own_to;
	size_t start, end; /* what of the buffer is still to be written */
	int write_errnum;  /* why nothing more can be written, unless the reader left */
	char buffer[SESSION_BUFFER_SIZE];
};

enum { SESSION_STDIN, SESSION_STDOUT, SESSION_STDERR, SESSION_RELAYS };

struct session {
	bool terminal;
	sigset_t original_mask;
	int signal_fd;
	int child_fds[3];   /* the process's ends of the pipes */
	int console_fds[2]; /* ours, the process's: the master end comes through here */
	int master_fd;	    /* of the container's terminal */
	int host_fd;	    /* the caller's terminal */
	bool own_host_fd;
	bool raw; /* @saved has to be restored */
	struct termios saved;
	int notify_fd; /* systemd's readiness protocol, see notify.h; -EBADF: none */
	const char *notify_host;
	struct session_relay relays[SESSION_RELAYS];
};

/**
 * session_init() - make an empty session, which session_done() accepts
 */
void session_init(struct session *session);

/**
 * session_open() - prepare the streams of a process that is to be started
 * @terminal: whether it gets a terminal; needs one on the caller's side
 * @uid:      host id of the container's root, who gets the pipes
 * @gid:      likewise
 * @session:  from session_init(); release with session_done() also after a failure
 */
int session_open(struct session *session, bool terminal, uid_t uid, gid_t gid,
		 struct rti_error *err);

/**
 * session_lend() - let the process have its ends: stdio, console socket, signal mask
 */
void session_lend(const struct session *session, struct rti_container_process *process);

/**
 * session_get_size() - the size of the caller's terminal, for the process's to begin with
 *
 * Return: whether there is a terminal and it knows its size.
 */
bool session_get_size(const struct session *session, struct rti_spec_console_size *ret);

/**
 * session_attach() - once the process is started: take up its terminal, drop its ends of the pipes
 */
int session_attach(struct session *session, struct rti_error *err);

/**
 * session_run() - copy and hand on signals until the process has ended and its output is through
 * @child: the process; it and all other children that end meanwhile are reaped
 *
 * Return: its exit status, 128 + N for signal N; or a negative errno.
 */
int session_run(struct session *session, const struct rti_parent_child *child,
		struct rti_error *err);

/**
 * session_check_output() - whether all that the process wrote got where it should
 *
 * Return: 0, also when a reader went away before the end; or a negative errno.
 */
int session_check_output(const struct session *session, struct rti_error *err);

/**
 * session_drain() - pass on what a process has written that could not be started
 *
 * The init has nobody but its standard error to complain to before and after its conversation.
 * Does not wait.
 */
void session_drain(struct session *session);

/**
 * session_done() - restore the terminal and the signal mask, close everything
 */
void session_done(struct session *session);

#endif
