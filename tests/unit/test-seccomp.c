/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs are compared by what they decide and not by their instructions: the order of
 * architectures in runc's ENOSYS stub is random.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/seccomp-stub.h"
#include "container/seccomp.h"
#include "protocol/init-config.h"
#include "tests/unit/bpf-sim.h"
#include "tests/unit/data-files.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define STRINGS(...)                                                                               \
	{                                                                                          \
		(const char *[]){ __VA_ARGS__, NULL }, COUNT(((const char *[]){ __VA_ARGS__ }))    \
	}
#define ITEMS(array)                                                                               \
	{                                                                                          \
		(array), COUNT(array)                                                              \
	}
#define RET_ERRNO(number) (SECCOMP_RET_ERRNO | (number))
#define X32		  0x40000000

static struct seccomp_program compile(const struct rti_seccomp *profile)
{
	struct seccomp_program program = { NULL };
	struct rti_error err = { 0 };

	if (seccomp_program_compile(profile, &program, &err) < 0)
		fail_msg("%s", err.text);
	return program;
}

static uint32_t decide(const struct seccomp_program *program, uint32_t arch, int number,
		       uint64_t first)
{
	struct seccomp_data data = { .nr = number, .arch = arch, .args = { first } };

	return bpf_run(program->filter, program->count, &data);
}

static void expect_refusal(const struct rti_seccomp *profile, const char *text)
{
	struct seccomp_program program = { NULL };
	struct rti_error err = { 0 };

	assert_true(seccomp_program_compile(profile, &program, &err) < 0);
	assert_string_equal(err.text, text);
	assert_null(program.filter);
}

/* ---- against the programs that genuine runc loaded ---- */

struct golden {
	struct sock_filter insns[BPF_MAXINSNS];
	size_t count;
	unsigned int flags;
};

