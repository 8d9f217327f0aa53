/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The text of /proc/PID/mountinfo.
 */
#ifndef RTI_BASE_MOUNTINFO_H
#define RTI_BASE_MOUNTINFO_H

#include "base/error.h"

struct rti_mountinfo {
	const char *root;	   /* the directory of the file system that is mounted */
	const char *mount_point;   /* relative to the process's root */
	const char *type;
	const char *super_options; /* comma-separated */
};

/* Returns 0 to go on, a positive number to stop, or a negative errno. @info is valid meanwhile. */
typedef int (*rti_mountinfo_visitor)(void *data, const struct rti_mountinfo *info,
				     struct rti_error *err);

/**
 * rti_mountinfo_each() - call @visit for each mount in the kernel's order
 * @fd: the open file; borrowed, and read to its end
 *
 * The list is read as a whole first, so @visit may mount and unmount. Texts are decoded.
 *
 * Return: 0, or the number that @visit stopped with; -EBADMSG for a line without all fields;
 * -ENOMEM; or what read(2) gave.
 */
int rti_mountinfo_each(int fd, rti_mountinfo_visitor visit, void *data, struct rti_error *err);

#endif
