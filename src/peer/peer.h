/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A side of the conversation that does what a script says, right or wrong, and notices what the
 * other side does.
 *
 * This is no second implementation of either side: it takes its notion of the protocol from
 * protocol/ and breaks it on purpose. Nothing that a container needs is here.
 */
#ifndef PEER_PEER_H
#define PEER_PEER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/error.h"
#include "peer/script.h"
#include "peer/transcript.h"
#include "protocol/bootstrap.h"
#include "protocol/init-config.h"
#include "protocol/sync-state.h"
#include "protocol/sync.h"

/* How long the other side may take for a step of its own: a loaded machine mounts slowly. */
#define PEER_STEP_MS 10000

/* How long the other side may take to end once it has been lied to, unless told otherwise. */
#define PEER_REFUSAL_MS 1000

struct peer {
	enum rti_init_type type;
	struct rti_sync_machine machine; /* where this side thinks that the conversation stands */
	struct transcript transcript;
	int init_fd; /* this side's ends */
	int sync_fd;
	int log_fd;
	int fifo_fd; /* the exec fifo: an O_PATH fd, or the child's own; standard only */

	/* The parent's. */
	int stderr_fd;
	pid_t stage0_pid;
	struct rti_pid_message pids; /* the child's own as well: the stages that it has made */
	const char *rootfs;	     /* the root file system of a standard init */
	enum rti_dialect dialect;
	int refusal_ms;
	int status;	    /* of the init, as waitpid(2) gives it */
	const char *wanted; /* what the other side shall complain about; NULL: anything */
	char words[RTI_ERROR_TEXT_MAX]; /* its complaint: that one, or else its last */

	/* The child's. */
	bool is_stage2;
	struct rti_init_config config; /* as it came; empty before */
};

#define PEER_EMPTY                                                                                 \
	{                                                                                          \
		.transcript = TRANSCRIPT_EMPTY, .init_fd = -EBADF, .sync_fd = -EBADF,              \
		.log_fd = -EBADF, .fifo_fd = -EBADF, .stderr_fd = -EBADF, .pids = { -1, -1 },      \
		.stage0_pid = -1, .refusal_ms = PEER_REFUSAL_MS                                    \
	}

static inline enum rti_sync_role peer_other(const struct peer *peer)
{
	return peer->machine.role == RTI_SYNC_CHILD ? RTI_SYNC_PARENT : RTI_SYNC_CHILD;
}

/**
 * peer_say() - record what this side says; peer_hear() - what the other side says
 */
void peer_say(const struct peer *peer, const char *channel, const void *data, size_t size);
void peer_hear(const struct peer *peer, const char *channel, const void *data, size_t size);

/**
 * peer_play() - do what a script says, step by step
 * @name: of the script, for errors
 *
 * Return: 0 at the end of the script, or what the step that failed gave, with the line before its
 * error.
 */
int peer_play(struct peer *peer, const struct script *script, const char *name,
	      struct rti_error *err);

/**
 * peer_close() - close everything that leads to the other side
 */
void peer_close(struct peer *peer);

/**
 * peer_done() - release everything
 */
void peer_done(struct peer *peer);

/* Which steps there are: for both sides, and for each of them. */
extern const struct verbs peer_verbs, peer_parent_verbs, peer_child_verbs;

struct peer_parent { /* what to play, and against whom */
	const char *init; /* path of the program */
	enum rti_init_type type;
	enum rti_dialect dialect; /* of the configuration that is sent */
	const char *rootfs;	  /* for a standard init */
	const char *script;	  /* path, or "-" */
	const char *record;	  /* where the transcript goes, or NULL */
	int refusal_ms;		  /* how long the init may take to refuse */
};

/**
 * peer_parent_run() - play the parent of an init
 *
 * However it ends, no process of the init is left.
 *
 * Return: 0 if everything came as the script says, else a negative errno.
 */
int peer_parent_run(const struct peer_parent *parent, struct rti_error *err);

/* The script of a child, in its working directory, which is the container's root file system. */
#define PEER_CHILD_SCRIPT "protocol-peer.script"

/* With what status a child ends that has met something unexpected; it tells what on stderr. */
#define PEER_CHILD_STATUS 90

/**
 * peer_child_run() - play the child of the runtime that has started this process
 *
 * The variables of the environment are those that a runtime gives its init.
 *
 * Return: 0 at the end of the script, or a negative errno; does not return if the script ends it.
 */
int peer_child_run(struct rti_error *err);

#endif
