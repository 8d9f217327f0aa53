/* SPDX-License-Identifier: Apache-2.0 */
/**
 * As much of rtnetlink as moving an interface needs.
 */
#ifndef PARENT_NETLINK_H
#define PARENT_NETLINK_H

#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>

struct netlink_request { /* zero-initialise by netlink_begin() */
	struct nlmsghdr header;
	char payload[1024];
};

/**
 * netlink_begin() - start a request
 * @size: of the fixed part, which is returned, zeroed
 */
void *netlink_begin(struct netlink_request *request, uint16_t type, uint16_t flags, size_t size);

/**
 * netlink_add() - add an attribute; one that does not fit makes netlink_send() fail
 */
void netlink_add(struct netlink_request *request, uint16_t type, const void *data, size_t size);

/**
 * netlink_send() - send a request and read all that answers it
 * @each: called for each message that is neither error nor end; a negative value is kept and ends
 *        the call; may be NULL
 *
 * Return: 0 or a negative errno.
 */
int netlink_send(int socket_fd, struct netlink_request *request,
		 int (*each)(void *data, const struct nlmsghdr *message), void *data);

/**
 * netlink_open() - a socket in the calling thread's network namespace; an fd or a negative errno
 */
int netlink_open(void);

#endif
