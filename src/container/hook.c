/* SPDX-License-Identifier: Apache-2.0 */
/*
 * DOC: how a hook is run
 *
 * The caller may have threads, so nothing may happen between clone(2) and execve(2) that takes a
 * lock. The child borrows the caller's memory while the caller waits (CLONE_VM | CLONE_VFORK), as
 * posix_spawn(3) does it, and reports a failed execve(2) through that memory. Signals are blocked
 * meanwhile: a handler of the caller must not run in the child.
 *
 * The three pipes are polled together, so that neither side waits for the other with a full pipe.
 * The caller keeps the read end of the hook's standard input open: the pipe is never broken, so
 * there is no SIGPIPE from hooks that do not read.
 */
#include "container/hook.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

/* Without pidfds (before Linux 5.2) the death of a hook is asked for this often. */
#define FALLBACK_POLL_MS 10

/* Chosen: what a lazily bound call needs to save wide registers, twice. */
#define CHILD_STACK_SIZE (size_t)(32 * 1024)

/* Chosen: what a network plugin needs to take back what it has begun. */
#define GRACE_NS (5 * NS_PER_S)

/* The child's frames lie in an array of its parent's, which AddressSanitizer cannot follow. */
#define CHILD_SIDE __attribute__((no_sanitize("address")))

struct output {
	int fd; /* -EBADF: closed by everybody who had it */
	size_t size;
	char text[HOOK_OUTPUT_MAX + 1];
};

struct running {
	pid_t pid;
	int pid_fd;	   /* -EBADF: the kernel has none */
	int input_fd;	   /* write end of the hook's input; -EBADF: all written */
	int input_read_fd; /* kept open, see above */
	const char *input; /* what is still to write */
	size_t input_size;
	struct output out;
	struct output err;
	struct pollfd partner; /* its end ends the hook; fd -1: nobody's does */
	bool partner_ended;    /* and the hook was told to come to an end */
	bool exited;
	int status;	     /* of waitpid(2) when exited; or a negative errno */
	int64_t deadline_ns; /* of CLOCK_MONOTONIC; INT64_MAX: none */
};

struct child {
	const char *path;
	char *const *argv;
	char *const *envp;
	int stdio_fds[3];
	int passed_fds;
	pid_t parent; /* with whom it dies; 0: nobody */
	int errnum;   /* out: why execve(2) failed */
};

/*
 * Handlers mean nothing in the new program, and until execve(2) they would run on the caller's
 * memory. A program that ignores SIGPIPE does so for itself and not for its hooks.
 */
CHILD_SIDE static void reset_handlers(void)
{
	for (int i = 1; i < NSIG; i++) {
		struct sigaction action;

		if (sigaction(i, NULL, &action) < 0 || action.sa_handler == SIG_DFL ||
		    (action.sa_handler == SIG_IGN && i != SIGPIPE))
			continue;
		action.sa_handler = SIG_DFL;
		action.sa_flags = 0;
		(void)!sigaction(i, &action, NULL);
	}
}

/* Gives 0 or an errno. The caller may have died before the kernel knew what to do then. */
CHILD_SIDE static int tie(const struct child *child)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return errno;
	return getppid() == child->parent ? 0 : ESRCH;
}

CHILD_SIDE static int run_child(void *data)
{
	struct child *child = data;
	sigset_t none;

	reset_handlers();
	if (child->parent)
		child->errnum = tie(child);
	if (child->errnum)
		_exit(127);
	for (int i = 0; i < 3; i++) {
		if (dup2(child->stdio_fds[i], i) < 0) {
			child->errnum = errno;
			_exit(127);
		}
	}
	/* Ours are close-on-exec at birth; a library's caller may have others. Needs Linux 5.11. */
	(void)!close_range(3 + (unsigned int)child->passed_fds, ~0U, CLOSE_RANGE_CLOEXEC);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(child->path, child->argv, child->envp);
	child->errnum = errno;
	_exit(127);
}

