/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int wait_pidfd(int pidfd, int flags, siginfo_t *ret)
{
	long r = rti_retry(syscall(SYS_waitid, P_PIDFD, pidfd, ret, flags, NULL));

	return r < 0 ? (int)r : 0;
}

int process_open(pid_t pid)
{
	_cleanup_fd_ int pidfd = -EBADF;
	siginfo_t info;
	int r;

	if (pid <= 0)
		return -EINVAL;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pidfd < 0)
		return -errno;
	r = wait_pidfd(pidfd, WEXITED | WNOHANG | WNOWAIT, &info);
	return r < 0 ? r : rti_take_fd(&pidfd);
}

/* The status word that waitpid(2) would have given. */
static int status_of(const siginfo_t *info)
{
	if (info->si_code == CLD_EXITED)
		return info->si_status << 8;
	return info->si_status | (info->si_code == CLD_DUMPED ? 0x80 : 0);
}

static int wait_status(int pidfd, int flags, int *ret_status)
{
	siginfo_t info = { 0 };
	int r = wait_pidfd(pidfd, WEXITED | flags, &info);

	if (r == 0 && ret_status)
		*ret_status = status_of(&info);
	return r;
}

int process_reap(int pidfd, int *ret_status)
{
	return wait_status(pidfd, 0, ret_status);
}

int process_peek(int pidfd, int *ret_status)
{
	return wait_status(pidfd, WNOWAIT, ret_status);
}

int process_kill(int pidfd)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };
	siginfo_t info;
	long r;

	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return -errno;
	/* A process that is no child of ours still has to be gone when this returns. */
	r = rti_retry(poll(&poll_fd, 1, PROCESS_KILL_MS));
	if (r <= 0)
		return r < 0 ? (int)r : -ETIMEDOUT;
	wait_pidfd(pidfd, WEXITED | WNOHANG, &info);
	return 0;
}

bool process_is_dead(int pidfd, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = pidfd, .events = POLLIN };

	return rti_retry(poll(&poll_fd, 1, timeout_ms)) > 0;
}

void process_status_text(int status, char *text, size_t size)
{
	if (WIFEXITED(status)) {
		snprintf(text, size, "exit status %d", WEXITSTATUS(status));
		return;
	}
	snprintf(text, size, "signal: %s%s", strsignal(WTERMSIG(status)),
		 WCOREDUMP(status) ? " (core dumped)" : "");
	/* Go's names are lower case: "killed", "segmentation fault". */
	if (text[8] >= 'A' && text[8] <= 'Z')
		text[8] = (char)(text[8] - 'A' + 'a');
}

int process_stat_read(pid_t pid, struct process_stat *ret)
{
	_cleanup_fd_ int fd = -EBADF;
	char path[32], text[1024], *next, *field = NULL;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = rti_read_full(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (int)n;
	text[n] = 0;
	/* The second field is the command in parentheses, which may hold anything. */
	next = strrchr(text, ')');
	if (!next || next[1] != ' ' || !next[2])
		return -EBADMSG;
	ret->state = next[2];
	next += 2;
	for (int i = 3; i <= 22; i++)
		field = strsep(&next, " ");
	if (!field || !rti_number_u64(field, UINT64_MAX, &ret->start_time))
		return -EBADMSG;
	return 0;
}

int process_look(int64_t pid, uint64_t start_time)
{
	struct process_stat stat;
	int r = pid > 0 ? process_stat_read((pid_t)pid, &stat) : -ESRCH;

	if (r < 0)
		return r == -ENOENT || r == -ESRCH ? 0 : r;
	return stat.start_time == start_time && stat.state != 'Z' && stat.state != 'X';
}

bool process_is_alive(int64_t pid, uint64_t start_time)
{
	return process_look(pid, start_time) != 0;
}

int process_family_init(struct process_family *family, int exe_fd, pid_t stage0,
			struct rti_error *err)
{
	struct process_stat process;
	struct stat program;
	int r;

	if (fstat(exe_fd, &program) < 0)
		return rti_fail(err, errno, "stat init program");
	r = process_stat_read(stage0, &process);
	if (r < 0)
		return rti_fail(err, -r, "read /proc/%d/stat", stage0);
	family->exe_dev = program.st_dev;
	family->exe_ino = program.st_ino;
	family->started = process.start_time;
	return 0;
}

/*
 * Whether a process runs the program. A process that has ended, and one that is not dumpable and
 * belongs to somebody else by now, do not tell; they count as running it.
 */
static bool runs_program(const struct process_family *family, pid_t pid)
{
	struct stat running;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	if (stat(path, &running) < 0)
		return true;
	return family->exe_dev == running.st_dev && family->exe_ino == running.st_ino;
}

int process_family_check(const struct process_family *family, pid_t pid)
{
	struct process_stat stat;
	int r = process_stat_read(pid, &stat);

	if (r < 0)
		return r == -ENOENT ? -ESRCH : r;
	return stat.start_time >= family->started && runs_program(family, pid) ? 0 : -ESRCH;
}

size_t process_family_list(const struct process_family *family, pid_t *ret, size_t max)
{
	_cleanup_fd_ int fd = open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC);
	char text[16384], *save = NULL;
	size_t count = 0;
	ssize_t size;

	if (fd < 0)
		return 0;
	size = rti_read_full(fd, text, sizeof(text) - 1);
	text[size > 0 ? size : 0] = '\0';
	for (char *word = strtok_r(text, " ", &save); word && count < max;
	     word = strtok_r(NULL, " ", &save)) {
		int64_t pid;

		if (rti_number_i64(word, 1, INT32_MAX, &pid) &&
		    process_family_check(family, (pid_t)pid) == 0)
			ret[count++] = (pid_t)pid;
	}
	return count;
}

int process_family_kill(const struct process_family *family)
{
	pid_t pids[16];
	size_t count = 1;
	int result = 0;

	/* A stage may make another while this looks; three is all there are. */
	for (int round = 0; count > 0 && result == 0 && round < 4; round++) {
		count = process_family_list(family, pids, sizeof(pids) / sizeof(pids[0]));
		for (size_t i = 0; i < count; i++) {
			_cleanup_fd_ int pidfd = process_open(pids[i]);

			if (pidfd >= 0 && process_kill(pidfd) == -ETIMEDOUT)
				result = -ETIMEDOUT;
		}
	}
	return result;
}
