/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The smallest bootstrap data and init configuration that an init makes something of.
 */
#ifndef PEER_SMALLEST_H
#define PEER_SMALLEST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "protocol/dialect.h"
#include "protocol/sync-state.h"

/* The source of the mount that an init has to ask for: there is no such file. */
#define SMALLEST_SOURCE "/nonexistent/protocol-peer"

struct smallest {
	enum rti_init_type type;
	enum rti_dialect dialect;
	const char *rootfs; /* of a standard container; its /bin/true is executed */
	bool mount;	    /* with a mount that the init cannot open by itself, on /proc */
	bool seccomp;	    /* with a filter that has a listener */
};

/**
 * smallest_bootstrap() - new namespaces for a standard init, none for setns
 * @ret: on success malloc()ed bytes
 *
 * Return: 0 or -ENOMEM.
 */
int smallest_bootstrap(enum rti_init_type type, void **ret, size_t *ret_size,
		       struct rti_error *err);

/**
 * smallest_config() - the init configuration
 * @ret: on success malloc()ed text
 *
 * Return: 0 or -ENOMEM.
 */
int smallest_config(const struct smallest *smallest, char **ret, size_t *ret_size,
		    struct rti_error *err);

#endif
