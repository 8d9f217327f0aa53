/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The front part of a seccomp program: ENOSYS for system calls that are newer than the profile.
 *
 * A profile that denies with EPERM what it does not list would deny system calls that did not exist
 * when it was written; programs then see EPERM where they would fall back on ENOSYS. So calls with
 * a number above the highest one that the profile names, for each architecture, get ENOSYS. All
 * others go on to the rules.
 */
#ifndef CONTAINER_SECCOMP_STUB_H
#define CONTAINER_SECCOMP_STUB_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "protocol/init-config.h"

/* More than the architectures that have a name here. */
#define SECCOMP_ARCHITECTURES_MAX 24

/* Instructions of the longest stub: the first load, and seven for each architecture. */
#define SECCOMP_STUB_MAX (1 + 7 * SECCOMP_ARCHITECTURES_MAX)

struct seccomp_architectures {
	uint32_t tokens[SECCOMP_ARCHITECTURES_MAX]; /* SCMP_ARCH_*, each once */
	size_t count;
};

/**
 * seccomp_architectures_resolve() - libseccomp's tokens for runc's names
 * @names: e.g. "amd64", "x32"; case does not matter
 * @ret:   the tokens
 *
 * Return: 0 or -EINVAL ("error validating Seccomp architecture: ...").
 */
int seccomp_architectures_resolve(const struct rti_strings *names,
				  struct seccomp_architectures *ret, struct rti_error *err);

/**
 * seccomp_architectures_add() - add a token unless it is there
 */
void seccomp_architectures_add(struct seccomp_architectures *set, uint32_t token);

/**
 * seccomp_architecture_name() - runc's name of a token, or "unknown"
 */
const char *seccomp_architecture_name(uint32_t token);

/**
 * seccomp_stub_is_wanted() - whether the profile gets a stub
 *
 * Not when the default action lets unknown calls through (allow, log, trace), nor when it is ENOSYS
 * already.
 */
bool seccomp_stub_is_wanted(const struct rti_seccomp *seccomp);

/**
 * seccomp_stub_build() - the stub's instructions
 * @seccomp:       the profile; every name in it counts, whatever its action
 * @wanted:        the profile's architectures; the native one is always added
 * @ret:           SECCOMP_STUB_MAX instructions; execution falls out at the end of what is written
 *
 * An architecture without any known name is left out with a warning in the log.
 *
 * Return: the number of instructions.
 */
size_t seccomp_stub_build(const struct rti_seccomp *seccomp,
			  const struct seccomp_architectures *wanted,
			  struct sock_filter ret[static SECCOMP_STUB_MAX]);

#endif
