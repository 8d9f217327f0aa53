/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The kinds of namespaces and their names in every place where they have one.
 */
#ifndef CONTAINER_NAMESPACE_H
#define CONTAINER_NAMESPACE_H

#include <stdbool.h>
#include <stddef.h>

struct namespace_kind {
	int flag;	  /* CLONE_NEW* */
	const char *wire; /* in the init configuration: "NEWNET" */
	const char *proc; /* below /proc/<pid>/ns, and in the bootstrap data's paths: "net" */
};

#define NAMESPACE_KINDS 8

/* In the order in which they are joined and listed in the bootstrap data. */
extern const struct namespace_kind namespace_kinds[NAMESPACE_KINDS];

/**
 * namespace_from_wire() - look up by wire name; NULL when there is none
 */
const struct namespace_kind *namespace_from_wire(const char *name);

/**
 * namespace_from_proc() - look up by name below /proc/<pid>/ns; NULL when there is none
 */
const struct namespace_kind *namespace_from_proc(const char *name);

/**
 * namespace_is_foreign() - whether the caller's namespace of a kind belongs to another user
 * namespace
 *
 * For error texts: where it cannot be found out, it does not. What is mounted or set through such a
 * namespace needs rights in its owner, which no capability of the caller's user namespace gives.
 */
bool namespace_is_foreign(const struct namespace_kind *kind);

#endif
