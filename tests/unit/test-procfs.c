/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"

static int forget(void **state)
{
	(void)state;
	rti_procfs_forget();
	return 0;
}

static void test_files_of_the_process_are_read(void **state)
{
	struct rti_error err;
	char text[4096];
	char expected[64];

	(void)state;
	assert_true(rti_procfs_read(RTI_PROCFS_SELF, "status", text, sizeof(text), &err) > 0);
	snprintf(expected, sizeof(expected), "\nPid:\t%d\n", (int)getpid());
	assert_non_null(strstr(text, expected));
	assert_true(rti_procfs_read(RTI_PROCFS_THREAD_SELF, "attr/current", text, 1, &err) < 0);
	assert_int_equal(rti_procfs_read(RTI_PROCFS_SELF, "status", text, 16, &err), -EFBIG);
}

static void test_files_that_subset_hides_are_found_too(void **state)
{
	char text[4096];

	(void)state;
	assert_true(rti_procfs_read(RTI_PROCFS_ROOT, "version", text, sizeof(text), NULL) > 0);
	assert_non_null(strstr(text, "Linux version"));
	assert_int_equal(
		rti_procfs_read(RTI_PROCFS_ROOT, "sys/kernel/ostype", text, sizeof(text), NULL), 6);
	assert_string_equal(text, "Linux\n");
}

static void test_magic_links_and_dots_are_refused(void **state)
{
	struct rti_error err;

	(void)state;
	assert_int_equal(rti_procfs_open(RTI_PROCFS_SELF, "root/etc", O_RDONLY, &err), -ELOOP);
	assert_int_equal(rti_procfs_open(RTI_PROCFS_SELF, "exe", O_RDONLY, &err), -ELOOP);
	assert_int_equal(rti_procfs_open(RTI_PROCFS_ROOT, "../etc/passwd", O_RDONLY, &err), -EXDEV);
}

static void test_errors_name_the_handle_and_the_file(void **state)
{
	struct rti_error err;

	(void)state;
	assert_int_equal(rti_procfs_open(RTI_PROCFS_SELF, "nothing", O_RDONLY, &err), -ENOENT);
	if (geteuid() == 0)
		assert_string_equal(err.text,
				    "unsafe procfs detected: openat2 "
				    "fsmount:fscontext:proc/self/nothing: no such file or "
				    "directory");
}

static void test_errors_of_safe_lookups_raise_no_alarm(void **state)
{
	struct rti_error err;

	(void)state;
	assert_int_equal(rti_procfs_open(RTI_PROCFS_SELF, "fd", O_WRONLY, &err), -EISDIR);
	if (geteuid() == 0)
		assert_string_equal(err.text,
				    "openat2 fsmount:fscontext:proc/self/fd: is a directory");
}

static void test_writes_arrive(void **state)
{
	struct rti_error err;
	char text[16];

	(void)state;
	assert_int_equal(rti_procfs_write(RTI_PROCFS_THREAD_SELF, "comm", "renamed", 7, &err), 0);
	assert_int_equal(
		rti_procfs_read(RTI_PROCFS_THREAD_SELF, "comm", text, sizeof(text), &err), 8);
	assert_string_equal(text, "renamed\n");
	assert_int_equal(rti_procfs_write(RTI_PROCFS_SELF, "oom_score_adj", "x", 1, &err), -EINVAL);
}

static void test_reopen_and_target(void **state)
{
	_cleanup_fd_ int path_fd = open("/etc/passwd", O_PATH | O_CLOEXEC);
	_cleanup_fd_ int fd = -EBADF;
	char target[PATH_MAX];
	char c;

	(void)state;
	assert_int_equal(rti_procfs_fd_target(path_fd, target, NULL), 0);
	assert_string_equal(target, "/etc/passwd");
	fd = rti_procfs_reopen(path_fd, O_RDONLY, NULL);
	assert_true(fd >= 0);
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(rti_procfs_fd_target(12345, target, NULL), -ENOENT);
}

/* What a mount over /proc may do: runs in a child with its own mount namespace. */
static int under_hostile_proc(void)
{
	char text[4096];
	struct statfs fs;

	/* A file of /proc/self covered with another one; and then the whole of /proc. */
	if (mount("/proc/self/limits", "/proc/self/comm", NULL, MS_BIND, NULL) < 0)
		return 1;
	if (rti_procfs_read(RTI_PROCFS_SELF, "comm", text, sizeof(text), NULL) <= 0 ||
	    strncmp(text, "Limit", 5) == 0)
		return 2;
	rti_procfs_forget();
	if (mount("tmpfs", "/proc", "tmpfs", 0, NULL) < 0)
		return 3;
	if (mkdir("/proc/self", 0755) < 0)
		return 4;
	if (rti_procfs_read(RTI_PROCFS_SELF, "comm", text, sizeof(text), NULL) <= 0)
		return 5;
	return statfs("/proc", &fs) == 0 && fs.f_type == TMPFS_MAGIC ? 0 : 6;
}

static void test_mounts_over_proc_are_not_seen(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_PRIVATE | MS_REC, "") < 0)
			_exit(100);
		_exit(under_hostile_proc());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_unlimited_handle_is_private(void **state)
{
	struct rti_procfs proc = RTI_PROCFS_EMPTY;
	_cleanup_fd_ int fd = -EBADF;

	(void)state;
	assert_int_equal(rti_procfs_open_unlimited(&proc, NULL), 0);
	if (geteuid() == 0)
		assert_true(proc.is_private);
	fd = rti_procfs_open_at(&proc, "sys/kernel/hostname", O_RDONLY, NULL);
	assert_true(fd >= 0);
	rti_procfs_done(&proc);
	rti_procfs_done(&proc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_files_of_the_process_are_read, forget),
		cmocka_unit_test_teardown(test_files_that_subset_hides_are_found_too, forget),
		cmocka_unit_test_teardown(test_magic_links_and_dots_are_refused, forget),
		cmocka_unit_test_teardown(test_errors_name_the_handle_and_the_file, forget),
		cmocka_unit_test_teardown(test_errors_of_safe_lookups_raise_no_alarm, forget),
		cmocka_unit_test_teardown(test_writes_arrive, forget),
		cmocka_unit_test_teardown(test_reopen_and_target, forget),
		cmocka_unit_test_teardown(test_mounts_over_proc_are_not_seen, forget),
		cmocka_unit_test_teardown(test_unlimited_handle_is_private, forget),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
