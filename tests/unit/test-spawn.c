/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/process.h"
#include "parent/spawn.h"

/* Run as a child, this program tells on fd 1 how it finds itself. */
static int describe(int argc, char **argv)
{
	sigset_t mask;
	char cwd[4096];

	for (int i = 0; i < argc; i++)
		dprintf(1, "arg %s\n", argv[i]);
	for (char **entry = environ; *entry; entry++)
		dprintf(1, "env %s\n", *entry);
	for (int fd = 0; fd < 100; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			dprintf(1, "fd %d\n", fd);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int number = 1; number < NSIG; number++)
		if (sigismember(&mask, number) == 1)
			dprintf(1, "blocked %d\n", number);
	dprintf(1, "cwd %s\n", getcwd(cwd, sizeof(cwd)));
	dprintf(1, "usr1 %s\n", signal(SIGUSR1, SIG_DFL) == SIG_DFL ? "default" : "other");
	dprintf(1, "usr2 %s\n", signal(SIGUSR2, SIG_DFL) == SIG_DFL ? "default" : "other");
	return 7;
}

static void on_signal(int number)
{
	(void)number;
}

static int self_fd(void)
{
	int fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);

	assert_true(fd >= 0);
	return fd;
}

static void read_all(int fd, char *text, size_t size)
{
	ssize_t n = rti_read_full(fd, text, size - 1);

	assert_true(n >= 0);
	text[n] = '\0';
}

static void assert_ends_with(int pidfd, int expected)
{
	int status;

	assert_int_equal(process_reap(pidfd, &status), 0);
	assert_int_equal(status, expected);
	assert_int_equal(process_reap(pidfd, NULL), -ECHILD);
	close(pidfd);
}

static void test_the_child_finds_what_was_asked_and_nothing_else(void **state)
{
	char *argv[] = { (char[]){ "x" }, (char[]){ "describe" }, NULL },
	     *envp[] = { (char[]){ "A=b" }, NULL };
	int ends[2], null_fd = open("/dev/null", O_RDWR), leaked = dup(null_fd), pidfd;
	char text[4096];
	sigset_t mask;
	int fds[6];
	struct spawn spawn = {
		.exe_fd = self_fd(), .argv = argv, .envp = envp, .fds = fds, .fd_count = 6,
		.dir = "/usr", .signal_mask = &mask,
	};

	(void)state;
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&mask);
	sigaddset(&mask, SIGHUP);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	/* Crossing each other and the range of their targets, and one of them twice. */
	fds[0] = null_fd;
	fds[1] = ends[1];
	fds[2] = null_fd;
	fds[3] = 2;
	fds[4] = ends[0];
	fds[5] = spawn.exe_fd;
	assert_true(spawn_process(&spawn, &pidfd, NULL) > 0);
	close(ends[1]);
	read_all(ends[0], text, sizeof(text));
	assert_string_equal(text,
			    "arg x\narg describe\nenv A=b\nfd 0\nfd 1\nfd 2\nfd 3\nfd 4\nfd 5\n"
			    "blocked 1\ncwd /usr\nusr1 default\nusr2 default\n");
	assert_ends_with(pidfd, 7 << 8);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	assert_false(sigismember(&mask, SIGTERM));
	close(ends[0]);
	close(leaked);
	close(null_fd);
	close(spawn.exe_fd);
}

static void test_failures_name_the_step_and_leave_nothing(void **state)
{
	char *argv[] = { (char[]){ "x" }, NULL }, *envp[] = { NULL };
	int fds[] = { 0, 1, 2 }, pidfd = -EBADF, text_fd = open("/etc/passwd", O_PATH | O_CLOEXEC);
	struct spawn spawn = { .exe_fd = self_fd(), .argv = argv, .envp = envp, .fds = fds,
			       .fd_count = 3, .dir = "/no/such" };
	struct rti_error err;

	(void)state;
	assert_int_equal(spawn_process(&spawn, &pidfd, &err), -ENOENT);
	assert_string_equal(err.text, "chdir /no/such: no such file or directory");
	close(spawn.exe_fd);
	spawn.dir = NULL;
	spawn.exe_fd = text_fd;
	assert_int_equal(spawn_process(&spawn, &pidfd, &err), -EACCES);
	assert_string_equal(err.text, "exec: permission denied");
	fds[1] = 99999;
	assert_int_equal(spawn_process(&spawn, &pidfd, &err), -EBADF);
	assert_int_equal(pidfd, -EBADF);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	close(text_fd);
}

