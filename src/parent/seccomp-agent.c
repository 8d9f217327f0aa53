/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/seccomp-agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/process-state.h"

static const char connect_step[] =
	"failed to connect with seccomp agent specified in the seccomp profile";

/*
 * A path that does not fit a socket address is reached through an fd of its directory, whose name
 * in /proc is short.
 */
static int fill_address(const char *path, struct sockaddr_un *ret, int *ret_dir_fd)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	int size;

	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) < sizeof(ret->sun_path)) {
		strcpy(ret->sun_path, path);
		return 0;
	}
	if (!slash || (size_t)(slash - path) >= sizeof(dir))
		return -ENAMETOOLONG;
	snprintf(dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
	*ret_dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (*ret_dir_fd < 0)
		return -errno;
	size = snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/%s", *ret_dir_fd,
			slash + 1);
	return (size_t)size < sizeof(ret->sun_path) ? 0 : -ENAMETOOLONG;
}

static int connect_agent(const char *path, struct rti_error *err)
{
	_cleanup_fd_ int socket_fd = -EBADF, dir_fd = -EBADF;
	struct sockaddr_un address;
	long r;

	socket_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (socket_fd < 0)
		return rti_fail(err, errno, "%s: dial unix %s: socket", connect_step, path);
	r = fill_address(path, &address, &dir_fd);
	if (r == 0)
		r = rti_retry(connect(socket_fd, (struct sockaddr *)&address, sizeof(address)));
	if (r < 0)
		return rti_fail(err, (int)-r, "%s: dial unix %s: connect", connect_step, path);
	return rti_take_fd(&socket_fd);
}

/* The whole text, with the fd beside its first byte. */
static int send_with_fd(int socket_fd, const char *text, size_t size, int fd)
{
	ssize_t n = rti_send_fd(socket_fd, text, size, fd);

	for (size_t sent = 0; n >= 0;) {
		sent += (size_t)n;
		if (sent == size)
			return 0;
		n = rti_retry(send(socket_fd, text + sent, size - sent, MSG_NOSIGNAL));
	}
	return (int)n;
}

int seccomp_agent_send(const struct rti_seccomp *seccomp, int listener_fd,
		       const struct rti_spec_state *state, pid_t pid, struct rti_error *err)
{
	const char *fd_names[] = { "seccompFd", NULL };
	struct rti_process_state message = {
		.oci_version = state->oci_version,
		.fds = { .items = fd_names, .count = 1 },
		.pid = pid,
		.metadata = seccomp->listener_metadata,
		.state = *state,
	};
	_cleanup_fd_ int socket_fd = -EBADF;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	r = rti_process_state_encode(&message, &text, &size, err);
	if (r < 0)
		return r;
	socket_fd = connect_agent(seccomp->listener_path, err);
	if (socket_fd < 0)
		return socket_fd;
	r = send_with_fd(socket_fd, text, size, listener_fd);
	if (r < 0)
		return rti_fail(err, -r, "cannot send seccomp fd to %s", seccomp->listener_path);
	return 0;
}
