/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shell inside a container cannot find out.
 *
 *   probe call NAME [NUMBER...]   make a system call, print its result or the name of its errno
 *   probe keyring                 the session keyring's "type;uid;gid;permissions;description"
 *   probe scheduler               policy, flags, nice, priority, runtime, deadline and period
 *   probe ioprio                  class and priority
 *   probe mempolicy               mode (with flags) and first word of the node mask
 */
#include <err.h>
#include <errno.h>
#include <linux/keyctl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Above every system call of every architecture: what a newer kernel might have. */
#define SYSTEM_CALL_OF_THE_FUTURE 10000

static const struct {
	const char *name;
	long number;
} calls[] = {
	{ "acct", SYS_acct },
	{ "clone3", SYS_clone3 },
	{ "future", SYSTEM_CALL_OF_THE_FUTURE },
	{ "getpid", SYS_getpid },
	{ "getpriority", SYS_getpriority },
	{ "kexec_load", SYS_kexec_load },
	{ "keyctl", SYS_keyctl },
	{ "landlock_create_ruleset", SYS_landlock_create_ruleset },
	{ "mount", SYS_mount },
	{ "personality", SYS_personality },
	{ "setpriority", SYS_setpriority },
	{ "socket", SYS_socket },
	{ "sync", SYS_sync },
	{ "syslog", SYS_syslog },
	{ "umask", SYS_umask },
	{ "unshare", SYS_unshare },
};

static int make_call(char **arguments)
{
	long numbers[6] = { 0 };
	long value;

	for (int i = 0; i < 6 && arguments[1 + i]; i++)
		numbers[i] = strtol(arguments[1 + i], NULL, 0);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, arguments[0]) != 0)
			continue;
		value = syscall(calls[i].number, numbers[0], numbers[1], numbers[2], numbers[3],
				numbers[4], numbers[5]);
		if (value < 0)
			puts(strerrorname_np(errno));
		else
			printf("%ld\n", value);
		return 0;
	}
	errx(2, "no such call in the table: %s", arguments[0]);
}

static int show_keyring(void)
{
	char text[256] = "";

	if (syscall(SYS_keyctl, KEYCTL_DESCRIBE, KEY_SPEC_SESSION_KEYRING, text, sizeof(text)) < 0)
		err(1, "keyctl");
	puts(text);
	return 0;
}

static int show_scheduler(void)
{
	struct {
		uint32_t size;
		uint32_t policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attributes = { .size = sizeof(attributes) };

	if (syscall(SYS_sched_getattr, 0, &attributes, sizeof(attributes), 0) < 0)
		err(1, "sched_getattr");
	printf("policy %u flags %llu nice %d priority %u runtime %llu deadline %llu period %llu\n",
	       attributes.policy, (unsigned long long)attributes.flags, attributes.nice,
	       attributes.priority, (unsigned long long)attributes.runtime,
	       (unsigned long long)attributes.deadline, (unsigned long long)attributes.period);
	return 0;
}

static int show_ioprio(void)
{
	const int of_process = 1;
	long value = syscall(SYS_ioprio_get, of_process, 0);

	if (value < 0)
		err(1, "ioprio_get");
	printf("class %ld priority %ld\n", value >> 13, value & 0x1fff);
	return 0;
}

static int show_mempolicy(void)
{
	unsigned long nodes[16] = { 0 };
	int mode;

	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) < 0)
		err(1, "get_mempolicy");
	printf("mode %d nodes %lu\n", mode, nodes[0]);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "call") == 0 && argc > 2)
		return make_call(argv + 2);
	if (strcmp(what, "keyring") == 0)
		return show_keyring();
	if (strcmp(what, "scheduler") == 0)
		return show_scheduler();
	if (strcmp(what, "ioprio") == 0)
		return show_ioprio();
	if (strcmp(what, "mempolicy") == 0)
		return show_mempolicy();
	errx(2, "usage: probe call NAME [NUMBER...] | keyring | scheduler | ioprio | mempolicy");
}
