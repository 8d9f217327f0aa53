/* SPDX-License-Identifier: Apache-2.0 */
#include "container/network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "base/quote.h"

/* One request: header, its fixed part, and at most four small attributes. */
struct request {
	union {
		struct nlmsghdr header;
		char bytes[256];
	};
};

struct address { /* in network byte order */
	int family;
	size_t size;
	unsigned char bytes[16];
};

static void *request_start(struct request *request, uint16_t type, uint16_t flags, size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_len = (uint32_t)NLMSG_LENGTH(size);
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags;
	request->header.nlmsg_seq = 1;
	return NLMSG_DATA(&request->header);
}

static void request_add(struct request *request, uint16_t type, const void *data, size_t size)
{
	struct rtattr *attribute =
		(struct rtattr *)(request->bytes + NLMSG_ALIGN(request->header.nlmsg_len));

	attribute->rta_type = type;
	attribute->rta_len = (uint16_t)RTA_LENGTH(size);
	memcpy(RTA_DATA(attribute), data, size);
	request->header.nlmsg_len =
		(uint32_t)(NLMSG_ALIGN(request->header.nlmsg_len) + RTA_ALIGN(attribute->rta_len));
}

/* The kernel's answer to a request with NLM_F_ACK is one error message, 0 meaning done. */
static int read_answer(int socket_fd)
{
	struct request answer;
	struct nlmsgerr *status = NLMSG_DATA(&answer.header);

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t from_size = sizeof(from);
		long size = rti_retry(recvfrom(socket_fd, &answer, sizeof(answer), 0,
					       (struct sockaddr *)&from, &from_size));

		if (size < 0)
			return (int)size;
		if (from.nl_pid != 0)
			continue; /* not from the kernel */
		if ((size_t)size < NLMSG_LENGTH(sizeof(*status)) ||
		    answer.header.nlmsg_type != NLMSG_ERROR)
			return -EBADMSG;
		return status->error;
	}
}

static int request_send(struct request *request)
{
	_cleanup_fd_ int socket_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	long size;

	if (socket_fd < 0)
		return -errno;
	size = rti_retry(sendto(socket_fd, request, request->header.nlmsg_len, 0,
				(struct sockaddr *)&kernel, sizeof(kernel)));
	return size < 0 ? (int)size : read_answer(socket_fd);
}

/* In every network namespace, by the kernel's LOOPBACK_IFINDEX. */
#define LOOPBACK_INDEX 1

static int loopback_up(void)
{
	struct request request;
	struct ifinfomsg *info = request_start(&request, RTM_NEWLINK, 0, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	info->ifi_index = LOOPBACK_INDEX;
	info->ifi_flags = IFF_UP;
	info->ifi_change = IFF_UP;
	return request_send(&request);
}

/* if_nametoindex(3) brings the listing of all interfaces along. Return: 0 if there is none. */
static uint32_t find_index(const char *name)
{
	_cleanup_fd_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_ifindex = 0 };

	if (fd < 0 || strlen(name) >= sizeof(request.ifr_name))
		return 0;
	strcpy(request.ifr_name, name);
	return ioctl(fd, SIOCGIFINDEX, &request) < 0 ? 0 : (uint32_t)request.ifr_ifindex;
}

/* An IPv4 address in IPv6 form counts as IPv4, as in Go. */
static bool parse_address(const char *text, struct address *ret)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct address address = { .family = AF_INET, .size = 4 };

	if (!text)
		return false;
	if (inet_pton(AF_INET, text, address.bytes) != 1) {
		if (inet_pton(AF_INET6, text, address.bytes) != 1)
			return false;
		address.family = AF_INET6;
		address.size = 16;
		if (memcmp(address.bytes, mapped, sizeof(mapped)) == 0) {
			memmove(address.bytes, address.bytes + 12, 4);
			address.family = AF_INET;
			address.size = 4;
		}
	}
	*ret = address;
	return true;
}

/* "10.1.0.0/16", with the bits behind the prefix cleared. */
static bool parse_network(const char *text, struct address *ret, unsigned char *ret_prefix)
{
	const char *slash = text ? strchr(text, '/') : NULL;
	char address[INET6_ADDRSTRLEN];
	uint64_t prefix;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (!parse_address(address, ret) || !rti_number_u64(slash + 1, 8 * ret->size, &prefix))
		return false;
	for (size_t i = 0; i < ret->size; i++) {
		size_t kept = prefix > 8 * i ? prefix - 8 * i : 0;

		if (kept < 8)
			ret->bytes[i] &= (unsigned char)(0xff00u >> kept);
	}
	*ret_prefix = (unsigned char)prefix;
	return true;
}

static int add_route(const struct rti_route *route, struct rti_error *err)
{
	struct address destination, source, gateway;
	const char *name = route->interface_name ? route->interface_name : "";
	struct request request;
	struct rtmsg *message;
	unsigned char prefix;
	uint32_t index;
	int r;

	if (!parse_network(route->destination, &destination, &prefix))
		return rti_refuse(err, EINVAL, "invalid CIDR address: %s",
				  route->destination ? route->destination : "");
	if (!parse_address(route->source, &source))
		return rti_refuse(err, EINVAL, "Invalid source for route: %s",
				  route->source ? route->source : "");
	if (!parse_address(route->gateway, &gateway))
		return rti_refuse(err, EINVAL, "Invalid gateway for route: %s",
				  route->gateway ? route->gateway : "");
	index = find_index(name);
	if (index == 0)
		return rti_refuse(err, ENODEV, "Link not found: %s", name);
	if (source.family != destination.family)
		return rti_refuse(err, EINVAL,
				  "source and destination ip are not the same IP family");
	if (gateway.family != destination.family)
		return rti_refuse(err, EINVAL,
				  "gateway, source, and destination ip are not the same IP family");
	message = request_start(&request, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL,
				sizeof(*message));
	message->rtm_family = (unsigned char)destination.family;
	message->rtm_dst_len = prefix;
	message->rtm_table = RT_TABLE_MAIN;
	message->rtm_protocol = RTPROT_BOOT;
	message->rtm_scope = RT_SCOPE_UNIVERSE;
	message->rtm_type = RTN_UNICAST;
	request_add(&request, RTA_DST, destination.bytes, destination.size);
	request_add(&request, RTA_PREFSRC, source.bytes, source.size);
	request_add(&request, RTA_GATEWAY, gateway.bytes, gateway.size);
	request_add(&request, RTA_OIF, &index, sizeof(index));
	r = request_send(&request);
	return r < 0 ? rti_fail(err, -r, "add route to %s", route->destination) : 0;
}

int network_up(const struct rti_networks *networks, const struct rti_routes *routes,
	       struct rti_error *err)
{
	for (size_t i = 0; i < networks->count; i++) {
		const char *type = networks->items[i].type ? networks->items[i].type : "";
		char quoted[RTI_QUOTE_MAX];
		int r;

		if (strcmp(type, "loopback") != 0)
			return rti_refuse(err, EINVAL, "unknown strategy type %s",
					  rti_quote(type, quoted, sizeof(quoted)));
		r = loopback_up();
		if (r < 0)
			return rti_fail(err, -r, "bring up interface lo");
	}
	for (size_t i = 0; i < routes->count; i++) {
		int r = add_route(&routes->items[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
