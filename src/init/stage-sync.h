/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The private messages between the stages: one number each, over a stage_link.
 */
#ifndef INIT_STAGE_SYNC_H
#define INIT_STAGE_SYNC_H

#include "init/stage.h"

/* Numbers as in runc, whose stage traces this project's are compared with. */
enum stage_message {
	STAGE_USERMAP_PLS = 0x40,     /* 1 to 0: write my id maps */
	STAGE_USERMAP_ACK = 0x41,     /* 0 to 1 */
	STAGE_RECVPID_PLS = 0x42,     /* 1 to 0: stage-2's pid follows as another number */
	STAGE_RECVPID_ACK = 0x43,     /* 0 to 1 */
	STAGE_GRANDCHILD = 0x44,      /* 0 to 2: go on */
	STAGE_CHILD_FINISH = 0x45,    /* 1 to 0, and 2 to 0: done */
	STAGE_TIMEOFFSETS_PLS = 0x46, /* 1 to 0: write my time offsets */
	STAGE_TIMEOFFSETS_ACK = 0x47, /* 0 to 1 */
};

/**
 * stage_send() - send a number; on failure the stage ends
 * @peer: "stage-1", "parent" and so on; with @what for "failed to sync with <peer>: write(<what>)"
 */
void stage_send(const struct staging *staging, int fd, int number, const char *peer,
		const char *what);

/**
 * stage_receive() - wait for a number; on failure or end of file the stage ends
 * @what: for "failed to sync with <peer>: <what>"
 */
int stage_receive(const struct staging *staging, int fd, const char *peer, const char *what);

/**
 * stage_expect() - wait for one certain message; on anything else the stage ends
 * @name: its name, for "failed to sync with <peer>: read(<name>)"
 */
void stage_expect(const struct staging *staging, int fd, enum stage_message message,
		  const char *peer, const char *name);

#endif
