/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the steps of an init share.
 */
#ifndef INIT_CONTEXT_H
#define INIT_CONTEXT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "container/capability.h"
#include "container/rootfs.h"
#include "container/seccomp.h"
#include "init/inherited.h"
#include "init/sync-dialog.h"
#include "protocol/init-config.h"

struct hook_state { /* the OCI state as hooks of the init read it */
	char *text;
	size_t size;
};

struct init_context {
	struct inherited inherited;
	struct sync_dialog dialog;
	struct rti_init_config init; /* what the parent wants */
	struct rootfs rootfs;	     /* standard init only */
	struct seccomp_program seccomp;
	struct capability_plan capabilities;
	struct rti_arena arena;	 /* owns the three below */
	char **environment;	 /* of the program */
	const char *search_path; /* its PATH, or NULL */
	char *program;		 /* file to execute */
	struct hook_state created; /* for startContainer hooks */
	pid_t parent_pid; /* at the start */
	int pdeathsig;	  /* parent-death signal to keep; 0: none */
	bool cwd_again;	  /* the working directory must be tried again as the user */
};

#endif