static void read_golden(const char *name, struct golden *ret)
{
	static const struct {
		const char *name;
		unsigned int bit;
	} flags[] = {
		{ "FLAG_LOG", SECCOMP_FILTER_FLAG_LOG },
		{ "FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ "FLAG_NEW_LISTENER", SECCOMP_FILTER_FLAG_NEW_LISTENER },
	};
	_cleanup_free_ char *text = data_read(name, &(size_t){ 0 });
	char *next = strstr(text, "\"insns\"");

	assert_non_null(next);
	*ret = (struct golden){ .count = 0 };
	for (size_t i = 0; i < COUNT(flags); i++)
		if (strstr(text, flags[i].name))
			ret->flags |= flags[i].bit;
	next = strchr(next, '[') + 1;
	while ((next = strchr(next, '['))) {
		unsigned long fields[4];

		next++;
		for (int i = 0; i < 4; i++)
			fields[i] = strtoul(next + strspn(next, ", "), &next, 10);
		assert_true(ret->count < BPF_MAXINSNS);
		ret->insns[ret->count++] =
			(struct sock_filter){ (uint16_t)fields[0], (uint8_t)fields[1],
					      (uint8_t)fields[2], (uint32_t)fields[3] };
	}
	assert_true(ret->count > 0);
}

/* A fixed sequence, so that a failure can be seen again. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct values {
	uint64_t items[4096];
	size_t count;
};

static void add_values_near(struct values *values, uint64_t value)
{
	const uint64_t near[] = { value,
				  value - 1,
				  value + 1,
				  value ^ (1ull << 32),
				  value ^ (1ull << 63),
				  value & 0xffffffff,
				  value + (1ull << 32),
				  value - (1ull << 32) };

	for (size_t i = 0; i < COUNT(near) && values->count < COUNT(values->items); i++)
		values->items[values->count++] = near[i];
}

static void collect_values(const struct rti_seccomp *profile, struct values *ret)
{
	ret->count = 0;
	add_values_near(ret, 0);
	for (size_t i = 0; i < profile->syscalls.count; i++) {
		for (size_t j = 0; j < profile->syscalls.items[i].args.count; j++) {
			add_values_near(ret, profile->syscalls.items[i].args.items[j].value);
			add_values_near(ret, profile->syscalls.items[i].args.items[j].value_two);
		}
	}
}

static void assert_same_verdict(const struct seccomp_program *ours, const struct golden *theirs,
				const struct seccomp_data *data)
{
	uint32_t our_verdict = bpf_run(ours->filter, ours->count, data);
	uint32_t their_verdict = bpf_run(theirs->insns, theirs->count, data);

	if (our_verdict != their_verdict)
		fail_msg(
			"arch %#x, call %d, args %#llx %#llx %#llx %#llx %#llx %#llx: %#x, not %#x",
			data->arch, data->nr, (unsigned long long)data->args[0],
			(unsigned long long)data->args[1], (unsigned long long)data->args[2],
			(unsigned long long)data->args[3], (unsigned long long)data->args[4],
			(unsigned long long)data->args[5], our_verdict, their_verdict);
}

static void compare_call(const struct seccomp_program *ours, const struct golden *theirs,
			 const struct values *values, uint32_t arch, int number, uint64_t *random)
{
	struct seccomp_data data = { .nr = number, .arch = arch };

	assert_same_verdict(ours, theirs, &data);
	for (int i = 0; i < 300; i++) {
		for (size_t j = 0; j < COUNT(data.args); j++)
			data.args[j] = values->items[next_random(random) % values->count];
		assert_same_verdict(ours, theirs, &data);
	}
}

static void compare_with_golden(const char *wire, const char *bpf)
{
	static const uint32_t archs[] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_I386, AUDIT_ARCH_AARCH64 };
	static const int corners[] = { -1, INT32_MAX, INT32_MIN, X32 - 1, X32 | 0x3ff };
	static struct golden golden;
	static struct values values;
	struct rti_init_config config = { 0 };
	struct rti_error err = { 0 };
	struct seccomp_program ours;
	uint64_t random = 88172645463325252ull;
	size_t size;
	_cleanup_free_ char *json = data_read(wire, &size);

	if (rti_init_config_decode(json, size, NULL, NULL, &config, &err) < 0)
		fail_msg("%s", err.text);
	assert_non_null(config.config->seccomp);
	read_golden(bpf, &golden);
	ours = compile(config.config->seccomp);
	assert_int_equal(ours.flags, golden.flags);
	collect_values(config.config->seccomp, &values);
	for (size_t i = 0; i < COUNT(archs); i++) {
		for (int number = 0; number < 600; number++) {
			compare_call(&ours, &golden, &values, archs[i], number, &random);
			compare_call(&ours, &golden, &values, archs[i], X32 | number, &random);
		}
		for (size_t j = 0; j < COUNT(corners); j++)
			compare_call(&ours, &golden, &values, archs[i], corners[j], &random);
	}
	seccomp_program_done(&ours);
	rti_init_config_done(&config);
}

static void test_all_actions_and_operators_as_under_runc(void **state)
{
	(void)state;
	compare_with_golden("config/seccomp-all-actions-ops-flags.wire.json",
			    "config/seccomp-all-actions-ops-flags.bpf.json");
}

static void test_long_allow_list_as_under_runc(void **state)
{
	(void)state;
	compare_with_golden("config/seccomp-flags-empty-noarch.wire.json",
			    "config/seccomp-flags-empty-noarch.bpf.json");
}

/* An allow list with the kinds of conditions that engines' default profiles have. */
static void test_three_architectures_as_under_runc(void **state)
{
	(void)state;
	compare_with_golden("seccomp/three-architectures.wire.json",
			    "seccomp/three-architectures.bpf.json");
}

static void test_notify_as_under_runc(void **state)
{
	(void)state;
	compare_with_golden("config/seccomp-notify.wire.json", "config/seccomp-notify.bpf.json");
}

/* ---- rules ---- */

static void test_rule_equal_to_default_is_skipped(void **state)
{
	struct rti_seccomp_syscall calls[] = {
		{ .name = "mkdir", .action = RTI_SECCOMP_ERRNO }, /* EPERM, as the default */
		{ .name = "rmdir",
		  .action = RTI_SECCOMP_ERRNO,
		  .errno_ret = &(uint64_t){ EACCES } },
		{ .name = "chdir", .action = RTI_SECCOMP_ALLOW },
	};
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ERRNO,
				       .syscalls = ITEMS(calls) };
	struct seccomp_program program = compile(&profile);

	(void)state;
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_mkdir, 0), RET_ERRNO(EPERM));
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_rmdir, 0), RET_ERRNO(EACCES));
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_chdir, 0), SECCOMP_RET_ALLOW);
	seccomp_program_done(&program);
}

