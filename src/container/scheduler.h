/* SPDX-License-Identifier: Apache-2.0 */
/**
 * CPU and I/O scheduling of the calling thread.
 */
#ifndef CONTAINER_SCHEDULER_H
#define CONTAINER_SCHEDULER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "protocol/init-config.h"

struct scheduler_attr { /* struct sched_attr of the kernel, second version (56 bytes, Linux 5.3) */
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min; /* 0; without these two the kernel takes no clamping flag */
	uint32_t util_max;
};

/**
 * scheduler_translate() - the kernel's structure for a configuration
 * @ret: written on success only
 *
 * Return: 0, or -EINVAL ("invalid scheduler policy: X", "invalid scheduler flag: X").
 */
int scheduler_translate(const struct rti_scheduler *scheduler, struct scheduler_attr *ret,
			struct rti_error *err);

/**
 * scheduler_apply() - sched_setattr(2) on the calling thread
 * @scheduler: NULL: nothing is done
 * @cpuset:    the container's cgroup has a CPU set, which explains an EPERM
 *
 * Return: 0 or a negative errno.
 */
int scheduler_apply(const struct rti_scheduler *scheduler, bool cpuset, struct rti_error *err);

/**
 * ioprio_apply() - ioprio_set(2) on the calling thread; NULL: nothing is done
 *
 * Return: 0 or a negative errno.
 */
int ioprio_apply(const struct rti_io_priority *priority, struct rti_error *err);

#endif
