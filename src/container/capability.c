/* SPDX-License-Identifier: Apache-2.0 */
#include "container/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/log.h"

/* The system calls are used directly: libcap reads files below /proc when it is loaded. */

static const char *const names[] = {
	[CAP_CHOWN] = "CAP_CHOWN",
	[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
	[CAP_DAC_READ_SEARCH] = "CAP_DAC_READ_SEARCH",
	[CAP_FOWNER] = "CAP_FOWNER",
	[CAP_FSETID] = "CAP_FSETID",
	[CAP_KILL] = "CAP_KILL",
	[CAP_SETGID] = "CAP_SETGID",
	[CAP_SETUID] = "CAP_SETUID",
	[CAP_SETPCAP] = "CAP_SETPCAP",
	[CAP_LINUX_IMMUTABLE] = "CAP_LINUX_IMMUTABLE",
	[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
	[CAP_NET_BROADCAST] = "CAP_NET_BROADCAST",
	[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
	[CAP_NET_RAW] = "CAP_NET_RAW",
	[CAP_IPC_LOCK] = "CAP_IPC_LOCK",
	[CAP_IPC_OWNER] = "CAP_IPC_OWNER",
	[CAP_SYS_MODULE] = "CAP_SYS_MODULE",
	[CAP_SYS_RAWIO] = "CAP_SYS_RAWIO",
	[CAP_SYS_CHROOT] = "CAP_SYS_CHROOT",
	[CAP_SYS_PTRACE] = "CAP_SYS_PTRACE",
	[CAP_SYS_PACCT] = "CAP_SYS_PACCT",
	[CAP_SYS_ADMIN] = "CAP_SYS_ADMIN",
	[CAP_SYS_BOOT] = "CAP_SYS_BOOT",
	[CAP_SYS_NICE] = "CAP_SYS_NICE",
	[CAP_SYS_RESOURCE] = "CAP_SYS_RESOURCE",
	[CAP_SYS_TIME] = "CAP_SYS_TIME",
	[CAP_SYS_TTY_CONFIG] = "CAP_SYS_TTY_CONFIG",
	[CAP_MKNOD] = "CAP_MKNOD",
	[CAP_LEASE] = "CAP_LEASE",
	[CAP_AUDIT_WRITE] = "CAP_AUDIT_WRITE",
	[CAP_AUDIT_CONTROL] = "CAP_AUDIT_CONTROL",
	[CAP_SETFCAP] = "CAP_SETFCAP",
	[CAP_MAC_OVERRIDE] = "CAP_MAC_OVERRIDE",
	[CAP_MAC_ADMIN] = "CAP_MAC_ADMIN",
	[CAP_SYSLOG] = "CAP_SYSLOG",
	[CAP_WAKE_ALARM] = "CAP_WAKE_ALARM",
	[CAP_BLOCK_SUSPEND] = "CAP_BLOCK_SUSPEND",
	[CAP_AUDIT_READ] = "CAP_AUDIT_READ",
	[CAP_PERFMON] = "CAP_PERFMON",
	[CAP_BPF] = "CAP_BPF",
	[CAP_CHECKPOINT_RESTORE] = "CAP_CHECKPOINT_RESTORE",
};

#define NAME_COUNT ((int)(sizeof(names) / sizeof(names[0])))

int capability_from_name(const char *name)
{
	for (int i = 0; i < NAME_COUNT; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

/* Only EINVAL says that there is none. Where a filter forbids to ask, all may be there. */
static bool kernel_has(int capability)
{
	return prctl(PR_CAPBSET_READ, capability, 0, 0, 0) >= 0 || errno != EINVAL;
}

int capability_last(void)
{
	/* As a rule the kernel is about as old as the headers. */
	int last = CAP_LAST_CAP;

	while (last >= 0 && !kernel_has(last))
		last--;
	while (last + 1 < CAPABILITY_MAX && kernel_has(last + 1))
		last++;
	return last;
}

struct unknown_names {
	const char **items; /* NULL: memory is short, so there will be no warning */
	size_t count;
};

static uint64_t names_to_set(const struct rti_strings *list, int last,
			     struct unknown_names *unknown)
{
	uint64_t set = 0;

	for (size_t i = 0; i < list->count; i++) {
		int capability = capability_from_name(list->items[i]);

		if (capability >= 0 && capability <= last)
			set |= UINT64_C(1) << capability;
		else if (unknown->items)
			unknown->items[unknown->count++] = list->items[i];
	}
	return set;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void warn_of_unknown(struct unknown_names *unknown)
{
	char text[2048] = "";
	size_t at = 0;

	if (unknown->count == 0)
		return;
	qsort(unknown->items, unknown->count, sizeof(unknown->items[0]), compare_names);
	for (size_t i = 0; i < unknown->count; i++) {
		size_t size = strlen(unknown->items[i]);

		if (i > 0 && strcmp(unknown->items[i], unknown->items[i - 1]) == 0)
			continue;
		if (size + 2 > sizeof(text) - at)
			break;
		if (at > 0)
			text[at++] = ' ';
		memcpy(text + at, unknown->items[i], size + 1);
		at += size;
	}
	log_warn("ignoring unknown or unavailable capabilities: [%s]", text);
}

void capability_plan(const struct rti_init_config *init, struct capability_plan *ret)
{
	static const struct rti_capabilities none;
	const struct rti_capabilities *sets = init->capabilities;
	_cleanup_free_ const char **unknown_items = NULL;
	struct unknown_names unknown = { NULL, 0 };

	*ret = (struct capability_plan){ .last = capability_last() };
	if (!sets && init->user)
		sets = init->config && init->config->capabilities ? init->config->capabilities
								  : &none;
	if (!sets)
		return;
	unknown_items = calloc(sets->bounding.count + sets->effective.count +
				       sets->inheritable.count + sets->permitted.count +
				       sets->ambient.count + 1,
			       sizeof(unknown_items[0]));
	unknown.items = unknown_items;
	ret->active = true;
	ret->bounding = names_to_set(&sets->bounding, ret->last, &unknown);
	ret->effective = names_to_set(&sets->effective, ret->last, &unknown);
	ret->inheritable = names_to_set(&sets->inheritable, ret->last, &unknown);
	ret->permitted = names_to_set(&sets->permitted, ret->last, &unknown);
	ret->ambient = names_to_set(&sets->ambient, ret->last, &unknown);
	warn_of_unknown(&unknown);
}

/* Sets of 64 bits travel as two halves. */
static int get_sets(uint64_t *ret_effective, uint64_t *ret_inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return -errno;
	*ret_effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	*ret_inheritable = (uint64_t)data[1].inheritable << 32 | data[0].inheritable;
	return 0;
}

static int set_sets(uint64_t effective, uint64_t permitted, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)(effective >> (32 * i));
		data[i].permitted = (uint32_t)(permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(inheritable >> (32 * i));
	}
	return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int drop_bounding(const struct capability_plan *plan)
{
	uint64_t effective = 0, inherited = 0;
	int r = get_sets(&effective, &inherited);

	if (r < 0)
		return r;
	if (!(effective & (UINT64_C(1) << CAP_SETPCAP)))
		return 0;
	for (int i = 0; i <= plan->last; i++) {
		if (plan->bounding & (UINT64_C(1) << i))
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0 && errno != EINVAL)
			return -errno;
	}
	return 0;
}

int capability_drop_bounding(const struct capability_plan *plan, struct rti_error *err)
{
	int r = plan->active ? drop_bounding(plan) : 0;

	return r < 0 ? rti_fail(err, -r, "unable to apply bounding set") : 0;
}

int capability_keep(const struct capability_plan *plan, bool keep, struct rti_error *err)
{
	if (plan->active && prctl(PR_SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0) < 0)
		return rti_fail(err, errno, "unable to %s keep caps", keep ? "set" : "clear");
	return 0;
}

static int apply_ambient(const struct capability_plan *plan)
{
	/* EINVAL: a kernel without ambient capabilities (before 4.3). */
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return -errno;
	for (int i = 0; i <= plan->last; i++) {
		if (!(plan->ambient & (UINT64_C(1) << i)))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			log_warn("can't raise ambient capability %s: %s", names[i],
				 rti_errno_text(errno));
	}
	return 0;
}

int capability_apply(const struct capability_plan *plan, struct rti_error *err)
{
	uint64_t effective, inheritable = 0;
	int r = 0;

	if (!plan->active)
		return 0;
	if (!guard(INHERITABLE_SET))
		r = get_sets(&effective, &inheritable);
	if (r == 0)
		r = set_sets(plan->effective, plan->permitted, plan->inheritable | inheritable);
	if (r < 0)
		return rti_fail(err, -r, "unable to apply caps: can't apply capabilities");
	r = apply_ambient(plan);
	return r < 0 ? rti_fail(err, -r, "unable to apply caps") : 0;
}
