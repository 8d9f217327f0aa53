/* SPDX-License-Identifier: Apache-2.0 */
/* The processes of a cgroup, as seen by who has a pid namespace of its own. */
#include "tests/unit/unit.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "parent/cgroup.h"

#define CANNOT 77 /* chosen: none of the results */

static char top[] = "/tmp/test-cgroup-processes.XXXXXX";
static char path[128];

static size_t count_members(void)
{
	struct cgroup cgroup = { .unified = true, .path_count = 1, .paths[0] = { "", path } };
	pid_t *pids = NULL;
	size_t count = 0;

	if (cgroup_get_pids(&cgroup, &pids, &count, NULL) < 0)
		count = 99;
	free(pids);
	return count;
}

static pid_t start_member(void)
{
	char file[160];
	FILE *procs;
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	snprintf(file, sizeof(file), "%s/cgroup.procs", path);
	procs = fopen(file, "we");
	if (procs) {
		fprintf(procs, "%d", pid);
		fclose(procs);
	}
	return pid;
}

/* Gives ten times the members seen from outside of a new pid namespace, and those from inside. */
static int look_from_inside(void)
{
	pid_t member = start_member(), reader;
	int status = 0, seen = (int)count_members() * 10;

	if (unshare(CLONE_NEWPID) < 0)
		seen = CANNOT;
	reader = fork();
	if (reader == 0)
		_exit((int)count_members());
	waitpid(reader, &status, 0);
	kill(member, SIGKILL);
	waitpid(member, NULL, 0);
	rmdir(path);
	return seen == CANNOT ? CANNOT : seen + WEXITSTATUS(status);
}

static void test_processes_outside_of_the_namespace_are_left_out(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_non_null(mkdtemp(top));
	snprintf(path, sizeof(path), "%s/rti-test-%d", top, getpid());
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", top, "cgroup2", 0, NULL) < 0 || mkdir(path, 0755) < 0)
			_exit(CANNOT);
		_exit(look_from_inside());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	rmdir(top);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT)
		skip();
	assert_int_equal(WEXITSTATUS(status), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_processes_outside_of_the_namespace_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
