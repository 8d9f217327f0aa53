/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small container root in a temporary directory, and a child process with its own mount namespace
 * to build a container from it.
 */
#ifndef TESTS_UNIT_BOX_H
#define TESTS_UNIT_BOX_H

#include <stdbool.h>
#include <stdio.h>

#include "container/mount-source.h"
#include "container/rootfs.h"
#include "protocol/init-config.h"

#define BOX_MOUNTS_MAX 1100

struct box {
	char top[64];  /* holds root and canary */
	char root[80];
	char canary[80];
	struct rti_config config;
	struct rti_init_config init;
	struct rti_mount mounts[BOX_MOUNTS_MAX];
	struct rti_namespace namespaces[2];
	struct rti_device devices[8];
	struct mount_source_ops sources; /* answers nothing unless a test sets it */
	struct rootfs rootfs;
	struct rti_error err;
};

/* In the child: says what failed and ends the body. */
#define BOX_CHECK(condition)                                                                       \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			dprintf(box_report_fd, "# %s:%d: %s (%s)\n", __FILE__, __LINE__,           \
				#condition, box->err.text);                                        \
			return 1;                                                                  \
		}                                                                                  \
	} while (0)

extern int box_report_fd; /* a copy of stderr, which bodies may replace */

/**
 * box_run() - run @body in a child with a fresh box; skips the test without root
 * @old_kernel: with the system calls of the mount API, openat2 and others failing with ENOSYS
 */
void box_run(int (*body)(struct box *box), bool old_kernel);

/**
 * box_mount() - add a mount to the configuration
 */
struct rti_mount *box_mount(struct box *box, const char *destination, const char *type,
			    const char *source, int64_t flags, const char *data);

/**
 * box_mount_usual() - the mounts of an ordinary container
 */
void box_mount_usual(struct box *box);

/**
 * box_enter() - prepare the root, switch to it, lock it down
 */
int box_enter(struct box *box);

/**
 * box_path() - a path in the box, in a buffer used until the sixteenth call after
 */
const char *box_path(const char *directory, const char *name);

/**
 * box_file() - make or check the text of a file
 */
bool box_file_write(const char *path, const char *text);
bool box_file_is(const char *path, const char *text);

/**
 * box_mountinfo() - optional fields and options of the topmost mount on @path, NULL if none
 */
const char *box_mountinfo(const char *path);

/**
 * box_directory_is_empty() - whether nothing at all is in a directory
 */
bool box_directory_is_empty(const char *path);

#endif
