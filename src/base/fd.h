/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Owned file descriptors and whole reads and writes.
 *
 * An fd variable ends in _fd and is -EBADF when it holds nothing. `_cleanup_fd_` closes at the end
 * of the scope; rti_take_fd() moves ownership out.
 */
#ifndef RTI_BASE_FD_H
#define RTI_BASE_FD_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/types.h>

/**
 * rti_close() - close @fd if it holds something, keeping errno
 *
 * Return: always -EBADF, so that `x_fd = rti_close(x_fd)` empties the variable.
 */
int rti_close(int fd);

static inline void rti_close_at(int *fd)
{
	rti_close(*fd);
}

static inline int rti_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

static inline void rti_free_at(void *pointer)
{
	free(*(void **)pointer);
}

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _cleanup_fd_	    _cleanup_(rti_close_at)
#define _cleanup_free_	    _cleanup_(rti_free_at)

/**
 * rti_retry() - repeat a system call while it is interrupted; gives its value or -errno
 */
#define rti_retry(call)                                                                            \
	({                                                                                         \
		long rti_value_;                                                                   \
		do                                                                                 \
			rti_value_ = (long)(call);                                                 \
		while (rti_value_ < 0 && errno == EINTR);                                          \
		rti_value_ < 0 ? -(long)errno : rti_value_;                                        \
	})

/*
 * rti_retry_reset() - rti_retry() of a receive, once more after ECONNRESET
 *
 * The kernel puts that error, once, in front of the last packets of a peer that ended with some of
 * ours unread; and they may say why it ended.
 */
#define rti_retry_reset(call)                                                                      \
	({                                                                                         \
		long rti_received_ = rti_retry(call);                                              \
		rti_received_ == -ECONNRESET ? rti_retry(call) : rti_received_;                    \
	})

/**
 * rti_read_full() - read exactly @size bytes unless the file ends first
 *
 * Return: bytes read (less than @size only at end of file), or a negative errno.
 */
ssize_t rti_read_full(int fd, void *buffer, size_t size);

/**
 * rti_write_full() - write exactly @size bytes
 *
 * Return: 0 or a negative errno (some bytes may be out by then).
 */
int rti_write_full(int fd, const void *buffer, size_t size);

/**
 * rti_send_fd() - send bytes on a Unix socket, with an fd beside them (SCM_RIGHTS)
 * @fd: borrowed
 *
 * Return: bytes sent, fewer than @size only on a stream socket; or a negative errno. A peer that is
 * gone gives -EPIPE and no signal.
 */
ssize_t rti_send_fd(int socket_fd, const void *bytes, size_t size, int fd);

/**
 * rti_cloexec() - set or clear close-on-exec on one fd
 *
 * Return: 0 or a negative errno.
 */
int rti_cloexec(int fd, bool on);

/**
 * rti_cloexec_from() - mark every fd >= @first close-on-exec (close_range(2), else /proc/self/fd)
 *
 * Return: 0 or a negative errno.
 */
int rti_cloexec_from(int first);

#endif
