/* SPDX-License-Identifier: Apache-2.0 */
#include "init/pidfd-socket.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"

int pidfd_socket_send(int socket_fd, const char *name, struct rti_error *err)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec vector = { .iov_base = (void *)(uintptr_t)name, .iov_len = strlen(name) };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	_cleanup_fd_ int pid_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	long n;

	if (pid_fd < 0)
		return rti_fail(err, errno, "failed to pidfd_open");
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &pid_fd, sizeof(int));
	n = rti_retry(sendmsg(socket_fd, &message, MSG_NOSIGNAL));
	return n < 0 ? rti_fail(err, (int)-n, "failed to send pidfd on socket") : 0;
}