static void test_repeated_argument_means_any_of_the_conditions(void **state)
{
	struct rti_seccomp_arg args[] = {
		{ .index = 0, .value = 1, .op = RTI_SECCOMP_EQ },
		{ .index = 1, .value = 7, .op = RTI_SECCOMP_EQ },
		{ .index = 0, .value = 5, .op = RTI_SECCOMP_EQ },
	};
	struct rti_seccomp_syscall calls[] = {
		{ .name = "ioctl", .action = RTI_SECCOMP_ERRNO, .args = ITEMS(args) },
	};
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ALLOW,
				       .syscalls = ITEMS(calls) };
	struct seccomp_program program = compile(&profile);

	(void)state;
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_ioctl, 1), RET_ERRNO(EPERM));
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_ioctl, 5), RET_ERRNO(EPERM));
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_ioctl, 2), SECCOMP_RET_ALLOW);
	seccomp_program_done(&program);
}

static void test_unknown_names_are_left_out(void **state)
{
	struct rti_seccomp_syscall calls[] = {
		{ .name = "no_such_call", .action = RTI_SECCOMP_KILL },
		{ .name = "socketcall", .action = RTI_SECCOMP_ALLOW }, /* of other architectures */
	};
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ALLOW,
				       .syscalls = ITEMS(calls) };
	struct seccomp_program program = compile(&profile);

	(void)state;
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_read, 0), SECCOMP_RET_ALLOW);
	seccomp_program_done(&program);
}

/* ---- the ENOSYS stub ---- */

static void test_newer_calls_get_enosys(void **state)
{
	struct rti_seccomp_syscall calls[] = {
		{ .name = "read", .action = RTI_SECCOMP_ALLOW },
		{ .name = "openat2", .action = RTI_SECCOMP_ALLOW },
	};
	struct rti_seccomp profile = {
		.default_action = RTI_SECCOMP_ERRNO,
		.architectures = STRINGS("amd64", "x86", "x32"),
		.syscalls = ITEMS(calls),
	};
	struct seccomp_program program = compile(&profile);

	(void)state;
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_openat2, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_openat2 - 1, 0), RET_ERRNO(EPERM));
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_openat2 + 1, 0),
			 RET_ERRNO(ENOSYS));
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, X32 | SYS_openat2, 0),
			 SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, X32 | (SYS_openat2 + 1), 0),
			 RET_ERRNO(ENOSYS));
	assert_int_equal(decide(&program, AUDIT_ARCH_I386, 437, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide(&program, AUDIT_ARCH_I386, 438, 0), RET_ERRNO(ENOSYS));
	assert_int_equal(decide(&program, AUDIT_ARCH_AARCH64, 500, 0), SECCOMP_RET_KILL_THREAD);
	seccomp_program_done(&program);
}

static void test_x32_is_not_judged_by_the_numbers_of_x86_64(void **state)
{
	struct rti_seccomp_syscall calls[] = { { .name = "read", .action = RTI_SECCOMP_ALLOW },
					       { .name = "close", .action = RTI_SECCOMP_ALLOW } };
	struct rti_seccomp profile = {
		.default_action = RTI_SECCOMP_ERRNO,
		.architectures = STRINGS("amd64"),
		.syscalls = ITEMS(calls),
	};
	struct seccomp_program program = compile(&profile);

	(void)state;
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, SYS_close + 1, 0), RET_ERRNO(ENOSYS));
	/* Left to the rules, which kill for an architecture that the profile does not have. */
	assert_int_equal(decide(&program, AUDIT_ARCH_X86_64, X32 | 500, 0),
			 SECCOMP_RET_KILL_THREAD);
	seccomp_program_done(&program);
}

