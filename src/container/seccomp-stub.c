/* SPDX-License-Identifier: Apache-2.0 */
#include "container/seccomp-stub.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/quote.h"

/* Set in the number of every call of the x32 ABI, which shares its audit value with x86-64. */
#define X32_SYSCALL_BIT 0x40000000u

/* Headers of libseccomp before 2.6 lack it; the library itself then refuses the architecture. */
#ifndef SCMP_ARCH_LOONGARCH64
#define SCMP_ARCH_LOONGARCH64 (258 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif
#ifndef SCMP_ARCH_RISCV64
#define SCMP_ARCH_RISCV64 (243 | __AUDIT_ARCH_64BIT | __AUDIT_ARCH_LE)
#endif

static const struct architecture {
	const char *name;
	uint32_t token;
} architectures[] = {
	{ "x86", SCMP_ARCH_X86 },
	{ "amd64", SCMP_ARCH_X86_64 },
	{ "x86_64", SCMP_ARCH_X86_64 },
	{ "x86-64", SCMP_ARCH_X86_64 },
	{ "x64", SCMP_ARCH_X86_64 },
	{ "x32", SCMP_ARCH_X32 },
	{ "arm", SCMP_ARCH_ARM },
	{ "arm64", SCMP_ARCH_AARCH64 },
	{ "aarch64", SCMP_ARCH_AARCH64 },
	{ "mips", SCMP_ARCH_MIPS },
	{ "mips64", SCMP_ARCH_MIPS64 },
	{ "mips64n32", SCMP_ARCH_MIPS64N32 },
	{ "mipsel", SCMP_ARCH_MIPSEL },
	{ "mipsel64", SCMP_ARCH_MIPSEL64 },
	{ "mipsel64n32", SCMP_ARCH_MIPSEL64N32 },
	{ "ppc", SCMP_ARCH_PPC },
	{ "ppc64", SCMP_ARCH_PPC64 },
	{ "ppc64le", SCMP_ARCH_PPC64LE },
	{ "riscv64", SCMP_ARCH_RISCV64 },
	{ "s390", SCMP_ARCH_S390 },
	{ "s390x", SCMP_ARCH_S390X },
	{ "loong64", SCMP_ARCH_LOONGARCH64 },
	{ "loongarch64", SCMP_ARCH_LOONGARCH64 },
};

_Static_assert(sizeof(architectures) / sizeof(architectures[0]) < SECCOMP_ARCHITECTURES_MAX,
	       "every architecture and the native one fit");

void seccomp_architectures_add(struct seccomp_architectures *set, uint32_t token)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->tokens[i] == token)
			return;
	if (set->count < SECCOMP_ARCHITECTURES_MAX)
		set->tokens[set->count++] = token;
}

static const struct architecture *find_by_name(const char *name)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++)
		if (strcasecmp(architectures[i].name, name) == 0)
			return &architectures[i];
	return NULL;
}

const char *seccomp_architecture_name(uint32_t token)
{
	for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++)
		if (architectures[i].token == token)
			return architectures[i].name;
	return "unknown";
}

int seccomp_architectures_resolve(const struct rti_strings *names,
				  struct seccomp_architectures *ret, struct rti_error *err)
{
	struct seccomp_architectures set = { .count = 0 };
	char quoted[RTI_QUOTE_MAX];

	for (size_t i = 0; i < names->count; i++) {
		const struct architecture *known = find_by_name(names->items[i]);

		if (!known)
			return rti_refuse(err, EINVAL,
					  "error validating Seccomp architecture: cannot convert "
					  "unrecognized string %s",
					  rti_quote(names->items[i], quoted, sizeof(quoted)));
		seccomp_architectures_add(&set, known->token);
	}
	*ret = set;
	return 0;
}

bool seccomp_stub_is_wanted(const struct rti_seccomp *seccomp)
{
	switch (seccomp->default_action) {
	case RTI_SECCOMP_ALLOW:
	case RTI_SECCOMP_LOG:
	case RTI_SECCOMP_TRACE:
		return false;
	default:
		return !seccomp->default_errno_ret || *seccomp->default_errno_ret != ENOSYS;
	}
}

