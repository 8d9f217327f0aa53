/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Device rules on cgroup v1
 *
 * A v1 devices cgroup is a default (allow or deny everything) and exceptions from it. An ordered
 * list of rules is replayed here first: a rule for all devices sets the default and clears the
 * exceptions; a rule against the default adds an exception; a rule along the default takes access
 * off the exceptions that it covers. What is left is written. An exception that is only partly
 * covered cannot be told to the kernel, which would silently leave all of it; such a list is
 * refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "parent/cgroup-driver.h"
#include "parent/cgroup-file.h"

struct exceptions {
	struct rti_device_rule *items; /* permissions are kept in access */
	char (*access)[4];
	size_t count;
	bool default_allow;
};

static bool overlaps(int64_t a, int64_t b)
{
	return a == b || a < 0 || b < 0;
}

static bool covers(int64_t wide, int64_t narrow)
{
	return wide < 0 || wide == narrow;
}

static const char *number_text(int64_t number, char text[static 24])
{
	if (number < 0)
		return "*";
	snprintf(text, 24, "%" PRId64, number);
	return text;
}

/* Take the letters of @taken out of @access. */
static void take_access(char *access, const char *taken)
{
	char *to = access;

	for (; *access; access++) {
		if (!strchr(taken, *access))
			*to++ = *access;
	}
	*to = 0;
}

static int refuse_hole(const struct rti_device_rule *rule, const struct rti_device_rule *exception,
		       const char *access, struct rti_error *err)
{
	char text[4][24];

	return rti_refuse(err, EINVAL,
			  "requested rule [%c %s:%s %s] not supported by devices cgroupv1 (cannot "
			  "punch hole in existing wildcard rule [%c %s:%s %s])",
			  (int)rule->type, number_text(rule->major, text[0]),
			  number_text(rule->minor, text[1]), rule->permissions,
			  (int)exception->type, number_text(exception->major, text[2]),
			  number_text(exception->minor, text[3]), access);
}

static int replay_rule(struct exceptions *list, const struct rti_device_rule *rule,
		       struct rti_error *err)
{
	const char *access = rule->permissions ? rule->permissions : "";

	if (rule->type == 'a') {
		list->default_allow = rule->allow;
		list->count = 0;
		return 0;
	}
	if (rule->type != 'b' && rule->type != 'c')
		return rti_refuse(err, EINVAL, "cannot add rule with non-cgroup type '%c'",
				  (int)rule->type);
	if (rule->allow != list->default_allow) {
		list->items[list->count] = *rule;
		strcpy(list->access[list->count], "rwm");
		if (!strchr(access, 'r'))
			take_access(list->access[list->count], "r");
		if (!strchr(access, 'w'))
			take_access(list->access[list->count], "w");
		if (!strchr(access, 'm'))
			take_access(list->access[list->count], "m");
		list->count++;
		return 0;
	}
	for (size_t i = 0; i < list->count; i++) {
		struct rti_device_rule *item = &list->items[i];

		if (item->type != rule->type || !overlaps(item->major, rule->major) ||
		    !overlaps(item->minor, rule->minor) || !strpbrk(list->access[i], access))
			continue;
		if (!covers(rule->major, item->major) || !covers(rule->minor, item->minor))
			return refuse_hole(rule, item, list->access[i], err);
		take_access(list->access[i], access);
	}
	return 0;
}

/* Bring the cgroup to a default without exceptions. */
static int write_default(const char *path, bool allow, struct rti_error *err)
{
	char list[16 * 1024];
	ssize_t n;
	int r = 0;

	n = cgroup_file_read(path, "devices.list", list, sizeof(list), err);
	if (n < 0)
		return (int)n;
	if (allow)
		return cgroup_file_write(path, "devices.allow", err, "a");
	if (list[0] == 'a')
		return cgroup_file_write(path, "devices.deny", err, "a");
	/* The default stands; the kernel would refuse to set it again once there are children. */
	for (char *next = list, *line; r == 0 && (line = strsep(&next, "\n"));) {
		if (*line)
			r = cgroup_file_write(path, "devices.deny", err, "%s", line);
	}
	return r;
}

/* All of them go against the default, and so into one file. */
static int write_exceptions(const char *path, const struct exceptions *list, struct rti_error *err)
{
	const char *file = list->default_allow ? "devices.deny" : "devices.allow";
	_cleanup_fd_ int fd = -EBADF;
	int r = 0;

	if (list->count > 0)
		r = fd = cgroup_file_open(path, file, O_WRONLY, err);
	for (size_t i = 0; r >= 0 && i < list->count; i++) {
		const struct rti_device_rule *item = &list->items[i];
		char major[24], minor[24], text[64];

		if (!*list->access[i])
			continue;
		snprintf(text, sizeof(text), "%c %s:%s %s", (int)item->type,
			 number_text(item->major, major), number_text(item->minor, minor),
			 list->access[i]);
		r = cgroup_file_put(fd, path, file, text, err);
	}
	return r < 0 ? r : 0;
}

int cgroup_devices_set_v1(const char *path, const struct rti_device_rules *rules,
			  struct rti_error *err)
{
	_cleanup_free_ struct rti_device_rule *items = calloc(rules->count + 1, sizeof(*items));
	_cleanup_free_ char(*access)[4] = calloc(rules->count + 1, sizeof(*access));
	struct exceptions list = { .items = items, .access = access };
	int r = 0;

	if (cgroup_running_in_userns())
		return 0;
	if (!items || !access)
		return rti_fail(err, ENOMEM, "device rules");
	for (size_t i = 0; r == 0 && i < rules->count; i++)
		r = replay_rule(&list, &rules->items[i], err);
	if (r == 0)
		r = write_default(path, list.default_allow, err);
	return r < 0 ? r : write_exceptions(path, &list, err);
}
