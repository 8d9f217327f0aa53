/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For each call and architecture one section:
 *
 *	load the architecture; another one: go to the end of the section
 *	load the number; another one: go to the end of the section
 *	each rule: each condition, where failing means the next rule; return the action
 *	return the default action
 *
 * The way to the end may be long and is a "ja". Within a rule no jump is longer than its
 *conditions, which fits into the 8 bits of a conditional jump.
 */
#include "container/seccomp-rule.h"

#include <endian.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

/* Marks of jump targets until a rule is complete: the next rule, the end of the condition. */
#define NEXT_RULE 254
#define HOLDS	  255

#ifndef __AUDIT_ARCH_CONVENTION_MIPS64_N32
#define __AUDIT_ARCH_CONVENTION_MIPS64_N32 0x20000000
#endif

struct writer {
	struct sock_filter *to;
	size_t count; /* goes on beyond @max, writing nothing */
	size_t max;
};

static void put(struct writer *writer, struct sock_filter instruction)
{
	if (writer->count < writer->max)
		writer->to[writer->count] = instruction;
	writer->count++;
}

static void put_load(struct writer *writer, size_t offset)
{
	put(writer, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offset));
}

static void put_jump(struct writer *writer, uint16_t op, uint32_t value, uint8_t yes, uint8_t no)
{
	put(writer, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_K | op, value, yes, no));
}

/* Replaces @mark in the jumps since @from by the way to the next instruction. */
static void resolve(struct writer *writer, size_t from, uint8_t mark)
{
	for (size_t i = from; i < writer->count && i < writer->max; i++) {
		struct sock_filter *jump = &writer->to[i];

		if (BPF_CLASS(jump->code) != BPF_JMP || jump->code == (BPF_JMP | BPF_JA))
			continue;
		if (jump->jt == mark)
			jump->jt = (uint8_t)(writer->count - i - 1);
		if (jump->jf == mark)
			jump->jf = (uint8_t)(writer->count - i - 1);
	}
}

static size_t word_offset(unsigned int argument, bool high)
{
	bool second = high == (__BYTE_ORDER == __LITTLE_ENDIAN);

	return offsetof(struct seccomp_data, args) + 8 * argument + (second ? 4 : 0);
}

/* On the high words: decided here, or equal and so decided by the low words. */
static void put_high(struct writer *writer, const struct scmp_arg_cmp *condition)
{
	uint32_t datum = (uint32_t)(condition->datum_a >> 32);

	put_load(writer, word_offset(condition->arg, true));
	switch (condition->op) {
	case SCMP_CMP_NE:
		put_jump(writer, BPF_JEQ, datum, 0, HOLDS);
		break;
	case SCMP_CMP_GT:
	case SCMP_CMP_GE:
		put_jump(writer, BPF_JGT, datum, HOLDS, 0);
		put_jump(writer, BPF_JEQ, datum, 0, NEXT_RULE);
		break;
	case SCMP_CMP_LT:
	case SCMP_CMP_LE:
		put_jump(writer, BPF_JGT, datum, NEXT_RULE, 0);
		put_jump(writer, BPF_JEQ, datum, 0, HOLDS);
		break;
	case SCMP_CMP_MASKED_EQ:
		put(writer, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, datum));
		datum &= (uint32_t)(condition->datum_b >> 32);
		put_jump(writer, BPF_JEQ, datum, 0, NEXT_RULE);
		break;
	default:
		put_jump(writer, BPF_JEQ, datum, 0, NEXT_RULE);
	}
}

static void put_low(struct writer *writer, const struct scmp_arg_cmp *condition)
{
	uint32_t datum = (uint32_t)condition->datum_a;

	put_load(writer, word_offset(condition->arg, false));
	switch (condition->op) {
	case SCMP_CMP_NE:
		put_jump(writer, BPF_JEQ, datum, NEXT_RULE, 0);
		break;
	case SCMP_CMP_GT:
		put_jump(writer, BPF_JGT, datum, 0, NEXT_RULE);
		break;
	case SCMP_CMP_GE:
		put_jump(writer, BPF_JGE, datum, 0, NEXT_RULE);
		break;
	case SCMP_CMP_LT:
		put_jump(writer, BPF_JGE, datum, NEXT_RULE, 0);
		break;
	case SCMP_CMP_LE:
		put_jump(writer, BPF_JGT, datum, NEXT_RULE, 0);
		break;
	case SCMP_CMP_MASKED_EQ:
		put(writer, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, datum));
		put_jump(writer, BPF_JEQ, datum & (uint32_t)condition->datum_b, 0, NEXT_RULE);
		break;
	default:
		put_jump(writer, BPF_JEQ, datum, 0, NEXT_RULE);
	}
}

/* Of a 32-bit architecture's arguments and data only the low words count, as with libseccomp. */
static bool has_high_words(uint32_t token)
{
	return (token & __AUDIT_ARCH_64BIT) && !(token & __AUDIT_ARCH_CONVENTION_MIPS64_N32);
}

static void put_rule(struct writer *writer, const struct seccomp_rule *rule, uint32_t token)
{
	size_t start = writer->count;

	for (unsigned int i = 0; i < rule->count; i++) {
		size_t condition_start = writer->count;

		if (has_high_words(token))
			put_high(writer, &rule->conditions[i]);
		put_low(writer, &rule->conditions[i]);
		resolve(writer, condition_start, HOLDS);
	}
	put(writer, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, rule->action));
	resolve(writer, start, NEXT_RULE);
}

static void put_long_jump(struct writer *writer, size_t at, size_t target)
{
	if (at < writer->max)
		writer->to[at] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA,
							      (uint32_t)(target - at - 1));
}

static void put_section(struct writer *writer, const struct seccomp_rules *rules,
			const struct seccomp_rule *first, uint32_t token, uint32_t default_action)
{
	int number = seccomp_syscall_resolve_name_arch(token, first->name);
	uint32_t audit = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
	size_t other_arch, other_number;

	if (number < 0)
		return;
	put_load(writer, offsetof(struct seccomp_data, arch));
	put_jump(writer, BPF_JEQ, audit, 1, 0);
	other_arch = writer->count++;
	put_load(writer, offsetof(struct seccomp_data, nr));
	put_jump(writer, BPF_JEQ, (uint32_t)number, 1, 0);
	other_number = writer->count++;
	for (const struct seccomp_rule *rule = first; rule < rules->items + rules->count; rule++)
		if (rule->number == first->number)
			put_rule(writer, rule, token);
	put(writer, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, default_action));
	put_long_jump(writer, other_arch, writer->count);
	put_long_jump(writer, other_number, writer->count);
}

static bool is_first_of_call(const struct seccomp_rules *rules, const struct seccomp_rule *rule)
{
	for (const struct seccomp_rule *before = rules->items; before < rule; before++)
		if (before->number == rule->number)
			return false;
	return true;
}

size_t seccomp_compare_build(const struct seccomp_rules *rules,
			     const struct seccomp_architectures *wanted, uint32_t default_action,
			     struct sock_filter *ret, size_t max)
{
	struct writer writer = { .to = ret, .max = max };
	struct seccomp_architectures set = *wanted;

	seccomp_architectures_add(&set, seccomp_arch_native());
	for (size_t i = 0; i < rules->count; i++) {
		const struct seccomp_rule *rule = &rules->items[i];

		if (!rule->own || !is_first_of_call(rules, rule))
			continue;
		for (size_t j = 0; j < set.count; j++)
			put_section(&writer, rules, rule, set.tokens[j], default_action);
	}
	return writer.count;
}
