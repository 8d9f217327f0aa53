/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARENT_MOUNT_MATCH_H
#define PARENT_MOUNT_MATCH_H

#include <stdbool.h>

#include "protocol/init-config.h"

/**
 * mount_is_equal() - whether two mounts say the same in every member
 *
 * A text that is NULL and an empty one are the same, and so are a list that is NULL and an empty
 * one: the peer may leave out what is empty. The obsolete relabel is not compared, as nobody acts
 * on it and half of the dialects do not carry it.
 */
bool mount_is_equal(const struct rti_mount *a, const struct rti_mount *b);

/**
 * mount_find() - the configured mount that a request asks for
 * @request: as decoded from the init's message; nothing in it is trusted
 *
 * The parent opens sources with its own credentials, so an init that lies must not get anything
 * that the configuration does not give it anyway.
 *
 * Return: an element of @mounts, or NULL.
 */
const struct rti_mount *mount_find(const struct rti_mounts *mounts,
				   const struct rti_mount *request);

/**
 * mount_can_be_asked() - whether the parent serves the source of a mount
 *
 * Only bind mounts and id-mapped mounts have a source that the parent opens.
 */
bool mount_can_be_asked(const struct rti_mount *mount);

#endif
