/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Device rules on cgroup v2
 *
 * v2 has no files for devices; a BPF program decides. It is given the kind of device, its numbers
 * and the wanted access, and goes through the rules from the last to the first, so that later rules
 * override earlier ones: an allowing rule takes the access it grants off what is still wanted, and
 * allows once nothing is left; a denying rule that touches what is still wanted denies. What no
 * rule grants is denied.
 *
 * Registers: r2 device type, r3 access still wanted, r4 major, r5 minor, r1 scratch.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/cgroup-devices.h"
#include "parent/cgroup-driver.h"
#include "parent/cgroup-file.h"

#define ACCESS_ALL	      (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)
#define INSTRUCTIONS_PER_RULE 8
#define INSTRUCTIONS_AROUND   8
#define ATTACHED_MAX	      64 /* the kernel's BPF_CGROUP_MAX_PROGS */

static struct bpf_insn load_word(uint8_t to, int16_t offset)
{
	return (struct bpf_insn){ .code = BPF_LDX | BPF_MEM | BPF_W,
				  .dst_reg = to,
				  .src_reg = BPF_REG_1,
				  .off = offset };
}

static struct bpf_insn alu(uint8_t operation, uint8_t to, int32_t value)
{
	return (struct bpf_insn){ .code = BPF_ALU | operation | BPF_K,
				  .dst_reg = to,
				  .imm = value };
}

static struct bpf_insn copy(uint8_t to, uint8_t from)
{
	return (struct bpf_insn){ .code = BPF_ALU | BPF_MOV | BPF_X,
				  .dst_reg = to,
				  .src_reg = from };
}

/* From instruction @at to instruction @to, if the comparison holds. */
static struct bpf_insn jump_if(uint8_t comparison, uint8_t reg, int32_t value, size_t at, size_t to)
{
	return (struct bpf_insn){ .code = BPF_JMP32 | comparison | BPF_K,
				  .dst_reg = reg,
				  .off = (int16_t)(to - at - 1),
				  .imm = value };
}

static struct bpf_insn finish(void)
{
	return (struct bpf_insn){ .code = BPF_JMP | BPF_EXIT };
}

static int32_t access_bits(const char *permissions)
{
	int32_t bits = 0;

	for (const char *p = permissions ? permissions : ""; *p; p++)
		bits |= *p == 'r'   ? BPF_DEVCG_ACC_READ
			: *p == 'w' ? BPF_DEVCG_ACC_WRITE
			: *p == 'm' ? BPF_DEVCG_ACC_MKNOD
				    : 0;
	return bits;
}

/* Write one rule's instructions; tests that fail jump over its end. Gives their number. */
static size_t add_rule(struct bpf_insn *program, const struct rti_device_rule *rule)
{
	int32_t type = rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
	/* A rule for all devices sets everything, whatever its numbers and access say. */
	bool all = rule->type == 'a';
	bool has_major = !all && rule->major >= 0, has_minor = !all && rule->minor >= 0;
	int32_t access = all ? ACCESS_ALL : access_bits(rule->permissions);
	int32_t major = (int32_t)rule->major, minor = (int32_t)rule->minor;
	/* allow: and, jump, mov, exit; deny: mov, and, jump, mov, exit */
	size_t end = (size_t)!all + has_major + has_minor + (rule->allow ? 4 : 5), n = 0;

	if (!all) {
		program[n] = jump_if(BPF_JNE, BPF_REG_2, type, n, end);
		n++;
	}
	if (has_major) {
		program[n] = jump_if(BPF_JNE, BPF_REG_4, major, n, end);
		n++;
	}
	if (has_minor) {
		program[n] = jump_if(BPF_JNE, BPF_REG_5, minor, n, end);
		n++;
	}
	if (rule->allow) {
		program[n++] = alu(BPF_AND, BPF_REG_3, ~access);
		program[n] = jump_if(BPF_JNE, BPF_REG_3, 0, n, end);
	} else {
		program[n++] = copy(BPF_REG_1, BPF_REG_3);
		program[n++] = alu(BPF_AND, BPF_REG_1, access);
		program[n] = jump_if(BPF_JEQ, BPF_REG_1, 0, n, end);
	}
	n++;
	program[n++] = alu(BPF_MOV, BPF_REG_0, rule->allow);
	program[n++] = finish();
	return n;
}

int cgroup_devices_program(const struct rti_device_rules *rules, struct bpf_insn **ret,
			   size_t *ret_count, struct rti_error *err)
{
	struct bpf_insn *program;
	size_t n = 0;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rti_device_rule *rule = &rules->items[i];

		if (rule->type != 'a' && rule->type != 'b' && rule->type != 'c')
			return rti_refuse(err, EINVAL, "cannot add rule with non-cgroup type '%c'",
					  (int)rule->type);
		if (rule->major > UINT32_MAX || rule->minor > UINT32_MAX)
			return rti_refuse(err, EINVAL,
					  "invalid major or minor number in device rule");
	}
	program = reallocarray(NULL, rules->count * INSTRUCTIONS_PER_RULE + INSTRUCTIONS_AROUND,
			       sizeof(*program));
	if (!program)
		return rti_fail(err, ENOMEM, "device program");
	/* struct bpf_cgroup_dev_ctx: access << 16 | type, major, minor */
	program[n++] = load_word(BPF_REG_2, 0);
	program[n++] = copy(BPF_REG_3, BPF_REG_2);
	program[n++] = alu(BPF_AND, BPF_REG_2, 0xffff);
	program[n++] = alu(BPF_RSH, BPF_REG_3, 16);
	program[n++] = load_word(BPF_REG_4, 4);
	program[n++] = load_word(BPF_REG_5, 8);
	for (size_t i = rules->count; i > 0; i--) {
		n += add_rule(program + n, &rules->items[i - 1]);
		if (rules->items[i - 1].type == 'a')
			break; /* earlier ones have no say, and the verifier dislikes dead code */
	}
	program[n++] = alu(BPF_MOV, BPF_REG_0, 0);
	program[n++] = finish();
	*ret = program;
	*ret_count = n;
	return 0;
}

