/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path-walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"

/* The kernel's own limit of links in one lookup (MAXSYMLINKS). */
#define WALK_LINKS_MAX 40

/* How often a walk that a rename disturbed starts again; what libraries around openat2 use. */
#define WALK_TRIES 128

/* Inode number of the root of every procfs (PROC_ROOT_INO). */
#define WALK_PROCFS_ROOT_INODE 1

struct walk {
	int root_fd;
	int fd;		     /* where we are; -EBADF at the root, or where nothing exists */
	bool is_missing;     /* done[] does not exist */
	unsigned int links;  /* followed so far */
	char done[PATH_MAX]; /* resolved so far, "" for the root; no links and no dots in it */
	char rest[PATH_MAX]; /* still to resolve */
};

static int walk_fd(const struct walk *walk)
{
	return walk->fd >= 0 ? walk->fd : walk->root_fd;
}

static void walk_to_root(struct walk *walk)
{
	walk->fd = rti_close(walk->fd);
	walk->done[0] = '\0';
	walk->is_missing = false;
}

static int walk_step(int dir_fd, const char *name, int flags)
{
	return (int)rti_retry(openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC | flags));
}

/* Goes to the parent of done[] from the root, because ".." of a moved directory leads anywhere. */
static int walk_up(struct walk *walk, bool keep_missing)
{
	char *slash = strrchr(walk->done, '/');
	const char *name;

	if (!slash)
		return 0;
	*slash = '\0';
	walk->fd = rti_close(walk->fd);
	walk->is_missing = false;
	for (name = walk->done; *name;) {
		char step[NAME_MAX + 1];
		size_t length = strcspn(++name, "/");
		int fd;

		memcpy(step, name, length);
		step[length] = '\0';
		name += length;
		fd = walk_step(walk_fd(walk), step, O_DIRECTORY);
		walk->fd = rti_close(walk->fd);
		if (fd == -ENOENT && keep_missing) {
			walk->is_missing = true;
			return 0;
		}
		if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
			return -EAGAIN; /* it was a directory when we came through */
		if (fd < 0)
			return fd;
		walk->fd = fd;
	}
	return 0;
}

/*
 * Whether a link on procfs jumps somewhere else than its text says. The kernel does not tell, so
 * only the plain links in procfs's root ("self", "mounts", ...) are taken for plain.
 */
static bool walk_link_is_magic(int dir_fd, int link_fd)
{
	struct statfs fs;
	struct stat dir;

	if (fstatfs(link_fd, &fs) < 0)
		return true;
	if (fs.f_type != PROC_SUPER_MAGIC)
		return false;
	return fstatfs(dir_fd, &fs) < 0 || fs.f_type != PROC_SUPER_MAGIC ||
	       fstat(dir_fd, &dir) < 0 || dir.st_ino != WALK_PROCFS_ROOT_INODE;
}

/* Puts the text of a link before what is left. */
static int walk_follow(struct walk *walk, int link_fd, const char *rest)
{
	char text[PATH_MAX];
	ssize_t size;
	int written;

	if (walk->links++ >= WALK_LINKS_MAX || walk_link_is_magic(walk_fd(walk), link_fd))
		return -ELOOP;
	size = readlinkat(link_fd, "", text, sizeof(text));
	if (size < 0)
		return -errno;
	if (size == 0)
		return -ENOENT;
	if ((size_t)size + strlen(rest) >= sizeof(text))
		return -ENAMETOOLONG;
	written = snprintf(text + size, sizeof(text) - (size_t)size, "%s", rest);
	if (written < 0)
		return -ENAMETOOLONG;
	strcpy(walk->rest, text);
	if (text[0] == '/')
		walk_to_root(walk);
	return 0;
}

static int walk_append(struct walk *walk, const char *name, int fd)
{
	size_t size = strlen(walk->done);

	if (size + 1 + strlen(name) >= sizeof(walk->done)) {
		rti_close(fd);
		return -ENAMETOOLONG;
	}
	walk->done[size] = '/';
	strcpy(walk->done + size + 1, name);
	rti_close(walk->fd);
	walk->fd = fd;
	walk->is_missing = fd < 0;
	return 0;
}

/* One name; @rest is what follows it and starts with a slash unless the name is the last. */
static int walk_name(struct walk *walk, const char *name, const char *rest, int flags,
		     bool keep_missing)
{
	_cleanup_fd_ int fd = -EBADF;
	struct stat st;

	if (walk->is_missing)
		return walk_append(walk, name, -EBADF);
	fd = walk_step(walk_fd(walk), name, 0);
	if (fd == -ENOENT && keep_missing)
		return walk_append(walk, name, -EBADF);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode) && (*rest || !(flags & O_NOFOLLOW)))
		return walk_follow(walk, fd, rest);
	if (!S_ISDIR(st.st_mode) && (*rest || flags & O_DIRECTORY))
		return -ENOTDIR;
	return walk_append(walk, name, rti_take_fd(&fd));
}

static int walk_run(struct walk *walk, int flags, bool keep_missing)
{
	for (;;) {
		char name[NAME_MAX + 1];
		char rest[PATH_MAX];
		size_t blanks = strspn(walk->rest, "/");
		size_t length = strcspn(walk->rest + blanks, "/");
		int r = 0;

		if (length == 0)
			return 0;
		if (length > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, walk->rest + blanks, length);
		name[length] = '\0';
		strcpy(rest, walk->rest + blanks + length);
		strcpy(walk->rest, rest);
		if (strcmp(name, "..") == 0)
			r = walk_up(walk, keep_missing);
		else if (strcmp(name, ".") != 0)
			r = walk_name(walk, name, rest, flags, keep_missing);
		if (r < 0)
			return r;
	}
}

static int walk_once(int root_fd, const char *path, int flags, bool keep_missing,
		     char *ret_resolved, int *ret_fd)
{
	struct walk walk = { .root_fd = root_fd, .fd = -EBADF };
	int r;

	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	strcpy(walk.rest, path);
	r = walk_run(&walk, flags, keep_missing);
	if (r == 0 && ret_fd && walk.fd < 0 && !walk.is_missing) {
		walk.fd = walk_step(root_fd, ".", O_DIRECTORY);
		if (walk.fd < 0)
			r = walk.fd;
	}
	if (r < 0) {
		rti_close(walk.fd);
		return r;
	}
	if (ret_resolved)
		strcpy(ret_resolved, walk.done);
	if (ret_fd)
		*ret_fd = rti_take_fd(&walk.fd);
	rti_close(walk.fd);
	return 0;
}

int rti_path_walk(int root_fd, const char *path, int flags, bool keep_missing,
		  char *ret_resolved, int *ret_fd)
{
	int r = -EAGAIN;
	int i;

	for (i = 0; i < WALK_TRIES && r == -EAGAIN; i++)
		r = walk_once(root_fd, path, flags, keep_missing, ret_resolved, ret_fd);
	return r;
}
