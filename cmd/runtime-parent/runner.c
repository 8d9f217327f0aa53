/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/runtime-parent/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "container/seccomp-cache.h"
#include "parent/notify.h"
#include "parent/session.h"

/* A process on its way. */
struct running {
	const struct runner *runner;
	struct rti_container_process process;
	struct rti_spec_process spec; /* of the runner, with the terminal's size */
	struct rti_spec_console_size console_size;
	struct rti_parent_child child;
	struct session session; /* in the foreground only */
	bool foreground;
	int *passed_fds;
	int console_fd; /* the caller's --console-socket */
	int pidfd_socket_fd;
	int seccomp_fd;
	int notify_fd;
};

int absolute_path(const char *path, char *room, struct rti_error *err)
{
	char cwd[PATH_MAX] = "";

	if (*path && *path != '/' && !getcwd(cwd, sizeof(cwd)))
		return rti_fail(err, errno, "getwd");
	if (snprintf(room, PATH_MAX, "%s%s%s", cwd, *cwd ? "/" : "", path) >= PATH_MAX)
		return rti_fail(err, ENAMETOOLONG, "%s", path);
	return 0;
}

static int connect_unix(const char *path, struct rti_error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return rti_fail(err, errno, "socket");
	if (strlen(path) >= sizeof(address.sun_path))
		return rti_fail(err, EINVAL, "dial unix %s: connect", path);
	strcpy(address.sun_path, path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return rti_fail(err, errno, "dial unix %s: connect", path);
	return rti_take_fd(&fd);
}

/* The number of sockets that a service manager passed to this very process. */
static int64_t count_listen_fds(void)
{
	const char *pid_text = getenv("LISTEN_PID"), *count_text = getenv("LISTEN_FDS");
	int64_t pid, count;

	if (!pid_text || !count_text || !rti_number_i64(pid_text, 1, INT32_MAX, &pid) ||
	    pid != getpid() || !rti_number_i64(count_text, 0, 1024 * 1024, &count))
		return 0;
	return count;
}

static int collect_passed_fds(struct running *running, struct rti_error *err)
{
	const struct runner *runner = running->runner;
	int64_t inherited = runner->call->globals->inherited_fds;
	int64_t listen = runner->init ? count_listen_fds() : 0;
	int64_t preserve = runner->preserve_fds, total;

	if (preserve < 0)
		preserve = 0;
	/* What was not there at the start of the program is none of the caller's fds. */
	if (listen > inherited)
		listen = inherited;
	for (int64_t i = 0; i < preserve; i++) {
		if (listen + i >= inherited)
			return rti_refuse(
				err, ENOENT,
				"unable to stat preserved-fd %lld (of %lld): no such file "
				"or directory",
				(long long)i, (long long)preserve);
	}
	total = listen + preserve;
	running->passed_fds = calloc((size_t)total + 1, sizeof(int));
	if (!running->passed_fds)
		return rti_fail(err, ENOMEM, "preserve fds");
	for (int64_t i = 0; i < total; i++)
		running->passed_fds[i] = (int)(3 + i);
	running->process.passed_fds = running->passed_fds;
	running->process.listen_count = (size_t)listen;
	running->process.preserve_count = (size_t)preserve;
	return 0;
}

static int open_streams(struct running *running, struct rti_error *err)
{
	const struct runner *runner = running->runner;
	bool terminal = runner->process->terminal;
	uid_t uid;
	gid_t gid;
	int r;

	if (running->foreground) {
		r = rti_container_root_ids(runner->container, &uid, &gid, err);
		if (r == 0)
			r = session_open(&running->session, terminal, uid, gid, err);
		if (r == 0)
			session_lend(&running->session, &running->process);
		/* So that the program does not see a terminal without size at first. */
		if (r == 0 && session_get_size(&running->session, &running->console_size))
			running->spec.console_size = &running->console_size;
		return r;
	}
	for (int i = 0; i < 3; i++)
		running->process.stdio_fds[i] = terminal ? -EBADF : i;
	if (terminal) {
		running->console_fd = connect_unix(runner->console_socket, err);
		if (running->console_fd < 0)
			return running->console_fd;
		running->process.console_fd = running->console_fd;
	}
	return 0;
}

/* Compiled here, where it is not charged to the container; without, the init does it. */
static void open_seccomp(struct running *running)
{
	const struct rti_config *config = rti_container_config(running->runner->container);

	if (config->seccomp && running->runner->program->own)
		running->seccomp_fd = seccomp_cache_prepare(config->seccomp);
	running->process.seccomp_fd = running->seccomp_fd;
}

static int prepare(struct running *running, struct rti_error *err)
{
	const struct runner *runner = running->runner;
	int r;

	r = rti_spec_check_terminal(runner->process, !running->foreground, *runner->console_socket,
				    err);
	if (r == 0)
		r = collect_passed_fds(running, err);
	if (r == 0)
		r = open_streams(running, err);
	if (r < 0)
		return r;
	open_seccomp(running);
	if (*runner->pidfd_socket) {
		running->pidfd_socket_fd = connect_unix(runner->pidfd_socket, err);
		if (running->pidfd_socket_fd < 0)
			return rti_prefix(err, running->pidfd_socket_fd, "failed to dail %s",
					  runner->pidfd_socket);
		running->process.pidfd_socket_fd = running->pidfd_socket_fd;
	}
	if (runner->init && runner->notify_host) {
		r = notify_prepare(rti_container_dir(runner->container), err);
		if (r == 0 && !runner->create)
			r = running->notify_fd =
				notify_listen(rti_container_dir(runner->container), err);
		if (r < 0)
			return r;
	}
	if (runner->subreaper && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		logger_write(&runner->call->globals->logger, RTI_PARENT_LEVEL_WARNING,
			     "cannot become the reaper of the container's processes");
	return 0;
}

/* Written beside and renamed, so that a reader never sees half a number. */
static int write_pid_file(const char *path, pid_t pid, struct rti_error *err)
{
	const char *slash = strrchr(path, '/');
	char beside[PATH_MAX], text[16];
	int fd, r;

	if (snprintf(beside, sizeof(beside), "%.*s.%s", (int)(slash + 1 - path), path, slash + 1) >=
	    (int)sizeof(beside))
		return rti_fail(err, ENAMETOOLONG, "open %s", path);
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_SYNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return rti_fail(err, errno, "open %s", beside);
	r = rti_write_full(fd, text, (size_t)snprintf(text, sizeof(text), "%d", pid));
	rti_close(fd);
	if (r < 0)
		r = rti_fail(err, -r, "write %s", beside);
	else if (rename(beside, path) < 0)
		r = rti_fail(err, errno, "rename %s %s", beside, path);
	if (r < 0)
		unlink(beside); /* it would be in the way of the next one */
	return r;
}

static int start_process(struct running *running, struct rti_error *err)
{
	const struct runner *runner = running->runner;
	int r;

	if (runner->init)
		r = rti_container_start(runner->container, &running->process, &running->child, err);
	else
		r = rti_container_exec(runner->container, &running->process, &running->child, err);
	if (r < 0)
		return r;
	/* First the terminal, as long as the program waits. */
	if (running->foreground)
		r = session_attach(&running->session, err);
	if (r == 0 && runner->init && !runner->create)
		r = rti_container_release(runner->container, err);
	if (r == 0 && *runner->pid_file)
		r = write_pid_file(runner->pid_file, running->child.pid, err);
	if (r < 0)
		rti_parent_child_kill(&running->child, NULL);
	return r;
}

/* The rest of the process's life, as far as it concerns us; gives the exit code. */
static int accompany(struct running *running, struct rti_error *err)
{
	const struct runner *runner = running->runner;
	struct rti_error lost;
	int r;

	if (!running->foreground) {
		if (running->notify_fd >= 0)
			notify_wait(running->notify_fd, runner->notify_host, running->child.pidfd,
				    running->child.pid);
		return 0;
	}
	running->session.notify_fd = running->notify_fd;
	running->session.notify_host = runner->notify_host;
	r = session_run(&running->session, &running->child, err);
	if (r >= 0 && session_check_output(&running->session, &lost) < 0)
		logger_write(&runner->call->globals->logger, RTI_PARENT_LEVEL_WARNING, lost.text);
	return r;
}

static void destroy(const struct runner *runner)
{
	struct rti_error err;

	if (!runner->init || runner->keep)
		return;
	if (rti_container_destroy(runner->container, &err) < 0)
		logger_write(&runner->call->globals->logger, RTI_PARENT_LEVEL_WARNING, err.text);
}

static void release(struct running *running)
{
	session_done(&running->session);
	rti_parent_child_done(&running->child);
	rti_close(running->console_fd);
	rti_close(running->pidfd_socket_fd);
	rti_close(running->seccomp_fd);
	rti_close(running->notify_fd);
	free(running->passed_fds);
}

static struct running *new_running(const struct runner *runner)
{
	struct running *running = calloc(1, sizeof(*running));

	if (!running)
		return NULL;
	running->runner = runner;
	running->spec = *runner->process;
	running->foreground = !runner->create && !runner->detach;
	session_init(&running->session);
	running->child = (struct rti_parent_child)RTI_PARENT_CHILD_EMPTY;
	running->console_fd = running->pidfd_socket_fd = running->notify_fd = -EBADF;
	running->seccomp_fd = -EBADF;
	running->process = (struct rti_container_process){
		.program = runner->program,
		.process = &running->spec,
		.environment = runner->environment,
		.annotations = runner->annotations,
		.sub_cgroups = runner->sub_cgroups,
		.stdio_fds = { -EBADF, -EBADF, -EBADF },
		.console_fd = -EBADF,
		.pidfd_socket_fd = -EBADF,
		.seccomp_fd = -EBADF,
		.log_level = (int)runner->call->globals->logger.level,
		.debug = runner->call->globals->debug,
	};
	return running;
}

int runner_run(const struct runner *runner, struct rti_error *err)
{
	struct running *running = new_running(runner);
	bool attached = false;
	int r;

	if (!running) {
		destroy(runner);
		return rti_fail(err, ENOMEM, "start process");
	}
	r = prepare(running, err);
	if (r == 0)
		r = start_process(running, err);
	if (r == 0) {
		attached = true;
		r = accompany(running, err);
		if (r < 0)
			rti_parent_child_kill(&running->child, NULL);
	}
	if (r < 0)
		session_drain(&running->session);
	if (r < 0 || (attached && running->foreground))
		destroy(runner);
	release(running);
	free(running);
	return r;
}
