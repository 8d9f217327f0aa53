/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules are compiled by libseccomp, but for those of seccomp-rule.h. What its attributes would
 * decide at seccomp_load(3), which is not used, is decided here: the flags, no TSYNC (there is one
 * thread), no no_new_privs.
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
#include "container/seccomp-rule.h"
#include "container/seccomp-stub.h"

/* With fewer rules than this a linear program is as fast; runc's number. */
#define RULES_FOR_TREE 32

/* libseccomp's numbers for calls of other architectures; nearer to 0 are parts of socketcall(2). */
#define FIRST_ABSENT_CALL (-10000)

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

static void release_filter(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
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

static int add_rule(scmp_filter_ctx filter, const struct seccomp_rule *rule, struct rti_error *err)
{
	int r = seccomp_rule_add_array(filter, rule->action, rule->number, rule->count,
				       rule->conditions);
	char reason[128];

	switch (-r) {
	case 0:
		return 0;
	case EFAULT:
		snprintf(reason, sizeof(reason), "unrecognized syscall %#x",
			 (unsigned int)rule->number);
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
			  rule->count ? "" : "filter ", rule->name, reason);
}

/* Make @filter one for this architecture alone, which is not the native one. */
static int set_architecture(scmp_filter_ctx filter, uint32_t token, struct rti_error *err)
{
	int r = seccomp_arch_add(filter, token);

	if (r == 0)
		r = seccomp_arch_remove(filter, seccomp_arch_native());
	if (r == -EINVAL)
		return rti_refuse(err, EINVAL,
				  "error adding architecture to seccomp filter: architecture %s is "
				  "not supported on this version of the library",
				  seccomp_architecture_name(token));
	return r < 0 ? rti_fail(err, -r, "error adding architecture to seccomp filter") : 0;
}

/* The calls that libseccomp numbers so have a name but are not there. */
static bool is_absent(const struct seccomp_rule *rule, uint32_t token)
{
	int number = seccomp_syscall_resolve_name_arch(token, rule->name);

	return number == __NR_SCMP_ERROR || number <= FIRST_ABSENT_CALL;
}

static int add_rules(scmp_filter_ctx filter, uint32_t token, const struct seccomp_rules *rules,
		     struct rti_error *err)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct seccomp_rule *rule = &rules->items[i];
		int r;

		if (!rule->library || is_absent(rule, token))
			continue;
		r = add_rule(filter, rule, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int merge_architecture(scmp_filter_ctx filter, uint32_t token, uint32_t default_action,
			      const struct seccomp_rules *rules, struct rti_error *err)
{
	_cleanup_(release_filter) scmp_filter_ctx other = seccomp_init(default_action);
	int r;

	if (!other)
		return rti_refuse(err, EINVAL, "error creating filter: could not create filter");
	r = set_architecture(other, token, err);
	if (r == 0)
		r = add_rules(other, token, rules, err);
	if (r < 0)
		return r;
	r = seccomp_merge(filter, other);
	if (r < 0)
		return rti_fail(err, -r, "error adding architecture to seccomp filter");
	other = NULL; /* has become a part of the first one */
	return 0;
}

/*
 * A filter for each architecture, merged into @filter, which is the native one. In one filter for
 * all of them libseccomp would note rules for calls that an architecture does not have as well,
 * and where such a one comes first it forgets to load the number of the call: all rules of that
 * architecture are then void.
 */
static int add_everything(scmp_filter_ctx filter, const struct rti_seccomp *seccomp,
			  const struct seccomp_architectures *architectures,
			  uint32_t default_action, const struct seccomp_rules *rules,
			  struct rti_error *err)
{
	uint32_t native = seccomp_arch_native();
	int r;

	if (seccomp->syscalls.count > RULES_FOR_TREE) {
		r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
		if (r < 0)
			log_debug("seccomp binary tree optimization not available: %s",
				  rti_errno_text(-r));
	}
	r = add_rules(filter, native, rules, err);
	for (size_t i = 0; i < architectures->count && r == 0; i++)
		if (architectures->tokens[i] != native)
			r = merge_architecture(filter, architectures->tokens[i], default_action,
					       rules, err);
	return r;
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

/* What stands in front of libseccomp's program. */
struct front {
	struct sock_filter instructions[BPF_MAXINSNS];
	size_t count;
};

_Static_assert(SECCOMP_STUB_MAX < BPF_MAXINSNS, "the stub fits");

static int refuse_size(size_t count, struct rti_error *err)
{
	return rti_refuse(err, E2BIG,
			  "error patching filter: %zu instructions, the kernel takes %d", count,
			  BPF_MAXINSNS);
}

static int build_front(const struct rti_seccomp *seccomp,
		       const struct seccomp_architectures *architectures,
		       const struct seccomp_rules *rules, uint32_t default_action,
		       struct front *front, struct rti_error *err)
{
	size_t count = 0;

	if (seccomp_stub_is_wanted(seccomp))
		count = seccomp_stub_build(seccomp, architectures, front->instructions);
	count += seccomp_compare_build(rules, architectures, default_action,
				       front->instructions + count, BPF_MAXINSNS - count);
	if (count >= BPF_MAXINSNS)
		return refuse_size(count, err);
	front->count = count;
	return 0;
}

static int assemble(const struct front *front, scmp_filter_ctx filter, struct seccomp_program *ret,
		    struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	struct sock_filter *instructions;
	size_t size = 0, count;
	ssize_t got;
	int r = export_rules(filter, &fd, &size);

	if (r < 0)
		return rti_fail(err, -r, "error patching filter: error exporting BPF");
	count = front->count + size / sizeof(instructions[0]);
	if (size == 0 || size % sizeof(instructions[0]) != 0 || count > BPF_MAXINSNS)
		return refuse_size(count, err);
	instructions = malloc(count * sizeof(instructions[0]));
	if (!instructions)
		return rti_fail(err, ENOMEM, "error patching filter");
	memcpy(instructions, front->instructions, front->count * sizeof(instructions[0]));
	got = rti_read_full(fd, instructions + front->count, size);
	if (got != (ssize_t)size) {
		free(instructions);
		return rti_fail(err, got < 0 ? (int)-got : EIO, "error patching filter");
	}
	ret->filter = instructions;
	ret->count = count;
	return 0;
}

static int compile_rules(const struct rti_seccomp *seccomp,
			 const struct seccomp_architectures *architectures, uint32_t default_action,
			 scmp_filter_ctx filter, struct seccomp_program *ret, struct rti_error *err)
{
	_cleanup_(seccomp_rules_done) struct seccomp_rules rules = { NULL };
	_cleanup_free_ struct front *front = malloc(sizeof(*front));
	int r;

	if (!front)
		return rti_fail(err, ENOMEM, "error creating filter");
	r = seccomp_rules_collect(seccomp, architectures, default_action, &rules, err);
	if (r == 0)
		r = add_everything(filter, seccomp, architectures, default_action, &rules, err);
	if (r < 0)
		/* cppcheck-suppress memleak ; front is freed by its attribute */
		return r;
	r = build_front(seccomp, architectures, &rules, default_action, front, err);
	if (r == 0)
		r = assemble(front, filter, ret, err);
	return r < 0 ? rti_prefix(err, r, "error loading seccomp filter into kernel") : 0;
}

int seccomp_program_compile(const struct rti_seccomp *seccomp, struct seccomp_program *ret,
			    struct rti_error *err)
{
	_cleanup_(release_filter) scmp_filter_ctx filter = NULL;
	struct seccomp_architectures architectures;
	struct seccomp_program program = { NULL };
	uint32_t default_action;
	int r;

	if (seccomp_action_translate(seccomp->default_action, seccomp->default_errno_ret,
				     &default_action) < 0)
		return rti_refuse(err, EINVAL,
				  "error initializing seccomp - invalid default action");
	r = check_notify(seccomp, &program.notify, err);
	if (r < 0)
		return r;
	filter = seccomp_init(default_action);
	if (!filter)
		return rti_refuse(err, EINVAL, "error creating filter: could not create filter");
	/* Else whatever fails below the library would be ECANCELED. */
	r = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1);
	if (r < 0)
		return rti_fail(err, -r, "error creating filter");
	r = seccomp_architectures_resolve(&seccomp->architectures, &architectures, err);
	if (r == 0)
		r = translate_flags(&seccomp->flags, &program.flags, err);
	if (r == 0)
		r = compile_rules(seccomp, &architectures, default_action, filter, &program, err);
	if (r < 0)
		return r;
	if (program.notify)
		program.flags |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
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
