/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kill one process of a container's start when another one is at a certain system call.
 *
 *   kill-at [--all] AT NUMBER VICTIM REPORT COMMAND...
 *
 * Runs COMMAND, a runtime, and follows everything that comes of it with ptrace(2). When AT is about
 * to make its NUMBERth system call that matters (with --all: any), VICTIM gets SIGKILL; from then
 * on nobody is held up any more. AT and VICTIM are one of
 *
 *   parent   the runtime
 *   worker   its other threads
 *   spawned  a process of the runtime's that does not run its program yet
 *   stage0 stage1 stage2   the init
 *   hook     anything else
 *
 * and VICTIM can be the pid of somebody else, who takes part in the start from outside.
 *
 * The calls that matter are those that talk to another process: reading, writing and waiting on
 * anything but files and directories, and making and ending processes.
 *
 * Writes one line to REPORT: the call, how the runtime ended, after how many milliseconds it and
 * the last of the others did, and who is still there. The runtime has a second, the others have a
 * tenth of one after the later of the kill and the runtime's end. Exits with 0 when it has killed,
 * 3 when the runtime ended before, 4 when there was no VICTIM just then.
 */
#include <err.h>
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TASKS_MAX  128
#define RUNTIME_MS 1000
#define OTHERS_MS  100
#define WHOLE_MS   20000 /* of a start in which nobody is killed */

enum { EXIT_KILLED = 0, EXIT_NO_CALL = 3, EXIT_NO_VICTIM = 4 };

enum role { UNKNOWN, PARENT, WORKER, SPAWNED, STAGE0, STAGE1, STAGE2, HOOK, ROLES };

static const char *const role_names[ROLES] = {
	"unknown", "parent", "worker", "spawned", "stage0", "stage1", "stage2", "hook",
};

struct task { /* a thread */
	pid_t tid;
	pid_t pid;
	enum role role;
	bool waits; /* it was there before its maker has told of it */
};

static struct {
	bool all;
	bool no_victim;
	enum role at;
	long number;
	enum role victim;
	pid_t stranger; /* the victim, if it is none of those that are followed */
	pid_t runtime;
	struct task tasks[TASKS_MAX];
	size_t count;
	long seen;	   /* calls that matter, of AT */
	const char *call;  /* at which the victim was killed; NULL: not yet */
	int64_t begun_ms;
	int64_t killed_ms; /* when */
	int64_t ended_ms;  /* when the runtime ended; 0: not yet */
	int64_t last_ms;   /* when the last of the others did */
	int status;	   /* of the runtime */
} run;

