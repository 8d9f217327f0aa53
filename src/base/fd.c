/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/number.h"

int rti_close(int fd)
{
	int saved = errno;

	/* Not retried on EINTR: Linux has released the number by then. */
	if (fd >= 0)
		close(fd);
	errno = saved;
	return -EBADF;
}

ssize_t rti_read_full(int fd, void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		long n = rti_retry(read(fd, (char *)buffer + done, size - done));

		if (n < 0)
			return n;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int rti_write_full(int fd, const void *buffer, size_t size)
{
	size_t done = 0;

	while (done < size) {
		long n = rti_retry(write(fd, (const char *)buffer + done, size - done));

		if (n < 0)
			return (int)n;
		if (n == 0)
			return -EIO;
		done += (size_t)n;
	}
	return 0;
}

ssize_t rti_send_fd(int socket_fd, const void *bytes, size_t size, int fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec vector = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = size };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(int));
	return rti_retry(sendmsg(socket_fd, &message, MSG_NOSIGNAL));
}

int rti_cloexec(int fd, bool on)
{
	return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0) < 0 ? -errno : 0;
}

/* For kernels without close_range(2) (before 5.9) or its CLOEXEC flag (before 5.11). */
static int cloexec_each_from(int first)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir))) {
		int64_t fd;

		if (!rti_number_i64(entry->d_name, 0, INT_MAX, &fd) || fd < first ||
		    fd == dirfd(dir))
			continue;
		if (fcntl((int)fd, F_SETFD, FD_CLOEXEC) < 0)
			r = -errno;
	}
	closedir(dir);
	return r;
}

int rti_cloexec_from(int first)
{
	if (close_range((unsigned int)first, UINT_MAX, CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	return cloexec_each_from(first);
}
