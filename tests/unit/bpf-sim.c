/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/bpf-sim.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The fuzz targets use this too, so it does not know the tests' library. */
static void fail(const char *fmt, ...)
{
	va_list args;

	fprintf(stderr, "bpf: ");
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

static uint32_t load_word(const struct seccomp_data *data, uint32_t offset)
{
	uint32_t word;

	if (offset % 4 != 0 || offset > sizeof(*data) - 4)
		fail("load at %u", offset);
	memcpy(&word, (const char *)data + offset, 4);
	return word;
}

static uint32_t calculate(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 31);
	case BPF_RSH:
		return a >> (b & 31);
	case BPF_NEG:
		return 0 - a;
	}
	fail("operation %#x", op);
	return 0;
}

static bool compare(uint16_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JSET:
		return (a & b) != 0;
	}
	fail("comparison %#x", op);
	return false;
}

uint32_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data)
{
	uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = { 0 };

	for (size_t at = 0; at < count; at++) {
		const struct sock_filter *i = &program[at];
		uint32_t operand = BPF_SRC(i->code) == BPF_X ? x : i->k;

		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
			if (BPF_MODE(i->code) == BPF_ABS)
				a = load_word(data, i->k);
			else if (BPF_MODE(i->code) == BPF_MEM && i->k < BPF_MEMWORDS)
				a = memory[i->k];
			else
				a = i->k;
			break;
		case BPF_LDX:
			x = BPF_MODE(i->code) == BPF_MEM && i->k < BPF_MEMWORDS ? memory[i->k]
										: i->k;
			break;
		case BPF_ST:
			memory[i->k % BPF_MEMWORDS] = a;
			break;
		case BPF_STX:
			memory[i->k % BPF_MEMWORDS] = x;
			break;
		case BPF_ALU:
			a = calculate(BPF_OP(i->code), a, operand);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				at += i->k;
			else
				at += compare(BPF_OP(i->code), a, operand) ? i->jt : i->jf;
			break;
		case BPF_RET:
			return BPF_RVAL(i->code) == BPF_A ? a : i->k;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		}
	}
	fail("no verdict");
	return 0;
}
