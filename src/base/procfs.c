/* SPDX-License-Identifier: Apache-2.0 */
#include "base/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/syscall.h"

/* Inode number of the root of every procfs (PROC_ROOT_INO). */
#define PROCFS_ROOT_INODE 1

/* Tries of a lookup that the kernel answers with EAGAIN. */
#define PROCFS_TRIES 128

/* The process's handle: 0 for none yet, else (fd + 1) * 2 + is_private. */
static atomic_int procfs_cached;

static const char *const procfs_base_paths[] = {
	[RTI_PROCFS_ROOT] = ".",
	[RTI_PROCFS_SELF] = "self",
	[RTI_PROCFS_THREAD_SELF] = "thread-self",
};

const char *rti_procfs_name(const struct rti_procfs *proc)
{
	return proc->is_private ? "fsmount:fscontext:proc" : "/proc";
}

static int procfs_check(int root_fd)
{
	struct statfs fs;
	struct stat st;
	char pid[16];

	if (fstatfs(root_fd, &fs) < 0 || fstat(root_fd, &st) < 0)
		return -errno;
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROCFS_ROOT_INODE)
		return -EXDEV;
	/* A procfs of a pid namespace that this process is not in is of no use. */
	return readlinkat(root_fd, "self", pid, sizeof(pid)) < 0 ? -errno : 0;
}

