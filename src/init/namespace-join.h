/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Joining namespaces that exist, given as the bootstrap data's "type:path,type:path".
 */
#ifndef INIT_NAMESPACE_JOIN_H
#define INIT_NAMESPACE_JOIN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "container/namespace.h"

struct namespace_item {
	const struct namespace_kind *kind;
	char path[PATH_MAX];
	int fd;
	bool joined;
};

struct namespace_list { /* each kind at most once */
	struct namespace_item items[NAMESPACE_KINDS];
	size_t count;
};

/**
 * namespace_list_open() - parse the list and open every namespace in it
 * @text: the list
 * @ret:  release with namespace_list_done(), also after a failure
 *
 * All are opened before any is joined: afterwards the paths may mean something else, or nothing.
 *
 * Return: 0 or a negative errno; texts are those of runc's stages.
 */
int namespace_list_open(struct namespace_list *ret, const char *text, struct rti_error *err);

/**
 * namespace_list_join() - join all of them
 *
 * Which order works depends on who owns what: an unprivileged process gets its rights over the
 * others from the user namespace, and a privileged one may lose them there. So there are three
 * passes: all but the user namespace, the user namespace (as whose root the process goes on), and
 * those that are left. EPERM in a pass only means "later".
 *
 * Return: 0 or a negative errno; texts are those of runc's stages.
 */
int namespace_list_join(struct namespace_list *list, struct rti_error *err);

void namespace_list_done(struct namespace_list *list);

#endif
