/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A copy of a program in memory that nobody can ever change.
 *
 * What a container executes as its init must not be a file of the host that could be written to
 * through /proc/PID/exe (CVE-2019-5736).
 */
#ifndef RTI_BASE_SEALED_COPY_H
#define RTI_BASE_SEALED_COPY_H

#include <stdbool.h>

#include "base/error.h"

/**
 * rti_sealed_is() - whether a file is a memory file that can never change again
 *
 * The four seals that runc looks for: SEAL, SHRINK, GROW and WRITE.
 */
bool rti_sealed_is(int fd);

/**
 * rti_sealed_copy() - a sealed, executable memory file with the contents of @fd
 * @fd:   readable file; borrowed
 * @name: of the memory file, shown as "/memfd:NAME (deleted)"
 * @err:  on failure, the step
 *
 * Return: a close-on-exec fd that the caller closes, or a negative errno.
 */
int rti_sealed_copy(int fd, const char *name, struct rti_error *err);

#endif
