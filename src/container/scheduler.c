/* SPDX-License-Identifier: Apache-2.0 */
#include "container/scheduler.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

struct number_name {
	const char *name;
	uint64_t value;
};

static const struct number_name policies[] = {
	{ "SCHED_OTHER", 0 }, { "SCHED_FIFO", 1 }, { "SCHED_RR", 2 },	    { "SCHED_BATCH", 3 },
	{ "SCHED_ISO", 4 },   { "SCHED_IDLE", 5 }, { "SCHED_DEADLINE", 6 },
};

static const struct number_name flags[] = {
	{ "SCHED_FLAG_RESET_ON_FORK", 0x01 },  { "SCHED_FLAG_RECLAIM", 0x02 },
	{ "SCHED_FLAG_DL_OVERRUN", 0x04 },     { "SCHED_FLAG_KEEP_POLICY", 0x08 },
	{ "SCHED_FLAG_KEEP_PARAMS", 0x10 },    { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
	{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
};

static const struct number_name io_classes[] = {
	{ "IOPRIO_CLASS_RT", 1 },
	{ "IOPRIO_CLASS_BE", 2 },
	{ "IOPRIO_CLASS_IDLE", 3 },
};

#define FIND(table, name) find_name(table, sizeof(table) / sizeof((table)[0]), name)

static const struct number_name *find_name(const struct number_name *table, size_t count,
					   const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

int scheduler_translate(const struct rti_scheduler *scheduler, struct scheduler_attr *ret,
			struct rti_error *err)
{
	const char *policy_name = scheduler->policy ? scheduler->policy : "";
	const struct number_name *policy = FIND(policies, policy_name);
	struct scheduler_attr attr = {
		.size = sizeof(attr),
		.nice = (int32_t)scheduler->nice,
		.priority = (uint32_t)scheduler->priority,
		.runtime = scheduler->runtime,
		.deadline = scheduler->deadline,
		.period = scheduler->period,
	};

	if (!policy)
		return rti_refuse(err, EINVAL, "invalid scheduler policy: %s", policy_name);
	attr.policy = (uint32_t)policy->value;
	for (size_t i = 0; i < scheduler->flags.count; i++) {
		const struct number_name *flag = FIND(flags, scheduler->flags.items[i]);

		if (!flag)
			return rti_refuse(err, EINVAL, "invalid scheduler flag: %s",
					  scheduler->flags.items[i]);
		attr.flags |= flag->value;
	}
	*ret = attr;
	return 0;
}

int scheduler_apply(const struct rti_scheduler *scheduler, bool cpuset, struct rti_error *err)
{
	struct scheduler_attr attr;
	int r;

	if (!scheduler)
		return 0;
	r = scheduler_translate(scheduler, &attr, err);
	if (r < 0)
		return r;
	if (syscall(SYS_sched_setattr, 0, &attr, 0) == 0)
		return 0;
	/* The kernel refuses deadlines to a task that may not run on every CPU. */
	if (errno == EPERM && cpuset)
		return rti_refuse(err, EPERM,
				  "process scheduler can't be used together with AllowedCPUs");
	return rti_explain(err, rti_fail(err, errno, "error setting scheduler"),
			   "%s, nice %d, priority %u, flags %#llx", scheduler->policy, attr.nice,
			   attr.priority, (unsigned long long)attr.flags);
}

int ioprio_apply(const struct rti_io_priority *priority, struct rti_error *err)
{
	enum { WHO_PROCESS = 1, CLASS_SHIFT = 13 };
	const struct number_name *class;
	const char *class_name;

	if (!priority)
		return 0;
	class_name = priority->class_name ? priority->class_name : "";
	class = FIND(io_classes, class_name);
	if (!class)
		return rti_refuse(err, EINVAL, "invalid io priority class: %s", class_name);
	if (priority->priority < 0 || priority->priority >= 1 << CLASS_SHIFT)
		return rti_fail(err, EINVAL, "failed to set io priority");
	if (syscall(SYS_ioprio_set, WHO_PROCESS, 0,
		    (int)(class->value << CLASS_SHIFT) | (int)priority->priority) < 0)
		return rti_explain(err, rti_fail(err, errno, "failed to set io priority"),
				   "%s, priority %lld", class_name, (long long)priority->priority);
	return 0;
}
