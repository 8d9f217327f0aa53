/* SPDX-License-Identifier: Apache-2.0 */
/*
 * without-calls NAME|NUMBER,... PROGRAM [ARGUMENT...]: run a program for which system calls do not
 * exist, as on an older kernel.
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int forget_call(scmp_filter_ctx filter, const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR)
		number = atoi(name); /* newer than the library */
	if (number <= 0)
		return -EINVAL;
	return seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);
}

int main(int argc, char **argv)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	char *name;
	int r;

	if (argc < 3 || !filter) {
		fputs("usage: without-calls NAME,... PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	/* Without no_new_privs, which would show in the container. */
	r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	for (name = strtok(argv[1], ","); r == 0 && name; name = strtok(NULL, ","))
		r = forget_call(filter, name);
	if (r == 0)
		r = seccomp_load(filter);
	if (r < 0) {
		fprintf(stderr, "without-calls: %s\n", strerror(-r));
		return 2;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 2;
}
