/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of what is done to the process, as far as the container's configuration and the process's
 * part have them in common; and seccomp, which is the container's.
 */
#include "protocol/init-config-objects.h"
#include "protocol/init-config.h"

static const struct rti_field rlimit_fields[] = {
	RTI_ROW(struct rti_rlimit, "type", INT, type),
	RTI_ROW(struct rti_rlimit, "hard", UINT64, hard),
	RTI_ROW(struct rti_rlimit, "soft", UINT64, soft),
	{ 0 },
};

const struct rti_object rti_rlimit_object = { "configs.Rlimit", sizeof(struct rti_rlimit),
					      rlimit_fields };

static const struct rti_field capabilities_fields[] = {
	RTI_ROW(struct rti_capabilities, "Bounding", STRINGS, bounding, .omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_capabilities, "Effective", STRINGS, effective,
		.omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_capabilities, "Inheritable", STRINGS, inheritable,
		.omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_capabilities, "Permitted", STRINGS, permitted,
		.omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_capabilities, "Ambient", STRINGS, ambient, .omit = RTI_OMIT_ZERO_1_4),
	{ 0 },
};

const struct rti_object rti_capabilities_object = { "configs.Capabilities",
						    sizeof(struct rti_capabilities),
						    capabilities_fields };

static const struct rti_field io_priority_fields[] = {
	RTI_ROW(struct rti_io_priority, "class", STRING, class_name),
	RTI_ROW(struct rti_io_priority, "priority", INT, priority),
	{ 0 },
};

const struct rti_object rti_io_priority_object = { "specs.LinuxIOPriority",
						   sizeof(struct rti_io_priority),
						   io_priority_fields };

static const struct rti_field scheduler_fields[] = {
	RTI_ROW(struct rti_scheduler, "policy", STRING, policy),
	RTI_ROW(struct rti_scheduler, "nice", INT32, nice, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_scheduler, "priority", INT32, priority, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_scheduler, "flags", STRINGS, flags, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_scheduler, "runtime", UINT64, runtime, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_scheduler, "deadline", UINT64, deadline, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_scheduler, "period", UINT64, period, .omit = RTI_OMIT_ZERO),
	{ 0 },
};

const struct rti_object rti_scheduler_object = { "specs.Scheduler", sizeof(struct rti_scheduler),
						 scheduler_fields };

static const struct rti_field cpu_affinity_fields[] = {
	RTI_ROW(struct rti_cpu_affinity, "Initial", WORDS, initial, .padded = true),
	RTI_ROW(struct rti_cpu_affinity, "Final", WORDS, final, .padded = true),
	{ 0 },
};

const struct rti_object rti_cpu_affinity_object = { "configs.CPUAffinity",
						    sizeof(struct rti_cpu_affinity),
						    cpu_affinity_fields };

static const struct rti_field seccomp_arg_fields[] = {
	RTI_ROW(struct rti_seccomp_arg, "index", UINT, index),
	RTI_ROW(struct rti_seccomp_arg, "value", UINT64, value),
	RTI_ROW(struct rti_seccomp_arg, "value_two", UINT64, value_two),
	RTI_ROW(struct rti_seccomp_arg, "op", INT, op),
	{ 0 },
};

static const struct rti_object seccomp_arg = { "configs.Arg", sizeof(struct rti_seccomp_arg),
					       seccomp_arg_fields };

static const struct rti_field seccomp_syscall_fields[] = {
	RTI_ROW(struct rti_seccomp_syscall, "name", STRING, name),
	RTI_ROW(struct rti_seccomp_syscall, "action", INT, action),
	RTI_POINTER_ROW(struct rti_seccomp_syscall, "errnoRet", UINT, errno_ret),
	RTI_ROW(struct rti_seccomp_syscall, "args", OBJECTS, args, .object = &seccomp_arg),
	{ 0 },
};

static const struct rti_object seccomp_syscall = { "configs.Syscall",
						   sizeof(struct rti_seccomp_syscall),
						   seccomp_syscall_fields };

static const struct rti_field seccomp_fields[] = {
	RTI_ROW(struct rti_seccomp, "default_action", INT, default_action),
	RTI_ROW(struct rti_seccomp, "architectures", STRINGS, architectures),
	RTI_ROW(struct rti_seccomp, "flags", STRINGS, flags),
	RTI_ROW(struct rti_seccomp, "syscalls", OBJECTS, syscalls, .object = &seccomp_syscall),
	RTI_POINTER_ROW(struct rti_seccomp, "default_errno_ret", UINT, default_errno_ret),
	RTI_ROW(struct rti_seccomp, "listener_path", STRING, listener_path, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_seccomp, "listener_metadata", STRING, listener_metadata,
		.omit = RTI_OMIT_ZERO),
	{ 0 },
};

const struct rti_object rti_seccomp_object = { "configs.Seccomp", sizeof(struct rti_seccomp),
					       seccomp_fields };
