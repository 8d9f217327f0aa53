/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules are compiled by libseccomp. What its attributes would decide at seccomp_load(3), which is
 * not used, is decided here: the flags, no TSYNC (there is one thread), no no_new_privs.
 *
 * Releases of libseccomp before 2.6.1 merge 64-bit comparisons of one argument wrongly in some
 * combinations of rules for one system call (GHSA-46fr-jh49-xvhx, GHSA-2hqh-5c36-grrm), and corrupt
 * the heap on programs that are far too large (GHSA-4q85-33p6-j5g6). The first can weaken a profile
 * whose rules compare one argument of one call several ways with GT, GE, LT or LE and values above
 * 32 bits; an equal program results under runc with the same library. The second is kept away by
 * RULES_MAX. Link against 2.6.1 or later where it is to be had.
 */
#include "container/seccomp.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/quote.h"
#include "container/seccomp-stub.h"

#define ARGUMENTS 6

/* Chosen: more than all calls of all architectures; the kernel takes 4096 instructions anyway. */
#define RULES_MAX 8192

/* With fewer rules than this a linear program is as fast; runc's number. */
#define RULES_FOR_TREE 32

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static const struct filter_flag {
	const char *name;
	const char *label;  /* in runc's error text */
	unsigned int bit;   /* 0: nothing to do for a process with one thread */
	unsigned int needs; /* what the kernel wants beside it */
} filter_flags[] = {
	{ "SECCOMP_FILTER_FLAG_TSYNC", "", 0, 0 },
	{ "SECCOMP_FILTER_FLAG_LOG", "log", SECCOMP_FILTER_FLAG_LOG, 0 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SSB", SECCOMP_FILTER_FLAG_SPEC_ALLOW, 0 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "WaitKill",
	  SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV, SECCOMP_FILTER_FLAG_NEW_LISTENER },
};

