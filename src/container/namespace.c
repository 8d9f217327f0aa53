/* SPDX-License-Identifier: Apache-2.0 */
#include "container/namespace.h"

#include <linux/sched.h>
#include <string.h>

const struct namespace_kind namespace_kinds[NAMESPACE_KINDS] = {
	{ CLONE_NEWUSER, "NEWUSER", "user", "user" },
	{ CLONE_NEWIPC, "NEWIPC", "ipc", "ipc" },
	{ CLONE_NEWUTS, "NEWUTS", "uts", "uts" },
	{ CLONE_NEWNET, "NEWNET", "network", "net" },
	{ CLONE_NEWPID, "NEWPID", "pid", "pid" },
	{ CLONE_NEWNS, "NEWNS", "mount", "mnt" },
	{ CLONE_NEWCGROUP, "NEWCGROUP", "cgroup", "cgroup" },
	{ CLONE_NEWTIME, "NEWTIME", "time", "time" },
};

const struct namespace_kind *namespace_from_wire(const char *name)
{
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		if (strcmp(namespace_kinds[i].wire, name) == 0)
			return &namespace_kinds[i];
	return NULL;
}

const struct namespace_kind *namespace_from_oci(const char *name)
{
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		if (strcmp(namespace_kinds[i].oci, name) == 0)
			return &namespace_kinds[i];
	return NULL;
}

const struct namespace_kind *namespace_from_proc(const char *name)
{
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		if (strcmp(namespace_kinds[i].proc, name) == 0)
			return &namespace_kinds[i];
	return NULL;
}

const struct namespace_kind *namespace_from_flag(int flag)
{
	for (size_t i = 0; i < NAMESPACE_KINDS; i++)
		if (namespace_kinds[i].flag == flag)
			return &namespace_kinds[i];
	return NULL;
}