/* Gives 0 or a negative errno; a failed execve(2) is told in @child and leaves a child to reap. */
static int spawn(struct child *child, pid_t *ret_pid, int *ret_pid_fd)
{
	_Alignas(16) char stack[CHILD_STACK_SIZE];
	int pid_fd = -EBADF, errnum;
	sigset_t all, saved;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &saved);
	pid = clone(run_child, stack + sizeof(stack),
		    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, child, &pid_fd);
	errnum = errno;
	pthread_sigmask(SIG_SETMASK, &saved, NULL);
	if (pid < 0)
		return -errnum;
	*ret_pid = pid;
	*ret_pid_fd = pid_fd;
	return 0;
}

static int raise_above_stdio(int *fd)
{
	int raised;

	if (*fd > STDERR_FILENO)
		return 0;
	raised = fcntl(*fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (raised < 0)
		return -errno;
	rti_close(*fd);
	*fd = raised;
	return 0;
}

/* Where the caller has closed its own standard fds, a pipe must not take their numbers. */
static int make_pipe(int *ret_read_fd, int *ret_write_fd, int *own_fd)
{
	int fds[2], r;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	*ret_read_fd = fds[0];
	*ret_write_fd = fds[1];
	r = raise_above_stdio(ret_read_fd);
	if (r == 0)
		r = raise_above_stdio(ret_write_fd);
	if (r == 0 && fcntl(*own_fd, F_SETFL, O_NONBLOCK) < 0)
		r = -errno;
	return r;
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static void write_input(struct running *hook)
{
	long n = rti_retry(write(hook->input_fd, hook->input, hook->input_size));

	if (n == -EAGAIN)
		return;
	if (n > 0) {
		hook->input += n;
		hook->input_size -= (size_t)n;
	}
	/* All written, or nothing more can be: the hook sees the end of the file. */
	if (n <= 0 || hook->input_size == 0) {
		hook->input_fd = rti_close(hook->input_fd);
		hook->input_read_fd = rti_close(hook->input_read_fd);
	}
}

static void read_output(struct output *output)
{
	char buffer[4096];
	long n = rti_retry(read(output->fd, buffer, sizeof(buffer)));
	size_t kept;

	if (n == -EAGAIN)
		return;
	if (n <= 0) {
		output->fd = rti_close(output->fd);
		return;
	}
	kept = HOOK_OUTPUT_MAX - output->size;
	if (kept > (size_t)n)
		kept = (size_t)n;
	for (size_t i = 0; i < kept; i++)
		output->text[output->size++] = buffer[i] ? buffer[i] : '?';
}

static void reap(struct running *hook, int flags)
{
	long pid = rti_retry(waitpid(hook->pid, &hook->status, flags));

	if (pid == 0)
		return;
	hook->exited = true;
	if (pid < 0)
		hook->status = (int)pid;
}

/* Until when poll(2) may sleep; -1: without end. */
static int poll_timeout_ms(const struct running *hook)
{
	int64_t left_ms = INT64_MAX;

	if (hook->deadline_ns != INT64_MAX)
		left_ms = (hook->deadline_ns - now_ns() + NS_PER_MS - 1) / NS_PER_MS;
	if (!hook->exited && hook->pid_fd < 0 && left_ms > FALLBACK_POLL_MS)
		return FALLBACK_POLL_MS;
	if (left_ms == INT64_MAX)
		return -1;
	return left_ms > INT32_MAX ? INT32_MAX : (int)left_ms;
}

/* Others decide when the partner ends, and must not cut the hook in half by it. */
static void ask_to_end(struct running *hook)
{
	int64_t until = now_ns() + GRACE_NS;

	hook->partner_ended = true;
	hook->partner.fd = -1;
	if (until < hook->deadline_ns)
		hook->deadline_ns = until;
	if (!hook->exited)
		kill(hook->pid, SIGTERM);
}

static bool is_done(const struct running *hook)
{
	/* Without the partner nobody wants the rest of the output. */
	return hook->exited && (hook->partner_ended || (hook->out.fd < 0 && hook->err.fd < 0));
}

/* Serves the pipes until the hook is dead and its output closed: 0; -ETIMEDOUT; or an errno. */
static int serve(struct running *hook)
{
	while (!is_done(hook)) {
		struct pollfd fds[] = {
			{ .fd = hook->input_fd, .events = POLLOUT },
			{ .fd = hook->out.fd, .events = POLLIN },
			{ .fd = hook->err.fd, .events = POLLIN },
			{ .fd = hook->exited ? -1 : hook->pid_fd, .events = POLLIN },
			hook->partner,
		};

		if (hook->deadline_ns != INT64_MAX && now_ns() >= hook->deadline_ns)
			return -ETIMEDOUT;
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), poll_timeout_ms(hook)) < 0) {
			/* A seccomp filter of the container may forbid it to startContainer. */
			if (errno != EINTR)
				return -errno;
			continue;
		}
		if (fds[0].revents)
			write_input(hook);
		if (fds[1].revents)
			read_output(&hook->out);
		if (fds[2].revents)
			read_output(&hook->err);
		if (fds[3].revents)
			reap(hook, 0);
		else if (!hook->exited && hook->pid_fd < 0)
			reap(hook, WNOHANG);
		if (fds[4].revents)
			ask_to_end(hook);
	}
	return 0;
}

