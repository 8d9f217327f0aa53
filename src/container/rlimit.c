/* SPDX-License-Identifier: Apache-2.0 */
#include "container/rlimit.h"

#include <stddef.h>

/* The wire carries the number that runc's Go has on x86 and arm; it differs on MIPS and SPARC. */
#define WIRE_RLIMIT_STACK 3

/* Chosen: several times what path buffers, error texts and a hook's output take together. */
#define STACK_NEEDED (size_t)(256 * 1024)

#define PAGE_SIZE_MIN 4096

static void touch_stack(void)
{
	volatile char stack[STACK_NEEDED];

	/* Downwards, as a stack grows. */
	for (size_t at = STACK_NEEDED; at >= PAGE_SIZE_MIN; at -= PAGE_SIZE_MIN)
		stack[at - 1] = 0;
	(void)stack[0];
}

void rlimit_prepare_stack(const struct rti_rlimits *rlimits)
{
	for (size_t i = 0; i < rlimits->count; i++)
		if (rlimits->items[i].type == WIRE_RLIMIT_STACK &&
		    rlimits->items[i].soft < STACK_NEEDED)
			touch_stack();
}
