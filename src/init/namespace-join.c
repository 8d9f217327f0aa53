/* SPDX-License-Identifier: Apache-2.0 */
#include "init/namespace-join.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/number.h"
#include "container/prctl.h"

#define ALL_BUT_USER (~CLONE_NEWUSER)

static bool has_kind(const struct namespace_list *list, const struct namespace_kind *kind)
{
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].kind == kind)
			return true;
	return false;
}

/* One "type:path" of @size bytes. */
static int add_item(struct namespace_list *list, const char *text, size_t size,
		    struct rti_error *err)
{
	const struct namespace_kind *kind;
	const char *colon = memchr(text, ':', size);
	struct namespace_item *item;
	char type[16];
	size_t path_size;

	if (!colon)
		return rti_refuse(err, EINVAL, "failed to parse %.*s", (int)size, text);
	snprintf(type, sizeof(type), "%.*s", (int)(colon - text), text);
	path_size = size - (size_t)(colon + 1 - text);
	kind = namespace_from_proc(type);
	if (!kind)
		return rti_refuse(err, EINVAL, "unknown namespace type %.*s", (int)(colon - text),
				  text);
	/* After this there is room: the list has an item for every kind. */
	if (has_kind(list, kind))
		return rti_refuse(err, EINVAL, "two namespaces of type %s", type);
	item = &list->items[list->count];
	if (path_size >= sizeof(item->path))
		return rti_refuse(err, ENAMETOOLONG, "path of %s namespace is too long", type);
	item->kind = kind;
	item->joined = false;
	item->fd = -EBADF;
	memcpy(item->path, colon + 1, path_size);
	item->path[path_size] = '\0';
	list->count++;
	return 0;
}

int namespace_list_parse(struct namespace_list *ret, const char *text, struct rti_error *err)
{
	ret->count = 0;
	if (!*text)
		return rti_refuse(err, EINVAL, "ns paths are empty");
	for (;;) {
		size_t size = strcspn(text, ",");
		int r = size ? add_item(ret, text, size, err) : 0;

		if (r < 0)
			return r;
		if (!text[size])
			return 0;
		text += size + 1;
	}
}

/* The one process whose namespaces all of these are by their paths: its id, or 0. */
static pid_t common_process(const struct namespace_list *list)
{
	static const char prefix[] = "/proc/";
	const char *digits = list->items[0].path + strlen(prefix);
	size_t size = strspn(digits, "0123456789");
	char number[16], expected[64];
	uint64_t pid;

	if (strncmp(list->items[0].path, prefix, strlen(prefix)) != 0 || size >= sizeof(number))
		return 0;
	snprintf(number, sizeof(number), "%.*s", (int)size, digits);
	if (!rti_number_u64(number, INT32_MAX, &pid))
		return 0;
	for (size_t i = 0; i < list->count; i++) {
		snprintf(expected, sizeof(expected), "%s%d/ns/%s", prefix, (pid_t)pid,
			 list->items[i].kind->proc);
		if (strcmp(list->items[i].path, expected) != 0)
			return 0;
	}
	return (pid_t)pid;
}

/*
 * Whether /proc, where the paths lead, knows the process by the number that it has here: it may
 * belong to another pid namespace, whose numbers mean other processes.
 */
static bool is_process_of_proc(int pid_fd, pid_t pid)
{
	static const char key[] = "\nPid:\t";
	_cleanup_fd_ int fd = -EBADF;
	char path[64], text[512], number[16];
	const char *found;
	ssize_t size;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pid_fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -errno : rti_read_full(fd, text, sizeof(text) - 1);
	if (size < 0)
		return false;
	text[size] = '\0';
	found = strstr(text, key);
	snprintf(number, sizeof(number), "%d\n", pid);
	return found && strncmp(found + strlen(key), number, strlen(number)) == 0;
}

/* Changed credentials may make a process dumpable (fs.suid_dumpable), and others are here now. */
static int become_root(struct rti_error *err)
{
	int r;

	if (setresuid(0, 0, 0) < 0)
		return rti_refuse(err, errno, "failed to become root in user namespace: %s",
				  strerror(errno));
	r = dumpable_set(false);
	if (r < 0)
		return rti_refuse(err, -r, "failed to set process as non-dumpable: %s",
				  strerror(-r));
	return 0;
}

