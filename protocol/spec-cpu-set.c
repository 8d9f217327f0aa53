/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of CPUs and of memory nodes: "0-3,5, 7", and what is made of them.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "protocol/spec-convert-internal.h"

#define WORD_BITS 64u
/* Words of the set before runc's main line, which has as many as it needs: 1024 bits. */
#define FIXED_WORDS 16u
/* Largest number in runc's main line. */
#define NUMBER_MAX 65536u

static uint64_t number_max(enum rti_dialect dialect)
{
	return dialect < RTI_DIALECT_RUNC_MAIN ? FIXED_WORDS * WORD_BITS - 1 : NUMBER_MAX;
}

/* A number in the words of Go's strconv.ParseUint, which takes 32 bits here. */
static int parse_number(const char *text, enum rti_dialect dialect, struct rti_arena *arena,
			uint64_t *ret, struct rti_error *err)
{
	uint64_t number;
	bool digits = *text && !text[strspn(text, "0123456789")];

	if (!digits || !rti_number_u64(text, UINT32_MAX, &number)) {
		const char *quoted = spec_quote(arena, text);

		if (!quoted)
			return spec_no_memory(err);
		return rti_refuse(err, EINVAL, "strconv.ParseUint: parsing %s: %s", quoted,
				  digits ? "value out of range" : "invalid syntax");
	}
	if (number > number_max(dialect))
		return rti_refuse(err, EINVAL, "values larger than %llu are not supported",
				  (unsigned long long)number_max(dialect));
	*ret = number;
	return 0;
}

/* One element, "5" or "3-4", without blanks around; cut at its '-'. */
static int parse_range(char *element, enum rti_dialect dialect, struct rti_arena *arena,
		       uint64_t *ret_first, uint64_t *ret_last, struct rti_error *err)
{
	char *dash = strchr(element, '-');
	int r;

	if (dash)
		*dash = '\0';
	r = parse_number(element, dialect, arena, ret_first, err);
	if (r < 0)
		return r;
	*ret_last = *ret_first;
	if (!dash)
		return 0;
	r = parse_number(dash + 1, dialect, arena, ret_last, err);
	if (r < 0)
		return r;
	if (*ret_first > *ret_last)
		return rti_refuse(err, EINVAL, "invalid range: %s-%s", element, dash + 1);
	return 0;
}

static char *trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

static int parse_elements(char *text, enum rti_dialect dialect, struct rti_arena *arena,
			  uint64_t *words, size_t *ret_used, struct rti_error *err)
{
	size_t used = 0;
	char *element;

	while ((element = strsep(&text, ","))) {
		uint64_t first;
		uint64_t last;
		int r;

		element = trim(element);
		if (!*element)
			continue;
		r = parse_range(element, dialect, arena, &first, &last, err);
		if (r < 0)
			return r;
		for (uint64_t i = first; i <= last; i++)
			words[i / WORD_BITS] |= (uint64_t)1 << (i % WORD_BITS);
		if (last / WORD_BITS + 1 > used)
			used = last / WORD_BITS + 1;
	}
	*ret_used = used;
	return 0;
}

int rti_cpu_set_parse(const char *text, enum rti_dialect dialect, struct rti_arena *arena,
		      struct rti_words *ret, struct rti_error *err)
{
	size_t count = number_max(dialect) / WORD_BITS + 1;
	size_t used;
	uint64_t *words;
	char *copy;
	int r;

	if (spec_is_empty(text)) {
		*ret = (struct rti_words){};
		return 0;
	}
	words = rti_arena_array(arena, count, sizeof(*words));
	copy = rti_arena_text(arena, text, strlen(text));
	if (!words || !copy)
		return spec_no_memory(err);
	r = parse_elements(copy, dialect, arena, words, &used, err);
	if (r < 0)
		return r;
	if (!used) {
		const char *quoted = spec_quote(arena, text);

		if (!quoted)
			return spec_no_memory(err);
		return rti_refuse(err, EINVAL,
				  dialect < RTI_DIALECT_RUNC_1_4 ? "no CPUs found in %s" :
								   "no members found in set %s",
				  quoted);
	}
	ret->items = words;
	ret->count = dialect < RTI_DIALECT_RUNC_MAIN ? FIXED_WORDS : used;
	return 0;
}

int spec_convert_cpu_affinity(const struct rti_spec_cpu_affinity *from, enum rti_dialect dialect,
			      struct rti_arena *arena, struct rti_cpu_affinity **ret,
			      struct rti_error *err)
{
	struct rti_cpu_affinity *affinity;
	int r;

	if (!from || dialect < RTI_DIALECT_RUNC_1_3)
		return 0;
	affinity = rti_arena_alloc(arena, sizeof(*affinity));
	if (!affinity)
		return spec_no_memory(err);
	r = rti_cpu_set_parse(from->initial, dialect, arena, &affinity->initial, err);
	if (r < 0)
		return rti_prefix(err, r, "bad CPUAffinity.Initial");
	r = rti_cpu_set_parse(from->final, dialect, arena, &affinity->final, err);
	if (r < 0)
		return rti_prefix(err, r, "bad CPUAffinity.Final");
	if (affinity->initial.count || affinity->final.count)
		*ret = affinity;
	return 0;
}

static const struct spec_word policy_modes[] = {
	{ "MPOL_DEFAULT", 0 },
	{ "MPOL_PREFERRED", 1 },
	{ "MPOL_BIND", 2 },
	{ "MPOL_INTERLEAVE", 3 },
	{ "MPOL_LOCAL", 4 },
	{ "MPOL_PREFERRED_MANY", 5 },
	{ "MPOL_WEIGHTED_INTERLEAVE", 6 }, /* since Linux 6.9 */
	{ NULL },
};

static const struct spec_word policy_flags[] = {
	{ "MPOL_F_STATIC_NODES", 1 << 15 },
	{ "MPOL_F_RELATIVE_NODES", 1 << 14 },
	{ "MPOL_F_NUMA_BALANCING", 1 << 13 },
	{ NULL },
};

/* `invalid memory policy <what> "<text>"` */
static int refuse_policy(struct rti_arena *arena, const char *what, const char *text,
			 struct rti_error *err)
{
	const char *quoted = spec_quote(arena, text);

	if (!quoted)
		return spec_no_memory(err);
	return rti_refuse(err, EINVAL, "invalid memory policy %s %s", what, quoted);
}

int spec_convert_memory_policy(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_spec_memory_policy *from = conversion->spec->linux_part->memory_policy;
	struct rti_arena *arena = conversion->arena;
	const struct spec_word *mode;
	struct rti_memory_policy *policy;
	int r;

	if (!from || conversion->dialect < RTI_DIALECT_RUNC_1_4)
		return 0;
	policy = rti_arena_alloc(arena, sizeof(*policy));
	if (!policy)
		return spec_no_memory(err);
	mode = spec_word_find(policy_modes, from->mode);
	if (!mode)
		return refuse_policy(arena, "mode", from->mode, err);
	policy->mode = mode->number;
	r = rti_cpu_set_parse(from->nodes, conversion->dialect, arena, &policy->nodes, err);
	if (r < 0) {
		const char *quoted = spec_quote(arena, from->nodes);

		return rti_prefix(err, r, "invalid memory policy nodes %s", spec_text(quoted));
	}
	for (size_t i = 0; i < from->flags.count; i++) {
		const struct spec_word *flag = spec_word_find(policy_flags, from->flags.items[i]);

		if (!flag)
			return refuse_policy(arena, "flag", from->flags.items[i], err);
		policy->flags |= flag->number;
	}
	conversion->config->memory_policy = policy;
	return 0;
}