static void test_all_architectures_get_their_enosys(void **state)
{
	static const struct {
		const char *name;
		uint32_t audit;
		int openat2;
	} archs[] = {
		{ "arm", AUDIT_ARCH_ARM, 437 },
		{ "arm64", AUDIT_ARCH_AARCH64, 437 },
		{ "mips", AUDIT_ARCH_MIPS, 4437 },
		{ "mips64", AUDIT_ARCH_MIPS64, 5437 },
		{ "mips64n32", AUDIT_ARCH_MIPS64N32, 6437 },
		{ "mipsel", AUDIT_ARCH_MIPSEL, 4437 },
		{ "mipsel64", AUDIT_ARCH_MIPSEL64, 5437 },
		{ "mipsel64n32", AUDIT_ARCH_MIPSEL64N32, 6437 },
		{ "ppc", AUDIT_ARCH_PPC, 437 },
		{ "ppc64", AUDIT_ARCH_PPC64, 437 },
		{ "ppc64le", AUDIT_ARCH_PPC64LE, 437 },
		{ "riscv64", AUDIT_ARCH_RISCV64, 437 },
		{ "s390", AUDIT_ARCH_S390, 437 },
		{ "s390x", AUDIT_ARCH_S390X, 437 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(archs); i++) {
		struct rti_seccomp_syscall calls[] = {
			{ .name = "openat2", .action = RTI_SECCOMP_ALLOW },
		};
		struct rti_seccomp profile = {
			.default_action = RTI_SECCOMP_ERRNO,
			.architectures = STRINGS(archs[i].name),
			.syscalls = ITEMS(calls),
		};
		struct seccomp_program program;
		int number = archs[i].openat2;

		/* libseccomp takes no architecture of the other byte order. */
		if (strstr(archs[i].name, "mips") && !strstr(archs[i].name, "mipsel"))
			continue;
		if (strcmp(archs[i].name, "ppc") == 0 || strcmp(archs[i].name, "ppc64") == 0 ||
		    strncmp(archs[i].name, "s390", 4) == 0) {
			struct rti_error err;

			assert_int_equal(seccomp_program_compile(&profile, &program, &err), -EDOM);
			continue;
		}
		program = compile(&profile);
		assert_int_equal(decide(&program, archs[i].audit, number, 0), SECCOMP_RET_ALLOW);
		assert_int_equal(decide(&program, archs[i].audit, number - 1, 0), RET_ERRNO(EPERM));
		assert_int_equal(decide(&program, archs[i].audit, number + 1, 0),
				 RET_ERRNO(ENOSYS));
		seccomp_program_done(&program);
	}
}

/* The stub alone, and behind it "allow": also for architectures that libseccomp cannot take. */
static uint32_t decide_by_stub(const struct rti_strings *names, uint32_t arch, int number)
{
	struct rti_seccomp_syscall calls[] = { { .name = "openat2", .action = RTI_SECCOMP_ALLOW } };
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ERRNO,
				       .syscalls = ITEMS(calls) };
	struct sock_filter program[SECCOMP_STUB_MAX + 1];
	struct seccomp_data data = { .nr = number, .arch = arch };
	struct seccomp_architectures archs;
	size_t count;

	assert_int_equal(seccomp_architectures_resolve(names, &archs, NULL), 0);
	count = seccomp_stub_build(&profile, &archs, program);
	assert_true(count <= SECCOMP_STUB_MAX);
	program[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	return bpf_run(program, count, &data);
}

static void test_stub_judges_every_architecture_by_its_own_numbers(void **state)
{
	static const struct {
		uint32_t audit;
		int openat2;
	} archs[] = {
		{ AUDIT_ARCH_X86_64, 437 },	  { AUDIT_ARCH_X86_64, X32 | 437 },
		{ AUDIT_ARCH_I386, 437 },	  { AUDIT_ARCH_ARM, 437 },
		{ AUDIT_ARCH_AARCH64, 437 },	  { AUDIT_ARCH_MIPS, 4437 },
		{ AUDIT_ARCH_MIPS64, 5437 },	  { AUDIT_ARCH_MIPS64N32, 6437 },
		{ AUDIT_ARCH_MIPSEL, 4437 },	  { AUDIT_ARCH_MIPSEL64, 5437 },
		{ AUDIT_ARCH_MIPSEL64N32, 6437 }, { AUDIT_ARCH_PPC, 437 },
		{ AUDIT_ARCH_PPC64, 437 },	  { AUDIT_ARCH_PPC64LE, 437 },
		{ AUDIT_ARCH_RISCV64, 437 },	  { AUDIT_ARCH_S390, 437 },
		{ AUDIT_ARCH_S390X, 437 },
	};
	const struct rti_strings names = STRINGS(
		"x86", "amd64", "x32", "arm", "arm64", "mips", "mips64", "mips64n32", "mipsel",
		"mipsel64", "mipsel64n32", "ppc", "ppc64", "ppc64le", "riscv64", "s390", "s390x");

	(void)state;
	for (size_t i = 0; i < COUNT(archs); i++) {
		uint32_t arch = archs[i].audit;
		int last = archs[i].openat2;

		assert_int_equal(decide_by_stub(&names, arch, last), SECCOMP_RET_ALLOW);
		assert_int_equal(decide_by_stub(&names, arch, last + 1), RET_ERRNO(ENOSYS));
		assert_int_equal(decide_by_stub(&names, arch, last - 1), SECCOMP_RET_ALLOW);
	}
	assert_int_equal(decide_by_stub(&names, 0x12345, 9999), SECCOMP_RET_ALLOW);
}

static void test_call_0_of_s390_is_a_call_the_kernel_does_not_know(void **state)
{
	const struct rti_strings names = STRINGS("s390", "s390x");

	(void)state;
	assert_int_equal(decide_by_stub(&names, AUDIT_ARCH_S390, 0), RET_ERRNO(ENOSYS));
	assert_int_equal(decide_by_stub(&names, AUDIT_ARCH_S390X, 0), RET_ERRNO(ENOSYS));
	assert_int_equal(decide_by_stub(&names, AUDIT_ARCH_X86_64, 0), SECCOMP_RET_ALLOW);
	assert_int_equal(decide_by_stub(&names, AUDIT_ARCH_S390X, 1), SECCOMP_RET_ALLOW);
}

static void test_permissive_profiles_have_no_stub(void **state)
{
	const int64_t actions[] = { RTI_SECCOMP_ALLOW, RTI_SECCOMP_LOG, RTI_SECCOMP_TRACE };
	struct rti_seccomp_syscall calls[] = { { .name = "mkdir", .action = RTI_SECCOMP_KILL } };

	(void)state;
	for (size_t i = 0; i < COUNT(actions); i++) {
		struct rti_seccomp profile = { .default_action = actions[i],
					       .syscalls = ITEMS(calls) };
		struct seccomp_program program = compile(&profile);

		assert_int_not_equal(decide(&program, AUDIT_ARCH_X86_64, 600, 0),
				     RET_ERRNO(ENOSYS));
		seccomp_program_done(&program);
	}
}

/* ---- refusals ---- */

static void test_notify_is_refused_where_it_would_hang(void **state)
{
	struct rti_seccomp_syscall calls[] = { { .name = "write", .action = RTI_SECCOMP_NOTIFY } };
	struct rti_seccomp on_write = { .default_action = RTI_SECCOMP_ALLOW,
					.syscalls = ITEMS(calls) };
	struct rti_seccomp by_default = { .default_action = RTI_SECCOMP_NOTIFY };

	(void)state;
	expect_refusal(&on_write, "SCMP_ACT_NOTIFY cannot be used for the write syscall");
	expect_refusal(&by_default, "SCMP_ACT_NOTIFY cannot be used as default action");
}

static void test_bad_profiles_are_refused_with_runcs_texts(void **state)
{
	struct rti_seccomp_arg seventh[] = { { .index = 6, .op = RTI_SECCOMP_EQ } };
	struct rti_seccomp_arg no_operator[] = { { .index = 0, .op = 8 } };
	struct rti_seccomp_syscall calls[] = {
		{ .name = "ioctl", .action = RTI_SECCOMP_ERRNO, .args = ITEMS(seventh) },
		{ .name = "ioctl", .action = RTI_SECCOMP_ERRNO, .args = ITEMS(no_operator) },
		{ .name = "ioctl", .action = 10 },
		{ .name = "", .action = RTI_SECCOMP_ERRNO },
	};
	static const char *const texts[] = {
		"error creating seccomp syscall condition for syscall ioctl: syscalls only have up "
		"to 6 "
		"arguments (6 given)",
		"error creating seccomp syscall condition for syscall ioctl: invalid operator, "
		"cannot "
		"use in rule",
		"action in seccomp profile is invalid: invalid action, cannot use in rule",
		"empty string is not a valid syscall",
	};
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ALLOW };

	(void)state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		profile.syscalls.items = &calls[i];
		profile.syscalls.count = 1;
		expect_refusal(&profile, texts[i]);
	}
	profile.syscalls.count = 0;
	profile.architectures = (struct rti_strings)STRINGS("z80");
	expect_refusal(&profile,
		       "error validating Seccomp architecture: cannot convert unrecognized "
		       "string \"z80\"");
	profile.architectures.count = 0;
	profile.flags = (struct rti_strings)STRINGS("SECCOMP_FILTER_FLAG_X");
	expect_refusal(&profile, "seccomp flag SECCOMP_FILTER_FLAG_X is not known to runc");
	profile.flags.count = 0;
	profile.default_action = 0;
	expect_refusal(&profile, "error initializing seccomp - invalid default action");
}