static int sys_bpf(int command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int load_program(const struct rti_device_rules *rules, struct rti_error *err)
{
	static const char license[] = "Apache";
	_cleanup_free_ struct bpf_insn *program = NULL;
	char log[1024] = "";
	union bpf_attr attr = { .prog_type = BPF_PROG_TYPE_CGROUP_DEVICE };
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	size_t count;
	int fd, r;

	r = cgroup_devices_program(rules, &program, &count, err);
	if (r < 0)
		return r;
	attr.insns = (uintptr_t)program;
	attr.insn_cnt = (uint32_t)count;
	attr.license = (uintptr_t)license;
	fd = sys_bpf(BPF_PROG_LOAD, &attr);
	if (fd < 0 && errno == EPERM) {
		/* Before Linux 5.11 the program counts as locked memory. */
		if (setrlimit(RLIMIT_MEMLOCK, &limit) == 0)
			fd = sys_bpf(BPF_PROG_LOAD, &attr);
		else
			errno = EPERM;
	}
	if (fd >= 0)
		return fd;
	r = -errno;
	attr.log_level = 1;
	attr.log_buf = (uintptr_t)log;
	attr.log_size = sizeof(log);
	if (r == -EINVAL || r == -EACCES)
		rti_close(sys_bpf(BPF_PROG_LOAD, &attr));
	log[strcspn(log, "\n")] = 0;
	rti_fail(err, -r, "load program%s%s", *log ? ": " : "", log);
	return r;
}

static size_t attached_programs(int dir_fd, uint32_t ids[static ATTACHED_MAX])
{
	union bpf_attr attr = { .query = { .target_fd = (uint32_t)dir_fd,
					   .attach_type = BPF_CGROUP_DEVICE,
					   .prog_ids = (uintptr_t)ids,
					   .prog_cnt = ATTACHED_MAX } };

	return sys_bpf(BPF_PROG_QUERY, &attr) < 0 ? 0 : attr.query.prog_cnt;
}

static int detach_program(int dir_fd, uint32_t id, struct rti_error *err)
{
	union bpf_attr by_id = { .prog_id = id };
	_cleanup_fd_ int fd = sys_bpf(BPF_PROG_GET_FD_BY_ID, &by_id);
	union bpf_attr attr = { .target_fd = (uint32_t)dir_fd,
				.attach_bpf_fd = (uint32_t)fd,
				.attach_type = BPF_CGROUP_DEVICE };

	if (fd < 0)
		return 0; /* not ours to touch, an LSM says; it can only deny more */
	if (sys_bpf(BPF_PROG_DETACH, &attr) < 0)
		return rti_fail(err, errno,
				"failed to call BPF_PROG_DETACH (BPF_CGROUP_DEVICE) on "
				"old filter program");
	return 0;
}

static int replace_program(const char *path, const struct rti_device_rules *rules,
			   struct rti_error *err)
{
	_cleanup_fd_ int dir_fd = cgroup_file_open(path, "", O_RDONLY | O_DIRECTORY, err);
	_cleanup_fd_ int fd = -EBADF;
	union bpf_attr attr = { .attach_type = BPF_CGROUP_DEVICE,
				.attach_flags = BPF_F_ALLOW_MULTI };
	uint32_t old[ATTACHED_MAX];
	size_t old_count;
	int r = 0;

	if (dir_fd < 0)
		return dir_fd;
	fd = load_program(rules, err);
	if (fd < 0)
		return fd;
	/* All attached programs have to agree, so that nothing opens up between the two steps. */
	old_count = attached_programs(dir_fd, old);
	attr.target_fd = (uint32_t)dir_fd;
	attr.attach_bpf_fd = (uint32_t)fd;
	if (sys_bpf(BPF_PROG_ATTACH, &attr) < 0)
		return rti_fail(err, errno,
				"failed to call BPF_PROG_ATTACH (BPF_CGROUP_DEVICE, "
				"BPF_F_ALLOW_MULTI)");
	for (size_t i = 0; r == 0 && i < old_count; i++)
		r = detach_program(dir_fd, old[i], err);
	return r;
}

int cgroup_devices_set_v2(const char *path, const struct rti_device_rules *rules,
			  struct rti_error *err)
{
	bool only_allows = true;
	int r;

	for (size_t i = 0; i < rules->count; i++) {
		const struct rti_device_rule *rule = &rules->items[i];

		only_allows &= rule->allow && access_bits(rule->permissions) == ACCESS_ALL;
	}
	r = replace_program(path, rules, err);
	return r < 0 && (only_allows || cgroup_running_in_userns()) ? 0 : r;
}
