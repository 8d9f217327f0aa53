/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the real stages, with this program as the parent of all three. Needs root, else it skips. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "init/signals.h"
#include "init/stage.h"

#define NEW_NAMESPACES (CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET)

struct report { /* what stage-2 says about itself */
	pid_t pid;
	pid_t sid;
	uid_t uid;
	int dumpable;
	int fds;
	ino_t net;
	long boot_seconds;
	char name[16];
};

struct family { /* the processes of one run, seen from their parent */
	pid_t stage0;
	int init_fd;
	int report_fd;
	int log_fd;
};

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static ino_t net_namespace(void)
{
	struct stat status;

	return stat("/proc/self/ns/net", &status) == 0 ? status.st_ino : 0;
}

static void report(int fd)
{
	struct report report = {
		.pid = getpid(),
		.sid = getsid(0),
		.uid = getuid(),
		.dumpable = prctl(PR_GET_DUMPABLE),
		.fds = count_fds(),
		.net = net_namespace(),
	};
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	report.boot_seconds = now.tv_sec;
	prctl(PR_GET_NAME, report.name);
	rti_write_full(fd, &report, sizeof(report));
	_exit(0);
}

/* Who stage-0 shall be; 0: root as this program. */
static uid_t stage0_uid;

static void become_user(uid_t uid)
{
	if (uid == 0)
		return;
	if (setgroups(0, NULL) < 0 || setresgid(uid, uid, uid) < 0 || setresuid(uid, uid, uid) < 0)
		_exit(77);
}

static struct family start(const struct rti_bootstrap *bootstrap)
{
	int init[2], result[2], log[2];
	struct family family;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, init), 0);
	assert_int_equal(pipe2(result, O_CLOEXEC), 0);
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	family.stage0 = fork();
	assert_true(family.stage0 >= 0);
	if (family.stage0 == 0) {
		rti_close(init[1]);
		rti_close(result[0]);
		rti_close(log[0]);
		become_user(stage0_uid);
		prctl(PR_SET_DUMPABLE, 0);
		signals_prepare();
		log_open(log[1], LOG_LEVEL_FATAL);
		stages_run(init[0], bootstrap);
		report(result[1]);
	}
	rti_close(init[0]);
	rti_close(result[1]);
	rti_close(log[1]);
	family.init_fd = init[1];
	family.report_fd = result[0];
	family.log_fd = log[0];
	return family;
}

static void close_family(struct family *family)
{
	rti_close(family->init_fd);
	rti_close(family->report_fd);
	rti_close(family->log_fd);
}

