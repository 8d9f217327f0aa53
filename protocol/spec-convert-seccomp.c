/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The seccomp profile: words become numbers and runc's short names; groups of names become one
 * entry a name.
 */
#include <errno.h>
#include <string.h>

#include "protocol/spec-convert-internal.h"

static const struct spec_word actions[] = {
	{ "SCMP_ACT_ALLOW", RTI_SECCOMP_ALLOW },
	{ "SCMP_ACT_ERRNO", RTI_SECCOMP_ERRNO },
	{ "SCMP_ACT_KILL", RTI_SECCOMP_KILL },
	{ "SCMP_ACT_KILL_PROCESS", RTI_SECCOMP_KILL_PROCESS },
	{ "SCMP_ACT_KILL_THREAD", RTI_SECCOMP_KILL_THREAD },
	{ "SCMP_ACT_LOG", RTI_SECCOMP_LOG },
	{ "SCMP_ACT_NOTIFY", RTI_SECCOMP_NOTIFY },
	{ "SCMP_ACT_TRACE", RTI_SECCOMP_TRACE },
	{ "SCMP_ACT_TRAP", RTI_SECCOMP_TRAP },
	{ NULL },
};

static const struct spec_word operators[] = {
	{ "SCMP_CMP_EQ", RTI_SECCOMP_EQ },
	{ "SCMP_CMP_GE", RTI_SECCOMP_GE },
	{ "SCMP_CMP_GT", RTI_SECCOMP_GT },
	{ "SCMP_CMP_LE", RTI_SECCOMP_LE },
	{ "SCMP_CMP_LT", RTI_SECCOMP_LT },
	{ "SCMP_CMP_MASKED_EQ", RTI_SECCOMP_MASKED_EQ },
	{ "SCMP_CMP_NE", RTI_SECCOMP_NE },
	{ NULL },
};

