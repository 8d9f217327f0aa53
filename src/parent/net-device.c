/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/net-device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "parent/netlink.h"

/* One address of an interface, kept while the interface moves. */
struct address {
	struct address *next;
	struct ifaddrmsg message;
	uint32_t flags;
	size_t local_size;
	unsigned char local[16];
	size_t peer_size;
	unsigned char peer[16];
	size_t broadcast_size;
	unsigned char broadcast[16];
	char label[IFNAMSIZ];
};

struct device {
	const char *name;
	const char *new_name;
	int index;
	struct address *addresses;
	struct address **last;
	struct rti_arena arena; /* owns the addresses */
};

static int keep_index(void *data, const struct nlmsghdr *message)
{
	if (message->nlmsg_type == RTM_NEWLINK)
		*(int *)data = ((const struct ifinfomsg *)NLMSG_DATA(message))->ifi_index;
	return 0;
}

static int find_link(int socket_fd, const char *name, int *ret_index)
{
	struct netlink_request request;
	int index = 0, r;

	netlink_begin(&request, RTM_GETLINK, 0, sizeof(struct ifinfomsg));
	netlink_add(&request, IFLA_IFNAME, name, strlen(name) + 1);
	r = netlink_send(socket_fd, &request, keep_index, &index);
	if (r == 0 && index == 0)
		r = -ENODEV;
	if (r == 0)
		*ret_index = index;
	return r;
}

static int set_link_up(int socket_fd, int index, bool up)
{
	struct netlink_request request;
	struct ifinfomsg *link = netlink_begin(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*link));

	link->ifi_index = index;
	link->ifi_change = IFF_UP;
	link->ifi_flags = up ? IFF_UP : 0;
	return netlink_send(socket_fd, &request, NULL, NULL);
}

static size_t keep_bytes(unsigned char *to, const struct rtattr *from)
{
	size_t size = RTA_PAYLOAD(from);

	if (size > 16)
		return 0;
	memcpy(to, RTA_DATA(from), size);
	return size;
}

static void keep_attribute(struct address *address, const struct rtattr *attribute)
{
	switch (attribute->rta_type) {
	case IFA_LOCAL:
		address->local_size = keep_bytes(address->local, attribute);
		break;
	case IFA_ADDRESS:
		address->peer_size = keep_bytes(address->peer, attribute);
		break;
	case IFA_BROADCAST:
		address->broadcast_size = keep_bytes(address->broadcast, attribute);
		break;
	case IFA_FLAGS:
		if (RTA_PAYLOAD(attribute) == sizeof(address->flags))
			memcpy(&address->flags, RTA_DATA(attribute), sizeof(address->flags));
		break;
	case IFA_LABEL:
		snprintf(address->label, sizeof(address->label), "%.*s",
			 (int)RTA_PAYLOAD(attribute), (const char *)RTA_DATA(attribute));
		break;
	}
}

/* What was configured by hand comes along; what the kernel or a router gave does not. */
static int keep_address(void *data, const struct nlmsghdr *message)
{
	const struct ifaddrmsg *found = NLMSG_DATA(message);
	size_t left = IFA_PAYLOAD(message);
	struct device *device = data;
	struct address *address;

	if (message->nlmsg_type != RTM_NEWADDR || (int)found->ifa_index != device->index ||
	    found->ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	address = rti_arena_alloc(&device->arena, sizeof(*address));
	if (!address)
		return -ENOMEM;
	address->message = *found;
	address->flags = found->ifa_flags;
	for (const struct rtattr *attribute = IFA_RTA(found); RTA_OK(attribute, left);
	     attribute = RTA_NEXT(attribute, left))
		keep_attribute(address, attribute);
	if (!(address->flags & IFA_F_PERMANENT))
		return 0;
	*device->last = address;
	device->last = &address->next;
	return 0;
}

static int list_addresses(int socket_fd, struct device *device)
{
	struct netlink_request request;

	device->last = &device->addresses;
	netlink_begin(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(struct ifaddrmsg));
	return netlink_send(socket_fd, &request, keep_address, device);
}

static int move_link(int socket_fd, const struct device *device, int netns_fd)
{
	struct netlink_request request;
	struct ifinfomsg *link = netlink_begin(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*link));
	uint32_t fd = (uint32_t)netns_fd;

	link->ifi_index = device->index;
	netlink_add(&request, IFLA_IFNAME, device->new_name, strlen(device->new_name) + 1);
	netlink_add(&request, IFLA_NET_NS_FD, &fd, sizeof(fd));
	return netlink_send(socket_fd, &request, NULL, NULL);
}

