/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/seccomp-meaning.h"

static bool holds(const struct rti_seccomp_arg *arg, uint64_t value, uint64_t width)
{
	uint64_t datum = arg->value & width;

	value &= width;
	switch (arg->op) {
	case RTI_SECCOMP_EQ:
		return value == datum;
	case RTI_SECCOMP_NE:
		return value != datum;
	case RTI_SECCOMP_GT:
		return value > datum;
	case RTI_SECCOMP_GE:
		return value >= datum;
	case RTI_SECCOMP_LT:
		return value < datum;
	case RTI_SECCOMP_LE:
		return value <= datum;
	default:
		return (value & datum) == (arg->value_two & datum);
	}
}

static bool has_argument_twice(const struct rti_seccomp_args *args)
{
	for (size_t i = 0; i < args->count; i++)
		for (size_t j = 0; j < i; j++)
			if (args->items[i].index == args->items[j].index)
				return true;
	return false;
}

bool seccomp_rule_matches(const struct rti_seccomp_syscall *call, const struct seccomp_data *data,
			  uint64_t width)
{
	bool any = false, all = true;

	for (size_t i = 0; i < call->args.count; i++) {
		const struct rti_seccomp_arg *arg = &call->args.items[i];
		bool holding = holds(arg, data->args[arg->index], width);

		any = any || holding;
		all = all && holding;
	}
	return has_argument_twice(&call->args) ? any : all;
}