/* The highest number that the profile names on an architecture; 0 when it names none. */
static uint32_t find_last(const struct rti_seccomp *seccomp, uint32_t token)
{
	uint32_t last = 0;

	for (size_t i = 0; i < seccomp->syscalls.count; i++) {
		int number = seccomp_syscall_resolve_name_arch(token,
							       seccomp->syscalls.items[i].name);

		/* Unknown names, and calls that exist on other architectures only, are negative. */
		if (number > 0 && (uint32_t)number > last)
			last = (uint32_t)number;
	}
	if (last == 0)
		log_warn("could not find any syscalls for arch %s",
			 seccomp_architecture_name(token));
	else
		log_debug("seccomp: largest syscall number for arch %s is %u",
			  seccomp_architecture_name(token), last);
	return last;
}

static bool has_token(const struct seccomp_architectures *set, uint32_t token)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->tokens[i] == token)
			return true;
	return false;
}

/*
 * Each section tests for its architecture, answers ENOSYS itself, and jumps on by its own length
 * only, so that no conditional jump is ever longer than its 8 bits. What is fine leaves the section
 * at its end with the architecture in the accumulator replaced by the number, so the next sections
 * must be jumped over: by a "ja", whose 32 bits are filled in at the end.
 */
#define SECTION_EXIT 0xffffffffu

static size_t add_section(struct sock_filter *to, uint32_t audit, const struct sock_filter *body,
			  size_t count)
{
	static const struct sock_filter load_number = BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							       offsetof(struct seccomp_data, nr));
	static const struct sock_filter tail[] = {
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_JMP | BPF_JA, SECTION_EXIT),
	};
	size_t at = 0;

	to[at++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit, 0,
						(uint8_t)(1 + count + 2));
	to[at++] = load_number;
	memcpy(to + at, body, count * sizeof(body[0]));
	at += count;
	memcpy(to + at, tail, sizeof(tail));
	return at + 2;
}

/* Jumps of a body: behind its last instruction stands "ret ENOSYS", and behind that the way on. */
static size_t add_plain(struct sock_filter *to, uint32_t audit, uint32_t last)
{
	const struct sock_filter body[] = { BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 1) };

	return add_section(to, audit, body, 1);
}

/*
 * On s390 the kernel reports 0 for a number above 255 that it does not know. The call of that
 * number, setup(2), is long gone.
 */
static size_t add_s390(struct sock_filter *to, uint32_t audit, uint32_t last)
{
	const struct sock_filter body[] = {
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 1),
	};

	return add_section(to, audit, body, 2);
}

/* Of x86-64 and x32 the one that is not in the profile, with a @last of 0, goes on to the rules. */
static size_t add_x86_64(struct sock_filter *to, uint32_t last, uint32_t last_x32)
{
	const struct sock_filter body[] = {
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, X32_SYSCALL_BIT, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last ? last : UINT32_MAX, 1, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last_x32 ? last_x32 : UINT32_MAX, 0, 1),
	};

	return last || last_x32 ? add_section(to, SCMP_ARCH_X86_64, body, 3) : 0;
}

size_t seccomp_stub_build(const struct rti_seccomp *seccomp,
			  const struct seccomp_architectures *wanted,
			  struct sock_filter ret[static SECCOMP_STUB_MAX])
{
	struct seccomp_architectures set = *wanted;
	uint32_t last, last_x32 = 0;
	size_t count = 1;

	seccomp_architectures_add(&set, seccomp_arch_native());
	if (has_token(&set, SCMP_ARCH_X32))
		last_x32 = find_last(seccomp, SCMP_ARCH_X32);
	if (last_x32 && !has_token(&set, SCMP_ARCH_X86_64))
		count += add_x86_64(ret + count, 0, last_x32);
	for (size_t i = 0; i < set.count; i++) {
		uint32_t token = set.tokens[i];

		if (token == SCMP_ARCH_X32)
			continue;
		last = find_last(seccomp, token);
		if (token == SCMP_ARCH_X86_64)
			count += add_x86_64(ret + count, last, last_x32);
		else if (last && (token == SCMP_ARCH_S390 || token == SCMP_ARCH_S390X))
			count += add_s390(ret + count, token, last);
		else if (last)
			count += add_plain(ret + count, token, last);
	}
	if (count == 1)
		return 0;
	ret[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					      offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < count; i++)
		if (ret[i].code == (BPF_JMP | BPF_JA) && ret[i].k == SECTION_EXIT)
			ret[i].k = (uint32_t)(count - i - 1);
	return count;
}
