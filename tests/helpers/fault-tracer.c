/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a command of a runtime and list the system calls of the parent and the init, or let one of
 * them fail.
 *
 *   fault-tracer [-u USER] FILE COMMAND...
 *   fault-tracer [-u USER] -f ROLE CALL N FAULT FILE COMMAND...
 *
 * With -f the Nth CALL of ROLE meets FAULT, the name of an errno or "delay". N counts from 1 for
 * each ROLE and CALL. USER is the number of the user and group that the command runs as; the tracer
 * stays root.
 *
 * ROLE is who calls: parent, parent/thread, stage0, stage1, stage2, and ROLE/child for what one of
 * them forks, until that executes something else, with which this program has nothing to do.
 *
 * FILE gets lines of words between tabs:
 *   call ROLE CALL N RESULT ABOUT     a call, after it returned; RESULT is a number, or "-" if it
 *                                     never did
 *   fault ROLE CALL N FAULT ABOUT     the fault was met
 *   signal ROLE NAME                  a process of ours died by a signal
 *   hang                              the command did not end, and was killed
 *
 * The exit status is the command's, or 128 and the number of its signal. A call that fails is not
 * made, but for close(2), which always closes. The container's own seccomp filter changes nothing
 * of that: the kernel asks the tracer first, and the last word on the result is the tracer's too.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/helpers/call-text.h"

#define TRACEES_MAX 64
#define CALLS_MAX   1024
#define ABOUT_MAX   512
#define DELAY_MS    150
#define TICK_US	    20000

#define TRACE_OPTIONS                                                                \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK |          \
	 PTRACE_O_TRACEVFORK | PTRACE_O_TRACEEXEC)

/* A traced process or thread. One whose birth is not reported yet has no role and stays stopped. */
struct tracee {
	pid_t pid; /* 0: the slot is free */
	char role[64];
	char about[ABOUT_MAX]; /* of the call that it is in */
	uint64_t number;
	uint64_t clone_flags;
	bool is_in_call;
	bool has_fault; /* the result of this call is to be changed */
	unsigned short counts[CALLS_MAX];
};

static struct tracee tracees[TRACEES_MAX];
static FILE *report;

static struct {
	const char *role, *call, *name; /* role is NULL: list */
	int nth;
	int error; /* 0: delay */
	bool met;
	pid_t delayed;
	long long until_ms;
} fault;

static long long deadline_ms;
static unsigned int user; /* 0: stay root */

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static struct tracee *find_tracee(pid_t pid)
{
	for (struct tracee *tracee = tracees; tracee < tracees + TRACEES_MAX; tracee++)
		if (tracee->pid == pid)
			return tracee;
	return NULL;
}

static struct tracee *get_tracee(pid_t pid)
{
	struct tracee *tracee = find_tracee(pid);

	if (tracee)
		return tracee;
	tracee = find_tracee(0);
	if (!tracee)
		errx(2, "too many processes");
	memset(tracee, 0, sizeof(*tracee));
	tracee->pid = pid;
	return tracee;
}

static void call_name(uint64_t number, char name[32])
{
	char *known = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, (int)number);

	if (known)
		snprintf(name, 32, "%s", known);
	else
		snprintf(name, 32, "%llu", (unsigned long long)number);
	free(known);
}

/* Lets a stopped process go on to its next call, or event when no more calls are of interest. */
static void go_on(struct tracee *tracee, int signal)
{
	int request = fault.met && !tracee->has_fault ? PTRACE_CONT : PTRACE_SYSCALL;

	/* It may have been killed in the meantime. */
	ptrace(request, tracee->pid, NULL, (long)signal);
}

#if defined(__x86_64__)
static void skip_call(pid_t pid)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		return;
	registers.orig_rax = -1ULL;
	ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}

static void set_result(pid_t pid, int error)
{
	struct user_regs_struct registers;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &registers) < 0)
		return;
	registers.rax = (unsigned long long)-(long long)error;
	ptrace(PTRACE_SETREGS, pid, NULL, &registers);
}
#else
static void skip_call(pid_t pid)
{
	(void)pid;
	errx(77, "how to change a system call is not known for this machine");
}

static void set_result(pid_t pid, int error)
{
	(void)error;
	skip_call(pid);
}
#endif

static bool is_fault(const struct tracee *tracee, const char *name)
{
	return fault.role && !fault.met && strcmp(fault.role, tracee->role) == 0 &&
	       strcmp(fault.call, name) == 0 && fault.nth == tracee->counts[tracee->number];
}

