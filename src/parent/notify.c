/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"

#define BARRIER_MS 30000

int notify_prepare(int dir_fd, struct rti_error *err)
{
	if (mkdirat(dir_fd, NOTIFY_DIRECTORY, 0755) < 0)
		return rti_fail(err, errno, "mkdir %s", NOTIFY_DIRECTORY);
	return 0;
}

int notify_listen(int dir_fd, struct rti_error *err)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return rti_fail(err, errno, "socket");
	/* State directories may lie deeper than a socket address can tell. */
	snprintf(address.sun_path, sizeof(address.sun_path),
		 "/proc/self/fd/%d/" NOTIFY_DIRECTORY "/notify.sock", dir_fd);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return rti_fail(err, errno, "listen unixgram %s", address.sun_path);
	/* The container's user is not the one who listens. */
	if (fchmodat(dir_fd, NOTIFY_DIRECTORY "/notify.sock", 0777, 0) < 0)
		return rti_fail(err, errno, "chmod notify.sock");
	return rti_take_fd(&fd);
}

static int connect_host(const char *host)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(host);

	if (fd < 0 || length == 0 || length >= sizeof(address.sun_path))
		return -EINVAL;
	memcpy(address.sun_path, host, length);
	if (host[0] == '@')
		address.sun_path[0] = 0;
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0)
		return -errno;
	return rti_take_fd(&fd);
}

/* Send a pipe's write end; whoever gets it closes it once all before it has been read. */
static void send_barrier(int host_fd)
{
	static const char text[] = "BARRIER=1";
	struct pollfd wait;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	rti_send_fd(host_fd, text, sizeof(text) - 1, fds[1]);
	rti_close(fds[1]);
	wait = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	poll(&wait, 1, BARRIER_MS);
	rti_close(fds[0]);
}

static bool pass_on(int fd, const char *host, pid_t main_pid, bool barrier)
{
	_cleanup_fd_ int host_fd = -EBADF;
	char text[4096], pid_text[32];
	ssize_t n = recv(fd, text, sizeof(text) - 2, MSG_DONTWAIT);
	size_t line;
	int size;

	if (n < 0)
		return false;
	text[n] = 0;
	if (strncmp(text, "READY=", 6) != 0)
		return false;
	line = strcspn(text, "\n");
	text[line++] = '\n';
	host_fd = connect_host(host);
	if (host_fd < 0)
		return true; /* nobody to tell */
	size = snprintf(pid_text, sizeof(pid_text), "MAINPID=%d\n", main_pid);
	if (send(host_fd, text, line, MSG_NOSIGNAL) >= 0 &&
	    send(host_fd, pid_text, (size_t)size, MSG_NOSIGNAL) >= 0 && barrier)
		send_barrier(host_fd);
	return true;
}

bool notify_pass_on(int fd, const char *host, pid_t main_pid)
{
	return pass_on(fd, host, main_pid, false);
}

void notify_wait(int fd, const char *host, int pidfd, pid_t pid)
{
	struct pollfd fds[] = { { fd, POLLIN, 0 }, { pidfd, POLLIN, 0 } };

	while (rti_retry(poll(fds, 2, -1)) > 0) {
		if (fds[0].revents && pass_on(fd, host, pid, true))
			return;
		if (fds[1].revents)
			return;
	}
}
