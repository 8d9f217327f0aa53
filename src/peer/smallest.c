/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/smallest.h"

#include <sched.h>
#include <sys/mount.h>

#include "protocol/bootstrap.h"
#include "protocol/init-config.h"

int smallest_bootstrap(enum rti_init_type type, void **ret, size_t *ret_size, struct rti_error *err)
{
	struct rti_bootstrap bootstrap = { 0 };

	if (type == RTI_INIT_STANDARD)
		bootstrap.clone_flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
	return rti_bootstrap_encode(&bootstrap, ret, ret_size, err);
}

int smallest_config(const struct smallest *smallest, char **ret, size_t *ret_size,
		    struct rti_error *err)
{
	static struct rti_namespace namespaces[] = {
		{ "NEWNS", "" },
		{ "NEWPID", "" },
		{ "NEWIPC", "" },
		{ "NEWUTS", "" },
	};
	static struct rti_mount mounts[] = {
		{ .source = "tmpfs", .destination = "/dev", .device = "tmpfs" },
		{ .source = SMALLEST_SOURCE,
		  .destination = "/proc",
		  .device = "bind",
		  .flags = MS_BIND },
	};
	static struct rti_device devices[] = {
		{ .rule = { 'c', 1, 3, "rwm", true }, .path = "/dev/null", .file_mode = 0666 },
	};
	static struct rti_seccomp_syscall syscalls[] = {
		{ .name = "mkdir", .action = RTI_SECCOMP_NOTIFY },
	};
	static struct rti_seccomp seccomp = {
		.default_action = RTI_SECCOMP_ALLOW,
		.syscalls = { syscalls, 1 },
		.listener_path = "/nonexistent/agent",
	};
	static const char *args[] = { "/bin/true", NULL }, *env[] = { "PATH=/bin", NULL };
	struct rti_config config = { .rootfs = smallest->rootfs ? smallest->rootfs : "/" };
	struct rti_init_config init = {
		.config = &config,
		.args = { args, 1 },
		.env = { env, 1 },
		.cwd = "/",
		.container_id = "protocol-peer",
	};

	if (smallest->type == RTI_INIT_STANDARD) {
		config.namespaces.items = namespaces;
		config.namespaces.count = sizeof(namespaces) / sizeof(namespaces[0]);
		config.devices.items = devices;
		config.devices.count = 1;
		config.mounts.items = mounts;
		config.mounts.count = smallest->mount ? 2 : 1;
	}
	if (smallest->seccomp)
		config.seccomp = &seccomp;
	return rti_init_config_encode(&init, smallest->dialect, ret, ret_size, err);
}
