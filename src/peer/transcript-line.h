/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Reading transcripts, line by line.
 */
#ifndef PEER_TRANSCRIPT_LINE_H
#define PEER_TRANSCRIPT_LINE_H

#include <stdio.h>

#include "peer/transcript.h"

enum transcript_channel {
	TRANSCRIPT_BOOTSTRAP,
	TRANSCRIPT_PIDS,
	TRANSCRIPT_CONFIG,
	TRANSCRIPT_SYNC,
	TRANSCRIPT_FILE,
	TRANSCRIPT_END,
	TRANSCRIPT_START,
	TRANSCRIPT_EXIT,
	TRANSCRIPT_LOG,
	TRANSCRIPT_STDERR,
};

struct transcript_line {
	enum rti_sync_role speaker;
	enum transcript_channel channel;
	size_t file_count; /* TRANSCRIPT_FILE: fds that came along */
	const char *text;  /* what was said, with its escapes */
	char *data;	   /* what was said */
	size_t size;
};

/**
 * transcript_read() - hand over each line of a transcript
 * @begin: called first, with the type of the conversation
 * @line:  called for each line; gives 0, or a negative errno with @err filled to stop
 *
 * Empty lines and lines that begin with # are left out.
 *
 * Return: 0; -EBADMSG for what is no transcript; -ENOMEM; or what a function gave, with "line N: "
 * before its error.
 */
int transcript_read(FILE *file, void (*begin)(void *data, enum rti_init_type type),
		    int (*line)(void *data, const struct transcript_line *line,
				struct rti_error *err),
		    void *data, struct rti_error *err);

#endif
