/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The list of mounts of this process, for the two places where runc's behaviour depends on it.
 */
#ifndef CONTAINER_MOUNTINFO_H
#define CONTAINER_MOUNTINFO_H

#include "base/error.h"

struct mountinfo {
	const char *root;	   /* the directory of the file system that is mounted */
	const char *mount_point;   /* relative to the process's root */
	const char *type;
	const char *super_options; /* comma-separated */
};

/**
 * mountinfo_each() - call @visit for each mount in the kernel's order
 * @visit: returns 0 to go on, a positive number to stop, or a negative errno
 *
 * The list is read as a whole first, so @visit may mount and unmount. Texts are decoded.
 *
 * Return: 0, or the negative errno of reading or of @visit.
 */
int mountinfo_each(int (*visit)(void *data, const struct mountinfo *info, struct rti_error *err),
		   void *data, struct rti_error *err);

#endif
