/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random rules for one system call against what they say: the verdict must be the one that a reader
 * of the profile expects, whoever compiled them.
 */
#include "tests/unit/unit.h"

#include <linux/audit.h>
#include <string.h>
#include <sys/syscall.h>

#include "container/seccomp.h"
#include "tests/unit/bpf-sim.h"
#include "tests/unit/seccomp-meaning.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define DENIED	     (SECCOMP_RET_ERRNO | 1)
#define RULES	     4
#define ARGUMENTS    3
#define X86_IOCTL    54
#define ARM64_PTRACE 117

static const uint64_t values[] = { 0,		1,	     2,		 5,	      38,
				   0x7fffffff,	0x80000000,  0xffffffff, 0x100000000, 0x100000001,
				   0x1ffffffff, 0x200000000, 1ull << 63, UINT64_MAX };

static uint64_t random_state = 88172645463325252ull;

static uint64_t next_random(uint64_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state % below;
}

static uint64_t pick(void)
{
	return values[next_random(COUNT(values))] + next_random(3) - 1;
}

static bool matches(const struct rti_seccomp *profile, const struct seccomp_data *data,
		    uint64_t width)
{
	for (size_t i = 0; i < profile->syscalls.count; i++)
		if (seccomp_rule_matches(&profile->syscalls.items[i], data, width))
			return true;
	return false;
}

static void check(const struct rti_seccomp *profile, const struct seccomp_program *program,
		  struct seccomp_data *data, uint64_t width)
{
	uint32_t expected = matches(profile, data, width) ? DENIED : SECCOMP_RET_ALLOW;
	uint32_t verdict = bpf_run(program->filter, program->count, data);

	if (verdict == expected)
		return;
	for (size_t i = 0; i < profile->syscalls.count; i++) {
		const struct rti_seccomp_args *args = &profile->syscalls.items[i].args;

		for (size_t j = 0; j < args->count; j++)
			print_error("# rule %zu: argument %d, operator %d, %#llx\n", i,
				    (int)args->items[j].index, (int)args->items[j].op,
				    (unsigned long long)args->items[j].value);
	}
	fail_msg("%#llx %#llx %#llx: %#x", (unsigned long long)data->args[0],
		 (unsigned long long)data->args[1], (unsigned long long)data->args[2], verdict);
}

static void check_profile(const struct rti_seccomp *profile)
{
	struct seccomp_program program = { NULL };
	struct rti_error err = { 0 };

	if (seccomp_program_compile(profile, &program, &err) < 0)
		fail_msg("%s", err.text);
	for (int i = 0; i < 200; i++) {
		struct seccomp_data data = { .nr = SYS_ioctl, .arch = AUDIT_ARCH_X86_64 };

		for (int j = 0; j < ARGUMENTS; j++)
			data.args[j] = pick();
		check(profile, &program, &data, UINT64_MAX);
		data.arch = AUDIT_ARCH_I386;
		data.nr = X86_IOCTL;
		for (int j = 0; j < ARGUMENTS; j++)
			data.args[j] &= UINT32_MAX;
		check(profile, &program, &data, UINT32_MAX);
		data.nr = SYS_ioctl; /* another call there */
		assert_int_equal(bpf_run(program.filter, program.count, &data), SECCOMP_RET_ALLOW);
	}
	seccomp_program_done(&program);
}

static void test_random_rules_are_decided_as_they_read(void **state)
{
	static struct rti_seccomp_arg args[RULES][ARGUMENTS];
	struct rti_seccomp_syscall calls[RULES];
	struct rti_seccomp profile = {
		.default_action = RTI_SECCOMP_ALLOW,
		.architectures = { (const char *[]){ "amd64", "x86", NULL }, 2 },
		.syscalls = { calls, 0 },
	};

	(void)state;
	for (int i = 0; i < 3000; i++) {
		profile.syscalls.count = 1 + next_random(RULES);
		for (size_t j = 0; j < profile.syscalls.count; j++) {
			size_t count = 0;

			for (int k = 0; k < ARGUMENTS; k++)
				if (next_random(2) || (k == ARGUMENTS - 1 && count == 0))
					args[j][count++] = (struct rti_seccomp_arg){
						.index = (uint64_t)k,
						.value = pick(),
						.value_two = pick(),
						.op = (int64_t)(1 + next_random(7)),
					};
			calls[j] = (struct rti_seccomp_syscall){
				.name = "ioctl",
				.action = RTI_SECCOMP_ERRNO,
				.args = { args[j], count },
			};
		}
		check_profile(&profile);
	}
}