/* Those whose first argument is an fd, and those that matter whatever they are given. */
static const struct {
	uint64_t number;
	const char *name;
	bool on_fd;
} calls[] = {
	{ SYS_read, "read", true },
	{ SYS_readv, "readv", true },
	{ SYS_write, "write", true },
	{ SYS_writev, "writev", true },
	{ SYS_recvfrom, "recvfrom", true },
	{ SYS_recvmsg, "recvmsg", true },
	{ SYS_sendto, "sendto", true },
	{ SYS_sendmsg, "sendmsg", true },
	{ SYS_close, "close", true },
	{ SYS_shutdown, "shutdown", true },
	{ SYS_ppoll, "ppoll", false },
	{ SYS_epoll_pwait, "epoll_pwait", false },
	{ SYS_wait4, "wait4", false },
	{ SYS_waitid, "waitid", false },
	{ SYS_clone, "clone", false },
	{ SYS_clone3, "clone3", false },
	{ SYS_execve, "execve", false },
	{ SYS_execveat, "execveat", false },
	{ SYS_exit_group, "exit", false },
	{ SYS_connect, "connect", false },
#ifdef SYS_poll
	{ SYS_poll, "poll", false },
#endif
#ifdef SYS_epoll_wait
	{ SYS_epoll_wait, "epoll_wait", false },
#endif
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum role role_of(const char *name)
{
	for (int role = PARENT; role < ROLES; role++)
		if (strcmp(role_names[role], name) == 0)
			return (enum role)role;
	errx(2, "no such role: %s", name);
}

static struct task *find_task(pid_t tid)
{
	for (size_t i = 0; i < run.count; i++)
		if (run.tasks[i].tid == tid)
			return &run.tasks[i];
	return NULL;
}

static struct task *add_task(pid_t tid)
{
	struct task *task = find_task(tid);

	if (task)
		return task;
	if (run.count == TASKS_MAX)
		errx(2, "more than %d threads", TASKS_MAX);
	task = &run.tasks[run.count++];
	*task = (struct task){ .tid = tid, .pid = tid };
	return task;
}

static void drop_task(struct task *task)
{
	*task = run.tasks[--run.count];
}

static bool has_process(pid_t pid)
{
	for (size_t i = 0; i < run.count; i++)
		if (run.tasks[i].pid == pid)
			return true;
	return false;
}

/* The runtime's own end is waited for by us; all others by whoever made them. */
static void go_on(pid_t tid, int signal)
{
	ptrace(run.call ? PTRACE_CONT : PTRACE_SYSCALL, tid, NULL, (long)signal);
}

/* The process that a thread belongs to. */
static pid_t process_of(pid_t tid)
{
	char path[64], line[256];
	pid_t pid = tid;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Tgid: %d", &pid) == 1)
			break;
	if (file)
		fclose(file);
	return pid;
}

/* Whether a process was executed as a runtime executes its init. */
static bool is_init(pid_t pid)
{
	char path[64], line[4096];
	size_t size = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	file = fopen(path, "re");
	if (file) {
		size = fread(line, 1, sizeof(line) - 1, file);
		fclose(file);
	}
	line[size] = '\0';
	return strlen(line) + 1 < size && strcmp(line + strlen(line) + 1, "init") == 0;
}

static void on_new(const struct task *maker, pid_t tid)
{
	static const enum role made_by[ROLES] = {
		[PARENT] = SPAWNED, [WORKER] = SPAWNED, [SPAWNED] = HOOK, [STAGE0] = STAGE1,
		[STAGE1] = STAGE2,  [STAGE2] = HOOK,	[HOOK] = HOOK,
	};
	enum role role = maker->role;
	pid_t pid = maker->pid;
	struct task *task = add_task(tid);

	task->pid = process_of(tid);
	task->role = made_by[role];
	if (task->pid == pid)
		task->role = role == PARENT ? WORKER : role;
	if (task->waits)
		go_on(tid, 0);
	task->waits = false;
}

static void on_exec(pid_t pid)
{
	struct task *task;

	for (size_t i = run.count; i-- > 0;)
		if (run.tasks[i].pid == pid && run.tasks[i].tid != pid)
			drop_task(&run.tasks[i]);
	task = add_task(pid);
	if (task->role == SPAWNED)
		task->role = is_init(pid) ? STAGE0 : HOOK;
}

static bool is_file(pid_t tid, uint64_t fd)
{
	char path[64], target[256];
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", tid, (int)fd);
	size = readlink(path, target, sizeof(target) - 1);
	if (size <= 0)
		return true;
	target[size] = '\0';
	return target[0] == '/' && !strstr(target, "fifo");
}

/* The name of the call that a thread is about to make, or NULL if it does not count. */
static const char *call_that_counts(pid_t tid)
{
	static char number[32];
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return NULL;
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (calls[i].number != info.entry.nr)
			continue;
		if (!run.all && calls[i].on_fd && is_file(tid, info.entry.args[0]))
			return NULL;
		return calls[i].name;
	}
	if (!run.all)
		return NULL;
	snprintf(number, sizeof(number), "call-%llu", (unsigned long long)info.entry.nr);
	return number;
}

/* Whether there was anybody to kill. */
static bool kill_victim(void)
{
	if (run.stranger > 0)
		return kill(run.stranger, SIGKILL) == 0;
	for (size_t i = run.count; i-- > 0;)
		if (run.tasks[i].role == run.victim)
			return kill(run.tasks[i].pid, SIGKILL) == 0;
	return false;
}

static void on_call(pid_t tid, enum role role)
{
	const char *name;

	if (run.call || role != run.at)
		return;
	name = call_that_counts(tid);
	if (!name || ++run.seen != run.number)
		return;
	run.call = name;
	run.killed_ms = now_ms();
	run.no_victim = !kill_victim();
}

static void on_stop(pid_t tid, int status)
{
	struct task *task = add_task(tid);
	int event = status >> 16, signal = WSTOPSIG(status);
	unsigned long message = 0;

	ptrace(PTRACE_GETEVENTMSG, tid, NULL, &message);
	if (event == PTRACE_EVENT_FORK || event == PTRACE_EVENT_VFORK ||
	    event == PTRACE_EVENT_CLONE) {
		on_new(task, (pid_t)message);
		go_on(tid, 0);
	} else if (event == PTRACE_EVENT_EXEC) {
		on_exec(tid);
		go_on(tid, 0);
	} else if (event == PTRACE_EVENT_STOP) {
		/* A new one's first; its maker's event may be on the way. */
		task->waits = task->role == UNKNOWN;
		if (!task->waits)
			go_on(tid, 0);
	} else if (signal == (SIGTRAP | 0x80)) {
		on_call(tid, task->role);
		go_on(tid, 0);
	} else {
		go_on(tid, signal);
	}
}

