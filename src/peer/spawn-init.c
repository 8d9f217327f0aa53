/* SPDX-License-Identifier: Apache-2.0 */
#include "peer/spawn-init.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

/* The child's ends, in the order of their numbers from 3 on. */
enum end { END_INIT, END_SYNC, END_LOG, END_FIFO, ENDS };

static int make_pair(int type, int *ret_child_fd, int *ret_own_fd, struct rti_error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, ends) < 0)
		return rti_fail(err, errno, "socketpair");
	*ret_child_fd = ends[0];
	*ret_own_fd = ends[1];
	return 0;
}

static int make_pipe(int *ret_child_fd, int *ret_own_fd, struct rti_error *err)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return rti_fail(err, errno, "pipe");
	*ret_child_fd = ends[1];
	*ret_own_fd = ends[0];
	return 0;
}

/* A fifo without a name: it is gone from the file system at once. */
static int make_fifo(int *ret_fd, struct rti_error *err)
{
	char folder[] = "/tmp/protocol-peer-XXXXXX", path[64];

	if (!mkdtemp(folder))
		return rti_fail(err, errno, "make a folder in /tmp");
	snprintf(path, sizeof(path), "%s/fifo", folder);
	if (mkfifo(path, 0622) == 0)
		*ret_fd = open(path, O_PATH | O_CLOEXEC);
	unlink(path);
	rmdir(folder);
	return *ret_fd < 0 ? rti_fail(err, errno, "make %s", path) : 0;
}

/* The environment that a runtime gives, and nothing else. */
static void execute(const struct peer *peer, const char *path)
{
	char *argv[] = { (char[]){ "runc" }, (char[]){ "init" }, NULL };
	char standard[] = "_LIBCONTAINER_INITTYPE=standard";
	char setns[] = "_LIBCONTAINER_INITTYPE=setns";
	char fifo[] = "_LIBCONTAINER_FIFOFD=6";
	bool is_setns = peer->type == RTI_INIT_SETNS;
	char *envp[] = {
		(char[]){ "GOMAXPROCS=" },
		(char[]){ "_LIBCONTAINER_INITPIPE=3" },
		(char[]){ "_LIBCONTAINER_SYNCPIPE=4" },
		(char[]){ "_LIBCONTAINER_LOGPIPE=5" },
		(char[]){ "_LIBCONTAINER_LOGLEVEL=4" },
		is_setns ? setns : standard,
		is_setns ? NULL : fifo,
		NULL,
	};

	execve(path, argv, envp);
}

/* In the child: gives the value of a system call, or ends with a line that names the step. */
static int must(int value, const char *step)
{
	if (value >= 0)
		return value;
	dprintf(STDERR_FILENO, "%s: %s\n", step, strerror(errno));
	_exit(127);
}

/* Any fd may have one of the numbers wanted, so all of them get others first. */
static int move_away(int fd)
{
	return must(fcntl(fd, F_DUPFD_CLOEXEC, 64), "fcntl");
}

static void become_init(const struct peer *peer, const char *path, const int *ends, int stderr_fd)
{
	int null_fd = move_away(must(open("/dev/null", O_RDWR | O_CLOEXEC), "open /dev/null"));
	int high[ENDS];

	stderr_fd = move_away(stderr_fd);
	for (int i = 0; i < ENDS; i++)
		high[i] = ends[i] < 0 ? -1 : move_away(ends[i]);
	must(dup2(stderr_fd, STDERR_FILENO), "dup standard error");
	must(dup2(null_fd, STDIN_FILENO), "dup standard input");
	must(dup2(null_fd, STDOUT_FILENO), "dup standard output");
	must(rti_cloexec_from(STDERR_FILENO + 1), "mark the others close-on-exec");
	for (int i = 0; i < ENDS; i++)
		if (high[i] >= 0)
			must(dup3(high[i], STDERR_FILENO + 1 + i, 0), "dup a channel");
	signal(SIGPIPE, SIG_DFL);
	must(chdir(peer->rootfs ? peer->rootfs : "/"), "change to the root file system");
	execute(peer, path);
	dprintf(STDERR_FILENO, "execute %s: %s\n", path, strerror(errno));
	_exit(127);
}

static int spawn(struct peer *peer, const char *path, int *ends, int *stderr_end,
		 struct rti_error *err)
{
	int r;

	r = make_pair(SOCK_STREAM, &ends[END_INIT], &peer->init_fd, err);
	if (r == 0)
		r = make_pair(SOCK_SEQPACKET, &ends[END_SYNC], &peer->sync_fd, err);
	if (r == 0)
		r = make_pipe(&ends[END_LOG], &peer->log_fd, err);
	if (r == 0)
		r = make_pipe(stderr_end, &peer->stderr_fd, err);
	if (r == 0 && peer->type == RTI_INIT_STANDARD)
		r = make_fifo(&peer->fifo_fd, err);
	if (r < 0)
		return r;
	ends[END_FIFO] = peer->fifo_fd;
	peer->stage0_pid = fork();
	if (peer->stage0_pid < 0)
		return rti_fail(err, errno, "fork");
	if (peer->stage0_pid == 0)
		become_init(peer, path, ends, *stderr_end);
	return 0;
}

int spawn_init(struct peer *peer, const char *path, struct rti_error *err)
{
	int ends[ENDS] = { -EBADF, -EBADF, -EBADF, -EBADF }, stderr_end = -EBADF, r;

	if (prctl(PR_SET_CHILD_SUBREAPER, 1UL, 0UL, 0UL, 0UL) < 0)
		return rti_fail(err, errno, "become a subreaper");
	r = spawn(peer, path, ends, &stderr_end, err);
	for (int i = 0; i < END_FIFO; i++)
		rti_close(ends[i]);
	rti_close(stderr_end);
	return r;
}

void spawn_init_end(void)
{
	for (;;) {
		FILE *file = fopen("/proc/thread-self/children", "re");
		int pid, count = 0;

		while (file && fscanf(file, "%d", &pid) == 1) {
			/* Not reaped yet, so the number is still its own. */
			kill(pid, SIGKILL);
			count++;
		}
		if (file)
			fclose(file);
		while (waitpid(-1, NULL, count > 0 ? 0 : WNOHANG) > 0)
			count = 0;
		if (count == 0)
			return;
	}
}
