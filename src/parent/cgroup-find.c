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
#include "base/mountinfo.h"
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

struct wanted_mount {
	const char *controller;
	char *mountpoint;
	char *root;
	size_t size;
};

static int take_mount(void *data, const struct rti_mountinfo *info, struct rti_error *err)
{
	const struct wanted_mount *wanted = data;

	if (strcmp(info->type, "cgroup") != 0 ||
	    !list_has(info->super_options, wanted->controller))
		return 0;
	if (strlen(info->mount_point) >= wanted->size || strlen(info->root) >= wanted->size)
		return rti_fail(err, ENAMETOOLONG, "mountpoint for %s", wanted->controller);
	strcpy(wanted->mountpoint, info->mount_point);
	strcpy(wanted->root, info->root);
	return 1;
}

int cgroup_find_mount(const char *controller, char *mountpoint, char *root, size_t size,
		      struct rti_error *err)
{
	_cleanup_fd_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct wanted_mount wanted = { controller, mountpoint, root, size };
	int r;

	if (fd < 0)
		return rti_fail(err, errno, "open /proc/self/mountinfo");
	r = rti_mountinfo_each(fd, take_mount, &wanted, err);
	if (r == 0)
		return rti_refuse(err, ENOENT, "mountpoint for %s not found", controller);
	return r < 0 ? r : 0;
}
