/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The environment of the container's program.
 */
#ifndef CONTAINER_ENVIRONMENT_H
#define CONTAINER_ENVIRONMENT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/init-config.h"

/**
 * environment_build() - variables once each, and HOME
 * @init:     the init configuration; its env and uid are used
 * @arena:    owns the result; the strings of the configuration are shared
 * @ret_env:  NULL-terminated, ready for execve(2)
 * @ret_path: the value of PATH, or NULL where it is not set; for exec_path_find()
 * @err:      on failure, runc's text
 *
 * The last value of each name wins and keeps its place. Without a HOME, or with an empty one, HOME
 * is taken from the line of the user's uid in the container's /etc/passwd, "/" when there is none;
 * so this runs when the root is already switched. An env of null gets HOME too, as in runc 1.2 and
 * main; runc 1.3 to 1.5 forgot it, and nothing on the wire tells main from those. A configuration
 * in the 1.2 dialect follows 1.2: the last value at the first place.
 *
 * Return: 0; -EINVAL for an entry without '=' or without a name; -ENOMEM. (A NUL cannot get here:
 * the decoder refuses it.)
 */
int environment_build(const struct rti_init_config *init, struct rti_arena *arena, char ***ret_env,
		      const char **ret_path, struct rti_error *err);

/**
 * environment_home_from_passwd() - home directory of a uid from the text of a passwd file
 * @text: the file, need not be NUL-terminated
 * @size: bytes at @text
 * @uid:  whose home
 * @ret:  points into @text
 * @ret_size: bytes at @ret; 0 when the field is empty
 *
 * Lax as runc's parser is: the first line counts whose third field is @uid, where a third field
 * that is missing or no number counts as 0.
 *
 * Return: 1 when there is such a line, else 0.
 */
int environment_home_from_passwd(const char *text, size_t size, int64_t uid, const char **ret,
				 size_t *ret_size);

#endif