static void test_program_beyond_the_kernels_limit_is_refused(void **state)
{
	static struct rti_seccomp_arg args[6000];
	struct rti_seccomp_syscall calls[] = {
		{ .name = "ioctl", .action = RTI_SECCOMP_ERRNO, .args = ITEMS(args) },
	};
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ALLOW,
				       .syscalls = ITEMS(calls) };
	struct seccomp_program program = { NULL };
	struct rti_error err;

	(void)state;
	for (size_t i = 0; i < COUNT(args); i++)
		args[i] = (struct rti_seccomp_arg){ .index = 1,
						    .value = i * 7,
						    .op = RTI_SECCOMP_EQ };
	assert_int_equal(seccomp_program_compile(&profile, &program, &err), -E2BIG);
	assert_null(program.filter);
}

/* ---- really loaded ---- */

/* Loads in a child, so that this process stays free: the child's exit status tells. */
static int load_and_do(const struct rti_seccomp *profile, int (*act)(int listener_fd))
{
	struct seccomp_program program = compile(profile);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct rti_error err;
		int listener_fd;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
			_exit(100);
		if (seccomp_program_load(&program, &listener_fd, &err) < 0)
			_exit(101);
		_exit(act(listener_fd));
	}
	seccomp_program_done(&program);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static int act_mkdir_fails_with_eacces(int listener_fd)
{
	if (listener_fd != -EBADF)
		return 1;
	return mkdir("/nonexistent/x", 0755) < 0 && errno == EACCES ? 0 : 2;
}