static int procfs_open_new(bool limited)
{
	_cleanup_fd_ int fs_fd = fsopen("proc", FSOPEN_CLOEXEC);
	int fd;

	if (fs_fd < 0)
		return -errno;
	if (limited) {
		/* Kernels before 5.8 know neither; the handle is as safe without. */
		(void)fsconfig(fs_fd, FSCONFIG_SET_STRING, "hidepid", "ptraceable", 0);
		(void)fsconfig(fs_fd, FSCONFIG_SET_STRING, "subset", "pid", 0);
	}
	if (fsconfig(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	fd = fsmount(fs_fd, FSMOUNT_CLOEXEC,
		     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	return fd < 0 ? -errno : fd;
}

static int procfs_open_copy(bool limited)
{
	int fd = open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	(void)limited;
	return fd < 0 ? -errno : fd;
}

static int procfs_open_found(bool limited)
{
	int fd = open("/proc", O_PATH | O_NOFOLLOW | O_DIRECTORY | O_CLOEXEC);

	(void)limited;
	return fd < 0 ? -errno : fd;
}

static int procfs_make(bool limited, struct rti_procfs *ret, struct rti_error *err)
{
	static const struct {
		int (*open)(bool limited);
		bool is_private;
	} ways[] = {
		{ procfs_open_new, true },
		{ procfs_open_copy, true },
		{ procfs_open_found, false },
	};
	int r = -ENOENT;
	size_t i;

	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int fd = ways[i].open(limited);

		r = fd < 0 ? fd : procfs_check(fd);
		if (r == 0) {
			ret->root_fd = fd;
			ret->is_private = ways[i].is_private;
			return 0;
		}
		rti_close(fd);
	}
	if (r == -EXDEV)
		return rti_refuse(err, EXDEV,
				  "unsafe procfs detected: /proc is not the root of a procfs");
	return rti_fail(err, -r, "open /proc");
}

static struct rti_procfs procfs_unpack(int packed)
{
	return (struct rti_procfs){ .root_fd = packed / 2 - 1, .is_private = packed & 1 };
}

/* The process's handle; not for rti_procfs_done(). */
static int procfs_get(struct rti_procfs *ret, struct rti_error *err)
{
	int packed = atomic_load(&procfs_cached);
	struct rti_procfs made;
	int r;

	if (packed == 0) {
		r = procfs_make(true, &made, err);
		if (r < 0)
			return r;
		if (atomic_compare_exchange_strong(&procfs_cached, &packed,
						   (made.root_fd + 1) * 2 + made.is_private))
			packed = (made.root_fd + 1) * 2 + made.is_private;
		else
			rti_procfs_done(&made); /* another thread was first */
	}
	*ret = procfs_unpack(packed);
	return 0;
}

int rti_procfs_prepare(struct rti_error *err)
{
	struct rti_procfs proc;

	return procfs_get(&proc, err);
}

void rti_procfs_forget(void)
{
	int packed = atomic_exchange(&procfs_cached, 0);

	if (packed)
		rti_close(procfs_unpack(packed).root_fd);
}

int rti_procfs_open_unlimited(struct rti_procfs *ret, struct rti_error *err)
{
	return procfs_make(false, ret, err);
}

void rti_procfs_done(struct rti_procfs *proc)
{
	proc->root_fd = rti_close(proc->root_fd);
}

/* Whether an fd is on the same mount as the handle; kernels before 5.8 can only tell the device. */
static bool procfs_is_same_mount(int root_fd, int fd)
{
	unsigned int mask = STATX_INO | STATX_MNT_ID;
	struct statx root;
	struct statx other;

	if (statx(root_fd, "", AT_EMPTY_PATH, mask, &root) < 0 ||
	    statx(fd, "", AT_EMPTY_PATH, mask, &other) < 0)
		return false;
	if (root.stx_mask & other.stx_mask & STATX_MNT_ID && root.stx_mnt_id != other.stx_mnt_id)
		return false;
	return root.stx_dev_major == other.stx_dev_major &&
	       root.stx_dev_minor == other.stx_dev_minor;
}

/* Step by step, for kernels without openat2: each name must be on the handle's mount, no link. */
static int procfs_walk(const struct rti_procfs *proc, const char *path, int flags)
{
	_cleanup_fd_ int dir_fd = -EBADF;

	for (;;) {
		size_t length = strcspn(path, "/");
		bool is_last = path[length] == '\0';
		char name[NAME_MAX + 1];
		struct stat st;
		int fd;

		if (length == 0 || length > NAME_MAX)
			return length ? -ENAMETOOLONG : -EINVAL;
		memcpy(name, path, length);
		name[length] = '\0';
		if (strcmp(name, "..") == 0)
			return -EXDEV;
		fd = openat(dir_fd >= 0 ? dir_fd : proc->root_fd, name,
			    O_NOFOLLOW | O_CLOEXEC | (is_last ? flags : O_PATH));
		if (fd < 0)
			return -errno;
		rti_close(dir_fd);
		dir_fd = fd;
		if (!procfs_is_same_mount(proc->root_fd, fd))
			return -EXDEV;
		if (is_last)
			return rti_take_fd(&dir_fd);
		if (fstat(fd, &st) < 0)
			return -errno;
		if (S_ISLNK(st.st_mode))
			return -ELOOP;
		path += length + 1;
	}
}

/* Replaces a leading "self" or "thread-self" with what the link says, for procfs_walk(). */
static int procfs_expand(const struct rti_procfs *proc, const char *path, char ret[static PATH_MAX])
{
	size_t length = strcspn(path, "/");
	char name[NAME_MAX + 1];
	char text[64];
	ssize_t size;

	if (length > NAME_MAX || strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(name, path, length);
	name[length] = '\0';
	strcpy(ret, path);
	if (strcmp(name, "self") != 0 && strcmp(name, "thread-self") != 0)
		return 0;
	size = readlinkat(proc->root_fd, name, text, sizeof(text));
	if (size < 0)
		return -errno;
	/* "PID" or "PID/task/TID": no other characters can lead elsewhere. */
	if ((size_t)size >= sizeof(text) || text[0] < '1' || text[0] > '9')
		return -EXDEV;
	if (snprintf(ret, PATH_MAX, "%.*s%s", (int)size, text, path + length) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

static int procfs_lookup(const struct rti_procfs *proc, const char *path, int flags)
{
	uint64_t resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
	char expanded[PATH_MAX];
	int fd = -EAGAIN;
	int i;

	flags |= O_CLOEXEC | O_NOFOLLOW;
	for (i = 0; i < PROCFS_TRIES && (fd == -EAGAIN || fd == -EINTR); i++) {
		fd = sys_openat2(proc->root_fd, path, (uint64_t)flags, 0, resolve);
		if (fd < 0)
			fd = -errno;
	}
	if (fd != -ENOSYS && fd != -EPERM)
		return fd;
	/* Missing, or refused by a seccomp profile that does not know it. */
	i = procfs_expand(proc, path[0] == '.' && path[1] == '/' ? path + 2 : path, expanded);
	return i < 0 ? i : procfs_walk(proc, expanded, flags);
}

/* "BASE/path" for a lookup. */
static int procfs_join(enum rti_procfs_base base, const char *path, char ret[static PATH_MAX])
{
	if (snprintf(ret, PATH_MAX, "%s/%s", procfs_base_paths[base], path) >= PATH_MAX)
		return -ENAMETOOLONG;
	return 0;
}

/* Whether an error may come from something that lies over the file; runc says so for each. */
static bool procfs_is_suspicious(int errnum)
{
	return errnum == ENOENT || errnum == ENOTDIR || errnum == ELOOP || errnum == EXDEV ||
	       errnum == EAGAIN;
}

/* What the handle is there to avoid. */
static int procfs_open_unsafe(const char *path, int flags)
{
	char name[PATH_MAX + sizeof("/proc/")];
	int fd;

	snprintf(name, sizeof(name), "/proc/%s", path);
	fd = open(name, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int procfs_open_joined(const struct rti_procfs *proc, const char *path, int flags,
			      struct rti_error *err)
{
	int fd = guard(PROC_HANDLE) ? procfs_lookup(proc, path, flags) :
				      procfs_open_unsafe(path, flags);

	if (fd < 0)
		return rti_fail(err, -fd, "%sopenat2 %s/%s",
				procfs_is_suspicious(-fd) ? "unsafe procfs detected: " : "",
				rti_procfs_name(proc), path);
	return fd;
}

int rti_procfs_open(enum rti_procfs_base base, const char *path, int flags, struct rti_error *err)
{
	struct rti_procfs proc;
	char joined[PATH_MAX];
	int r;
	int fd;

	r = procfs_get(&proc, err);
	if (r < 0)
		return r;
	r = procfs_join(base, path, joined);
	if (r < 0)
		return rti_fail(err, -r, "open /proc/%s", path);
	fd = procfs_open_joined(&proc, joined, flags, err);
	if (fd == -ENOENT && base == RTI_PROCFS_ROOT) {
		r = rti_procfs_open_unlimited(&proc, err);
		if (r < 0)
			return r;
		fd = procfs_open_joined(&proc, joined, flags, err);
		rti_procfs_done(&proc);
	}
	return fd;
}

int rti_procfs_open_at(const struct rti_procfs *proc, const char *path, int flags,
		       struct rti_error *err)
{
	char joined[PATH_MAX];
	int r = procfs_join(RTI_PROCFS_ROOT, path, joined);

	if (r < 0)
		return rti_fail(err, -r, "open /proc/%s", path);
	return procfs_open_joined(proc, joined, flags, err);
}

ssize_t rti_procfs_read(enum rti_procfs_base base, const char *path, char *ret, size_t size,
			struct rti_error *err)
{
	_cleanup_fd_ int fd = rti_procfs_open(base, path, O_RDONLY, err);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = rti_read_full(fd, ret, size);
	if (n < 0)
		return rti_fail(err, (int)-n, "read /proc/%s/%s", procfs_base_paths[base], path);
	if ((size_t)n == size)
		return rti_fail(err, EFBIG, "read /proc/%s/%s", procfs_base_paths[base], path);
	ret[n] = '\0';
	return n;
}

int rti_procfs_write(enum rti_procfs_base base, const char *path, const void *data, size_t size,
		     struct rti_error *err)
{
	_cleanup_fd_ int fd = rti_procfs_open(base, path, O_WRONLY, err);
	struct rti_procfs proc;
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	r = procfs_get(&proc, err);
	if (r < 0)
		return r;
	n = rti_retry(write(fd, data, size));
	if (n >= 0 && (size_t)n != size)
		n = -EIO; /* procfs takes a value in one piece or not */
	if (n < 0)
		return rti_fail(err, (int)-n, "write %s/%s/%s", rti_procfs_name(&proc),
				procfs_base_paths[base], path);
	return 0;
}

/*
 * Opens the magic link of an fd, or the link itself. On a mount of our own nothing can lie over it;
 * on a /proc that others can mount on, the link is looked at first.
 */
static int procfs_open_fd_link(int fd, int flags, struct rti_error *err)
{
	_cleanup_fd_ int dir_fd = -EBADF;
	_cleanup_fd_ int link_fd = -EBADF;
	struct rti_procfs proc;
	char path[32];
	int r;

	r = procfs_get(&proc, err);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "thread-self/fd/%d", fd);
	if (!proc.is_private) {
		link_fd = procfs_open_joined(&proc, path, O_PATH, err);
		if (link_fd < 0 || flags & O_NOFOLLOW)
			return rti_take_fd(&link_fd);
		dir_fd = procfs_open_joined(&proc, "thread-self/fd", O_PATH | O_DIRECTORY, err);
		if (dir_fd < 0)
			return dir_fd;
		snprintf(path, sizeof(path), "%d", fd);
	}
	r = openat(dir_fd >= 0 ? dir_fd : proc.root_fd, path, flags | O_CLOEXEC);
	if (r < 0)
		return rti_fail(err, errno, "open /proc/thread-self/fd/%d", fd);
	return r;
}

int rti_procfs_reopen(int fd, int flags, struct rti_error *err)
{
	return procfs_open_fd_link(fd, flags & ~O_NOFOLLOW, err);
}

int rti_procfs_fd_target(int fd, char ret[static PATH_MAX], struct rti_error *err)
{
	_cleanup_fd_ int link_fd = -EBADF;
	struct rti_procfs proc;
	char path[32];
	ssize_t size;
	int r;

	r = procfs_get(&proc, err);
	if (r < 0)
		return r;
	if (proc.is_private) {
		snprintf(path, sizeof(path), "thread-self/fd/%d", fd);
		size = readlinkat(proc.root_fd, path, ret, PATH_MAX);
	} else {
		link_fd = procfs_open_fd_link(fd, O_PATH | O_NOFOLLOW, err);
		if (link_fd < 0)
			return link_fd;
		size = readlinkat(link_fd, "", ret, PATH_MAX);
	}
	if (size >= 0 && size < PATH_MAX) {
		ret[size] = '\0';
		return 0;
	}
	return rti_fail(err, size < 0 ? errno : ENAMETOOLONG, "readlink /proc/thread-self/fd/%d",
			fd);
}
