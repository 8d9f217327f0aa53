/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Transcripts: a conversation as text, one line for each thing that was said.
 *
 *     protocol-peer transcript standard
 *     0.000 parent bootstrap ,\x00\x00\x00...
 *     0.004 child pids {"stage1_pid":7,"stage2_pid":8}\n
 *     0.004 parent config {"config":{...}}
 *     0.009 child sync {"type":"procHooks","flags":0}
 *     0.009 parent sync {"type":"procHooksDone","flags":0}
 *
 * A line is the time in seconds, who spoke, the channel, and what was said, as escape.h writes it.
 * The channels are bootstrap, pids, config, sync, file (how many fds came, and the name beside
 * them), end (of the sync socket), log, stderr, start (on the exec fifo) and exit (the init's
 * status).
 */
#ifndef PEER_TRANSCRIPT_H
#define PEER_TRANSCRIPT_H

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/error.h"
#include "protocol/sync-state.h"

struct transcript {
	int fd; /* -EBADF: nothing is recorded */
	struct timespec begun;
};

#define TRANSCRIPT_EMPTY                                                                           \
	{                                                                                          \
		.fd = -EBADF                                                                       \
	}

/**
 * transcript_open() - begin a recording
 * @path: written anew; "-" is standard output
 *
 * Processes made afterwards may go on with it.
 *
 * Return: 0 or what open(2) and write(2) gave.
 */
int transcript_open(struct transcript *transcript, const char *path, enum rti_init_type type,
		    struct rti_error *err);

/**
 * transcript_add() - one line; does nothing without a recording
 */
void transcript_add(const struct transcript *transcript, enum rti_sync_role speaker,
		    const char *channel, const void *data, size_t size);

/**
 * transcript_add_file() - the line of a packet that carries fds
 */
void transcript_add_file(const struct transcript *transcript, enum rti_sync_role speaker,
			 size_t count, const void *name, size_t size);

void transcript_done(struct transcript *transcript);

/**
 * transcript_check() - whether a conversation follows the protocol's tables
 * @err: on failure the line and what is wrong with it
 *
 * Looks at the order of everything, at the order of the messages by both sides' tables, at their
 * arguments, and at the files that go with them. A conversation that a procError ends is a good
 * one.
 *
 * Return: 0; -EPROTO for a violation; -EBADMSG for what is no transcript; -ENOMEM.
 */
int transcript_check(FILE *file, struct rti_error *err);

/**
 * transcript_replay() - write the script that says again what one side has said
 * @role: whose part
 *
 * What the side has sent is sent again byte by byte, but for the pids and for the fd number of a
 * seccomp listener, which are the new process's own. What it has received must come again in the
 * same order, as to the types of the messages.
 *
 * Return: 0; -EBADMSG for what is no transcript; -ENOMEM.
 */
int transcript_replay(FILE *file, enum rti_sync_role role, FILE *script, struct rti_error *err);

#endif
