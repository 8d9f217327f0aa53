/* SPDX-License-Identifier: Apache-2.0 */
/* The device program of cgroup v2, run by a small interpreter against a plain reading of the rules.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "parent/cgroup-devices.h"

#define RULES(list) ((struct rti_device_rules){ (list), sizeof(list) / sizeof((list)[0]) })
#define STEPS_MAX   10000

struct request {
	uint32_t access_and_type; /* struct bpf_cgroup_dev_ctx */
	uint32_t major;
	uint32_t minor;
};

/* The few instructions that the program may consist of; anything else fails the test. */
static bool interpret(const struct bpf_insn *program, size_t count, const struct request *request)
{
	uint32_t reg[11] = { 0 };
	size_t at = 0;

	for (int steps = 0; steps < STEPS_MAX; steps++) {
		const struct bpf_insn *insn = &program[at];
		uint32_t *to = &reg[insn->dst_reg];

		assert_true(at < count);
		switch (insn->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			assert_int_equal(insn->src_reg, BPF_REG_1);
			memcpy(to, (const char *)request + insn->off, sizeof(*to));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			*to &= (uint32_t)insn->imm;
			break;
		case BPF_ALU | BPF_RSH | BPF_K:
			*to >>= insn->imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_K:
			*to = (uint32_t)insn->imm;
			break;
		case BPF_ALU | BPF_MOV | BPF_X:
			*to = reg[insn->src_reg];
			break;
		case BPF_JMP32 | BPF_JNE | BPF_K:
			at += *to != (uint32_t)insn->imm ? (size_t)insn->off : 0;
			break;
		case BPF_JMP32 | BPF_JEQ | BPF_K:
			at += *to == (uint32_t)insn->imm ? (size_t)insn->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return reg[0];
		default:
			fail_msg("instruction %zu has code %#x", at, insn->code);
		}
		at++;
	}
	fail_msg("the program does not end");
	return false;
}

static bool decide(const struct rti_device_rules *rules, char type, const char *access,
		   uint32_t major, uint32_t minor)
{
	struct request request = { .major = major, .minor = minor };
	struct bpf_insn *program;
	size_t count;
	bool allowed;

	request.access_and_type = type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	for (; *access; access++)
		request.access_and_type |= (uint32_t)(*access == 'r'   ? BPF_DEVCG_ACC_READ
						      : *access == 'w' ? BPF_DEVCG_ACC_WRITE
								       : BPF_DEVCG_ACC_MKNOD)
					   << 16;
	assert_int_equal(cgroup_devices_program(rules, &program, &count, NULL), 0);
	allowed = interpret(program, count, &request);
	free(program);
	return allowed;
}

static void test_nothing_is_allowed_without_rules(void **state)
{
	struct rti_device_rules none = { 0 };

	(void)state;
	assert_false(decide(&none, 'c', "r", 1, 3));
	assert_false(decide(&none, 'b', "m", 8, 0));
}

static void test_rules_match_type_numbers_and_access(void **state)
{
	struct rti_device_rule list[] = {
		{ 'a', -1, -1, "rwm", false },
		{ 'c', 1, 3, "rw", true },
		{ 'b', 8, -1, "m", true },
		{ 'c', 4294967295, 4294967295, "r", true },
	};
	struct rti_device_rules rules = RULES(list);

	(void)state;
	assert_true(decide(&rules, 'c', "r", 1, 3));
	assert_true(decide(&rules, 'c', "rw", 1, 3));
	assert_false(decide(&rules, 'c', "rwm", 1, 3));
	assert_false(decide(&rules, 'c', "r", 1, 4));
	assert_false(decide(&rules, 'b', "r", 1, 3));
	assert_true(decide(&rules, 'b', "m", 8, 77));
	assert_false(decide(&rules, 'b', "m", 9, 77));
	assert_true(decide(&rules, 'c', "r", 4294967295, 4294967295));
}

static void test_access_adds_up_over_rules(void **state)
{
	struct rti_device_rule list[] = {
		{ 'c', 5, 0, "r", true },
		{ 'c', 5, -1, "w", true },
	};
	struct rti_device_rules rules = RULES(list);

	(void)state;
	assert_true(decide(&rules, 'c', "rw", 5, 0));
	assert_false(decide(&rules, 'c', "rw", 5, 1));
	assert_true(decide(&rules, 'c', "w", 5, 1));
}

static void test_later_rules_override(void **state)
{
	struct rti_device_rule list[] = {
		{ 'c', -1, -1, "rwm", true }, /* without say: see the next */
		{ 'a', -1, -1, "rwm", false }, { 'c', 10, -1, "rwm", true },
		{ 'c', 10, 229, "w", false },  { 'c', 10, 229, "m", true },
	};
	struct rti_device_rules rules = RULES(list);

	(void)state;
	assert_false(decide(&rules, 'c', "r", 4, 64));
	assert_true(decide(&rules, 'c', "rwm", 10, 200));
	assert_true(decide(&rules, 'c', "rm", 10, 229));
	assert_false(decide(&rules, 'c', "w", 10, 229));
	assert_false(decide(&rules, 'c', "rw", 10, 229));
}

static void test_a_rule_for_all_devices_allows_all(void **state)
{
	struct rti_device_rule list[] = {
		{ 'c', 1, 3, "rwm", false },
		{ 'a', 7, 7, "r", true },
		{ 'b', 8, 0, "w", false },
	};
	struct rti_device_rules rules = RULES(list);

	(void)state;
	assert_true(decide(&rules, 'c', "rwm", 1, 3));
	assert_true(decide(&rules, 'b', "rm", 8, 0));
	assert_false(decide(&rules, 'b', "w", 8, 0));
}

static void test_rules_without_sense_are_refused(void **state)
{
	struct rti_device_rule fifo[] = { { 'p', -1, -1, "r", true } };
	struct rti_device_rule large[] = { { 'c', 4294967296, 0, "r", true } };
	struct rti_device_rules rules = RULES(fifo);
	struct bpf_insn *program;
	struct rti_error err;
	size_t count;

	(void)state;
	assert_int_equal(cgroup_devices_program(&rules, &program, &count, &err), -EINVAL);
	assert_string_equal(err.text, "cannot add rule with non-cgroup type 'p'");
	rules = RULES(large);
	assert_int_equal(cgroup_devices_program(&rules, &program, &count, &err), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_allowed_without_rules),
		cmocka_unit_test(test_rules_match_type_numbers_and_access),
		cmocka_unit_test(test_access_adds_up_over_rules),
		cmocka_unit_test(test_later_rules_override),
		cmocka_unit_test(test_a_rule_for_all_devices_allows_all),
		cmocka_unit_test(test_rules_without_sense_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
