/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/syscall.h"
#include "parent/process.h"

/* Of the child that shares our memory. Chosen: many times what its few frames need. */
#define STACK_SIZE (64u * 1024)

/* The thread sanitizer takes every clone(3) for a fork(2), and looks at nothing more afterwards. */
#ifndef __has_feature /* clang's way to tell */
#define __has_feature(name) 0
#endif
#if defined(__SANITIZE_THREAD__) || __has_feature(thread_sanitizer)
#define CAN_SHARE false
#else
#define CAN_SHARE true
#endif

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif

enum spawn_step {
	STEP_SIGNALS,
	STEP_DEATH_SIGNAL,
	STEP_CPUS,
	STEP_FDS,
	STEP_CHDIR,
	STEP_EXEC,
};

struct spawn_report { /* what the child says about itself when it fails */
	int step;
	int errnum;
};

struct spawn_child {
	const struct spawn *spawn;
	const sigset_t *mask;
	sigset_t handled; /* signals whose action has to become the default */
	pid_t parent;
	int *fds; /* room for the child's own copy of spawn->fds */
	struct rti_parent_join *joins; /* in memory that child and parent share */
	int cgroup_fd;		       /* v2 directory to be born into; -EBADF: none */
	int report_fd;
};

/*
 * Everything below that is marked RAW runs in the child. It may use neither the C library's locks
 * nor its memory management, and no sanitizer may follow it: to the sanitizers it is the parent
 * that runs.
 */
#define RAW __attribute__((no_sanitize("address", "thread", "undefined")))

RAW static long raw_fcntl(int fd, int command, long arg)
{
	return syscall(SYS_fcntl, fd, command, arg);
}

/*
 * Default actions for all: with shared memory a handler would run the parent's code, and containers
 * do not inherit what the caller ignores, as nohup(1) does. To the kernel, zeroes are the default
 * action whatever the layout of its structure.
 */
RAW static int reset_signals(const struct spawn_child *child)
{
	const char action[128] = { 0 };

	for (int number = 1; number < NSIG; number++)
		if (sigismember(&child->handled, number) == 1 &&
		    syscall(SYS_rt_sigaction, number, action, NULL, (long)_NSIG / 8) < 0)
			return -1;
	return 0;
}

RAW static int set_death_signal(const struct spawn_child *child)
{
	if (child->spawn->death_signal <= 0)
		return 0;
	if (syscall(SYS_prctl, PR_SET_PDEATHSIG, (long)child->spawn->death_signal, 0L, 0L, 0L) < 0)
		return -1;
	/* The parent may have died before the kernel knew. */
	if (syscall(SYS_getppid) != child->parent)
		syscall(SYS_kill, syscall(SYS_getpid), child->spawn->death_signal);
	return 0;
}

RAW static int set_cpus(const struct rti_words *cpus)
{
	if (!cpus || cpus->count == 0)
		return 0;
	return syscall(SYS_sched_setaffinity, 0, cpus->count * sizeof(uint64_t), cpus->items) < 0
		       ? -1
		       : 0;
}

/*
 * A process with one thread that writes 0 to "tasks" moves alone, for which the kernel takes no
 * lock on all others. What fails is left to the parent, who can tell why.
 */
RAW static void join_cgroups(const struct spawn_child *child)
{
	for (size_t i = 0; i < child->spawn->join_count; i++) {
		struct rti_parent_join *join = &child->joins[i];

		if (!join->is_v2 && join->fd >= 0)
			join->done = syscall(SYS_write, join->fd, "0", 1L) == 1;
	}
}

