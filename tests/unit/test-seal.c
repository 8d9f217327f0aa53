/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sealed-copy.h"
#include "parent/seal.h"

static char program[] = "/tmp/rti-test-seal-XXXXXX";

/* A file of our own with the content of a program that exists everywhere tests run. */
static int setup(void **state)
{
	int from = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int to = mkstemp(program);
	char buffer[65536];
	ssize_t n;

	(void)state;
	while ((n = read(from, buffer, sizeof(buffer))) > 0)
		if (rti_write_full(to, buffer, (size_t)n) < 0)
			return -1;
	fchmod(to, 0755);
	close(from);
	close(to);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	return unlink(program);
}

static int open_program(void)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

/* What every way of sealing must withstand: fails unless @fd can be changed by no means. */
static void assert_unwritable(int fd)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	assert_int_equal(truncate(path, 0), -1);
	assert_int_equal(open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), -1);
}

static void run_program(int fd)
{
	pid_t pid = fork();
	char *argv[] = { (char[]){ "seal" }, (char[]){ "child" }, NULL };
	int status;

	if (pid == 0) {
		execveat(fd, "", argv, environ, AT_EMPTY_PATH);
		_exit(1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 42 << 8);
}

static void test_a_copy_is_sealed_and_runs(void **state)
{
	int fd = open_program(), copy_fd = rti_sealed_copy(fd, "test", NULL), write_fd;
	char path[64];

	(void)state;
	assert_true(copy_fd >= 0);
	assert_true(rti_sealed_is(copy_fd));
	assert_true(fcntl(copy_fd, F_GETFD) & FD_CLOEXEC);
	run_program(copy_fd);
	/* Root may open it for writing; writing is what the seal refuses. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", copy_fd);
	write_fd = open(path, O_RDWR | O_CLOEXEC);
	if (write_fd >= 0) {
		assert_int_equal(write(write_fd, "x", 1), -1);
		assert_int_equal(errno, EPERM);
		close(write_fd);
	}
	assert_int_equal(truncate(path, 0), -1);
	close(copy_fd);
	close(fd);
}

static void test_a_sealed_file_is_taken_as_it_is(void **state)
{
	int fd = open_program(), copy_fd = rti_sealed_copy(fd, "test", NULL), again_fd;
	struct stat one, two;

	(void)state;
	assert_false(rti_sealed_is(fd));
	again_fd = seal_program(copy_fd, program, NULL);
	assert_true(again_fd >= 0);
	assert_int_equal(fstat(copy_fd, &one), 0);
	assert_int_equal(fstat(again_fd, &two), 0);
	assert_int_equal(one.st_ino, two.st_ino);
	close(again_fd);
	close(copy_fd);
	close(fd);
}

/* The attacks that the comment in seal.c goes through, all as root. */
static void test_a_mount_cannot_be_made_writable(void **state)
{
	struct mount_attr attr = { .attr_clr = MOUNT_ATTR_RDONLY };
	int fd = open_program(), mount_fd = seal_by_mount(fd), status;
	char path[64];
	pid_t pid;

	(void)state;
	if (mount_fd == -EPERM || mount_fd == -ENOSYS) {
		close(fd);
		skip();
	}
	assert_true(mount_fd >= 0);
	assert_true(fcntl(mount_fd, F_GETFD) & FD_CLOEXEC);
	run_program(mount_fd);
	assert_unwritable(mount_fd);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", mount_fd);
	assert_int_equal(chmod(path, 0777), -1);
	assert_int_equal(errno, EROFS);
	assert_int_equal(
		syscall(SYS_mount_setattr, mount_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)), -1);
	assert_int_equal(syscall(SYS_open_tree, mount_fd, "", OPEN_TREE_CLONE | AT_EMPTY_PATH), -1);
	pid = fork();
	if (pid == 0) { /* in a mount namespace of its own, not to disturb anybody */
		if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) < 0)
			_exit(1);
		if (mount("", path, "", MS_REMOUNT | MS_BIND, NULL) == 0)
			_exit(2);
		if (mount(path, program, "", MS_BIND, NULL) == 0)
			_exit(3);
		if (syscall(SYS_move_mount, mount_fd, "", AT_FDCWD, program,
			    MOVE_MOUNT_F_EMPTY_PATH) == 0)
			_exit(4);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	close(mount_fd);
	close(fd);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_copy_is_sealed_and_runs),
		cmocka_unit_test(test_a_sealed_file_is_taken_as_it_is),
		cmocka_unit_test(test_a_mount_cannot_be_made_writable),
	};

	if (argc == 2 && strcmp(argv[1], "child") == 0)
		return 42;
	return cmocka_run_group_tests(tests, setup, teardown);
}
