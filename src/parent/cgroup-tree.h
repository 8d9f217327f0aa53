/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Visiting a cgroup and all below it.
 *
 * A container that may write its cgroup file system decides how deep the tree is, and it may be
 * deeper than a path is long. So nothing here takes stack, fds or a path for each level.
 */
#ifndef RTI_PARENT_CGROUP_TREE_H
#define RTI_PARENT_CGROUP_TREE_H

#include "base/error.h"

struct cgroup_tree_visitor {
	/* On the way down, with the cgroup's directory; NULL: nothing to do. */
	int (*enter)(void *data, int dir_fd, struct rti_error *err);
	/* On the way up, for each cgroup but the top, with the one above it; may be NULL */
	int (*leave)(void *data, int parent_fd, const char *name, struct rti_error *err);
	void *data;
};

/**
 * cgroup_tree_walk() - visit @path and every cgroup below it
 * @path: absolute path of the top; what is no directory of a cgroup file system is refused
 *
 * Cgroups that vanish meanwhile are passed over. The first negative result of a visitor ends the
 * walk.
 *
 * Return: 0; -ENOENT when the top is not there; a visitor's result; or a negative errno.
 */
int cgroup_tree_walk(const char *path, const struct cgroup_tree_visitor *visitor,
		     struct rti_error *err);

#endif
