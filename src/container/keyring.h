/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The session keyring of a container, so that it does not share the caller's keys.
 */
#ifndef CONTAINER_KEYRING_H
#define CONTAINER_KEYRING_H

#include <stdbool.h>

#include "base/error.h"

/**
 * keyring_join() - join the session keyring "_ses.<container id>", creating it if needed
 * @container_id:    names the keyring
 * @process_label:   SELinux label that a new keyring gets; NULL or "": the default
 * @set_permissions: let later processes of the container find and join it (standard init only)
 * @userns:          the container has a user namespace, so others' search permission is what is
 *                   needed
 *
 * A kernel without keyrings gives a warning in the log and success.
 *
 * Return: 0 or a negative errno.
 */
int keyring_join(const char *container_id, const char *process_label, bool set_permissions,
		 bool userns, struct rti_error *err);

#endif
