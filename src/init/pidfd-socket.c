/* SPDX-License-Identifier: Apache-2.0 */
#include "init/pidfd-socket.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

int pidfd_socket_send(int socket_fd, const char *name, struct rti_error *err)
{
	_cleanup_fd_ int pid_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	ssize_t n;

	if (pid_fd < 0)
		return rti_fail(err, errno, "failed to pidfd_open");
	n = rti_send_fd(socket_fd, name, strlen(name), pid_fd);
	return n < 0 ? rti_fail(err, (int)-n, "failed to send pidfd on socket") : 0;
}
