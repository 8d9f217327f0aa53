/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/session.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/notify.h"

/* How long a terminal may stay quiet after its session's end before it counts as drained. */
#define TERMINAL_DRAIN_MS 1000

static void block_signals(struct session *session)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &session->original_mask);
	session->signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* A stream of ours that is a terminal, or else the controlling terminal. */
static int find_host_terminal(struct session *session, struct rti_error *err)
{
	static const int streams[] = { STDERR_FILENO, STDOUT_FILENO, STDIN_FILENO };

	for (size_t i = 0; i < 3; i++) {
		if (isatty(streams[i])) {
			session->host_fd = streams[i];
			return 0;
		}
	}
	session->host_fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (session->host_fd < 0)
		return rti_fail(err, errno, "open /dev/tty");
	session->own_host_fd = true;
	return 0;
}

static int make_pipe(int *ret_ours, int *ret_theirs, bool theirs_reads, uid_t uid, gid_t gid,
		     struct rti_error *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return rti_fail(err, errno, "pipe2");
	*ret_ours = fds[theirs_reads];
	*ret_theirs = fds[!theirs_reads];
	/* Both ends are one file. */
	if ((uid != geteuid() || gid != getegid()) && fchown(fds[0], uid, gid) < 0)
		return rti_fail(err, errno, "fchown");
	return 0;
}

static void set_relay(struct session *session, int which, int from_fd, int to_fd)
{
	session->relays[which].from_fd = from_fd;
	session->relays[which].to_fd = to_fd;
}

static int open_pipes(struct session *session, uid_t uid, gid_t gid, struct rti_error *err)
{
	struct session_relay *relays = session->relays;
	int r;

	r = make_pipe(&relays[SESSION_STDIN].to_fd, &session->child_fds[0], true, uid, gid, err);
	if (r == 0)
		r = make_pipe(&relays[SESSION_STDOUT].from_fd, &session->child_fds[1], false, uid,
			      gid, err);
	if (r == 0)
		r = make_pipe(&relays[SESSION_STDERR].from_fd, &session->child_fds[2], false, uid,
			      gid, err);
	relays[SESSION_STDIN].own_to = true;
	relays[SESSION_STDOUT].own_from = true;
	relays[SESSION_STDERR].own_from = true;
	return r;
}

void session_init(struct session *session)
{
	*session = (struct session){ .signal_fd = -EBADF,
				     .child_fds = { -EBADF, -EBADF, -EBADF },
				     .console_fds = { -EBADF, -EBADF },
				     .master_fd = -EBADF,
				     .host_fd = -EBADF,
				     .notify_fd = -EBADF };
	for (int i = 0; i < SESSION_RELAYS; i++)
		set_relay(session, i, -EBADF, -EBADF);
}

int session_open(struct session *session, bool terminal, uid_t uid, gid_t gid,
		 struct rti_error *err)
{
	session->terminal = terminal;
	block_signals(session);
	if (session->signal_fd < 0)
		return rti_fail(err, errno, "signalfd");
	if (!terminal)
		return open_pipes(session, uid, gid, err);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, session->console_fds) < 0)
		return rti_fail(err, errno, "socketpair");
	return find_host_terminal(session, err);
}

void session_lend(const struct session *session, struct rti_container_process *process)
{
	memcpy(process->stdio_fds, session->child_fds, sizeof(process->stdio_fds));
	process->console_fd = session->console_fds[1];
	process->signal_mask = &session->original_mask;
}

bool session_get_size(const struct session *session, struct rti_spec_console_size *ret)
{
	struct winsize size;

	if (!session->terminal || ioctl(session->host_fd, TIOCGWINSZ, &size) < 0)
		return false;
	ret->width = size.ws_col;
	ret->height = size.ws_row;
	return size.ws_col > 0 && size.ws_row > 0;
}

static int receive_master(int socket_fd, struct rti_error *err)
{
	char name[PATH_MAX], control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { name, sizeof(name) };
	struct msghdr message = { .msg_iov = &iov,
				  .msg_iovlen = 1,
				  .msg_control = control,
				  .msg_controllen = sizeof(control) };
	struct cmsghdr *header;
	int fd = -EBADF;
	ssize_t n;

	n = rti_retry(recvmsg(socket_fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT));
	if (n < 0)
		return rti_fail(err, (int)-n, "receive terminal");
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	if (fd < 0)
		return rti_refuse(err, EPROTO, "receive terminal: no fd came");
	return fd;
}

