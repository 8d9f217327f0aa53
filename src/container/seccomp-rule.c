/* SPDX-License-Identifier: Apache-2.0 */
#include "container/seccomp-rule.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/guard.h"
#include "base/log.h"
#include "base/quote.h"

/*
 * libseccomp before 2.6.1 counts instructions in 16 bits and writes beyond its memory after that
 * (GHSA-2hqh-5c36-grrm, GHSA-46fr-jh49-xvhx), so what may get there is refused. The kernel takes
 * 4096.
 */
#define INSTRUCTIONS_MAX	  60000
#define INSTRUCTIONS_OF_RULE	  2
#define INSTRUCTIONS_OF_CONDITION 6

static const enum scmp_compare operators[] = {
	[RTI_SECCOMP_EQ] = SCMP_CMP_EQ,
	[RTI_SECCOMP_NE] = SCMP_CMP_NE,
	[RTI_SECCOMP_GT] = SCMP_CMP_GT,
	[RTI_SECCOMP_GE] = SCMP_CMP_GE,
	[RTI_SECCOMP_LT] = SCMP_CMP_LT,
	[RTI_SECCOMP_LE] = SCMP_CMP_LE,
	[RTI_SECCOMP_MASKED_EQ] = SCMP_CMP_MASKED_EQ,
};

int seccomp_action_translate(int64_t action, const uint64_t *errno_ret, uint32_t *ret)
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

static int translate_condition(const struct rti_seccomp_arg *arg, const char *name,
			       struct scmp_arg_cmp *ret, struct rti_error *err)
{
	if (arg->op < RTI_SECCOMP_EQ || arg->op > RTI_SECCOMP_MASKED_EQ)
		return rti_refuse(err, EINVAL,
				  "error creating seccomp syscall condition for syscall %s: "
				  "invalid operator, cannot use in rule",
				  name);
	if (arg->index >= SECCOMP_ARGUMENTS)
		return rti_refuse(err, EINVAL,
				  "error creating seccomp syscall condition for syscall %s: "
				  "syscalls only have up to 6 arguments (%llu given)",
				  name, (unsigned long long)arg->index);
	*ret = (struct scmp_arg_cmp){
		.arg = (unsigned int)arg->index,
		.op = operators[arg->op],
		.datum_a = arg->value,
		.datum_b = arg->value_two,
	};
	return 0;
}