/* Cases that libseccomp 2.5.4 decides wrongly: the value is to be denied, or not to be. */
static void test_comparisons_that_libseccomp_merges_wrongly(void **state)
{
	struct rti_seccomp_arg args[] = { { .index = 0, .op = RTI_SECCOMP_LE },
					  { .index = 0, .op = RTI_SECCOMP_LE },
					  { .index = 0, .op = RTI_SECCOMP_LT },
					  { .index = 0, .op = RTI_SECCOMP_GE } };
	struct rti_seccomp_syscall calls[] = {
		{ .name = "ioctl", .action = RTI_SECCOMP_ERRNO, .args = { args, 2 } },
	};
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ALLOW,
				       .syscalls = { calls, 1 } };
	struct seccomp_data data = { .nr = SYS_ioctl, .arch = AUDIT_ARCH_X86_64 };
	struct seccomp_program program;

	(void)state;
	args[0].value = 0x100000002;
	args[1].value = 2;
	assert_int_equal(seccomp_program_compile(&profile, &program, NULL), 0);
	data.args[0] = 3;
	assert_int_equal(bpf_run(program.filter, program.count, &data), DENIED);
	seccomp_program_done(&program);

	calls[0].args.items = &args[2];
	args[2].value = 2;
	args[3].value = 0x100000000;
	assert_int_equal(seccomp_program_compile(&profile, &program, NULL), 0);
	data.args[0] = 2;
	assert_int_equal(bpf_run(program.filter, program.count, &data), SECCOMP_RET_ALLOW);
	seccomp_program_done(&program);
}

/* Rules of a call that is part of another one on x86 go to libseccomp as well. */
static void test_multiplexed_calls_keep_their_rules(void **state)
{
	struct rti_seccomp_arg args[] = { { .index = 0, .op = RTI_SECCOMP_LT, .value = 3 },
					  { .index = 1, .op = RTI_SECCOMP_GT, .value = 5 } };
	struct rti_seccomp_syscall calls[] = {
		{ .name = "socket", .action = RTI_SECCOMP_ALLOW, .args = { &args[0], 1 } },
		{ .name = "socket", .action = RTI_SECCOMP_ALLOW, .args = { &args[0], 2 } },
	};
	struct rti_seccomp profile = {
		.default_action = RTI_SECCOMP_ERRNO,
		.architectures = { (const char *[]){ "amd64", "x86", NULL }, 2 },
		.syscalls = { calls, 2 },
	};
	struct seccomp_data data = { .nr = SYS_socket, .arch = AUDIT_ARCH_X86_64 };
	struct seccomp_program program;

	(void)state;
	assert_int_equal(seccomp_program_compile(&profile, &program, NULL), 0);
	assert_int_equal(bpf_run(program.filter, program.count, &data), SECCOMP_RET_ALLOW);
	data.args[0] = 3;
	assert_int_equal(bpf_run(program.filter, program.count, &data), DENIED);
	data = (struct seccomp_data){ .nr = 102, .arch = AUDIT_ARCH_I386, .args = { 1 } };
	assert_int_equal(bpf_run(program.filter, program.count, &data), SECCOMP_RET_ALLOW);
	seccomp_program_done(&program);
}

/* libseccomp 2.5.4 loses all rules of an architecture that lacks the call of the first rule. */
static void test_a_call_that_an_architecture_lacks_spoils_nothing(void **state)
{
	struct rti_seccomp_arg args[] = { { .index = 0, .op = RTI_SECCOMP_EQ, .value = 16 } };
	struct rti_seccomp_syscall calls[] = {
		{ .name = "mkdir", .action = RTI_SECCOMP_ERRNO },
		{ .name = "ptrace", .action = RTI_SECCOMP_ERRNO, .args = { args, 1 } },
	};
	struct rti_seccomp profile = {
		.default_action = RTI_SECCOMP_ALLOW,
		.architectures = { (const char *[]){ "amd64", "arm64", NULL }, 2 },
		.syscalls = { calls, 2 },
	};
	struct seccomp_data data = { .nr = ARM64_PTRACE, .arch = AUDIT_ARCH_AARCH64,
				     .args = { 16 } };
	struct seccomp_program program;

	(void)state;
	assert_int_equal(seccomp_program_compile(&profile, &program, NULL), 0);
	assert_int_equal(bpf_run(program.filter, program.count, &data), DENIED);
	data.args[0] = 17;
	assert_int_equal(bpf_run(program.filter, program.count, &data), SECCOMP_RET_ALLOW);
	seccomp_program_done(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random_rules_are_decided_as_they_read),
		cmocka_unit_test(test_comparisons_that_libseccomp_merges_wrongly),
		cmocka_unit_test(test_multiplexed_calls_keep_their_rules),
		cmocka_unit_test(test_a_call_that_an_architecture_lacks_spoils_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
