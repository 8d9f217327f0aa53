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

/* The whole of a file of procfs. The caller frees it; NULL with errno. */
static char *read_text(const char *path)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	_cleanup_free_ char *text = NULL;
	size_t room = 4096, used = 0;

	for (;;) {
		char *more = fd < 0 ? NULL : realloc(text, room);
		ssize_t n;

		if (!more)
			return NULL;
		text = more;
		n = rti_read_full(fd, text + used, room - used - 1);
		if (n < 0) {
			errno = (int)-n;
			return NULL;
		}
		used += (size_t)n;
		text[used] = 0;
		if (used + 1 < room) {
			more = text;
			text = NULL;
			return more;
		}
		room *= 2;
	}
}

/* Takes the next line off @text; NULL at its end. */
static char *next_line(char **text)
{
	return *text && **text ? strsep(text, "\n") : NULL;
}

/* Finds a controller among the "N:CONTROLLERS:PATH" lines, which it cuts. */
static int find_own(char *text, const char *controller, char *path, size_t size,
		    struct rti_error *err)
{
	char *line;

	while ((line = next_line(&text))) {
		char *controllers = strchr(line, ':');
		char *own = controllers ? strchr(controllers + 1, ':') : NULL;

		if (!own)
			return rti_refuse(err, EINVAL,
					  "invalid cgroup entry: must contain at least "
					  "two colons: %s",
					  line);
		*own++ = 0;
		controllers++;
		if (!list_has(controllers, controller))
			continue;
		if (strlen(own) >= size)
			return rti_fail(err, ENAMETOOLONG, "own cgroup of %s", controller);
		strcpy(path, own);
		return 0;
	}
	return rti_refuse(err, ENOENT, "mountpoint for %s not found", controller);
}

int cgroup_own_path(pid_t pid, const char *controller, char *path, size_t size,
		    struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	char name[64] = "/proc/self/cgroup";

	if (pid > 0)
		snprintf(name, sizeof(name), "/proc/%d/cgroup", pid);
	text = read_text(name);
	if (!text)
		return rti_fail(err, errno, "open %s", name);
	return find_own(text, controller, path, size, err);
}

/* Notes the mounts of cgroup v1. */
static int note_mount(void *data, const struct rti_mountinfo *info, struct rti_error *err)
{
	struct cgroup_mounts *mounts = data;
	struct cgroup_mount *item = &mounts->items[mounts->count];

	if (strcmp(info->type, "cgroup") != 0)
		return 0;
	if (mounts->count == CGROUP_MOUNTS_MAX)
		return rti_refuse(err, E2BIG, "too many mounts of cgroup v1");
	item->controllers = rti_arena_text(&mounts->arena, info->super_options,
					   strlen(info->super_options));
	item->mountpoint =
		rti_arena_text(&mounts->arena, info->mount_point, strlen(info->mount_point));
	item->root = rti_arena_text(&mounts->arena, info->root, strlen(info->root));
	if (!item->controllers || !item->mountpoint || !item->root)
		return rti_fail(err, ENOMEM, "list mounts of cgroup v1");
	mounts->count++;
	return 0;
}

int cgroup_mounts_read(struct cgroup_mounts *ret, struct rti_error *err)
{
	_cleanup_fd_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct cgroup_mounts mounts = { 0 };
	int r;

	if (fd < 0)
		return rti_fail(err, errno, "open /proc/self/mountinfo");
	mounts.own = read_text("/proc/self/cgroup");
	if (!mounts.own)
		r = rti_fail(err, errno, "open /proc/self/cgroup");
	else
		r = rti_mountinfo_each(fd, note_mount, &mounts, err);
	if (r < 0) {
		cgroup_mounts_done(&mounts);
		return r;
	}
	*ret = mounts;
	return 0;
}

void cgroup_mounts_done(struct cgroup_mounts *mounts)
{
	rti_arena_done(&mounts->arena);
	free(mounts->own);
	*mounts = (struct cgroup_mounts){ 0 };
}

const struct cgroup_mount *cgroup_mounts_find(const struct cgroup_mounts *mounts,
					      const char *controller)
{
	for (size_t i = 0; i < mounts->count; i++) {
		if (list_has(mounts->items[i].controllers, controller))
			return &mounts->items[i];
	}
	return NULL;
}

int cgroup_mounts_own_path(const struct cgroup_mounts *mounts, const char *controller, char *path,
			   size_t size, struct rti_error *err)
{
	_cleanup_free_ char *text = strdup(mounts->own);

	if (!text)
		return rti_fail(err, ENOMEM, "own cgroup of %s", controller);
	return find_own(text, controller, path, size, err);
}