static bool has_repeated_argument(const struct rti_seccomp_args *args)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < args->count; i++) {
		unsigned int bit = 1u << (args->items[i].index % 32);

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

/* Room for the rules of @call is at the end of @rules. */
static int append_call(struct seccomp_rules *rules, const struct rti_seccomp_syscall *call,
		       const struct seccomp_rule *base, struct rti_error *err)
{
	bool split = has_repeated_argument(&call->args);
	struct seccomp_rule *rule = &rules->items[rules->count];

	*rule = *base;
	for (size_t i = 0; i < call->args.count; i++) {
		struct scmp_arg_cmp condition;
		int r = translate_condition(&call->args.items[i], call->name, &condition, err);

		if (r < 0)
			return r;
		rule->conditions[rule->count++] = condition;
		if (split && i + 1 < call->args.count)
			*++rule = *base;
	}
	rules->count = (size_t)(rule - rules->items) + 1;
	return 0;
}

static int collect_call(struct seccomp_rules *rules, const struct rti_seccomp_syscall *call,
			uint32_t default_action, struct rti_error *err)
{
	struct seccomp_rule base = { .name = call->name, .library = true };
	char quoted[256];

	if (!call->name || !*call->name)
		return rti_refuse(err, EINVAL, "empty string is not a valid syscall");
	if (seccomp_action_translate(call->action, call->errno_ret, &base.action) < 0)
		return rti_refuse(err, EINVAL,
				  "action in seccomp profile is invalid: invalid action, cannot "
				  "use in rule");
	if (base.action == default_action)
		return 0;
	base.number = seccomp_syscall_resolve_name(call->name);
	if (base.number == __NR_SCMP_ERROR) {
		log_debug("unknown seccomp syscall %s ignored",
			  rti_quote(call->name, quoted, sizeof(quoted)));
		return 0;
	}
	return append_call(rules, call, &base, err);
}

static bool is_equality(const struct seccomp_rule *rule)
{
	for (unsigned int i = 0; i < rule->count; i++)
		if (rule->conditions[i].op != SCMP_CMP_EQ &&
		    rule->conditions[i].op != SCMP_CMP_MASKED_EQ)
			return false;
	return true;
}

/*
 * A call that exists on some architecture only as a part of another one, as socket(2) in
 * socketcall(2) on x86, is known to libseccomp alone.
 */
static bool is_plain_everywhere(const char *name, const struct seccomp_architectures *wanted)
{
	for (size_t i = 0; i < wanted->count; i++) {
		int number = seccomp_syscall_resolve_name_arch(wanted->tokens[i], name);

		if (number < 0 && number != __NR_SCMP_ERROR)
			return false;
	}
	return seccomp_syscall_resolve_name(name) >= 0;
}

/* One comparison each, of the same argument and with data of 32 bits, is what libseccomp does well.
 */
static bool is_simple_beside(const struct seccomp_rule *rule, const struct seccomp_rule *first)
{
	return rule->count == 1 && rule->conditions[0].arg == first->conditions[0].arg &&
	       rule->conditions[0].datum_a <= UINT32_MAX;
}

/*
 * Whether the rules of @first's call are for us: several, with one action, so that their order does
 * not matter, and with comparisons that libseccomp may merge wrongly.
 */
static bool is_group_own(const struct seccomp_rules *rules, const struct seccomp_rule *first)
{
	bool equality = true, simple = true;
	size_t count = 0;

	for (size_t i = 0; i < rules->count; i++) {
		const struct seccomp_rule *rule = &rules->items[i];

		if (rule->number != first->number)
			continue;
		if (rule->count == 0 || rule->action != first->action)
			return false;
		equality = equality && is_equality(rule);
		simple = simple && is_simple_beside(rule, first);
		count++;
	}
	return guard(OWN_COMPARISONS) && count > 1 && !equality && !simple;
}

static void mark_own(struct seccomp_rules *rules, const struct seccomp_architectures *wanted)
{
	for (size_t i = 0; i < rules->count; i++) {
		struct seccomp_rule *first = &rules->items[i];
		bool library;

		if (first->own || is_equality(first) || !is_group_own(rules, first))
			continue;
		library = !is_plain_everywhere(first->name, wanted);
		for (size_t j = 0; j < rules->count; j++) {
			if (rules->items[j].number != first->number)
				continue;
			rules->items[j].own = true;
			rules->items[j].library = library;
		}
	}
}

static bool may_overflow(size_t calls, size_t conditions, size_t architectures)
{
	return calls > INSTRUCTIONS_MAX || conditions > INSTRUCTIONS_MAX ||
	       (calls * INSTRUCTIONS_OF_RULE + conditions * INSTRUCTIONS_OF_CONDITION) *
			       architectures >
		       INSTRUCTIONS_MAX;
}

int seccomp_rules_collect(const struct rti_seccomp *seccomp,
			  const struct seccomp_architectures *wanted, uint32_t default_action,
			  struct seccomp_rules *ret, struct rti_error *err)
{
	struct seccomp_rules rules = { NULL };
	size_t count = seccomp->syscalls.count, conditions = 0;
	int r = 0;

	for (size_t i = 0; i < seccomp->syscalls.count; i++)
		conditions += seccomp->syscalls.items[i].args.count;
	if (guard(PROFILE_SIZE) && may_overflow(count, conditions, wanted->count + 1))
		return rti_refuse(err, E2BIG,
				  "seccomp profile is too large: %zu rules with %zu conditions",
				  count, conditions);
	/* A call without conditions is one rule, and one with them at most one each. */
	rules.items = calloc(count + conditions + 1, sizeof(rules.items[0]));
	if (!rules.items)
		return rti_fail(err, ENOMEM, "seccomp rules");
	for (size_t i = 0; i < seccomp->syscalls.count && r == 0; i++)
		r = collect_call(&rules, &seccomp->syscalls.items[i], default_action, err);
	if (r < 0) {
		seccomp_rules_done(&rules);
		return r;
	}
	mark_own(&rules, wanted);
	*ret = rules;
	return 0;
}

void seccomp_rules_done(struct seccomp_rules *rules)
{
	free(rules->items);
	*rules = (struct seccomp_rules){ NULL };
}