static int join_one(struct namespace_item *item, struct rti_error *err)
{
	const char *name = item->kind->proc;
	int flag = item->kind->flag;
	int r = setns(item->fd, flag) < 0 ? errno : 0;

	log_debug("setns(%#x) into %s namespace (with path %s): %s", (unsigned int)flag, name,
		  item->path, strerror(r));
	if (r == EPERM)
		return 0;
	if (r)
		return rti_refuse(err, r, "failed to setns into %s namespace: %s", name,
				  strerror(r));
	item->joined = true;
	item->fd = rti_close(item->fd);
	return flag == CLONE_NEWUSER ? become_root(err) : 0;
}

int namespace_list_join_process(struct namespace_list *list, struct rti_error *err)
{
	pid_t pid = list->count > 1 ? common_process(list) : 0;
	_cleanup_fd_ int pid_fd = -EBADF;
	int flags = 0, r;

	if (pid == 0)
		return 0;
	pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pid_fd < 0 || !is_process_of_proc(pid_fd, pid))
		return 0;
	for (size_t i = 0; i < list->count; i++)
		flags |= list->items[i].kind->flag;
	r = setns(pid_fd, flags) < 0 ? errno : 0;
	log_debug("setns(%#x) into namespaces of process %d: %s", (unsigned int)flags, pid,
		  strerror(r));
	if (r)
		return 0;
	for (size_t i = 0; i < list->count; i++)
		list->items[i].joined = true;
	r = flags & CLONE_NEWUSER ? become_root(err) : 0;
	return r < 0 ? r : 1;
}

int namespace_list_open(struct namespace_list *list, struct rti_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct namespace_item *item = &list->items[i];

		item->fd = open(item->path, O_RDONLY | O_CLOEXEC);
		if (item->fd < 0)
			return rti_refuse(err, errno, "failed to open %s: %s", item->path,
					  strerror(errno));
	}
	return 0;
}

static int join_pass(struct namespace_list *list, int flags, struct rti_error *err)
{
	for (size_t i = 0; i < list->count; i++) {
		struct namespace_item *item = &list->items[i];
		int r = 0;

		if (!item->joined && (item->kind->flag & flags))
			r = join_one(item, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Names of what is left, in the order in which runc lists them. */
static int report_unjoined(const struct namespace_list *list, struct rti_error *err)
{
	static const char *const order[] = { "cgroup", "ipc",  "mnt",  "net",
					     "pid",    "time", "user", "uts" };
	char names[128] = "";
	size_t size = 0;

	for (size_t o = 0; o < sizeof(order) / sizeof(order[0]); o++) {
		for (size_t i = 0; i < list->count; i++) {
			const struct namespace_item *item = &list->items[i];

			if (item->joined || strcmp(item->kind->proc, order[o]) != 0)
				continue;
			log_msg(LOG_LEVEL_FATAL,
				"failed to setns(%#x) into %s namespace (with path %s): %s",
				(unsigned int)item->kind->flag, order[o], item->path,
				strerror(EPERM));
			size += (size_t)snprintf(names + size, sizeof(names) - size, "%s%s",
						 size ? ", " : "", order[o]);
		}
	}
	if (!size)
		return 0;
	return rti_refuse(err, EPERM, "failed to join {%s} namespaces: %s", names, strerror(EPERM));
}

int namespace_list_join(struct namespace_list *list, struct rti_error *err)
{
	static const int passes[] = { ALL_BUT_USER, CLONE_NEWUSER, ALL_BUT_USER };

	for (size_t i = 0; i < sizeof(passes) / sizeof(passes[0]); i++) {
		int r = join_pass(list, passes[i], err);

		if (r < 0)
			return r;
	}
	return report_unjoined(list, err);
}

void namespace_list_done(struct namespace_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		list->items[i].fd = rti_close(list->items[i].fd);
	list->count = 0;
}