static const struct {
	const char *word;
	const char *name;
	enum rti_dialect since;
} architectures[] = {
	{ "SCMP_ARCH_AARCH64", "arm64", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_ARM", "arm", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_LOONGARCH64", "loong64", RTI_DIALECT_RUNC_1_4 },
	{ "SCMP_ARCH_MIPS", "mips", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_MIPS64", "mips64", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_MIPS64N32", "mips64n32", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_MIPSEL", "mipsel", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_MIPSEL64", "mipsel64", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_MIPSEL64N32", "mipsel64n32", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_PPC", "ppc", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_PPC64", "ppc64", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_PPC64LE", "ppc64le", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_RISCV64", "riscv64", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_S390", "s390", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_S390X", "s390x", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_X32", "x32", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_X86", "x86", RTI_DIALECT_RUNC_1_2 },
	{ "SCMP_ARCH_X86_64", "amd64", RTI_DIALECT_RUNC_1_2 },
};

/* The flags, what each needs of libseccomp, and how the refusal names it. */
static const struct flag {
	const char *word;
	const char *label;
	const char *setter;
	unsigned int api;
	unsigned int version[3];
	enum rti_dialect since;
} flags[] = {
	/* taken and without effect: the init has one thread only */
	{ "SECCOMP_FILTER_FLAG_TSYNC", "", "", 0, { 0, 0, 0 }, RTI_DIALECT_RUNC_1_2 },
	{ "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SSB", "SetSSB", 4, { 2, 5, 0 }, RTI_DIALECT_RUNC_1_2 },
	{ "SECCOMP_FILTER_FLAG_LOG", "log", "SetLogBit", 3, { 2, 4, 0 }, RTI_DIALECT_RUNC_1_2 },
	{ "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "WaitKill", "SetWaitKill", 7, { 2, 6, 0 },
	  RTI_DIALECT_RUNC_1_5 },
};

static bool version_reaches(const unsigned int have[3], const unsigned int need[3])
{
	for (size_t i = 0; i < 3; i++)
		if (have[i] != need[i])
			return have[i] > need[i];
	return true;
}

static int check_flag(const struct spec_conversion *conversion, const char *word,
		      struct rti_error *err)
{
	const unsigned int *have = conversion->environment->seccomp_version;
	unsigned int api = conversion->environment->seccomp_api;
	const struct flag *flag = flags;
	const struct flag *end = flags + sizeof(flags) / sizeof(*flags);

	while (flag < end && (strcmp(flag->word, word) != 0 || flag->since > conversion->dialect))
		flag++;
	if (flag == end)
		return rti_refuse(err, EINVAL, "seccomp flag %s is not known to runc", word);
	if (api < flag->api)
		return rti_refuse(err, EINVAL,
				  "error adding %s flag to seccomp filter: %s requires libseccomp "
				  ">= %u.%u.%u and API level >= %u (current version: %u.%u.%u, API "
				  "level: %u)",
				  flag->label, flag->setter, flag->version[0], flag->version[1],
				  flag->version[2], flag->api, have[0], have[1], have[2], api);
	if (!version_reaches(have, flag->version))
		return rti_refuse(err, EINVAL,
				  "error adding %s flag to seccomp filter: %s requires libseccomp "
				  ">= %u.%u.%u (current version: %u.%u.%u)",
				  flag->label, flag->setter, flag->version[0], flag->version[1],
				  flag->version[2], have[0], have[1], have[2]);
	return 0;
}

/* No list of flags means the one that runc wants; an empty list means none. */
static int convert_flags(const struct spec_conversion *conversion, const struct rti_strings *from,
			 struct rti_strings *ret, struct rti_error *err)
{
	static const char spec_allow[] = "SECCOMP_FILTER_FLAG_SPEC_ALLOW";

	if (!from->items) {
		if (check_flag(conversion, spec_allow, NULL) < 0)
			return 0;
		return spec_strings_append(conversion->arena, ret, spec_allow) < 0 ?
			       spec_no_memory(err) :
			       0;
	}
	for (size_t i = 0; i < from->count; i++) {
		int r = check_flag(conversion, spec_text(from->items[i]), err);

		if (r < 0)
			return r;
	}
	if (from->count && spec_copy_strings(conversion->arena, from, ret) < 0)
		return spec_no_memory(err);
	return 0;
}

static int convert_architectures(const struct spec_conversion *conversion,
				 const struct rti_strings *from, struct rti_strings *ret,
				 struct rti_error *err)
{
	static const size_t count = sizeof(architectures) / sizeof(*architectures);

	for (size_t i = 0; i < from->count; i++) {
		const char *word = spec_text(from->items[i]);
		size_t known = 0;

		while (known < count &&
		       (strcmp(architectures[known].word, word) != 0 ||
			architectures[known].since > conversion->dialect))
			known++;
		if (known == count)
			return rti_refuse(err, EINVAL, "string %s is not a valid arch for seccomp",
					  word);
		if (spec_strings_append(conversion->arena, ret, architectures[known].name) < 0)
			return spec_no_memory(err);
	}
	return 0;
}

static int convert_word(const struct spec_word *table, const char *what, const char *word,
			int64_t *ret, struct rti_error *err)
{
	const struct spec_word *found = spec_word_find(table, word);

	if (!found)
		return rti_refuse(err, EINVAL, "string %s is not a valid %s for seccomp",
				  spec_text(word), what);
	*ret = found->number;
	return 0;
}

static int convert_args(const struct spec_conversion *conversion,
			const struct rti_spec_seccomp_args *from, struct rti_seccomp_args *ret,
			struct rti_error *err)
{
	struct rti_seccomp_args args = { .count = from->count };

	/* one more, so that no arguments are an empty list and not null */
	args.items = rti_arena_array(conversion->arena, from->count + 1, sizeof(*args.items));
	if (!args.items)
		return spec_no_memory(err);
	for (size_t i = 0; i < from->count; i++) {
		int r = convert_word(operators, "operator", from->items[i].op, &args.items[i].op,
				     err);

		if (r < 0)
			return r;
		args.items[i].index = from->items[i].index;
		args.items[i].value = from->items[i].value;
		args.items[i].value_two = from->items[i].value_two;
	}
	*ret = args;
	return 0;
}

/* One group of names: the same action, and arguments that the entries share. */
static int convert_group(const struct spec_conversion *conversion,
			 const struct rti_spec_seccomp_syscall *from,
			 struct rti_seccomp_syscalls *ret, struct rti_error *err)
{
	struct rti_seccomp_syscall syscall = {};
	int r = convert_word(actions, "action", from->action, &syscall.action, err);

	if (r == 0 && from->names.count)
		r = convert_args(conversion, &from->args, &syscall.args, err);
	if (r < 0)
		return r;
	if (spec_copy_u64(conversion->arena, from->errno_ret, &syscall.errno_ret) < 0)
		return spec_no_memory(err);
	for (size_t i = 0; i < from->names.count; i++) {
		if (spec_copy_text(conversion->arena, from->names.items[i], &syscall.name) < 0)
			return spec_no_memory(err);
		ret->items[ret->count++] = syscall;
	}
	return 0;
}

static int convert_syscalls(const struct spec_conversion *conversion,
			    const struct rti_spec_seccomp_syscalls *from,
			    struct rti_seccomp_syscalls *ret, struct rti_error *err)
{
	size_t names = 0;

	for (size_t i = 0; i < from->count; i++)
		names += from->items[i].names.count;
	ret->items = rti_arena_array(conversion->arena, names + 1, sizeof(*ret->items));
	if (!ret->items)
		return spec_no_memory(err);
	for (size_t i = 0; i < from->count; i++) {
		int r = convert_group(conversion, &from->items[i], ret, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int spec_convert_seccomp(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_spec_seccomp *from = conversion->spec->linux_part->seccomp;
	struct rti_arena *arena = conversion->arena;
	struct rti_seccomp *seccomp;
	int r;

	/* nothing by default and nothing listed: switched off */
	if (!from || (spec_is_empty(from->default_action) && !from->syscalls.count))
		return 0;

	seccomp = rti_arena_alloc(arena, sizeof(*seccomp));
	if (!seccomp)
		return spec_no_memory(err);
	r = convert_flags(conversion, &from->flags, &seccomp->flags, err);
	if (r == 0)
		r = convert_architectures(conversion, &from->architectures,
					  &seccomp->architectures, err);
	if (r == 0)
		r = convert_word(actions, "action", from->default_action,
				 &seccomp->default_action, err);
	if (r == 0)
		r = convert_syscalls(conversion, &from->syscalls, &seccomp->syscalls, err);
	if (r < 0)
		return r;
	if (spec_copy_u64(arena, from->default_errno_ret, &seccomp->default_errno_ret) < 0 ||
	    spec_copy_text(arena, from->listener_path, &seccomp->listener_path) < 0 ||
	    spec_copy_text(arena, from->listener_metadata, &seccomp->listener_metadata) < 0)
		return spec_no_memory(err);
	conversion->config->seccomp = seccomp;
	return 0;
}