static int exit_code(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void run_well(const struct rti_bootstrap *bootstrap, struct report *ret)
{
	struct family family = start(bootstrap);
	struct rti_pid_message pids;
	struct rti_error err;

	assert_int_equal(rti_pid_message_receive(family.init_fd, &pids, &err), 0);
	assert_int_not_equal(pids.stage1_pid, family.stage0);
	assert_int_equal(exit_code(pids.stage1_pid), 0);
	assert_int_equal(exit_code(family.stage0), 0);
	assert_int_equal(rti_read_full(family.report_fd, ret, sizeof(*ret)), sizeof(*ret));
	assert_int_equal(exit_code(pids.stage2_pid), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	close_family(&family);
}

/* Every stage must be gone, each with the stages' exit code, and the log must say why. */
static void run_badly(const struct rti_bootstrap *bootstrap, const char *reason)
{
	struct family family = start(bootstrap);
	char log[4096];
	ssize_t size;
	int status;

	size = rti_read_full(family.log_fd, log, sizeof(log) - 1);
	assert_true(size > 0);
	log[size] = '\0';
	if (!strstr(log, reason))
		print_error("log is: %s\n", log);
	assert_non_null(strstr(log, reason));
	assert_non_null(strstr(log, "{\"level\":\"fatal\", \"msg\": \"nsexec-"));
	while (waitpid(-1, &status, 0) > 0)
		assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close_family(&family);
}

static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	print_message("needs root\n");
	return false;
}

static void test_stage_2_is_alone_and_tidy(void **state)
{
	struct rti_bootstrap bootstrap = { .clone_flags = NEW_NAMESPACES };
	struct report result;
	int fds = count_fds();

	(void)state;
	if (!is_root())
		skip();
	run_well(&bootstrap, &result);
	assert_int_equal(result.pid, 1);
	assert_int_equal(result.sid, 1);
	assert_int_equal(result.uid, 0);
	assert_int_equal(result.dumpable, 0);
	assert_string_equal(result.name, "runc:[2:INIT]");
	assert_true(result.net != net_namespace());
	/* Three of the test's own; nothing that the stages used to talk to each other. */
	assert_int_equal(result.fds, fds + 3);
}

static void test_without_namespaces_there_are_stages_all_the_same(void **state)
{
	struct rti_bootstrap bootstrap = { 0 };
	struct report result;

	(void)state;
	if (!is_root())
		skip();
	run_well(&bootstrap, &result);
	assert_int_equal(result.sid, result.pid);
	assert_true(result.net == net_namespace());
}

static void test_user_namespace_is_mapped_and_entered_as_root(void **state)
{
	struct rti_bootstrap bootstrap = {
		.clone_flags = NEW_NAMESPACES | CLONE_NEWUSER | CLONE_NEWCGROUP,
		.uid_map = "0 100000 1000\n1000 105000 64536\n",
		.gid_map = "0 100000 65536\n",
		.setgroups = true,
	};
	struct report result;

	(void)state;
	if (!is_root())
		skip();
	run_well(&bootstrap, &result);
	assert_int_equal(result.uid, 0);
	assert_int_equal(result.dumpable, 0);
}

/* Stage-0 then may open the maps only of a dumpable stage-1. */
static void test_unprivileged_user_maps_itself(void **state)
{
	struct rti_bootstrap bootstrap = {
		.clone_flags = NEW_NAMESPACES | CLONE_NEWUSER,
		.uid_map = "0 12345 1\n",
		.gid_map = "0 12345 1\n",
		.rootless_euid = true,
	};
	struct report result;

	(void)state;
	if (!is_root())
		skip();
	stage0_uid = 12345;
	run_well(&bootstrap, &result);
	stage0_uid = 0;
	assert_int_equal(result.uid, 0);
	assert_int_equal(result.dumpable, 0);
}

static void test_unprivileged_user_sets_time_offsets(void **state)
{
	struct rti_bootstrap bootstrap = {
		.clone_flags = CLONE_NEWUSER | CLONE_NEWTIME,
		.uid_map = "0 12345 1\n",
		.gid_map = "0 12345 1\n",
		.rootless_euid = true,
		.time_offsets = "boottime 1000000 0\n",
	};
	struct timespec now;
	struct report result;

	(void)state;
	if (!is_root() || access("/proc/self/timens_offsets", F_OK) < 0)
		skip();
	stage0_uid = 12345;
	run_well(&bootstrap, &result);
	stage0_uid = 0;
	clock_gettime(CLOCK_BOOTTIME, &now);
	assert_in_range(result.boot_seconds, now.tv_sec + 1000000 - 5, now.tv_sec + 1000000 + 5);
}

static void test_unprivileged_user_without_tool_cannot_map_others(void **state)
{
	struct rti_bootstrap bootstrap = {
		.clone_flags = CLONE_NEWUSER,
		.uid_map = "0 12345 1\n1 200000 10\n",
		.rootless_euid = true,
	};

	(void)state;
	if (!is_root())
		skip();
	stage0_uid = 12345;
	run_badly(&bootstrap, "mapping tool not present");
	stage0_uid = 0;
}

static void test_time_offsets_are_in_force(void **state)
{
	struct rti_bootstrap bootstrap = {
		.clone_flags = NEW_NAMESPACES | CLONE_NEWTIME,
		.time_offsets = "boottime 1000000 0\nmonotonic 5 0\n",
	};
	struct timespec now;
	struct report result;

	(void)state;
	if (!is_root() || access("/proc/self/timens_offsets", F_OK) < 0)
		skip();
	run_well(&bootstrap, &result);
	clock_gettime(CLOCK_BOOTTIME, &now);
	assert_in_range(result.boot_seconds, now.tv_sec + 1000000 - 5, now.tv_sec + 1000000 + 5);
}

static void test_namespaces_of_another_process_are_joined(void **state)
{
	struct rti_bootstrap bootstrap = { 0 };
	struct report result;
	char paths[256];
	struct stat status;
	int ready[2];
	pid_t other;
	char byte;

	(void)state;
	if (!is_root())
		skip();
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	other = fork();
	if (other == 0) {
		if (unshare(CLONE_NEWNET | CLONE_NEWUTS) == 0)
			rti_write_full(ready[1], "x", 1);
		pause();
		_exit(0);
	}
	assert_int_equal(rti_read_full(ready[0], &byte, 1), 1);
	snprintf(paths, sizeof(paths), "/proc/%d/ns/net", other);
	assert_int_equal(stat(paths, &status), 0);
	snprintf(paths, sizeof(paths), "uts:/proc/%d/ns/uts,net:/proc/%d/ns/net", other, other);
	bootstrap.ns_paths = paths;
	/* The helper stays a child of this program, so do not wait for all of them. */
	{
		struct family family = start(&bootstrap);
		struct rti_pid_message pids;
		struct rti_error err;

		assert_int_equal(rti_pid_message_receive(family.init_fd, &pids, &err), 0);
		assert_int_equal(exit_code(pids.stage1_pid), 0);
		assert_int_equal(exit_code(family.stage0), 0);
		assert_int_equal(rti_read_full(family.report_fd, &result, sizeof(result)),
				 sizeof(result));
		assert_int_equal(exit_code(pids.stage2_pid), 0);
		close_family(&family);
	}
	kill(other, SIGKILL);
	exit_code(other);
	rti_close(ready[0]);
	rti_close(ready[1]);
	assert_true(result.net == status.st_ino);
}

static void test_a_refused_map_ends_all_stages(void **state)
{
	struct rti_bootstrap bootstrap = {
		.clone_flags = CLONE_NEWUSER,
		.uid_map = "0 100000 bogus\n",
	};

	(void)state;
	if (!is_root())
		skip();
	run_badly(&bootstrap, "/uid_map: Invalid argument");
}

static void test_a_missing_map_ends_all_stages(void **state)
{
	struct rti_bootstrap bootstrap = { .clone_flags = CLONE_NEWUSER };

	(void)state;
	if (!is_root())
		skip();
	run_badly(&bootstrap, "failed to become root in user namespace: Invalid argument");
}

static void test_an_unknown_namespace_ends_all_stages(void **state)
{
	struct rti_bootstrap bootstrap = { .ns_paths = "net:/proc/self/ns/uts" };

	(void)state;
	if (!is_root())
		skip();
	run_badly(&bootstrap, "failed to setns into net namespace: Invalid argument");
}

static void test_a_dead_parent_ends_all_stages(void **state)
{
	struct rti_bootstrap bootstrap = {
		.clone_flags = NEW_NAMESPACES | CLONE_NEWUSER,
		.uid_map = "0 100000 1000\n",
		.gid_map = "0 100000 1000\n",
		.setgroups = true,
	};
	struct family family;
	char byte;

	(void)state;
	if (!is_root())
		skip();
	family = start(&bootstrap);
	family.init_fd = rti_close(family.init_fd);
	/* Either the pid message could not be sent, or it was sent before: then stage-2 is through.
	 */
	(void)rti_read_full(family.report_fd, &byte, 1);
	while (waitpid(-1, NULL, 0) > 0)
		;
	close_family(&family);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stage_2_is_alone_and_tidy),
		cmocka_unit_test(test_without_namespaces_there_are_stages_all_the_same),
		cmocka_unit_test(test_user_namespace_is_mapped_and_entered_as_root),
		cmocka_unit_test(test_unprivileged_user_maps_itself),
		cmocka_unit_test(test_unprivileged_user_sets_time_offsets),
		cmocka_unit_test(test_unprivileged_user_without_tool_cannot_map_others),
		cmocka_unit_test(test_time_offsets_are_in_force),
		cmocka_unit_test(test_namespaces_of_another_process_are_joined),
		cmocka_unit_test(test_a_refused_map_ends_all_stages),
		cmocka_unit_test(test_a_missing_map_ends_all_stages),
		cmocka_unit_test(test_an_unknown_namespace_ends_all_stages),
		cmocka_unit_test(test_a_dead_parent_ends_all_stages),
	};

	alarm(60); /* a stage that hangs is a failure too */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
