/* SPDX-License-Identifier: Apache-2.0 */
#include "container/rlimit.h"

#include <sys/resource.h>

/* The wire carries the number that runc's Go has on x86 and arm; it differs on MIPS and SPARC. */
#define WIRE_RLIMIT_NOFILE 7

void rlimit_apply_nofile(const struct rti_rlimits *rlimits)
{
	for (size_t i = 0; i < rlimits->count; i++) {
		struct rlimit limit = {
			.rlim_cur = rlimits->items[i].soft,
			.rlim_max = rlimits->items[i].hard,
		};

		if (rlimits->items[i].type != WIRE_RLIMIT_NOFILE)
			continue;
		(void)!setrlimit(RLIMIT_NOFILE, &limit);
		return;
	}
}