static void test_loaded_filter_gives_its_errno(void **state)
{
	struct rti_seccomp_syscall calls[] = {
		{ .name = "mkdir",
		  .action = RTI_SECCOMP_ERRNO,
		  .errno_ret = &(uint64_t){ EACCES } },
	};
	struct rti_seccomp profile = {
		.default_action = RTI_SECCOMP_ALLOW,
		.flags = STRINGS("SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"),
		.syscalls = ITEMS(calls),
	};

	(void)state;
	assert_int_equal(load_and_do(&profile, act_mkdir_fails_with_eacces), 0);
	profile.flags.count = 0; /* by prctl(2) */
	assert_int_equal(load_and_do(&profile, act_mkdir_fails_with_eacces), 0);
}

static int act_unknown_call_is_enosys(int listener_fd)
{
	(void)listener_fd;
	return syscall(600) < 0 && errno == ENOSYS && mkdir("/nonexistent/x", 0755) < 0 &&
			       errno == EPERM
		       ? 0
		       : 2;
}

static void test_loaded_deny_list_gives_enosys_for_newer_calls(void **state)
{
	struct rti_seccomp_syscall calls[] = {
		{ .name = "exit_group", .action = RTI_SECCOMP_ALLOW },
		{ .name = "rt_sigreturn", .action = RTI_SECCOMP_ALLOW },
		{ .name = "openat2", .action = RTI_SECCOMP_ALLOW },
		{ .name = "write", .action = RTI_SECCOMP_ALLOW },
		{ .name = "sigaltstack",
		  .action = RTI_SECCOMP_ALLOW }, /* AddressSanitizer's exit */
	};
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ERRNO,
				       .syscalls = ITEMS(calls) };

	(void)state;
	assert_int_equal(load_and_do(&profile, act_unknown_call_is_enosys), 0);
}

