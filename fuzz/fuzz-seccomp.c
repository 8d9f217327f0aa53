/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seccomp profiles. The input is one byte for each choice: the default action and its errno, a
 * byte of architectures, one of flags; then rules: a byte for the name, the action, its errno and
 * how many conditions; a condition is its argument, its operator and two values, a byte each for
 * one of a table, or 255 and eight bytes.
 *
 * The program decides, in a simulator, what the profile says: for each name and architecture, with
 * arguments on and beside the values of the rules. Where rules of one system call have different
 * actions, which of them wins is libseccomp's affair, and only that the program is one that the
 * kernel loads is checked.
 */
#include <errno.h>
#include <linux/audit.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "container/seccomp-rule.h"
#include "container/seccomp.h"
#include "fuzz/fuzz.h"
#include "tests/unit/bpf-sim.h"
#include "tests/unit/seccomp-meaning.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define RULES_MAX    12
#define PROBES	     24 /* of arguments, for each name and architecture */
#define X32	     0x40000000

static const char *const names[] = { "ioctl", "read",	  "fcntl",	  "openat2", "prctl",
				     "mmap",  "clone3",	  "rt_sigaction", "personality",
				     "mkdir", "landlock_add_rule", "no_such_call" };

static const struct {
	const char *name;
	uint32_t token; /* libseccomp's, which is the kernel's but for x32 */
	uint32_t audit;
	uint64_t width;
} archs[] = {
	{ "amd64", SCMP_ARCH_X86_64, AUDIT_ARCH_X86_64, UINT64_MAX },
	{ "x86", SCMP_ARCH_X86, AUDIT_ARCH_I386, UINT32_MAX },
	{ "x32", SCMP_ARCH_X32, AUDIT_ARCH_X86_64, UINT32_MAX },
	{ "arm64", SCMP_ARCH_AARCH64, AUDIT_ARCH_AARCH64, UINT64_MAX },
};

static const char *const flags[] = { "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
				     "SECCOMP_FILTER_FLAG_TSYNC" };

static const uint64_t values[] = { 0,	       1,	   2,		5,	     38,
				   0x7fffffff, 0x80000000, 0xffffffff,	0x100000000, 0x100000001,
				   1ull << 63, UINT64_MAX, 0xfffffffe };

struct profile {
	struct rti_seccomp seccomp;
	const char *archs[COUNT(archs) + 1];
	const char *flags[COUNT(flags) + 1];
	struct rti_seccomp_syscall calls[RULES_MAX];
	struct rti_seccomp_arg args[RULES_MAX][SECCOMP_ARGUMENTS];
	uint64_t errnos[RULES_MAX + 1];
};

static uint64_t read_value(struct fuzz_input *input)
{
	uint8_t choice = fuzz_byte(input);

	return choice == 255 ? fuzz_number(input, 8) : values[choice % COUNT(values)];
}

/* 0: none is given. */
static uint64_t *read_errno(struct fuzz_input *input, uint64_t *number)
{
	*number = fuzz_byte(input);
	return *number ? number : NULL;
}

static void read_rule(struct fuzz_input *input, struct profile *profile)
{
	size_t at = profile->seccomp.syscalls.count++;
	struct rti_seccomp_syscall *call = &profile->calls[at];

	call->name = names[fuzz_byte(input) % COUNT(names)];
	call->action = fuzz_byte(input) % (RTI_SECCOMP_KILL_PROCESS + 1);
	call->errno_ret = read_errno(input, &profile->errnos[at]);
	call->args.items = profile->args[at];
	call->args.count = fuzz_byte(input) % (SECCOMP_ARGUMENTS + 1);
	for (size_t i = 0; i < call->args.count; i++) {
		struct rti_seccomp_arg *arg = &call->args.items[i];

		arg->index = fuzz_byte(input) % (SECCOMP_ARGUMENTS + 1);
		arg->op = fuzz_byte(input) % (RTI_SECCOMP_MASKED_EQ + 2);
		arg->value = read_value(input);
		arg->value_two = read_value(input);
	}
}

static void read_profile(struct fuzz_input *input, struct profile *ret)
{
	struct rti_seccomp *seccomp = &ret->seccomp;
	uint8_t bits;

	*ret = (struct profile){ .seccomp = { .syscalls.items = ret->calls } };
	seccomp->default_action = fuzz_byte(input) % (RTI_SECCOMP_KILL_PROCESS + 1);
	seccomp->default_errno_ret = read_errno(input, &ret->errnos[RULES_MAX]);
	seccomp->architectures.items = ret->archs;
	bits = fuzz_byte(input);
	for (size_t i = 0; i < COUNT(archs); i++)
		if (bits & (1u << i))
			ret->archs[seccomp->architectures.count++] = archs[i].name;
	seccomp->flags.items = ret->flags;
	bits = fuzz_byte(input);
	for (size_t i = 0; i < COUNT(flags); i++)
		if (bits & (1u << i))
			ret->flags[seccomp->flags.count++] = flags[i];
	while (input->left && seccomp->syscalls.count < RULES_MAX)
		read_rule(input, ret);
}

/* ---- what it says ---- */