/* For kernels before 5.11: the listing of our fds, one by one. */
RAW static int cloexec_each_from(int first)
{
	struct linux_dirent {
		uint64_t ino;
		int64_t off;
		unsigned short size;
		unsigned char type;
		char name[];
	};
	_Alignas(struct linux_dirent) char buffer[2048];
	int dir_fd = (int)syscall(SYS_openat, AT_FDCWD, "/proc/self/fd",
				  O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (dir_fd < 0)
		return -1;
	for (;;) {
		long size = syscall(SYS_getdents64, dir_fd, buffer, sizeof(buffer));

		if (size <= 0)
			return (int)size;
		for (long at = 0; at < size;) {
			const struct linux_dirent *entry = (const void *)(buffer + at);
			int fd = 0;

			at += entry->size;
			for (const char *digit = entry->name; *digit >= '0' && *digit <= '9';
			     digit++)
				fd = fd * 10 + (*digit - '0');
			if (fd >= first)
				raw_fcntl(fd, F_SETFD, FD_CLOEXEC);
		}
	}
}

/*
 * Puts each fd where it belongs. First all that could be overwritten, the two that are still needed
 * included, go above the range; then each goes into its place, which also clears close-on-exec.
 */
RAW static int place_fds(struct spawn_child *child, int *exe_fd)
{
	int count = (int)child->spawn->fd_count;
	int *needed[] = { &child->report_fd, exe_fd };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		int moved_fd = (int)raw_fcntl(*needed[i], F_DUPFD_CLOEXEC, count);

		/* The old one, of which nothing is overwritten yet, is there to tell of it. */
		if (moved_fd < 0)
			return -1;
		*needed[i] = moved_fd;
	}
	for (int i = 0; i < count; i++) {
		child->fds[i] = (int)raw_fcntl(child->spawn->fds[i], F_DUPFD_CLOEXEC, count);
		if (child->fds[i] < 0)
			return -1;
	}
	for (int i = 0; i < count; i++)
		if (syscall(SYS_dup3, child->fds[i], i, 0) < 0)
			return -1;
	if (!guard(FDS_MARKED) ||
	    syscall(SYS_close_range, (unsigned int)count, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return cloexec_each_from(count);
}

/* Runs in the child until exec. On failure it reports and ends. */
RAW static int run_child(void *data)
{
	struct spawn_child *child = data;
	const struct spawn *spawn = child->spawn;
	struct spawn_report report = { .step = STEP_SIGNALS };
	int exe_fd = spawn->exe_fd;

	if (reset_signals(child) < 0)
		goto failed;
	join_cgroups(child);
	report.step = STEP_DEATH_SIGNAL;
	if (set_death_signal(child) < 0)
		goto failed;
	report.step = STEP_CPUS;
	if (set_cpus(spawn->cpus) < 0)
		goto failed;
	report.step = STEP_FDS;
	if (place_fds(child, &exe_fd) < 0)
		goto failed;
	report.step = STEP_CHDIR;
	if (spawn->dir && syscall(SYS_chdir, spawn->dir) < 0)
		goto failed;
	report.step = STEP_SIGNALS;
	if (syscall(SYS_rt_sigprocmask, SIG_SETMASK, child->mask, NULL, (long)_NSIG / 8) < 0)
		goto failed;
	report.step = STEP_EXEC;
	syscall(SYS_execveat, exe_fd, "", spawn->argv, spawn->envp, AT_EMPTY_PATH);
failed:
	report.errnum = errno;
	syscall(SYS_write, child->report_fd, &report, sizeof(report));
	syscall(SYS_exit_group, 127);
	return 0;
}

static pid_t clone_shared(struct spawn_child *child, int *ret_pidfd)
{
	void *stack = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	pid_t pid;
	int r;

	if (stack == MAP_FAILED)
		return -errno;
	pid = clone(run_child, (char *)stack + STACK_SIZE,
		    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, child, ret_pidfd);
	r = -errno;
	munmap(stack, STACK_SIZE);
	return pid < 0 ? r : pid;
}

RAW static pid_t clone_copied(struct spawn_child *child, int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_PIDFD,
		.pidfd = (uintptr_t)ret_pidfd,
		.exit_signal = SIGCHLD,
	};
	long pid;

	if (child->cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)child->cgroup_fd;
	}
	pid = sys_clone3(&args);
	if (pid == 0)
		run_child(child);
	return pid < 0 ? -errno : (pid_t)pid;
}

static int explain(const struct spawn *spawn, const struct spawn_report *report,
		   struct rti_error *err)
{
	static const char *const steps[] = {
		[STEP_SIGNALS] = "reset signals",
		[STEP_DEATH_SIGNAL] = "set parent death signal",
		[STEP_CPUS] = "set CPU affinity",
		[STEP_FDS] = "arrange file descriptors",
		[STEP_EXEC] = "exec",
	};

