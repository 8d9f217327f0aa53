/* SPDX-License-Identifier: Apache-2.0 */
/* Where the hierarchies are mounted, and where a process is in them. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/cgroup-driver.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

static void fclose_at(FILE **file)
{
	if (*file)
		fclose(*file);
}

bool cgroup_is_unified(void)
{
	struct statfs fs;

	return statfs(CGROUP_ROOT, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

bool cgroup_running_in_userns(void)
{
	unsigned long long inside, outside, count;
	FILE *file = fopen("/proc/self/uid_map", "re");
	int n = file ? fscanf(file, "%llu %llu %llu", &inside, &outside, &count) : 0;

	if (file)
		fclose(file);
	/* The initial user namespace maps everything onto itself. */
	return n == 3 && (inside != 0 || outside != 0 || count != 4294967295);
}

/* Whether @list holds @word between commas. */
static bool list_has(const char *list, const char *word)
{
	size_t length = strlen(word);

	while (list) {
		const char *end = strchrnul(list, ',');

		if ((size_t)(end - list) == length && strncmp(list, word, length) == 0)
			return true;
		list = *end ? end + 1 : NULL;
	}
	return false;
}

int cgroup_own_path(pid_t pid, const char *controller, char *path, size_t size,
		    struct rti_error *err)
{
	_cleanup_(fclose_at) FILE *file = NULL;
	_cleanup_free_ char *line = NULL;
	char name[64] = "/proc/self/cgroup";
	size_t room = 0;

	if (pid > 0)
		snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	file = fopen(name, "re");
	if (!file)
		return rti_fail(err, errno, "open %s", name);
	while (getline(&line, &room, file) > 0) {
		char *controllers = strchr(line, ':');
		char *own = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!own)
			return rti_refuse(err, EINVAL,
					  "invalid cgroup entry: must contain at least "
					  "two colons: %s",
					  line);
		*own++ = 0;
		controllers++;
		own[strcspn(own, "\n")] = 0;
		if (!list_has(controllers, controller))
			continue;
		if (strlen(own) >= size)
			return rti_fail(err, ENAMETOOLONG, "read %s", name);
		strcpy(path, own);
		return 0;
	}
	return rti_refuse(err, ENOENT, "mountpoint for %s not found", controller);
}

/* mountinfo writes blanks, tabs, newlines and backslashes as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] && from[3]) {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = 0;
}

struct mount_line {
	char *root;
	char *mountpoint;
	char *fstype;
	char *super_options;
};

/* "36 35 98:0 ROOT MOUNTPOINT options [optional]... - FSTYPE source SUPER" */
static bool split_mount_line(char *line, struct mount_line *ret)
{
	char *tail = strstr(line, " - ");

	line[strcspn(line, "\n")] = 0;
	if (!tail)
		return false;
	*tail = 0;
	tail += 3;
	for (int i = 0; i < 3; i++)
		strsep(&line, " ");
	ret->root = strsep(&line, " ");
	ret->mountpoint = strsep(&line, " ");
	ret->fstype = strsep(&tail, " ");
	strsep(&tail, " ");
	ret->super_options = tail;
	return ret->root && ret->mountpoint && ret->fstype && ret->super_options;
}

int cgroup_find_mount(const char *controller, char *mountpoint, char *root, size_t size,
		      struct rti_error *err)
{
	_cleanup_(fclose_at) FILE *file = fopen("/proc/self/mountinfo", "re");
	_cleanup_free_ char *line = NULL;
	size_t room = 0;

	if (!file)
		return rti_fail(err, errno, "open /proc/self/mountinfo");
	while (getline(&line, &room, file) > 0) {
		struct mount_line mount;

		if (!split_mount_line(line, &mount) || strcmp(mount.fstype, "cgroup") != 0 ||
		    !list_has(mount.super_options, controller))
			continue;
		unescape(mount.root);
		unescape(mount.mountpoint);
		if (strlen(mount.mountpoint) >= size || strlen(mount.root) >= size)
			return rti_fail(err, ENAMETOOLONG, "mountpoint for %s", controller);
		strcpy(mountpoint, mount.mountpoint);
		strcpy(root, mount.root);
		return 0;
	}
	return rti_refuse(err, ENOENT, "mountpoint for %s not found", controller);
}
