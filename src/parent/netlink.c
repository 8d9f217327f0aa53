/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/netlink.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

/* The kernel fills answers up to this size, bytes. */
#define ANSWER_SIZE 32768

/* Marks a request whose attributes did not fit. */
#define OVERFLOWN UINT32_MAX

int netlink_open(void)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	return fd < 0 ? -errno : fd;
}

void *netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | flags;
	request->header.nlmsg_seq = 1;
	return request->payload;
}

void netlink_add(struct netlink_request *request, uint16_t type, const void *data, size_t size)
{
	size_t at = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr attribute = { .rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type };

	if (request->header.nlmsg_len == OVERFLOWN || at + RTA_SPACE(size) > sizeof(*request)) {
		request->header.nlmsg_len = OVERFLOWN;
		return;
	}
	memcpy((char *)request + at, &attribute, sizeof(attribute));
	memcpy((char *)request + at + RTA_LENGTH(0), data, size);
	request->header.nlmsg_len = (uint32_t)(at + RTA_LENGTH(size));
}

/* Looks at one packet; sets @ret_end when the answer is complete. */
static int take_messages(const char *bytes, size_t size,
			 int (*each)(void *data, const struct nlmsghdr *message), void *data,
			 bool *ret_end)
{
	const struct nlmsghdr *message = (const void *)bytes;

	for (; NLMSG_OK(message, size); message = NLMSG_NEXT(message, size)) {
		int r = 0;

		*ret_end = true;
		if (message->nlmsg_type == NLMSG_DONE)
			return 0;
		if (message->nlmsg_type == NLMSG_ERROR)
			return ((const struct nlmsgerr *)NLMSG_DATA(message))->error;
		*ret_end = (message->nlmsg_flags & NLM_F_MULTI) == 0;
		if (each)
			r = each(data, message);
		if (r < 0 || *ret_end)
			return r;
	}
	return 0;
}

int netlink_send(int socket_fd, struct netlink_request *request,
		 int (*each)(void *data, const struct nlmsghdr *message), void *data)
{
	_cleanup_free_ char *answer = malloc(ANSWER_SIZE);
	bool end = false;
	long r;

	if (!answer)
		return -ENOMEM;
	if (request->header.nlmsg_len == OVERFLOWN)
		/* cppcheck-suppress memleak ; answer is freed by its attribute */
		return -EMSGSIZE;
	r = rti_retry(send(socket_fd, request, request->header.nlmsg_len, 0));
	while (r >= 0 && !end) {
		r = rti_retry(recv(socket_fd, answer, ANSWER_SIZE, 0));
		if (r == 0)
			return -ECONNRESET;
		if (r > 0)
			r = take_messages(answer, (size_t)r, each, data, &end);
	}
	return r < 0 ? (int)r : 0;
}