	if (report->step == STEP_CHDIR)
		return rti_fail(err, report->errnum, "chdir %s", spawn->dir);
	return rti_fail(err, report->errnum, "%s", steps[report->step]);
}

/* Ends when the program runs, which closes the pipe, or when the child has told why it does not. */
static int await_exec(const struct spawn *spawn, int report_fd, int pidfd, struct rti_error *err)
{
	struct spawn_report report;
	ssize_t size = rti_read_full(report_fd, &report, sizeof(report));

	if (size == 0)
		return 0;
	process_kill(pidfd);
	if (size < 0)
		return rti_fail(err, (int)-size, "read from new process");
	if (size != sizeof(report))
		return rti_refuse(err, EIO, "read from new process: short message");
	return explain(spawn, &report, err);
}

static void find_handled(sigset_t *ret)
{
	struct sigaction action;

	sigemptyset(ret);
	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			sigaddset(ret, number);
}

/* With all signals blocked, so that none is handled in a child that shares our memory. */
static pid_t clone_blocked(struct spawn_child *child, int *ret_pidfd)
{
	sigset_t all, old;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	find_handled(&child->handled);
	child->mask = child->spawn->signal_mask ? child->spawn->signal_mask : &old;
	if (child->cgroup_fd >= 0 || !CAN_SHARE)
		pid = clone_copied(child, ret_pidfd);
	else
		pid = clone_shared(child, ret_pidfd);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid;
}

static pid_t spawn_child(struct spawn_child *child, int *ret_pidfd, struct rti_error *err)
{
	_cleanup_fd_ int read_fd = -EBADF, write_fd = -EBADF, pidfd = -EBADF;
	int ends[2], r;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return rti_fail(err, errno, "pipe");
	read_fd = ends[0];
	write_fd = child->report_fd = ends[1];
	pid = clone_blocked(child, &pidfd);
	if (pid < 0)
		return rti_fail(err, -pid, "clone");
	write_fd = rti_close(write_fd);
	r = await_exec(child->spawn, read_fd, pidfd, err);
	if (r < 0)
		return r;
	*ret_pidfd = rti_take_fd(&pidfd);
	return pid;
}

static struct rti_parent_join *find_v2(const struct spawn *spawn)
{
	for (size_t i = 0; i < spawn->join_count; i++)
		if (spawn->joins[i].is_v2 && spawn->joins[i].fd >= 0)
			return &spawn->joins[i];
	return NULL;
}

/* With @v2 born into it. */
static pid_t spawn_into(const struct spawn *spawn, struct rti_parent_join *v2, int *ret_pidfd,
			struct rti_error *err)
{
	_cleanup_free_ int *fds = calloc(spawn->fd_count + 1, sizeof(*fds));
	size_t joins_size = spawn->join_count * sizeof(*spawn->joins);
	struct spawn_child child = {
		.spawn = spawn,
		.parent = getpid(),
		.fds = fds,
		.joins = spawn->joins,
		.cgroup_fd = v2 ? v2->fd : -EBADF,
	};
	pid_t pid;

	if (!fds)
		return rti_fail(err, ENOMEM, "spawn");
	if (joins_size) {
		child.joins = mmap(NULL, joins_size, PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		if (child.joins == MAP_FAILED)
			return rti_fail(err, errno, "spawn");
		memcpy(child.joins, spawn->joins, joins_size);
	}
	pid = spawn_child(&child, ret_pidfd, err);
	if (joins_size) {
		if (pid > 0)
			memcpy(spawn->joins, child.joins, joins_size);
		munmap(child.joins, joins_size);
	}
	if (pid > 0 && v2)
		v2->done = true;
	return pid;
}

pid_t spawn_process(const struct spawn *spawn, int *ret_pidfd, struct rti_error *err)
{
	struct rti_parent_join *v2 = find_v2(spawn);
	pid_t pid = spawn_into(spawn, v2, ret_pidfd, err);

	/* The kernel may not know how, or not let us; joining later tells why. */
	if (pid < 0 && v2)
		pid = spawn_into(spawn, NULL, ret_pidfd, err);
	return pid;
}