static int act_has_listener(int listener_fd)
{
	return listener_fd >= 3 && fcntl(listener_fd, F_GETFD) == FD_CLOEXEC ? 0 : 2;
}

static void test_notify_gives_a_listener_that_closes_on_exec(void **state)
{
	struct rti_seccomp_syscall calls[] = { { .name = "mkdir", .action = RTI_SECCOMP_NOTIFY } };
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ALLOW,
				       .syscalls = ITEMS(calls) };

	(void)state;
	assert_int_equal(load_and_do(&profile, act_has_listener), 0);
}

static int act_rmdir(int listener_fd)
{
	(void)listener_fd;
	rmdir("/nonexistent");
	return 0;
}

static void test_kill_kills(void **state)
{
	struct rti_seccomp_syscall calls[] = { { .name = "rmdir",
						 .action = RTI_SECCOMP_KILL_PROCESS } };
	struct rti_seccomp profile = { .default_action = RTI_SECCOMP_ALLOW,
				       .syscalls = ITEMS(calls) };
	int status = load_and_do(&profile, act_rmdir);

	(void)state;
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_actions_and_operators_as_under_runc),
		cmocka_unit_test(test_long_allow_list_as_under_runc),
		cmocka_unit_test(test_three_architectures_as_under_runc),
		cmocka_unit_test(test_notify_as_under_runc),
		cmocka_unit_test(test_rule_equal_to_default_is_skipped),
		cmocka_unit_test(test_repeated_argument_means_any_of_the_conditions),
		cmocka_unit_test(test_unknown_names_are_left_out),
		cmocka_unit_test(test_newer_calls_get_enosys),
		cmocka_unit_test(test_x32_is_not_judged_by_the_numbers_of_x86_64),
		cmocka_unit_test(test_all_architectures_get_their_enosys),
		cmocka_unit_test(test_stub_judges_every_architecture_by_its_own_numbers),
		cmocka_unit_test(test_call_0_of_s390_is_a_call_the_kernel_does_not_know),
		cmocka_unit_test(test_permissive_profiles_have_no_stub),
		cmocka_unit_test(test_notify_is_refused_where_it_would_hang),
		cmocka_unit_test(test_bad_profiles_are_refused_with_runcs_texts),
		cmocka_unit_test(test_program_beyond_the_kernels_limit_is_refused),
		cmocka_unit_test(test_loaded_filter_gives_its_errno),
		cmocka_unit_test(test_loaded_deny_list_gives_enosys_for_newer_calls),
		cmocka_unit_test(test_notify_gives_a_listener_that_closes_on_exec),
		cmocka_unit_test(test_kill_kills),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