/* The unified hierarchy, alone or beside the others; NULL without. */
static const char *unified_root(void)
{
	static const char *const roots[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };
	struct statfs fs;

	for (size_t i = 0; i < 2; i++)
		if (statfs(roots[i], &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
			return roots[i];
	return NULL;
}

static void test_a_process_is_born_into_a_cgroup(void **state)
{
	char *argv[] = { (char[]){ "x" }, (char[]){ "cgroup" }, NULL }, *envp[] = { NULL };
	const char *root = unified_root();
	char path[128], text[4096], expected[64];
	int fds[3] = { 0, 1, 2 }, ends[2], pidfd;
	struct rti_parent_join join = { .is_v2 = true };
	struct spawn spawn = { .exe_fd = self_fd(), .argv = argv, .envp = envp, .fds = fds,
			       .fd_count = 3, .joins = &join, .join_count = 1 };

	(void)state;
	snprintf(path, sizeof(path), "%s/rti-test-%d", root ? root : "", getpid());
	if (!root || mkdir(path, 0755) < 0) {
		close(spawn.exe_fd);
		skip();
	}
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	fds[1] = ends[1];
	join.fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(spawn_process(&spawn, &pidfd, NULL) > 0);
	assert_true(join.done);
	close(ends[1]);
	read_all(ends[0], text, sizeof(text));
	assert_ends_with(pidfd, 0);
	snprintf(expected, sizeof(expected), "0::/rti-test-%d\n", getpid());
	assert_non_null(strstr(text, expected));
	close(ends[0]);
	close(join.fd);
	close(spawn.exe_fd);
	rmdir(path);
}

/* On cgroup v1 it writes itself into "tasks"; here the file is one that takes anything. */
static void test_a_process_enters_what_it_can(void **state)
{
	char *argv[] = { (char[]){ "x" }, (char[]){ "cgroup" }, NULL }, *envp[] = { NULL };
	int fds[3] = { 0, open("/dev/null", O_WRONLY | O_CLOEXEC), 2 }, pipe_fds[2], pidfd;
	struct rti_parent_join joins[3] = { { .fd = -EBADF } };
	struct spawn spawn = { .exe_fd = self_fd(), .argv = argv, .envp = envp, .fds = fds,
			       .fd_count = 3, .joins = joins, .join_count = 3 };
	char text[8] = "";

	(void)state;
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	joins[1].fd = pipe_fds[0]; /* not for writing */
	joins[2].fd = pipe_fds[1];
	assert_true(spawn_process(&spawn, &pidfd, NULL) > 0);
	assert_ends_with(pidfd, 0);
	assert_false(joins[0].done);
	assert_false(joins[1].done);
	assert_true(joins[2].done);
	assert_int_equal(read(pipe_fds[0], text, sizeof(text)), 1);
	assert_string_equal(text, "0");
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(fds[1]);
	close(spawn.exe_fd);
}

static int print_cgroup(void)
{
	char text[4096];
	int fd = open("/proc/self/cgroup", O_RDONLY);
	ssize_t size = read(fd, text, sizeof(text));

	return size > 0 && write(1, text, (size_t)size) == size ? 0 : 1;
}

static void test_a_family_is_known_and_ended(void **state)
{
	char *argv[] = { (char[]){ "x" }, (char[]){ "sleep" }, NULL }, *envp[] = { NULL };
	int fds[] = { 0, 1, 2 }, pidfd;
	struct spawn spawn = { .exe_fd = self_fd(), .argv = argv, .envp = envp, .fds = fds,
			       .fd_count = 3 };
	struct process_family family;
	pid_t stranger, pid;
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	stranger = fork();
	if (stranger == 0) {
		execl("/bin/sleep", "sleep", "100", NULL);
		_exit(1);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0); /* it runs another program by now */
	close(ends[0]);
	pid = spawn_process(&spawn, &pidfd, NULL);
	assert_true(pid > 0);
	assert_int_equal(process_family_init(&family, spawn.exe_fd, pid, NULL), 0);
	assert_int_equal(process_family_check(&family, pid), 0);
	assert_int_equal(process_family_check(&family, getppid()), -ESRCH);
	process_family_kill(&family);
	assert_true(process_is_dead(pidfd, 0));
	assert_int_equal(waitpid(stranger, NULL, WNOHANG), 0);
	kill(stranger, SIGKILL);
	assert_int_equal(waitpid(stranger, NULL, 0), stranger);
	close(pidfd);
	close(spawn.exe_fd);
}

static void test_how_processes_end_is_said_as_go_does(void **state)
{
	char text[64];

	(void)state;
	process_status_text(3 << 8, text, sizeof(text));
	assert_string_equal(text, "exit status 3");
	process_status_text(SIGKILL, text, sizeof(text));
	assert_string_equal(text, "signal: killed");
	process_status_text(SIGSEGV | 0x80, text, sizeof(text));
	assert_string_equal(text, "signal: segmentation fault (core dumped)");
}

static void test_a_process_that_cannot_be_looked_at_is_alive(void **state)
{
	struct process_stat stat;
	struct rlimit limit, none;

	(void)state;
	assert_int_equal(process_stat_read(getpid(), &stat), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = (struct rlimit){ 0, limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	assert_true(process_is_alive(getpid(), stat.start_time));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_false(process_is_alive(getpid(), stat.start_time + 1));
	assert_false(process_is_alive(INT32_MAX, stat.start_time));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_child_finds_what_was_asked_and_nothing_else),
		cmocka_unit_test(test_failures_name_the_step_and_leave_nothing),
		cmocka_unit_test(test_a_process_is_born_into_a_cgroup),
		cmocka_unit_test(test_a_process_enters_what_it_can),
		cmocka_unit_test(test_a_family_is_known_and_ended),
		cmocka_unit_test(test_how_processes_end_is_said_as_go_does),
		cmocka_unit_test(test_a_process_that_cannot_be_looked_at_is_alive),
	};

	if (argc == 2 && strcmp(argv[1], "describe") == 0)
		return describe(argc, argv);
	if (argc == 2 && strcmp(argv[1], "cgroup") == 0)
		return print_cgroup();
	if (argc == 2 && strcmp(argv[1], "sleep") == 0)
		return (int)sleep(100);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
