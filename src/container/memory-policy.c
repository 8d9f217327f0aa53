/* SPDX-License-Identifier: Apache-2.0 */
#include "container/memory-policy.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

#define LONG_BITS (8 * sizeof(unsigned long))

/* Chosen: far above any kernel's MAX_NUMNODES (1024 at most). */
#define NODE_WORDS_MAX 64

int memory_policy_apply(const struct rti_memory_policy *policy, struct rti_error *err)
{
	/* NOLINTNEXTLINE(bugprone-sizeof-expression) ; two types, which are one on 64 bits */
	enum { LONGS_PER_WORD = sizeof(uint64_t) / sizeof(unsigned long) };
	_cleanup_free_ unsigned long *mask = NULL;
	size_t longs, max_node = 0;

	if (!policy)
		return 0;
	if (policy->nodes.count > NODE_WORDS_MAX)
		return rti_fail(err, EINVAL, "set_mempolicy");
	if (policy->nodes.count > 0) {
		longs = policy->nodes.count * LONGS_PER_WORD;
		mask = calloc(longs, sizeof(mask[0]));
		if (!mask)
			return rti_fail(err, ENOMEM, "set_mempolicy");
		for (size_t i = 0; i < longs; i++)
			mask[i] = (unsigned long)(policy->nodes.items[i / LONGS_PER_WORD] >>
						  (LONG_BITS * (i % LONGS_PER_WORD)));
		/* The kernel looks at one bit less than it is told. */
		max_node = longs * LONG_BITS + 1;
	}
	if (syscall(SYS_set_mempolicy, (int)(policy->mode | policy->flags), mask, max_node) < 0)
		return rti_explain(err, rti_fail(err, errno, "set_mempolicy"),
				   "mode %lld, flags %#llx, %s nodes", (long long)policy->mode,
				   (unsigned long long)policy->flags,
				   policy->nodes.count > 0 ? "with" : "without");
	return 0;
}
