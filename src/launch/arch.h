/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What differs between processors: the ELF machine number, and the jump to a program's entry point
 * with the stack pointer and the registers that its ABI wants.
 */
#ifndef LAUNCH_ARCH_H
#define LAUNCH_ARCH_H

#include <elf.h>
#include <stdint.h>

#if defined(__x86_64__)
#define ARCH_ELF_MACHINE EM_X86_64
/* %rdx is a function for atexit(3), 0 for none; %rbp marks the outermost frame. */
#define ARCH_JUMP(entry, stack)                                                                    \
	__asm__ volatile("mov %1, %%rsp\n\txor %%edx, %%edx\n\txor %%ebp, %%ebp\n\tjmp *%0"        \
			 :                                                                         \
			 : "a"(entry), "c"(stack)                                                  \
			 : "memory", "rdx")
#elif defined(__aarch64__)
#define ARCH_ELF_MACHINE EM_AARCH64
#define ARCH_JUMP(entry, stack)                                                                    \
	__asm__ volatile("mov sp, %1\n\tmov x0, #0\n\tmov x29, #0\n\tmov x30, #0\n\tbr %0"         \
			 :                                                                         \
			 : "r"(entry), "r"(stack)                                                  \
			 : "memory", "x0")
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH_ELF_MACHINE EM_RISCV
#define ARCH_JUMP(entry, stack)                                                                    \
	__asm__ volatile("mv sp, %1\n\tli a0, 0\n\tjr %0"                                          \
			 :                                                                         \
			 : "r"(entry), "r"(stack)                                                  \
			 : "memory", "a0")
#else
#error "launch/arch.h has no lines for this processor yet"
#endif

/* Does not return; for a processor whose jump the compiler cannot see. */
static inline __attribute__((noreturn)) void arch_jump(uintptr_t entry, const void *stack)
{
	ARCH_JUMP(entry, stack);
	__builtin_unreachable();
}

#endif
