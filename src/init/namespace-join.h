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
 * namespace_list_parse() - take the list apart
 * @text: the list
 * @ret:  release with namespace_list_done(), also after a failure
 *
 * Return: 0 or a negative errno; texts are those of runc's stages.
 */
int namespace_list_parse(struct namespace_list *ret, const char *text, struct rti_error *err);

/**
 * namespace_list_join_process() - join all of them at once, if they are those of one process
 *
 * Since Linux 5.8 setns(2) takes a pidfd and joins all namespaces of a process or none. What the
 * paths say is the same process: they have the form /proc/PID/ns/TYPE, and /proc knows the process
 * of the pidfd by this number. Whatever stands against it, nothing has happened then, and it is not
 * an error: the way one by one goes further (see namespace_list_join()) and has the better texts.
 *
 * Return: 1 when all are joined; 0 when none is; a negative errno.
 */
int namespace_list_join_process(struct namespace_list *list, struct rti_error *err);

/**
 * namespace_list_open() - open every namespace by its path
 *
 * All are opened before any is joined: afterwards the paths may mean something else, or nothing.
 *
 * Return: 0 or a negative errno; texts are those of runc's stages.
 */
int namespace_list_open(struct namespace_list *list, struct rti_error *err);

/**
 * namespace_list_join() - join all that are open, one by one
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
