/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The working directory of the container's program.
 */
#ifndef CONTAINER_CWD_H
#define CONTAINER_CWD_H

#include <stdbool.h>

#include "base/error.h"

/**
 * cwd_enter() - chdir(2)
 * @cwd:       NULL or "": nothing is done
 * @ret_again: when not NULL, EACCES and EPERM are no error but set this to true: the directory may
 *             be open to the container's user only, so try again after user_switch() with NULL
 *
 * Return: 0 or a negative errno.
 */
int cwd_enter(const char *cwd, bool *ret_again, struct rti_error *err);

/**
 * cwd_verify() - refuse a working directory outside of the root (CVE-2024-21626)
 *
 * Asks the kernel, which names a directory that is not below the root "(unreachable)".
 *
 * Return: 0 or a negative errno with runc's texts.
 */
int cwd_verify(struct rti_error *err);

#endif
