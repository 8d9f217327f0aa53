/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules of a seccomp profile say, read by somebody who knows nothing of programs. */
#ifndef TESTS_UNIT_SECCOMP_MEANING_H
#define TESTS_UNIT_SECCOMP_MEANING_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/init-config.h"

/**
 * seccomp_rule_matches() - whether a system call with these arguments is meant by a rule
 * @call:  the rule; its name is not looked at
 * @width: the bits of an argument that count: UINT32_MAX on 32-bit architectures
 *
 * All conditions have to hold; where one argument is tested twice, any of them is enough.
 */
bool seccomp_rule_matches(const struct rti_seccomp_syscall *call, const struct seccomp_data *data,
			  uint64_t width);

#endif