static void resize(struct session *session)
{
	struct winsize size;

	if (session->terminal && ioctl(session->host_fd, TIOCGWINSZ, &size) == 0)
		ioctl(session->master_fd, TIOCSWINSZ, &size);
}

static int attach_terminal(struct session *session, struct rti_error *err)
{
	struct termios mode;

	session->master_fd = receive_master(session->console_fds[0], err);
	if (session->master_fd < 0)
		return session->master_fd;
	/* The caller's terminal, or whatever reads the output, adds the carriage returns. */
	if (tcgetattr(session->master_fd, &mode) < 0)
		return rti_fail(err, errno, "tcgetattr of the container's terminal");
	mode.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(session->master_fd, TCSANOW, &mode) < 0)
		return rti_fail(err, errno, "tcsetattr of the container's terminal");
	if (tcgetattr(session->host_fd, &session->saved) < 0)
		return rti_fail(err, errno, "failed to set the terminal from the stdin");
	mode = session->saved;
	cfmakeraw(&mode);
	mode.c_oflag |= OPOST; /* and these are the carriage returns */
	if (tcsetattr(session->host_fd, TCSANOW, &mode) < 0)
		return rti_fail(err, errno, "failed to set the terminal from the stdin");
	session->raw = true;
	set_relay(session, SESSION_STDIN, STDIN_FILENO, session->master_fd);
	set_relay(session, SESSION_STDOUT, session->master_fd, STDOUT_FILENO);
	resize(session);
	return 0;
}

int session_attach(struct session *session, struct rti_error *err)
{
	for (size_t i = 0; i < 3; i++)
		session->child_fds[i] = rti_close(session->child_fds[i]);
	session->console_fds[1] = rti_close(session->console_fds[1]);
	if (session->terminal)
		return attach_terminal(session, err);
	session->relays[SESSION_STDIN].from_fd = STDIN_FILENO;
	session->relays[SESSION_STDOUT].to_fd = STDOUT_FILENO;
	session->relays[SESSION_STDERR].to_fd = STDERR_FILENO;
	return 0;
}

static bool relay_is_open(const struct session_relay *relay)
{
	return relay->from_fd >= 0 || relay->to_fd >= 0;
}

static void relay_close_from(struct session_relay *relay)
{
	if (relay->own_from)
		rti_close(relay->from_fd);
	relay->from_fd = -EBADF;
}

static void relay_close(struct session_relay *relay)
{
	relay_close_from(relay);
	if (relay->own_to)
		rti_close(relay->to_fd);
	relay->to_fd = -EBADF;
}

/* What to wait for: room for what was read, else something to read. */
static struct pollfd relay_poll(const struct session_relay *relay)
{
	if (relay->end > relay->start)
		return (struct pollfd){ .fd = relay->to_fd, .events = POLLOUT };
	return (struct pollfd){ .fd = relay->from_fd, .events = POLLIN };
}

static void relay_step(struct session_relay *relay)
{
	size_t left = relay->end - relay->start;
	ssize_t n;

	if (left > 0) {
		/* No more than a ready pipe takes at once, for the fd may be blocking. */
		n = write(relay->to_fd, relay->buffer + relay->start,
			  left < PIPE_BUF ? left : PIPE_BUF);
		if (n > 0) {
			relay->start += (size_t)n;
		} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
			relay->write_errnum = errno == EPIPE ? 0 : errno;
			relay_close(relay);
		}
	} else {
		relay->start = relay->end = 0;
		n = read(relay->from_fd, relay->buffer, sizeof(relay->buffer));
		if (n > 0)
			relay->end = (size_t)n;
		else if (n == 0 || (errno != EAGAIN && errno != EINTR))
			relay_close(relay); /* EIO is how a terminal ends */
	}
}

struct running {
	const struct rti_parent_child *child;
	bool ended;
	bool lost; /* somebody else had its status */
	int status;
};

static void reap(struct running *running)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != running->child->pid)
			continue;
		running->ended = true;
		running->status =
			WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	running->lost = pid < 0 && errno == ECHILD && !running->ended;
}