static const enum scmp_compare operators[] = {
	[RTI_SECCOMP_EQ] = SCMP_CMP_EQ,
	[RTI_SECCOMP_NE] = SCMP_CMP_NE,
	[RTI_SECCOMP_GT] = SCMP_CMP_GT,
	[RTI_SECCOMP_GE] = SCMP_CMP_GE,
	[RTI_SECCOMP_LT] = SCMP_CMP_LT,
	[RTI_SECCOMP_LE] = SCMP_CMP_LE,
	[RTI_SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

/* The 16 bits of an errno; other actions have no room for one. */
static int translate_action(int64_t action, const uint64_t *errno_ret, uint32_t *ret)
{
	uint32_t number = errno_ret ? (uint32_t)(*errno_ret & 0xffff) : EPERM;

	switch (action) {
	case RTI_SECCOMP_KILL:
	case RTI_SECCOMP_KILL_THREAD:
		*ret = SCMP_ACT_KILL_THREAD;
		return 0;
	case RTI_SECCOMP_KILL_PROCESS:
		*ret = SCMP_ACT_KILL_PROCESS;
		return 0;
	case RTI_SECCOMP_ERRNO:
		*ret = SCMP_ACT_ERRNO(number);
		return 0;
	case RTI_SECCOMP_TRACE:
		*ret = SCMP_ACT_TRACE(number);
		return 0;
	case RTI_SECCOMP_TRAP:
		*ret = SCMP_ACT_TRAP;
		return 0;
	case RTI_SECCOMP_ALLOW:
		*ret = SCMP_ACT_ALLOW;
		return 0;
	case RTI_SECCOMP_LOG:
		*ret = SCMP_ACT_LOG;
		return 0;
	case RTI_SECCOMP_NOTIFY:
		*ret = SCMP_ACT_NOTIFY;
		return 0;
	}
	return -EINVAL;
}

/* The init has to tell the parent the listener's number with write(2) before anybody can answer. */
static int check_notify(const struct rti_seccomp *seccomp, bool *ret_notify, struct rti_error *err)
{
	bool notify = false;

	for (size_t i = 0; i < seccomp->syscalls.count; i++) {
		const struct rti_seccomp_syscall *call = &seccomp->syscalls.items[i];
		unsigned int level;

		if (call->action != RTI_SECCOMP_NOTIFY)
			continue;
		level = seccomp_api_get();
		if (level < 6)
			return rti_refuse(
				err, ENOTSUP,
				"seccomp notify unsupported: API level: got %u, want at least "
				"6. Please try with libseccomp >= 2.5.0 and Linux >= 5.7",
				level);
		if (strcmp(call->name, "write") == 0)
			return rti_refuse(err, EINVAL,
					  "SCMP_ACT_NOTIFY cannot be used for the write syscall");
		notify = true;
	}
	if (seccomp->default_action == RTI_SECCOMP_NOTIFY)
		return rti_refuse(err, EINVAL, "SCMP_ACT_NOTIFY cannot be used as default action");
	*ret_notify = notify;
	return 0;
}

/* A kernel that knows the flags gets as far as looking at the missing program. */
static bool has_kernel_flags(unsigned int flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

static int translate_flags(const struct rti_strings *names, unsigned int *ret,
			   struct rti_error *err)
{
	unsigned int flags = 0;

	for (size_t i = 0; i < names->count; i++) {
		const struct filter_flag *flag = NULL;

		for (size_t j = 0; j < sizeof(filter_flags) / sizeof(filter_flags[0]); j++)
			if (strcmp(filter_flags[j].name, names->items[i]) == 0)
				flag = &filter_flags[j];
		if (!flag)
			return rti_refuse(err, EINVAL, "seccomp flag %s is not known to runc",
					  names->items[i]);
		if (flag->bit && !has_kernel_flags(flag->bit | flag->needs))
			return rti_refuse(
				err, ENOTSUP,
				"error adding %s flag to seccomp filter: the kernel does not "
				"support %s",
				flag->label, flag->name);
		flags |= flag->bit;
	}
	*ret = flags;
	return 0;
}

static int translate_argument(const struct rti_seccomp_arg *arg, const char *name,
			      struct scmp_arg_cmp *ret, struct rti_error *err)
{
	if (arg->op < RTI_SECCOMP_EQ || arg->op > RTI_SECCOMP_MASKED_EQ)
		return rti_refuse(
			err, EINVAL,
			"error creating seccomp syscall condition for syscall %s: invalid "
			"operator, cannot use in rule",
			name);
	if (arg->index >= ARGUMENTS)
		return rti_refuse(
			err, EINVAL,
			"error creating seccomp syscall condition for syscall %s: syscalls "
			"only have up to 6 arguments (%llu given)",
			name, (unsigned long long)arg->index);
	*ret = (struct scmp_arg_cmp){
		.arg = (unsigned int)arg->index,
		.op = operators[arg->op],
		.datum_a = arg->value,
		.datum_b = arg->value_two,
	};
	return 0;
}

static int add_rule(scmp_filter_ctx filter, const char *name, int number, uint32_t action,
		    const struct scmp_arg_cmp *conditions, unsigned int count,
		    struct rti_error *err)
{
	int r = seccomp_rule_add_array(filter, action, number, count, conditions);
	char reason[128];

	switch (-r) {
	case 0:
		return 0;
	case EFAULT:
		snprintf(reason, sizeof(reason), "unrecognized syscall %#x", (unsigned int)number);
		break;
	case EPERM:
	case EACCES:
		snprintf(reason, sizeof(reason),
			 "requested action matches default action of filter");
		break;
	case EINVAL:
		snprintf(reason, sizeof(reason), "two checks on same syscall argument");
		break;
	default:
		snprintf(reason, sizeof(reason), "%s", rti_errno_text(-r));
	}
	return rti_refuse(err, -r, "error adding seccomp %srule for syscall %s: %s",
			  count ? "" : "filter ", name, reason);
}

/*
 * Conditions on different arguments are all to hold. Where one argument is tested twice, each
 * condition becomes a rule of its own and any of them is enough: libseccomp takes one test an
 * argument, and this is what runc has always made of it.
 */
static int add_conditional(scmp_filter_ctx filter, const struct rti_seccomp_syscall *call,
			   int number, uint32_t action, struct rti_error *err)
{
	struct scmp_arg_cmp conditions[ARGUMENTS], condition;
	unsigned int seen = 0;
	bool repeated = false;
	int r;

	for (size_t i = 0; i < call->args.count; i++) {
		r = translate_argument(&call->args.items[i], call->name, &condition, err);
		if (r < 0)
			return r;
		if (seen & (1u << condition.arg))
			repeated = true;
		else if (!repeated)
			conditions[i] = condition;
		seen |= 1u << condition.arg;
	}
	if (!repeated)
		return add_rule(filter, call->name, number, action, conditions,
				(unsigned int)call->args.count, err);
	for (size_t i = 0; i < call->args.count; i++) {
		r = translate_argument(&call->args.items[i], call->name, &condition, err);
		if (r == 0)
			r = add_rule(filter, call->name, number, action, &condition, 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_call(scmp_filter_ctx filter, const struct rti_seccomp_syscall *call,
		    uint32_t default_action, struct rti_error *err)
{
	char quoted[256];
	uint32_t action;
	int number;

	if (!call->name || !*call->name)
		return rti_refuse(err, EINVAL, "empty string is not a valid syscall");
	if (translate_action(call->action, call->errno_ret, &action) < 0)
		return rti_refuse(
			err, EINVAL,
			"action in seccomp profile is invalid: invalid action, cannot use in "
			"rule");
	if (action == default_action)
		return 0;
	number = seccomp_syscall_resolve_name(call->name);
	if (number == __NR_SCMP_ERROR) {
		log_debug("unknown seccomp syscall %s ignored",
			  rti_quote(call->name, quoted, sizeof(quoted)));
		return 0;
	}
	if (call->args.count == 0)
		return add_rule(filter, call->name, number, action, NULL, 0, err);
	return add_conditional(filter, call, number, action, err);
}

static int add_everything(scmp_filter_ctx filter, const struct rti_seccomp *seccomp,
			  const struct seccomp_architectures *architectures,
			  uint32_t default_action, struct rti_error *err)
{
	int r;

	for (size_t i = 0; i < architectures->count; i++) {
		r = seccomp_arch_add(filter, architectures->tokens[i]);
		if (r == -EINVAL)
			return rti_refuse(
				err, EINVAL,
				"error adding architecture to seccomp filter: architecture "
				"%s is not supported on this version of the library",
				seccomp_architecture_name(architectures->tokens[i]));
		if (r < 0 && r != -EEXIST)
			return rti_fail(err, -r, "error adding architecture to seccomp filter");
	}
	if (seccomp->syscalls.count > RULES_FOR_TREE) {
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		if (r < 0)
			log_debug("seccomp binary tree optimization not available: %s",
				  rti_errno_text(-r));
	}
	for (size_t i = 0; i < seccomp->syscalls.count; i++) {
		r = add_call(filter, &seccomp->syscalls.items[i], default_action, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* libseccomp 2.5 exports to an fd only. */
static int export_rules(scmp_filter_ctx filter, int *ret_fd, size_t *ret_size)
{
	_cleanup_fd_ int fd = memfd_create("seccomp", MFD_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0)
		return -errno;
	r = seccomp_export_bpf(filter, fd);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return -errno;
	*ret_fd = rti_take_fd(&fd);
	*ret_size = (size_t)st.st_size;
	return 0;
}

static int assemble(const struct sock_filter *stub, size_t stub_count, scmp_filter_ctx filter,
		    struct seccomp_program *ret, struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	struct sock_filter *instructions;
	size_t size = 0, count;
	ssize_t got;
	int r = export_rules(filter, &fd, &size);

	if (r < 0)
		return rti_fail(err, -r, "error patching filter: error exporting BPF");
	count = stub_count + size / sizeof(instructions[0]);
	if (size == 0 || size % sizeof(instructions[0]) != 0 || count > BPF_MAXINSNS)
		return rti_refuse(err, EINVAL,
				  "error patching filter: %zu instructions, the kernel takes %d",
				  count, BPF_MAXINSNS);
	instructions = malloc(count * sizeof(instructions[0]));
	if (!instructions)
		return rti_fail(err, ENOMEM, "error patching filter");
	memcpy(instructions, stub, stub_count * sizeof(stub[0]));
	got = rti_read_full(fd, instructions + stub_count, size);
	if (got != (ssize_t)size) {
		free(instructions);
		return rti_fail(err, got < 0 ? (int)-got : EIO, "error patching filter");
	}
	ret->filter = instructions;
	ret->count = count;
	return 0;
}

int seccomp_program_compile(const struct rti_seccomp *seccomp, struct seccomp_program *ret,
			    struct rti_error *err)
{
	_cleanup_(release_filter) scmp_filter_ctx filter = NULL;
	struct sock_filter stub[SECCOMP_STUB_MAX];
	struct seccomp_architectures architectures;
	struct seccomp_program program = { NULL };
	uint32_t default_action;
	size_t stub_count = 0;
	int r;

	if (translate_action(seccomp->default_action, seccomp->default_errno_ret, &default_action) <
	    0)
		return rti_refuse(err, EINVAL,
				  "error initializing seccomp - invalid default action");
	if (seccomp->syscalls.count > RULES_MAX)
		return rti_refuse(err, E2BIG, "seccomp profile has %zu rules, more than %d",
				  seccomp->syscalls.count, RULES_MAX);
	r = check_notify(seccomp, &program.notify, err);
	if (r < 0)
		return r;
	filter = seccomp_init(default_action);
	if (!filter)
		return rti_refuse(err, EINVAL, "error creating filter: could not create filter");
	r = seccomp_architectures_resolve(&seccomp->architectures, &architectures, err);
	if (r == 0)
		r = translate_flags(&seccomp->flags, &program.flags, err);
	if (r == 0)
		r = add_everything(filter, seccomp, &architectures, default_action, err);
	if (r < 0)
		return r;
	if (program.notify)
		program.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	if (seccomp_stub_is_wanted(seccomp))
		stub_count = seccomp_stub_build(seccomp, &architectures, stub);
	r = assemble(stub, stub_count, filter, &program, err);
	if (r < 0)
		return rti_prefix(err, r, "error loading seccomp filter into kernel");
	log_debug("seccomp filter flags: %u", program.flags);
	*ret = program;
	return 0;
}

int seccomp_program_load(const struct seccomp_program *program, int *ret_listener_fd,
			 struct rti_error *err)
{
	struct sock_fprog fprog = {
		.len = (unsigned short)program->count,
		.filter = program->filter,
	};
	long r;

	if (program->flags == 0)
		r = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &fprog, 0, 0);
	else
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, program->flags, &fprog);
	if (r < 0)
		return rti_fail(
			err, errno,
			"error loading seccomp filter into kernel: error loading seccomp filter");
	*ret_listener_fd = program->notify ? (int)r : -EBADF;
	return 0;
}

void seccomp_program_done(struct seccomp_program *program)
{
	free(program->filter);
	*program = (struct seccomp_program){ NULL };
}
