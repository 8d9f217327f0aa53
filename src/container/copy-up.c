/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tmpfs that starts with a copy of what it covers.
 *
 * The covered directory is opened first and stays reachable through its fd, so the tmpfs is mounted
 * where it belongs at once and filled there. (runc fills it in the host's /tmp and moves it.)
 *
 * Directories wait as paths below the two tops, so that depth costs no fds.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path.h"
#include "container/mount-entry.h"

#define COPY_UP_BLOCK 32768 /* bytes a read; chosen */

struct copy_directory {
	struct copy_directory *next;
	char path[]; /* below the top, "" for the top itself */
};

struct copy_up {
	int from_fd; /* tops */
	int to_fd;
	struct copy_directory *waiting;
};

static int copy_later(struct copy_up *copy, const char *directory, const char *name)
{
	size_t size = strlen(directory) + 1 + strlen(name) + 1;
	struct copy_directory *item = malloc(sizeof(*item) + size);

	if (!item)
		return -ENOMEM;
	snprintf(item->path, size, "%s%s%s", directory, *directory ? "/" : "", name);
	item->next = copy->waiting;
	copy->waiting = item;
	return 0;
}

static int copy_content(int from_fd, int to_fd)
{
	char block[COPY_UP_BLOCK];

	for (;;) {
		long size = rti_retry(read(from_fd, block, sizeof(block)));
		int r;

		if (size <= 0)
			return (int)size;
		r = rti_write_full(to_fd, block, (size_t)size);
		if (r < 0)
			return r;
	}
}

static int copy_file(int from_dir_fd, int to_dir_fd, const char *name)
{
	/* Looked at once more: it may be another file by now, one that blocks. */
	_cleanup_fd_ int from_fd =
		openat(from_dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	_cleanup_fd_ int to_fd = -EBADF;
	struct stat st;

	if (from_fd < 0 || fstat(from_fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EAGAIN;
	to_fd = openat(to_dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return to_fd < 0 ? -errno : copy_content(from_fd, to_fd);
}

static int copy_link(int from_dir_fd, int to_dir_fd, const char *name)
{
	char text[PATH_MAX];
	ssize_t size = readlinkat(from_dir_fd, name, text, sizeof(text) - 1);

	if (size < 0)
		return -errno;
	text[size] = '\0';
	return symlinkat(text, to_dir_fd, name) < 0 ? -errno : 0;
}

/* One name of a directory, with its owner and mode; directories come later. */
static int copy_name(struct copy_up *copy, const char *directory, int from_fd, int to_fd,
		     const char *name)
{
	struct stat st;
	int r = 0;

	if (fstatat(from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		r = mkdirat(to_fd, name, 0700) < 0 ? -errno : copy_later(copy, directory, name);
		break;
	case S_IFREG:
		r = copy_file(from_fd, to_fd, name);
		break;
	case S_IFLNK:
		r = copy_link(from_fd, to_fd, name);
		break;
	default: /* devices, pipes, sockets */
		r = mknodat(to_fd, name, st.st_mode & S_IFMT, st.st_rdev) < 0 ? -errno : 0;
		break;
	}
	if (r < 0)
		return r;
	if (fchownat(to_fd, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	/* After the owner, because a change of owner takes set-user-id bits away. */
	if (!S_ISLNK(st.st_mode) && fchmodat(to_fd, name, st.st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

static int copy_one_directory(struct copy_up *copy, const char *path, struct rti_error *err)
{
	const int flags = O_DIRECTORY | O_NOFOLLOW;
	_cleanup_fd_ int path_fd = rti_path_open(copy->from_fd, path, flags, err);
	_cleanup_fd_ int to_fd = rti_path_open(copy->to_fd, path, flags, err);
	struct dirent *entry;
	DIR *directory;
	int from_fd;
	int r = 0;

	if (path_fd < 0 || to_fd < 0)
		return path_fd < 0 ? path_fd : to_fd;
	from_fd = openat(path_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = from_fd < 0 ? NULL : fdopendir(from_fd);
	if (!directory) {
		r = rti_fail(err, errno, "open %s", *path ? path : ".");
		rti_close(from_fd);
		return r;
	}
	for (errno = 0; r == 0 && (entry = readdir(directory)); errno = 0) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		r = copy_name(copy, path, from_fd, to_fd, entry->d_name);
		if (r < 0)
			rti_fail(err, -r, "copy %s/%s", path, entry->d_name);
	}
	if (r == 0 && errno != 0)
		r = rti_fail(err, errno, "readdir %s", *path ? path : ".");
	closedir(directory);
	return r;
}

static int copy_run(struct copy_up *copy, struct rti_error *err)
{
	int r = copy_later(copy, "", "");

	if (r < 0)
		return rti_fail(err, -r, "note directory");
	while (copy->waiting) {
		struct copy_directory *item = copy->waiting;

		copy->waiting = item->next;
		if (r == 0)
			r = copy_one_directory(copy, item->path, err);
		free(item);
	}
	return r;
}

int mount_entry_copy_up(const struct mount_root *root, struct mount_entry *entry,
			unsigned long flags, struct rti_error *err)
{
	_cleanup_fd_ int from_fd = openat(entry->target_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct copy_up copy = { .from_fd = from_fd };
	int r;

	if (from_fd < 0)
		return rti_fail(err, errno, "tmpcopyup: open %s", entry->mount->destination);
	r = mount_entry_mount(root, entry, flags, root->label, err);
	if (r == 0)
		r = mount_entry_enter(root, entry, err);
	if (r < 0)
		return r;
	copy.to_fd = entry->target_fd;
	r = copy_run(&copy, err);
	if (r < 0)
		return rti_prefix(err, r, "tmpcopyup: failed to copy %s to %s",
				  entry->mount->destination, entry->target_path);
	return 0;
}
