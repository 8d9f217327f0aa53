/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's interpreter of classic BPF for seccomp: programs can be compared by verdict. */
#ifndef TESTS_UNIT_BPF_SIM_H
#define TESTS_UNIT_BPF_SIM_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * bpf_run() - the verdict (SECCOMP_RET_*) of a program on a system call
 *
 * Ends the program by abort(3) for programs that the kernel would not load: jumps out of the
 * program, loads out of the data, unknown instructions, no return.
 */
uint32_t bpf_run(const struct sock_filter *program, size_t count, const struct seccomp_data *data);

#endif
