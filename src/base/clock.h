/* SPDX-License-Identifier: Apache-2.0 */
/**
 * A clock for time limits.
 */
#ifndef RTI_BASE_CLOCK_H
#define RTI_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/**
 * rti_clock_ms() - milliseconds of a clock that nobody sets
 */
static inline int64_t rti_clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#endif