static const char *signal_text(int number, char ret[static 64])
{
	const char *known = sigdescr_np(number);

	if (!known) {
		snprintf(ret, 64, "signal %d", number);
		return ret;
	}
	snprintf(ret, 64, "%s", known);
	/* Go writes them small: "killed", but "CPU time limit exceeded" and "I/O possible". */
	if (islower((unsigned char)ret[1]))
		ret[0] = (char)tolower((unsigned char)ret[0]);
	return ret;
}

static int judge(const struct running *hook, struct rti_error *err)
{
	char text[128], name[64];

	if (hook->status < 0)
		snprintf(text, sizeof(text), "wait: %s", rti_errno_text(-hook->status));
	else if (WIFSIGNALED(hook->status))
		snprintf(text, sizeof(text), "signal: %s%s",
			 signal_text(WTERMSIG(hook->status), name),
			 WCOREDUMP(hook->status) ? " (core dumped)" : "");
	else if (WEXITSTATUS(hook->status) != 0)
		snprintf(text, sizeof(text), "exit status %d", WEXITSTATUS(hook->status));
	else
		return 0;
	return rti_refuse(err, ECHILD, "%s, stdout: %s, stderr: %s", text, hook->out.text,
			  hook->err.text);
}

/* The last entry of each name counts, at its place, as with Go's hooks; @ret has room for all. */
static void keep_last_entries(char *const *entries, size_t count, char **ret)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		const char *equals = strchr(entries[i], '=');
		size_t size = equals ? (size_t)(equals - entries[i]) + 1 : 0;
		bool later = false;

		for (size_t j = i + 1; size > 0 && j < count && !later; j++)
			later = strncmp(entries[i], entries[j], size) == 0;
		if (!later)
			ret[kept++] = entries[i];
	}
	ret[kept] = NULL;
}

static int choose_environment(const struct hook_context *context, const struct rti_hook *hook,
			      char ***ret)
{
	bool own = hook->env.items && (hook->env.count > 0 || !context->environment_for_empty);
	char *const *entries = own ? (char *const *)hook->env.items : context->environment;
	size_t count = 0;
	char **kept;

	while (entries && entries[count])
		count++;
	kept = calloc(count + 1, sizeof(kept[0]));
	if (!kept)
		return -ENOMEM;
	keep_last_entries(entries, count, kept);
	*ret = kept;
	return 0;
}

