/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/conversation.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"

static bool is_ready(int fd, short events)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return rti_retry(poll(&poll_fd, 1, 0)) > 0;
}

bool conversation_has_word(const struct conversation *conversation)
{
	char byte;

	return recv(conversation->sync.socket_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

int conversation_wait(struct conversation *conversation, int fd, short events, int pidfd,
		      int timeout_ms)
{
	int64_t deadline = rti_clock_ms() + timeout_ms;

	for (;;) {
		struct pollfd fds[] = {
			{ .fd = fd, .events = events },
			{ .fd = pidfd, .events = POLLIN },
			{ .fd = conversation->log.fd, .events = POLLIN },
		};
		int64_t left = deadline - rti_clock_ms();
		long r = rti_retry(poll(fds, 3, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0));

		if (r < 0)
			return (int)r;
		if (r == 0)
			return -ETIMEDOUT;
		if (fds[2].revents)
			log_forward_pump(&conversation->log);
		if (fds[0].revents)
			return CONVERSATION_READY;
		/* It may have sent something after the kernel looked at the first fd. */
		if (fds[1].revents)
			return is_ready(fd, events) ? CONVERSATION_READY : CONVERSATION_DEAD;
	}
}

int conversation_send(struct conversation *conversation, const void *data, size_t size, int pidfd)
{
	const char *at = data;

	while (size > 0) {
		long n = rti_retry(send(conversation->init_fd, at, size,
					MSG_NOSIGNAL | MSG_DONTWAIT));
		int r;

		if (n == -EAGAIN) {
			r = conversation_wait(conversation, conversation->init_fd, POLLOUT, pidfd,
					      -1);
			if (r == CONVERSATION_DEAD)
				return -EPIPE;
			if (r < 0)
				return r;
			continue;
		}
		if (n < 0)
			return (int)n;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

void conversation_finish_log(struct conversation *conversation, int timeout_ms)
{
	int64_t deadline = rti_clock_ms() + timeout_ms;

	while (conversation->log.fd >= 0) {
		int64_t left = timeout_ms < 0 ? -1 : deadline - rti_clock_ms();
		int r;

		if (timeout_ms >= 0 && left <= 0)
			return;
		r = conversation_wait(conversation, conversation->log.fd, POLLIN,
				      timeout_ms < 0 ? conversation->child.pidfd : -EBADF,
				      (int)left);
		if (r != CONVERSATION_READY)
			return;
	}
}

void conversation_warn(struct conversation *conversation, const char *fmt, ...)
{
	const struct rti_parent_ops *ops = conversation->start->ops;
	char message[1024];
	va_list args;

	if (!ops || !ops->log)
		return;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	ops->log(conversation->start->data, RTI_PARENT_LEVEL_WARNING, message);
}

bool conversation_has_state(const struct conversation *conversation, const char *status, pid_t pid,
			    struct rti_spec_state *ret)
{
	if (!conversation->start->state)
		return false;
	*ret = *conversation->start->state;
	ret->status = status;
	ret->pid = pid;
	return true;
}
