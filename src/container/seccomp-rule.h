/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The rules of a seccomp profile in one flat list, and the part of them that is compiled here.
 *
 * libseccomp keeps the rules of a system call as a tree of comparisons and merges what several
 * rules have in common. For rules with LT, LE, GT, GE and NE that goes wrong in many combinations,
 * up to 2.6.0 at least: a profile may then allow what it denies (GHSA-4q85-33p6-j5g6 is one case;
 * "LE 0x100000002 or LE 2" refuses only up to 2), and some profiles send it into an endless loop.
 * Rules like that are decided by straight code of our own, in front of libseccomp's program. All
 * others are left to libseccomp, so that profiles as they are in use give what they give under
 * runc.
 */
#ifndef CONTAINER_SECCOMP_RULE_H
#define CONTAINER_SECCOMP_RULE_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "container/seccomp-stub.h"
#include "protocol/init-config.h"

#define SECCOMP_ARGUMENTS 6

struct seccomp_rule {
	const char *name;
	int number;	 /* as seccomp_syscall_resolve_name(3) gives it; negative: not native */
	uint32_t action; /* SCMP_ACT_*, which are the kernel's SECCOMP_RET_* */
	struct scmp_arg_cmp conditions[SECCOMP_ARGUMENTS]; /* all are to hold */
	unsigned int count;
	bool own;     /* compiled here */
	bool library; /* given to libseccomp */
};

struct seccomp_rules {
	struct seccomp_rule *items; /* malloc()ed */
	size_t count;
};

/**
 * seccomp_action_translate() - libseccomp's action
 * @action:    enum rti_seccomp_action
 * @errno_ret: for ERRNO and TRACE, of which 16 bits count; NULL: EPERM
 *
 * Return: 0 or -EINVAL for a number that is no action; no text.
 */
int seccomp_action_translate(int64_t action, const uint64_t *errno_ret, uint32_t *ret);

/**
 * seccomp_rules_collect() - what the profile asks for, in its order
 * @seccomp:        the profile
 * @wanted:         its architectures
 * @default_action: rules with this action are left out
 * @ret:            on success the rules; release with seccomp_rules_done()
 *
 * Names that are not known are logged at debug level and left out. Conditions on different
 * arguments are all to hold; where one argument is tested twice, each condition becomes a rule of
 * its own and any of them is enough, which is what runc has always made of it.
 *
 * Return: 0 or a negative errno with runc's text; -E2BIG for more than any kernel takes.
 */
int seccomp_rules_collect(const struct rti_seccomp *seccomp,
			  const struct seccomp_architectures *wanted, uint32_t default_action,
			  struct seccomp_rules *ret, struct rti_error *err);

/**
 * seccomp_rules_done() - free the rules; accepts an empty list
 */
void seccomp_rules_done(struct seccomp_rules *rules);

/**
 * seccomp_compare_build() - the instructions for the rules that are compiled here
 * @rules:          the rules
 * @wanted:         the profile's architectures; the native one is always added
 * @default_action: for calls that no rule matches
 * @ret:            room for @max instructions; execution falls out at the end for other calls
 *
 * Return: the number of instructions, or more than @max when they do not fit.
 */
size_t seccomp_compare_build(const struct seccomp_rules *rules,
			     const struct seccomp_architectures *wanted, uint32_t default_action,
			     struct sock_filter *ret, size_t max);

#endif