/* Returns whether the process may go on. */
static bool enter_call(struct tracee *tracee, const struct __ptrace_syscall_info *info)
{
	char name[32];

	tracee->number = info->entry.nr;
	tracee->is_in_call = true;
	if (tracee->number >= CALLS_MAX)
		errx(2, "system call %llu", (unsigned long long)tracee->number);
	tracee->counts[tracee->number]++;
	if (tracee->number == SYS_clone)
		tracee->clone_flags = info->entry.args[0];
	else
		tracee->clone_flags = 0;
	call_name(tracee->number, name);
	if (fault.role && !is_fault(tracee, name))
		return true;
	call_text_print(tracee->pid, tracee->number, (const uint64_t *)info->entry.args,
			tracee->about, sizeof(tracee->about));
	if (!fault.role)
		return true;
	fprintf(report, "fault\t%s\t%s\t%d\t%s\t%s\n", tracee->role, name, fault.nth, fault.name,
		tracee->about);
	fault.met = true;
	if (fault.error == 0) {
		fault.delayed = tracee->pid;
		fault.until_ms = now_ms() + DELAY_MS;
		return false;
	}
	tracee->has_fault = true;
	if (tracee->number != SYS_close)
		skip_call(tracee->pid);
	return true;
}

static void list_call(struct tracee *tracee, const char *result)
{
	char name[32];

	if (!tracee->is_in_call || fault.role)
		return;
	tracee->is_in_call = false;
	call_name(tracee->number, name);
	fprintf(report, "call\t%s\t%s\t%d\t%s\t%s\n", tracee->role, name,
		tracee->counts[tracee->number], result, tracee->about);
}

static void leave_call(struct tracee *tracee, const struct __ptrace_syscall_info *info)
{
	char result[32];

	if (tracee->has_fault)
		set_result(tracee->pid, fault.error);
	tracee->has_fault = false;
	snprintf(result, sizeof(result), "%lld", (long long)info->exit.rval);
	list_call(tracee, result);
}

static void handle_call(struct tracee *tracee)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tracee->pid, (void *)sizeof(info), &info) <= 0)
		return;
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY && !enter_call(tracee, &info))
		return;
	if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave_call(tracee, &info);
	go_on(tracee, 0);
}

static bool is_thread_of(pid_t pid, pid_t process)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", process, pid);
	return access(path, F_OK) == 0;
}

static void handle_birth(struct tracee *tracee)
{
	bool is_stage = tracee->clone_flags & CLONE_PARENT;
	const char *role = tracee->role;
	struct tracee *born;
	unsigned long pid;
	bool is_waiting;

	if (ptrace(PTRACE_GETEVENTMSG, tracee->pid, NULL, &pid) < 0)
		return;
	is_waiting = find_tracee((pid_t)pid);
	born = get_tracee((pid_t)pid);
	if (is_stage && strncmp(role, "stage", 5) == 0)
		snprintf(born->role, sizeof(born->role), "stage%d", role[5] - '0' + 1);
	else
		snprintf(born->role, sizeof(born->role), "%.50s/%s", role,
			 is_thread_of((pid_t)pid, tracee->pid) ? "thread" : "child");
	if (is_waiting)
		go_on(born, 0);
	go_on(tracee, 0);
}

/* What an execve(2) made of a process: the init has the argument "init", all else is not ours. */
static bool executes_init(pid_t pid)
{
	char path[64], arguments[4096];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, arguments, sizeof(arguments) - 1);
	close(fd);
	if (size <= 0)
		return false;
	arguments[size] = 0;
	size = (ssize_t)strlen(arguments) + 1;
	return strcmp(arguments + size, "init") == 0;
}

static void forget(struct tracee *tracee)
{
	ptrace(PTRACE_DETACH, tracee->pid, NULL, NULL);
	tracee->pid = 0;
}

static void handle_exec(struct tracee *tracee)
{
	list_call(tracee, "0");
	if (strcmp(tracee->role, "command") == 0) {
		strcpy(tracee->role, "parent");
	} else if (strcmp(tracee->role, "parent/child") == 0 && executes_init(tracee->pid)) {
		strcpy(tracee->role, "stage0");
	} else {
		forget(tracee);
		return;
	}
	memset(tracee->counts, 0, sizeof(tracee->counts));
	tracee->is_in_call = tracee->has_fault = false;
	go_on(tracee, 0);
}

