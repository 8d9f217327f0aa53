/* SPDX-License-Identifier: Apache-2.0 */
/**
 * User namespaces whose only purpose is to carry an id mapping for mounts.
 */
#ifndef PARENT_IDMAP_USERNS_H
#define PARENT_IDMAP_USERNS_H

#include <stddef.h>

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * idmap_userns_key() - one text for a mapping, the same for every order of its entries
 *
 * Reads like runc's: "uid=0:100000:65536,...;gid=0:100000:65536".
 *
 * Return: malloc()ed text that the caller frees, or NULL without memory.
 */
char *idmap_userns_key(const struct rti_id_maps *uids, const struct rti_id_maps *gids);

/**
 * idmap_userns_create() - make a user namespace with a mapping
 * @proc_fd: /proc of the caller's pid namespace; borrowed
 * @err:     on failure "failed to spawn dummy process for map uid=...: ..."
 *
 * Makes a process that does nothing but be in the namespace, and ends it again. It executes nothing
 * and does not show up in the caller's SIGCHLD and wait(2).
 *
 * Return: a close-on-exec fd of the namespace, or a negative errno.
 */
int idmap_userns_create(const struct rti_id_maps *uids, const struct rti_id_maps *gids, int proc_fd,
			struct rti_error *err);

/* Namespaces made so far, each once. Zero-initialise. */
struct idmap_cache {
	struct idmap_cache_entry *entries;
	size_t count;
};

/**
 * idmap_cache_get() - idmap_userns_create(), or the namespace made for the same mapping before
 *
 * Return: an fd that belongs to the cache, or a negative errno.
 */
int idmap_cache_get(struct idmap_cache *cache, const struct rti_id_maps *uids,
		    const struct rti_id_maps *gids, int proc_fd, struct rti_error *err);

void idmap_cache_done(struct idmap_cache *cache);

#endif