static void handle_signals(struct session *session, struct running *running)
{
	struct signalfd_siginfo info;

	while (read(session->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		int signal = (int)info.ssi_signo;

		if (signal == SIGCHLD)
			reap(running);
		else if (signal == SIGWINCH)
			resize(session);
		else if (signal == SIGPIPE && info.ssi_pid == (uint32_t)getpid())
			continue; /* our own write; the relay has noticed */
		else if (!running->ended)
			syscall(SYS_pidfd_send_signal, running->child->pidfd, signal, NULL, 0);
	}
}

static bool is_drained(const struct session *session)
{
	return !relay_is_open(&session->relays[SESSION_STDOUT]) &&
	       !relay_is_open(&session->relays[SESSION_STDERR]);
}

int session_run(struct session *session, const struct rti_parent_child *child,
		struct rti_error *err)
{
	struct running running = { .child = child };

	resize(session);
	reap(&running); /* it may have ended before anybody listened */
	while (!running.ended || !is_drained(session)) {
		struct pollfd fds[SESSION_RELAYS + 2];
		int timeout_ms = running.ended && session->terminal ? TERMINAL_DRAIN_MS : -1, n;

		for (int i = 0; i < SESSION_RELAYS; i++)
			fds[i] = relay_poll(&session->relays[i]);
		fds[SESSION_RELAYS] = (struct pollfd){ session->signal_fd, POLLIN, 0 };
		fds[SESSION_RELAYS + 1] = (struct pollfd){ session->notify_fd, POLLIN, 0 };
		if (running.lost)
			return rti_fail(err, ECHILD, "wait for pid %d", child->pid);
		n = poll(fds, SESSION_RELAYS + 2, timeout_ms);
		if (n < 0 && errno != EINTR)
			return rti_fail(err, errno, "poll");
		if (n == 0)
			break;
		for (int i = 0; n > 0 && i < SESSION_RELAYS; i++) {
			if (fds[i].revents)
				relay_step(&session->relays[i]);
		}
		if (n > 0 && fds[SESSION_RELAYS].revents)
			handle_signals(session, &running);
		if (n > 0 && fds[SESSION_RELAYS + 1].revents &&
		    notify_pass_on(session->notify_fd, session->notify_host, getpid()))
			session->notify_fd = -EBADF;
	}
	return running.status;
}

int session_check_output(const struct session *session, struct rti_error *err)
{
	static const char *const names[] = {
		[SESSION_STDIN] = NULL, /* a process need not read all of it */
		[SESSION_STDOUT] = "output",
		[SESSION_STDERR] = "error",
	};

	for (int i = 0; i < SESSION_RELAYS; i++)
		if (names[i] && session->relays[i].write_errnum)
			return rti_fail(err, session->relays[i].write_errnum,
					"write to standard %s", names[i]);
	return 0;
}

void session_drain(struct session *session)
{
	static const int to_fds[] = { [SESSION_STDOUT] = STDOUT_FILENO,
				      [SESSION_STDERR] = STDERR_FILENO };

	for (int i = SESSION_STDOUT; i < SESSION_RELAYS && !session->terminal; i++) {
		struct session_relay *relay = &session->relays[i];
		struct pollfd polled = { relay->from_fd, POLLIN, 0 };

		while (relay->from_fd >= 0 && poll(&polled, 1, 0) > 0 &&
		       (polled.revents & POLLIN)) {
			ssize_t n = read(relay->from_fd, relay->buffer, sizeof(relay->buffer));

			if (n <= 0 || rti_write_full(to_fds[i], relay->buffer, (size_t)n) < 0)
				break;
		}
	}
}

void session_done(struct session *session)
{
	if (session->raw)
		tcsetattr(session->host_fd, TCSANOW, &session->saved);
	for (int i = 0; i < SESSION_RELAYS; i++)
		relay_close(&session->relays[i]);
	for (size_t i = 0; i < 3; i++)
		rti_close(session->child_fds[i]);
	rti_close(session->console_fds[0]);
	rti_close(session->console_fds[1]);
	rti_close(session->master_fd);
	if (session->own_host_fd)
		rti_close(session->host_fd);
	if (session->signal_fd >= 0) {
		rti_close(session->signal_fd);
		sigprocmask(SIG_SETMASK, &session->original_mask, NULL);
	}
}