static void handle_stop(struct tracee *tracee, int status)
{
	int signal = WSTOPSIG(status), event = status >> 16;

	if (!tracee->role[0])
		return;
	if (signal == (SIGTRAP | 0x80))
		handle_call(tracee);
	else if (event == PTRACE_EVENT_CLONE || event == PTRACE_EVENT_FORK ||
		 event == PTRACE_EVENT_VFORK)
		handle_birth(tracee);
	else if (event == PTRACE_EVENT_EXEC)
		handle_exec(tracee);
	else
		go_on(tracee, event ? 0 : signal);
}

static void handle_end(struct tracee *tracee, int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		fprintf(report, "signal\t%s\tSIG%s\n", tracee->role,
			sigabbrev_np(WTERMSIG(status)));
	list_call(tracee, "-");
	tracee->pid = 0;
}

/* A timer interrupts the wait, for a delay, and for a command that does not end. */
static void handle_tick(void)
{
	long long now = now_ms();
	struct tracee *tracee;

	if (fault.delayed && now >= fault.until_ms) {
		tracee = find_tracee(fault.delayed);
		fault.delayed = 0;
		if (tracee)
			go_on(tracee, 0);
	}
	if (now < deadline_ms)
		return;
	fprintf(report, "hang\n");
	for (tracee = tracees; tracee < tracees + TRACEES_MAX; tracee++)
		if (tracee->pid)
			kill(tracee->pid, SIGKILL);
	deadline_ms = now + 1000;
}

/* Until the command ends; who outlives it is not traced from then on. */
static int follow(pid_t command)
{
	struct tracee *tracee;
	int status;
	pid_t pid;

	for (;;) {
		pid = waitpid(-1, &status, __WALL);
		if (pid < 0 && errno != EINTR)
			err(2, "waitpid");
		handle_tick();
		if (pid < 0)
			continue;
		tracee = get_tracee(pid);
		if (WIFSTOPPED(status)) {
			handle_stop(tracee, status);
			continue;
		}
		handle_end(tracee, status);
		if (pid == command)
			return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
						     WEXITSTATUS(status);
	}
}

static void become_user(void)
{
	if (setgroups(0, NULL) < 0 || setgid(user) < 0 || setuid(user) < 0)
		err(2, "become user %u", user);
}

static pid_t start(char **argv)
{
	int ends[2];
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		err(2, "pipe");
	pid = fork();
	if (pid < 0)
		err(2, "fork");
	if (pid == 0) {
		close(ends[1]);
		if (user)
			become_user();
		if (read(ends[0], &byte, 1) == 0)
			execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	strcpy(get_tracee(pid)->role, "command");
	if (ptrace(PTRACE_SEIZE, pid, NULL, (long)TRACE_OPTIONS) < 0)
		err(2, "ptrace");
	close(ends[0]);
	close(ends[1]);
	return pid;
}

static void ignore(int signal)
{
	(void)signal;
}

static void parse_fault(char **argv)
{
	fault.role = argv[0];
	fault.call = argv[1];
	fault.nth = atoi(argv[2]);
	fault.name = argv[3];
	if (strcmp(fault.name, "delay") == 0)
		return;
	for (fault.error = 1; fault.error < 134; fault.error++) {
		const char *name = strerrorname_np(fault.error);

		if (name && strcmp(name, fault.name) == 0)
			return;
	}
	errx(2, "no such errno: %s", fault.name);
}

int main(int argc, char **argv)
{
	const struct itimerval tick = { { 0, TICK_US }, { 0, TICK_US } };
	const struct sigaction action = { .sa_handler = ignore };
	const char *limit = getenv("FAULT_TRACER_LIMIT_MS");

	argv++;
	if (argc > 2 && strcmp(argv[0], "-u") == 0) {
		user = (unsigned int)atoi(argv[1]);
		argv += 2;
		argc -= 2;
	}
	if (argc > 6 && strcmp(argv[0], "-f") == 0) {
		parse_fault(argv + 1);
		argv += 5;
	}
	if (!argv[0] || !argv[1])
		errx(2, "usage: fault-tracer [-u USER] [-f ROLE CALL N FAULT] FILE COMMAND...");
	report = fopen(argv[0], "we");
	if (!report)
		err(2, "%s", argv[0]);
	deadline_ms = now_ms() + (limit ? atoi(limit) : 10000);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
	return follow(start(argv + 1));
}
