/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The device program of cgroup v2, apart from the kernel so that it can be tested.
 */
#ifndef RTI_PARENT_CGROUP_DEVICES_H
#define RTI_PARENT_CGROUP_DEVICES_H

#include <linux/bpf.h>
#include <stddef.h>

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * cgroup_devices_program() - the BPF program that means an ordered list of device rules
 * @ret:       on success malloc()ed instructions; the caller frees them
 * @ret_count: their number
 *
 * Return: 0; -EINVAL for a rule of no cgroup type or with numbers out of range; -ENOMEM.
 */
int cgroup_devices_program(const struct rti_device_rules *rules, struct bpf_insn **ret,
			   size_t *ret_count, struct rti_error *err);

#endif