static void on_end(pid_t tid, int status)
{
	struct task *task = find_task(tid);
	pid_t pid = task ? task->pid : tid;

	if (task)
		drop_task(task);
	if (tid == run.runtime) {
		run.status = status;
		run.ended_ms = now_ms();
	} else if (!has_process(pid)) {
		run.last_ms = now_ms();
	}
}

/* Until when there is something to wait for; 0: no more. */
static int64_t deadline(void)
{
	int64_t since;

	if (run.count == 0)
		return 0;
	if (!run.ended_ms)
		return run.call ? run.killed_ms + RUNTIME_MS : run.begun_ms + WHOLE_MS;
	if (!run.call)
		return 0;
	since = run.ended_ms > run.killed_ms ? run.ended_ms : run.killed_ms;
	return since + OTHERS_MS;
}

static void follow(void)
{
	sigset_t child;

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	for (int64_t until; (until = deadline()) > now_ms();) {
		const struct timespec shortly = { .tv_nsec = 10 * 1000 * 1000 };
		int status;
		pid_t tid = waitpid(-1, &status, __WALL | WNOHANG);

		if (tid < 0 && errno == ECHILD)
			return;
		if (tid == 0)
			sigtimedwait(&child, NULL, &shortly);
		else if (WIFSTOPPED(status))
			on_stop(tid, status);
		else
			on_end(tid, status);
	}
}

static void start(char **command)
{
	int ends[2];
	char byte;

	if (pipe(ends) < 0)
		err(2, "pipe");
	run.runtime = fork();
	if (run.runtime < 0)
		err(2, "fork");
	if (run.runtime == 0) {
		sigset_t none;

		close(ends[1]);
		if (read(ends[0], &byte, 1) != 0)
			_exit(126);
		close(ends[0]);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	add_task(run.runtime)->role = PARENT;
	if (ptrace(PTRACE_SEIZE, run.runtime, NULL,
		   PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
			   PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC) < 0 ||
	    ptrace(PTRACE_INTERRUPT, run.runtime, NULL, NULL) < 0)
		err(2, "ptrace");
	close(ends[0]);
	close(ends[1]);
}

static void report(const char *path)
{
	FILE *file = fopen(path, "we");

	if (!file)
		err(2, "%s", path);
	fprintf(file, "%s ", run.call ? run.call : "none");
	if (!run.ended_ms)
		fputs("hangs", file);
	else if (WIFSIGNALED(run.status))
		fprintf(file, "signal:%d", WTERMSIG(run.status));
	else
		fprintf(file, "exit:%d", WEXITSTATUS(run.status));
	fprintf(file, " %lld %lld", (long long)(run.ended_ms ? run.ended_ms - run.killed_ms : -1),
		(long long)(run.last_ms > run.killed_ms ? run.last_ms - run.killed_ms : 0));
	for (size_t i = 0; i < run.count; i++)
		if (run.tasks[i].tid == run.tasks[i].pid)
			fprintf(file, " %s:%d", role_names[run.tasks[i].role], run.tasks[i].pid);
	fputc('\n', file);
	if (fclose(file) != 0)
		err(2, "%s", path);
}

int main(int argc, char **argv)
{
	sigset_t child;
	int at = 1;

	if (argc > 1 && strcmp(argv[1], "--all") == 0) {
		run.all = true;
		at++;
	}
	if (argc < at + 5)
		errx(2, "usage: kill-at [--all] AT NUMBER VICTIM REPORT COMMAND...");
	run.at = role_of(argv[at]);
	run.number = atol(argv[at + 1]);
	run.stranger = atoi(argv[at + 2]);
	if (run.stranger <= 0)
		run.victim = role_of(argv[at + 2]);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	run.begun_ms = now_ms();
	start(argv + at + 4);
	follow();
	if (!run.ended_ms)
		kill(run.runtime, SIGKILL); /* it hangs */
	report(argv[at + 3]);
	if (!run.call)
		return EXIT_NO_CALL;
	return run.no_victim ? EXIT_NO_VICTIM : EXIT_KILLED;
}