static int add_address(int socket_fd, const struct device *device, const struct address *address)
{
	struct netlink_request request;
	struct ifaddrmsg *message = netlink_begin(&request, RTM_NEWADDR,
						  NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
						  sizeof(*message));
	/* A label has to begin with the interface's name, which may be another one now. */
	size_t name_size = strlen(device->name);
	char label[2 * IFNAMSIZ];

	*message = address->message;
	message->ifa_index = (unsigned int)device->index;
	if (address->local_size)
		netlink_add(&request, IFA_LOCAL, address->local, address->local_size);
	if (address->peer_size)
		netlink_add(&request, IFA_ADDRESS, address->peer, address->peer_size);
	if (address->broadcast_size)
		netlink_add(&request, IFA_BROADCAST, address->broadcast, address->broadcast_size);
	netlink_add(&request, IFA_FLAGS, &address->flags, sizeof(address->flags));
	if (strncmp(address->label, device->name, name_size) == 0) {
		snprintf(label, sizeof(label), "%s%s", device->new_name,
			 address->label + name_size);
		if (strlen(label) < IFNAMSIZ)
			netlink_add(&request, IFA_LABEL, label, strlen(label) + 1);
	}
	return netlink_send(socket_fd, &request, NULL, NULL);
}

/* Takes the interface out of our namespace; afterwards it is @new_name in the other. */
static int send_device(struct device *device, int here_fd, int netns_fd, const char *path,
		       struct rti_error *err)
{
	int r = find_link(here_fd, device->name, &device->index);

	if (r < 0)
		return rti_fail(err, -r, "link not found for interface %s on runtime namespace",
				device->name);
	r = set_link_up(here_fd, device->index, false);
	if (r < 0)
		return rti_fail(err, -r, "fail to set link down");
	r = list_addresses(here_fd, device);
	if (r < 0)
		return rti_fail(err, -r, "fail to get ip addresses");
	r = move_link(here_fd, device, netns_fd);
	if (r < 0)
		return rti_fail(err, -r, "fail to move network device %s to network namespace %s",
				device->name, path);
	return 0;
}

static int set_up_device(struct device *device, int there_fd, const char *path,
			 struct rti_error *err)
{
	int r = find_link(there_fd, device->new_name, &device->index);

	if (r < 0)
		return rti_fail(err, -r, "link not found for interface %s on namespace %s ",
				device->new_name, path);
	for (const struct address *address = device->addresses; address; address = address->next) {
		r = add_address(there_fd, device, address);
		if (r < 0)
			return rti_fail(err, -r, "fail to set up address on namespace %s", path);
	}
	r = set_link_up(there_fd, device->index, true);
	if (r < 0)
		return rti_fail(err, -r, "fail to set up interface %s on namespace %s",
				device->new_name, path);
	return 0;
}

/* ---- a socket in the other network namespace ---- */

struct opener {
	int netns_fd;
	int result; /* the socket, or a negative errno */
};

/* A socket stays in the namespace where it was made; only this thread enters it. */
static void *open_there(void *data)
{
	struct opener *opener = data;

	opener->result = setns(opener->netns_fd, CLONE_NEWNET) < 0 ? -errno : netlink_open();
	return NULL;
}

static int open_socket_there(int netns_fd)
{
	struct opener opener = { .netns_fd = netns_fd };
	sigset_t all, old;
	pthread_t thread;
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, NULL, open_there, &opener);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (r != 0)
		return -r;
	pthread_join(thread, NULL);
	return opener.result;
}

static int move_device(const struct rti_net_device *config, int here_fd, int there_fd, int netns_fd,
		       const char *path, struct rti_error *err)
{
	struct device device = {
		.name = config->key,
		.new_name = config->name && config->name[0] ? config->name : config->key,
	};
	int r;

	r = send_device(&device, here_fd, netns_fd, path, err);
	if (r == 0)
		r = set_up_device(&device, there_fd, path, err);
	rti_arena_done(&device.arena);
	return r;
}

int net_device_move_all(const struct rti_net_devices *devices, pid_t pid, struct rti_error *err)
{
	_cleanup_fd_ int netns_fd = -EBADF, here_fd = -EBADF, there_fd = -EBADF;
	char path[64];

	if (devices->count == 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (netns_fd < 0)
		return rti_fail(err, errno, "open %s", path);
	here_fd = netlink_open();
	if (here_fd < 0)
		return rti_fail(err, -here_fd, "netlink socket");
	there_fd = open_socket_there(netns_fd);
	if (there_fd < 0)
		return rti_fail(err, -there_fd, "netlink socket on namespace %s", path);
	for (size_t i = 0; i < devices->count; i++) {
		int r = move_device(&devices->items[i], here_fd, there_fd, netns_fd, path, err);

		if (r < 0)
			return rti_prefix(err, r, "move netDevice %s to namespace %s",
					  devices->items[i].key, path);
	}
	return 0;
}
