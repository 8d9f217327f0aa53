/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/capability.h"
#include "container/user.h"

#define BIT(capability) (UINT64_C(1) << (capability))
#define STRINGS(...)                                                                               \
	{                                                                                          \
		(const char *[]){ __VA_ARGS__, NULL },                                             \
			sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(const char *)             \
	}

struct sets {
	uint64_t inheritable, permitted, effective, bounding, ambient;
};

static void read_sets(struct sets *ret)
{
	FILE *file = fopen("/proc/thread-self/status", "re");
	char line[256];

	while (file && fgets(line, sizeof(line), file)) {
		sscanf(line, "CapInh: %" SCNx64, &ret->inheritable);
		sscanf(line, "CapPrm: %" SCNx64, &ret->permitted);
		sscanf(line, "CapEff: %" SCNx64, &ret->effective);
		sscanf(line, "CapBnd: %" SCNx64, &ret->bounding);
		sscanf(line, "CapAmb: %" SCNx64, &ret->ambient);
	}
	if (file)
		fclose(file);
}

static void test_names_and_numbers_agree(void **state)
{
	(void)state;
	assert_int_equal(capability_from_name("CAP_CHOWN"), CAP_CHOWN);
	assert_int_equal(capability_from_name("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(capability_from_name("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
	assert_int_equal(capability_from_name("cap_sys_admin"), -1);
	assert_int_equal(capability_from_name("SYS_ADMIN"), -1);
	assert_int_equal(capability_from_name(""), -1);
}

static void test_last_is_what_the_kernel_says(void **state)
{
	FILE *file = fopen("/proc/sys/kernel/cap_last_cap", "re");
	int last = -1;

	(void)state;
	if (!file)
		skip();
	assert_int_equal(fscanf(file, "%d", &last), 1);
	fclose(file);
	assert_int_equal(capability_last(), last);
}

static void test_null_leaves_everything_alone(void **state)
{
	struct rti_config config = { 0 };
	struct rti_init_config init = { .config = &config };
	struct capability_plan plan;
	struct sets before, after;

	(void)state;
	capability_plan(&init, &plan);
	assert_false(plan.active);
	read_sets(&before);
	assert_int_equal(capability_drop_bounding(&plan, NULL), 0);
	assert_int_equal(capability_keep(&plan, true, NULL), 0);
	assert_int_equal(capability_apply(&plan, NULL), 0);
	read_sets(&after);
	assert_memory_equal(&before, &after, sizeof(before));
	assert_int_equal(prctl(PR_GET_KEEPCAPS), 0);
}

static void test_dialect_1_2_takes_the_containers_sets_or_none(void **state)
{
	struct rti_capabilities sets = { .bounding = STRINGS("CAP_CHOWN") };
	struct rti_config config = { 0 };
	struct rti_init_config init = { .config = &config, .user = "0:0" };
	struct capability_plan plan;

	(void)state;
	capability_plan(&init, &plan);
	assert_true(plan.active);
	assert_int_equal(plan.bounding, 0);
	config.capabilities = &sets;
	capability_plan(&init, &plan);
	assert_int_equal(plan.bounding, BIT(CAP_CHOWN));
}

static void test_unknown_names_give_one_sorted_warning(void **state)
{
	struct rti_capabilities sets = {
		.bounding = STRINGS("CAP_ZZZ", "CAP_CHOWN", "CAP_AAA"),
		.effective = STRINGS("CAP_AAA", "CAP_CHOWN"),
		.ambient = STRINGS("kill"),
	};
	struct rti_config config = { 0 };
	struct rti_init_config init = { .config = &config, .capabilities = &sets };
	struct capability_plan plan;
	char text[LOG_LINE_MAX] = "";
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	log_open(fds[1], LOG_LEVEL_WARNING);
	capability_plan(&init, &plan);
	log_close();
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	close(fds[0]);
	assert_non_null(strstr(text, "ignoring unknown or unavailable capabilities: "
				     "[CAP_AAA CAP_ZZZ kill]"));
	assert_int_equal(plan.bounding, BIT(CAP_CHOWN));
	assert_int_equal(plan.effective, BIT(CAP_CHOWN));
	assert_int_equal(plan.ambient, 0);
}

/* The whole change in a child, as the init does it; gives the child's sets. */
static void become(const struct rti_capabilities *capabilities, int64_t uid, struct sets *ret)
{
	struct rti_config config = { 0 };
	struct rti_init_config init = {
		.config = &config,
		.capabilities = (struct rti_capabilities *)capabilities,
		.uid = uid,
		.gid = uid,
		.additional_groups = { (int64_t[]){ 7, 8 }, 2 },
	};
	int fds[2], status;
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	if (pid == 0) {
		struct capability_plan plan;
		struct rti_error err;
		struct sets sets = { 0 };
		gid_t groups[8];
		int r;

		capability_plan(&init, &plan);
		r = capability_drop_bounding(&plan, &err);
		r = r ? r : capability_keep(&plan, true, &err);
		r = r ? r : user_switch(&init, &err);
		r = r ? r : capability_keep(&plan, false, &err);
		r = r ? r : capability_apply(&plan, &err);
		if (r < 0) {
			fprintf(stderr, "# %s\n", err.text);
			_exit(1);
		}
		if (getuid() != uid || getegid() != uid || getgroups(8, groups) != 2 ||
		    groups[1] != 8)
			_exit(2);
		read_sets(&sets);
		_exit(rti_write_full(fds[1], &sets, sizeof(sets)) < 0 ? 3 : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(read(fds[0], ret, sizeof(*ret)), sizeof(*ret));
	close(fds[0]);
	close(fds[1]);
}

static void test_sets_are_as_asked_for_after_the_change_of_user(void **state)
{
	const struct rti_capabilities some = {
		.bounding = STRINGS("CAP_CHOWN", "CAP_KILL", "CAP_NET_BIND_SERVICE"),
		.effective = STRINGS("CAP_CHOWN"),
		.permitted = STRINGS("CAP_CHOWN", "CAP_KILL"),
		.inheritable = STRINGS("CAP_KILL"),
		.ambient = STRINGS("CAP_KILL",
				   "CAP_CHOWN"), /* the latter not inheritable: a warning */
	};
	const struct rti_capabilities none = { 0 };
	struct sets sets;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (int64_t uid = 0; uid <= 1000; uid += 1000) {
		become(&some, uid, &sets);
		assert_int_equal(sets.bounding,
				 BIT(CAP_CHOWN) | BIT(CAP_KILL) | BIT(CAP_NET_BIND_SERVICE));
		assert_int_equal(sets.effective, BIT(CAP_CHOWN));
		assert_int_equal(sets.permitted, BIT(CAP_CHOWN) | BIT(CAP_KILL));
		assert_int_equal(sets.inheritable, BIT(CAP_KILL));
		assert_int_equal(sets.ambient, BIT(CAP_KILL));
		become(&none, uid, &sets);
		assert_int_equal(sets.bounding | sets.effective | sets.permitted |
					 sets.inheritable | sets.ambient,
				 0);
	}
}

static void test_effective_beyond_permitted_is_refused(void **state)
{
	struct capability_plan plan = { .active = true, .last = 40, .effective = BIT(CAP_CHOWN) };
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		struct rti_error err;
		int r = capability_apply(&plan, &err);

		_exit(r == -EPERM && strcmp(err.text,
					    "unable to apply caps: can't apply capabilities: "
					    "operation not permitted") == 0
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* prctl(PR_CAPBSET_READ) is EPERM from now on. */
static bool forbid_to_ask(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_CAPBSET_READ, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof(filter) / sizeof(filter[0]), filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

static void test_no_capability_is_forgotten_where_a_filter_forbids_to_ask(void **state)
{
	int last = capability_last(), status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		_exit(forbid_to_ask() && capability_last() >= last ? 0 : 1);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_numbers_agree),
		cmocka_unit_test(test_last_is_what_the_kernel_says),
		cmocka_unit_test(test_no_capability_is_forgotten_where_a_filter_forbids_to_ask),
		cmocka_unit_test(test_null_leaves_everything_alone),
		cmocka_unit_test(test_dialect_1_2_takes_the_containers_sets_or_none),
		cmocka_unit_test(test_unknown_names_give_one_sorted_warning),
		cmocka_unit_test(test_sets_are_as_asked_for_after_the_change_of_user),
		cmocka_unit_test(test_effective_beyond_permitted_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
