/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling, I/O priority, personality and memory policy: translated, and applied in children. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "container/memory-policy.h"
#include "container/personality.h"
#include "container/prctl.h"
#include "container/rlimit.h"
#include "container/scheduler.h"

#define STRINGS(...)                                                                               \
	{                                                                                          \
		(const char *[]){ __VA_ARGS__, NULL },                                             \
			sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *)             \
	}

static void in_child(int (*act)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(act());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_every_policy_and_flag_has_its_number(void **state)
{
	static const char *const policies[] = { "SCHED_OTHER",	 "SCHED_FIFO", "SCHED_RR",
						"SCHED_BATCH",	 "SCHED_ISO",  "SCHED_IDLE",
						"SCHED_DEADLINE" };
	struct rti_scheduler scheduler = {
		.nice = -5,
		.priority = 7,
		.runtime = UINT64_MAX,
		.flags = STRINGS("SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",
				 "SCHED_FLAG_DL_OVERRUN", "SCHED_FLAG_KEEP_POLICY",
				 "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
				 "SCHED_FLAG_UTIL_CLAMP_MAX"),
	};
	struct scheduler_attr attr;

	(void)state;
	for (uint32_t i = 0; i < 7; i++) {
		scheduler.policy = policies[i];
		assert_int_equal(scheduler_translate(&scheduler, &attr, NULL), 0);
		assert_int_equal(attr.policy, i);
		assert_int_equal(attr.flags, 0x7f);
		assert_int_equal(attr.size, 56);
		assert_int_equal(attr.nice, -5);
		assert_int_equal(attr.priority, 7);
		assert_true(attr.runtime == UINT64_MAX);
	}
}

static void test_unknown_policy_and_flag_are_refused(void **state)
{
	struct rti_scheduler scheduler = { .policy = "SCHED_X" };
	struct scheduler_attr attr;
	struct rti_error err;

	(void)state;
	assert_int_equal(scheduler_translate(&scheduler, &attr, &err), -EINVAL);
	assert_string_equal(err.text, "invalid scheduler policy: SCHED_X");
	scheduler.policy = "SCHED_OTHER";
	scheduler.flags = (struct rti_strings)STRINGS("F");
	assert_int_equal(scheduler_translate(&scheduler, &attr, &err), -EINVAL);
	assert_string_equal(err.text, "invalid scheduler flag: F");
}

static int act_scheduler(void)
{
	const struct rti_scheduler batch = { .policy = "SCHED_BATCH", .nice = 5 };
	const struct rti_scheduler bad = { .policy = "SCHED_OTHER", .priority = 1 };
	struct rti_error err;

	if (scheduler_apply(NULL, false, &err) < 0 || scheduler_apply(&batch, false, &err) < 0)
		return 1;
	if (sched_getscheduler(0) != SCHED_BATCH || getpriority(PRIO_PROCESS, 0) != 5)
		return 2;
	if (scheduler_apply(&bad, true, &err) != -EINVAL)
		return 3;
	return strstr(err.text, "error setting scheduler: invalid argument (SCHED_") ? 0 : 4;
}

static int act_io_priority(void)
{
	const struct rti_io_priority idle = { "IOPRIO_CLASS_IDLE", 4 };
	const struct rti_io_priority unknown = { "X", 4 };
	const struct rti_io_priority huge = { "IOPRIO_CLASS_BE", 1 << 13 };
	struct rti_error err;

	if (ioprio_apply(NULL, &err) < 0 || ioprio_apply(&idle, &err) < 0)
		return 1;
	if (syscall(SYS_ioprio_get, 1, 0) != (3 << 13 | 4))
		return 2;
	if (ioprio_apply(&huge, &err) != -EINVAL || ioprio_apply(&unknown, &err) != -EINVAL)
		return 3;
	return strcmp(err.text, "invalid io priority class: X") == 0 ? 0 : 4;
}

static int act_personality(void)
{
	const struct rti_personality linux32 = { PER_LINUX32 };

	if (personality_apply(NULL, NULL) < 0 || personality_apply(&linux32, NULL) < 0)
		return 1;
	return personality(0xffffffff) == PER_LINUX32 ? 0 : 2;
}

/* Node 0 exists everywhere; a node beyond the first byte must not be lost but refused. */
static int act_memory_policy(void)
{
	uint64_t mask[2] = { 1, 0 };
	struct rti_memory_policy policy = { .mode = MPOL_BIND, .nodes = { mask, 2 } };
	const struct rti_memory_policy none = { .mode = MPOL_DEFAULT };
	struct rti_error err;
	int mode = -1;

	if (memory_policy_apply(&policy, &err) == -ENOSYS)
		return 0; /* a kernel without NUMA */
	if (memory_policy_apply(NULL, &err) < 0 || memory_policy_apply(&policy, &err) < 0)
		return 1;
	if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) < 0 || mode != MPOL_BIND)
		return 2;
	mask[0] = UINT64_C(1) << 63;
	if (memory_policy_apply(&policy, &err) != -EINVAL ||
	    strncmp(err.text, "set_mempolicy: invalid argument (mode ", 38) != 0)
		return 3;
	if (memory_policy_apply(&none, &err) < 0)
		return 4;
	if (syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) < 0 || mode != MPOL_DEFAULT)
		return 5;
	return 0;
}

static int act_prctl(void)
{
	int saved = -1;

	if (pdeathsig_save(&saved, NULL) < 0 || saved != 0 || pdeathsig_restore(9, NULL) < 0)
		return 1;
	if (pdeathsig_save(&saved, NULL) < 0 || saved != 9 || pdeathsig_restore(0, NULL) < 0)
		return 2;
	if (pdeathsig_save(&saved, NULL) < 0 || saved != 9)
		return 3;
	return no_new_privs_set(NULL) < 0 ? 4 : 0;
}

static int use_stack(void)
{
	volatile char room[192 * 1024];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 1;
	return room[1024] - 1;
}

static int act_stack_limit(void)
{
	struct rti_rlimit items[] = { { .type = 7, .hard = 60, .soft = 50 },
				      { .type = 3, .hard = 4096, .soft = 4096 } };
	const struct rti_rlimits limits = { items, 2 };
	const struct rlimit limit = { 4096, 4096 };

	rlimit_prepare_stack(&limits);
	if (setrlimit(RLIMIT_STACK, &limit) < 0)
		return 1;
	return use_stack();
}

static void test_scheduler_is_applied(void **state)
{
	(void)state;
	in_child(act_scheduler);
}

static void test_io_priority_is_applied(void **state)
{
	(void)state;
	in_child(act_io_priority);
}

static void test_personality_is_applied(void **state)
{
	(void)state;
	in_child(act_personality);
}

static void test_memory_policy_loses_no_nodes(void **state)
{
	(void)state;
	in_child(act_memory_policy);
}

static void test_parent_death_signal_is_saved_and_restored(void **state)
{
	(void)state;
	in_child(act_prctl);
}

static void test_a_small_limit_of_the_stack_is_survived(void **state)
{
	(void)state;
	in_child(act_stack_limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_policy_and_flag_has_its_number),
		cmocka_unit_test(test_unknown_policy_and_flag_are_refused),
		cmocka_unit_test(test_scheduler_is_applied),
		cmocka_unit_test(test_io_priority_is_applied),
		cmocka_unit_test(test_personality_is_applied),
		cmocka_unit_test(test_memory_policy_loses_no_nodes),
		cmocka_unit_test(test_parent_death_signal_is_saved_and_restored),
		cmocka_unit_test(test_a_small_limit_of_the_stack_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