static bool has_arch(const struct profile *profile, size_t arch)
{
	if (archs[arch].token == seccomp_arch_native())
		return true;
	for (size_t i = 0; i < profile->seccomp.architectures.count; i++)
		if (strcmp(profile->archs[i], archs[arch].name) == 0)
			return true;
	return false;
}

static int number_of(const char *name, size_t arch)
{
	return seccomp_syscall_resolve_name_arch(archs[arch].token, name);
}

/* The highest number of the profile's names; 0: there is none, or none but call 0, as in runc. */
static int highest_number(const struct profile *profile, size_t arch)
{
	int highest = 0;

	for (size_t i = 0; i < profile->seccomp.syscalls.count; i++) {
		int number = number_of(profile->calls[i].name, arch);

		if (number > highest)
			highest = number;
	}
	return highest;
}

/* Of the rules of a name; false when they do not agree on one. */
static bool find_action(const struct profile *profile, const char *name, uint32_t default_action,
			uint32_t *ret)
{
	bool found = false;

	*ret = default_action;
	for (size_t i = 0; i < profile->seccomp.syscalls.count; i++) {
		const struct rti_seccomp_syscall *call = &profile->calls[i];
		uint32_t action;

		if (strcmp(call->name, name) != 0)
			continue;
		seccomp_action_translate(call->action, call->errno_ret, &action);
		if (action == default_action)
			continue; /* says nothing */
		if (found && action != *ret)
			return false;
		*ret = action;
		found = true;
	}
	return true;
}

static bool matches_any(const struct profile *profile, const char *name, uint32_t default_action,
			const struct seccomp_data *data, uint64_t width)
{
	for (size_t i = 0; i < profile->seccomp.syscalls.count; i++) {
		const struct rti_seccomp_syscall *call = &profile->calls[i];
		uint32_t action;

		seccomp_action_translate(call->action, call->errno_ret, &action);
		if (action != default_action && strcmp(call->name, name) == 0 &&
		    seccomp_rule_matches(call, data, width))
			return true;
	}
	return false;
}

/* ---- asking the program ---- */

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* On and beside a value of some rule. */
static uint64_t pick(const struct profile *profile, uint64_t *random)
{
	size_t rules = profile->seccomp.syscalls.count;
	uint64_t near = next_random(random) % 3 - 1;

	if (rules && next_random(random) % 4) {
		const struct rti_seccomp_args *args =
			&profile->calls[next_random(random) % rules].args;

		if (args->count)
			return args->items[next_random(random) % args->count].value + near;
	}
	return values[next_random(random) % COUNT(values)] + near;
}

static void ask(const struct profile *profile, const struct seccomp_program *program, size_t arch,
		const char *name, uint64_t *random)
{
	struct seccomp_data data = { .arch = archs[arch].audit, .nr = number_of(name, arch) };
	uint32_t default_action, action, expected, verdict;
	bool agreed;

	if (data.nr < 0)
		return; /* not there, or a part of another call */
	seccomp_action_translate(profile->seccomp.default_action,
				 profile->seccomp.default_errno_ret, &default_action);
	agreed = find_action(profile, name, default_action, &action);
	for (int i = 0; i < PROBES; i++) {
		for (size_t j = 0; j < COUNT(data.args); j++)
			data.args[j] = pick(profile, random) & archs[arch].width;
		verdict = bpf_run(program->filter, program->count, &data);
		expected = matches_any(profile, name, default_action, &data, archs[arch].width) ?
				   action :
				   default_action;
		if (seccomp_stub_is_wanted(&profile->seccomp) &&
		    highest_number(profile, arch) > 0 &&
		    data.nr > highest_number(profile, arch))
			expected = SECCOMP_RET_ERRNO | ENOSYS;
		if (!has_arch(profile, arch))
			expected = SECCOMP_RET_KILL_THREAD;
		fuzz_expect(!agreed || verdict == expected,
			    "%s on %s with %#llx %#llx %#llx %#llx %#llx %#llx: %#x, not %#x", name,
			    archs[arch].name, (unsigned long long)data.args[0],
			    (unsigned long long)data.args[1], (unsigned long long)data.args[2],
			    (unsigned long long)data.args[3], (unsigned long long)data.args[4],
			    (unsigned long long)data.args[5], verdict, expected);
	}
}

const char *__lsan_default_suppressions(void);

/* libseccomp 2.5 loses a node of its tree when it finds a rule to be a part of another one. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp\nleak:seccomp_rule_add_array\n";
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct profile profile;
	struct fuzz_input input = { data, size };
	struct fuzz_fds fds = fuzz_fds_note();
	uint64_t random = 88172645463325252ull + size;
	struct seccomp_program program = { NULL };
	struct rti_error err;
	int r;

	read_profile(&input, &profile);
	r = seccomp_program_compile(&profile.seccomp, &program, &err);
	if (r < 0) {
		fuzz_expect(err.errnum == -r && *err.text && !program.filter, "no reason: %d", r);
	} else {
		for (size_t i = 0; i < COUNT(archs); i++)
			for (size_t j = 0; j < COUNT(names); j++)
				ask(&profile, &program, i, names[j], &random);
		seccomp_program_done(&program);
	}
	fuzz_fds_expect(fds);
	return 0;
}