static void running_done(struct running *hook)
{
	rti_close(hook->input_fd);
	rti_close(hook->input_read_fd);
	rti_close(hook->out.fd);
	rti_close(hook->err.fd);
	rti_close(hook->pid_fd);
}

static int start(const struct hook_context *context, const struct rti_hook *hook,
		 struct running *running, struct rti_error *err)
{
	char *const argv_default[] = { (char *)hook->path, NULL };
	_cleanup_free_ char **envp = NULL;
	_cleanup_fd_ int out_fd = -EBADF;
	_cleanup_fd_ int err_fd = -EBADF;
	struct child child = {
		.path = hook->path,
		.argv = hook->args.count > 0 ? (char *const *)hook->args.items : argv_default,
		.passed_fds = context->passed_fds,
		.parent = context->partner ? getpid() : 0,
	};
	int r = choose_environment(context, hook, &envp);

	if (r == 0)
		r = make_pipe(&running->input_read_fd, &running->input_fd, &running->input_fd);
	if (r == 0)
		r = make_pipe(&running->out.fd, &out_fd, &running->out.fd);
	if (r == 0)
		r = make_pipe(&running->err.fd, &err_fd, &running->err.fd);
	if (r == 0) {
		child.envp = envp;
		child.stdio_fds[0] = running->input_read_fd;
		child.stdio_fds[1] = out_fd;
		child.stdio_fds[2] = err_fd;
		r = spawn(&child, &running->pid, &running->pid_fd);
	}
	if (r == 0 && child.errnum != 0) {
		reap(running, 0);
		r = -child.errnum;
	}
	return r < 0 ? rti_fail(err, -r, "fork/exec %s", hook->path) : 0;
}

static int run(const struct hook_context *context, const struct rti_hook *hook,
	       struct running *running, struct rti_error *err)
{
	int r;

	if (!hook->path || !*hook->path)
		return rti_refuse(err, EINVAL, "exec: no command");
	r = start(context, hook, running, err);
	if (r < 0)
		return r;
	if (hook->timeout &&
	    __builtin_add_overflow(now_ns(), *hook->timeout, &running->deadline_ns))
		running->deadline_ns = *hook->timeout < 0 ? 0 : INT64_MAX;
	if (running->input_size == 0)
		running->input_fd = rti_close(running->input_fd);
	r = serve(running);
	if (r == 0 && !running->partner_ended)
		return judge(running, err);
	if (!running->exited) {
		kill(running->pid, SIGKILL);
		reap(running, 0);
	}
	if (running->partner_ended && (r == 0 || r == -ETIMEDOUT))
		return rti_refuse(err, ECONNRESET, "cut short, as %s has ended", context->partner);
	if (r != -ETIMEDOUT)
		return rti_fail(err, -r, "wait for hook");
	return rti_refuse(err, ETIMEDOUT, "hook ran past specified timeout of %.1fs",
			  (double)*hook->timeout / (double)NS_PER_S);
}

int hook_run(const struct hook_context *context, const struct rti_hook *hook, size_t index,
	     struct rti_error *err)
{
	struct running running = {
		.pid_fd = -EBADF,
		.input_fd = -EBADF,
		.input_read_fd = -EBADF,
		.input = context->state,
		.input_size = context->state_size,
		.out.fd = -EBADF,
		.err.fd = -EBADF,
		.deadline_ns = INT64_MAX,
		.partner.fd = context->partner ? context->partner_fd : -1,
		.partner.events = context->partner_events,
	};
	int r = run(context, hook, &running, err);

	running_done(&running);
	if (r < 0)
		return rti_prefix(err, r, "error running %s hook #%zu", context->kind, index);
	return 0;
}

int hook_run_list(const struct hook_context *context, const struct rti_hook_list *hooks,
		  struct rti_error *err)
{
	for (size_t i = 0; i < hooks->count; i++) {
		int r = hook_run(context, &hooks->items[i], i, err);

		if (r < 0)
			return r;
	}
	return 0;
}
