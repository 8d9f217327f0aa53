/* SPDX-License-Identifier: Apache-2.0 */
#include "container/device.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/path.h"
#include "base/procfs.h"
#include "base/syscall.h"
#include "container/mount.h"


/* Whether this is a user namespace other than the initial one, which maps all to itself. */
static bool device_is_in_user_namespace(void)
{
	static const char *const initial[] = { "0", "0", "4294967295" };
	char map[4096];
	char *rest = map;

	if (rti_procfs_read(RTI_PROCFS_SELF, "uid_map", map, sizeof(map), NULL) < 0)
		return false; /* a kernel without user namespaces */
	for (size_t i = 0; i < sizeof(initial) / sizeof(initial[0]); i++) {
		const char *word = strtok_r(rest, " \n", &rest);

		/* An empty map has not been written yet. */
		if (!word || strcmp(word, initial[i]) != 0)
			return true;
	}
	return false;
}

int device_open_target(int dir_fd, const char *path, mode_t mode, struct rti_error *err)
{
	int no_link = guard(NODE_NO_LINK) ? O_NOFOLLOW : 0;
	int new_only = guard(NODE_NO_LINK) ? O_EXCL | O_NOFOLLOW : 0;
	_cleanup_fd_ int fd = openat(dir_fd, path, O_PATH | O_CLOEXEC | no_link);
	const char *step = dir_fd == AT_FDCWD ? "open" : "openat";
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		fd = openat(dir_fd, path, O_CREAT | O_CLOEXEC | new_only, mode);
	if (fd < 0 || fstat(fd, &st) < 0)
		return rti_fail(err, errno, "%s %s", step, path);
	if (S_ISLNK(st.st_mode))
		return rti_fail(err, ELOOP, "%s %s", step, path);
	return rti_take_fd(&fd);
}

static int device_bind(int dir_fd, const char *name, const struct rti_device *device,
		       struct rti_error *err)
{
	_cleanup_fd_ int target_fd = -EBADF;
	struct mount_call call = { MOUNT_CALL_NO_FDS, .source = device->path,
				   .target = device->path, .type = "bind", .flags = MS_BIND };

	target_fd = device_open_target(dir_fd, name, 0, err);
	if (target_fd < 0)
		return rti_prefix(err, target_fd, "create device inode %s", device->path);
	call.target_fd = target_fd;
	return mount_bind(&call, NULL, err);
}

/*
 * Gives the node its mode, which mknod(2) may have cut with the umask, through its O_PATH fd.
 * Before fchmodat2(2) (Linux 6.6) only the magic link of the fd can do that.
 */
static int device_set_mode(int fd, mode_t mode)
{
	_cleanup_fd_ int names_fd = -EBADF;
	char name[16];

	if (sys_fchmodat2(fd, "", mode, AT_EMPTY_PATH) == 0)
		return 0;
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	names_fd = rti_procfs_open(RTI_PROCFS_THREAD_SELF, "fd", O_PATH | O_DIRECTORY, NULL);
	if (names_fd < 0)
		return names_fd;
	snprintf(name, sizeof(name), "%d", fd);
	return fchmodat(names_fd, name, mode, 0) < 0 ? -errno : 0;
}

/* mknod(2) cuts the mode with the umask, and the owner is whoever calls it. */
static int device_set_attributes(int fd, const struct stat *st, const struct rti_device *device,
				 struct rti_error *err)
{
	char letter = (char)device->rule.type;
	mode_t mode = device->file_mode & 07777;
	int r = (st->st_mode & 07777) == mode ? 0 : device_set_mode(fd, mode);

	if (r < 0)
		return rti_fail(err, -r, "update new %c device inode %s file mode", letter,
				device->path);
	if ((st->st_uid != device->uid || st->st_gid != device->gid) &&
	    fchownat(fd, "", device->uid, device->gid, AT_EMPTY_PATH) < 0)
		return rti_fail(err, errno, "update new %c device inode %s owner", letter,
				device->path);
	return 0;
}

/* Checks that the name is still the node just made before changing what it names. */
static int device_finish_node(int dir_fd, const char *name, mode_t type, dev_t number,
			      const struct rti_device *device, struct rti_error *err)
{
	_cleanup_fd_ int fd = openat(dir_fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char letter = (char)device->rule.type;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return rti_fail(err, errno, "open new %c device inode %s", letter, device->path);
	if ((st.st_mode & S_IFMT) != type)
		return rti_refuse(err, EEXIST,
				  "new %c device inode %s has incorrect ftype: %#x doesn't match "
				  "expected %#x",
				  letter, device->path, st.st_mode & S_IFMT, type);
	if (st.st_rdev != number)
		return rti_refuse(err, EEXIST,
				  "new %c device inode %s has incorrect major:minor: %u:%u doesn't "
				  "match expected %u:%u",
				  letter, device->path, major(st.st_rdev), minor(st.st_rdev),
				  major(number), minor(number));
	return device_set_attributes(fd, &st, device, err);
}

/* Return: 1 where the node must be bound instead. */
static int device_make_node(int dir_fd, const char *name, const struct rti_device *device,
			    struct rti_error *err)
{
	const struct rti_device_rule *rule = &device->rule;
	dev_t number = 0;
	mode_t type;

	switch (rule->type) {
	case 'b':
		type = S_IFBLK;
		break;
	case 'c':
		type = S_IFCHR;
		break;
	case 'p':
		type = S_IFIFO;
		break;
	default:
		return rti_refuse(err, EINVAL, "%c is not a valid device type for device %s",
				  (char)rule->type, device->path);
	}
	if (type != S_IFIFO) {
		if (rule->major < 0 || rule->minor < 0 || rule->major > UINT32_MAX ||
		    rule->minor > UINT32_MAX)
			return rti_refuse(err, EINVAL, "cannot mkdev() device with wildcards");
		number = makedev((unsigned int)rule->major, (unsigned int)rule->minor);
	}
	if (mknodat(dir_fd, name, type | (device->file_mode & 07777), number) < 0) {
		if (errno == EEXIST)
			return 0;
		if (errno == EPERM || errno == EACCES)
			return 1;
		return rti_fail(err, errno, "mknodat %s", device->path);
	}
	return device_finish_node(dir_fd, name, type, number, device, err);
}

static int device_make(int root_fd, const struct rti_device *device, bool must_bind,
		       struct rti_error *err)
{
	_cleanup_fd_ int dir_fd = -EBADF;
	char name[NAME_MAX + 1];
	int r = 1;

	dir_fd = rti_path_open_parent(root_fd, device->path, 0755, name, err);
	if (dir_fd < 0)
		return rti_prefix(err, dir_fd, "mkdir parent of device inode \"%s\"", device->path);
	if (!must_bind)
		r = device_make_node(dir_fd, name, device, err);
	return r == 1 ? device_bind(dir_fd, name, device, err) : r;
}

static int device_make_all(int root_fd, const struct rti_config *config, struct rti_error *err)
{
	bool must_bind = rti_config_has_namespace(config, "NEWUSER") ||
			 device_is_in_user_namespace();
	size_t i;

	for (i = 0; i < config->devices.count; i++) {
		const struct rti_device *device = &config->devices.items[i];
		char clean[PATH_MAX];
		int r;

		/* Without a path it is only a rule for the cgroup. */
		if (!device->path || !*device->path)
			continue;
		if (rti_path_clean(device->path, clean) == 0 && strcmp(clean, "/dev/ptmx") == 0)
			continue;
		r = device_make(root_fd, device, must_bind, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int device_link_ptmx(int root_fd, struct rti_error *err)
{
	int r = rti_path_unlink(root_fd, "/dev/ptmx", err);

	if (r < 0 && r != -ENOENT)
		return r;
	return rti_path_symlink("pts/ptmx", root_fd, "/dev/ptmx", err);
}

static int device_link_all(int root_fd, struct rti_error *err)
{
	static const struct {
		const char *target;
		const char *path;
		const char *needs; /* on the host; NULL: nothing */
	} links[] = {
		{ "/proc/self/fd", "/dev/fd", NULL },
		{ "/proc/self/fd/0", "/dev/stdin", NULL },
		{ "/proc/self/fd/1", "/dev/stdout", NULL },
		{ "/proc/self/fd/2", "/dev/stderr", NULL },
		{ "/proc/kcore", "/dev/core", "/proc/kcore" }, /* CONFIG_PROC_KCORE */
	};
	size_t i;

	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
		struct stat st;
		int r;

		if (links[i].needs && stat(links[i].needs, &st) < 0)
			continue;
		r = rti_path_symlink(links[i].target, root_fd, links[i].path, err);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

int device_fill_dev(int root_fd, const struct rti_config *config, struct rti_error *err)
{
	int r;

	r = device_make_all(root_fd, config, err);
	if (r < 0)
		return rti_prefix(err, r, "error creating device nodes");
	r = device_link_ptmx(root_fd, err);
	if (r < 0)
		return rti_prefix(err, r, "error setting up ptmx");
	r = device_link_all(root_fd, err);
	if (r < 0)
		return rti_prefix(err, r, "error setting up /dev symlinks");
	return 0;
}

static bool device_is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

int device_open_null(int flags, struct rti_error *err)
{
	_cleanup_fd_ int path_fd = open("/dev/null", O_PATH | O_CLOEXEC);
	struct stat st;
	int fd;

	/* Looked at before it is opened for real: the image may have put anything there. */
	if (path_fd < 0 || fstat(path_fd, &st) < 0)
		return rti_fail(err, errno, "open /dev/null");
	if (guard(NULL_IS_NULL) && !device_is_null(&st))
		return rti_refuse(err, ENODEV, "container's /dev/null is invalid");
	if (flags & O_PATH)
		return rti_take_fd(&path_fd);
	fd = rti_procfs_reopen(path_fd, flags, err);
	/* The name that says more than the fd's: a device cgroup may forbid it, for example. */
	return fd < 0 ? rti_fail(err, -fd, "open /dev/null") : fd;
}

int device_reopen_null(struct rti_error *err)
{
	_cleanup_fd_ int null_fd = device_open_null(O_RDWR, err);
	struct stat st;
	int fd;

	if (null_fd < 0)
		return null_fd == -ENODEV ? rti_prefix(err, null_fd, "can't reopen /dev/null") :
					    null_fd;
	for (fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &st) < 0)
			return rti_fail(err, errno, "fstat fd %d", fd);
		if (device_is_null(&st) && dup3(null_fd, fd, 0) < 0)
			return rti_fail(err, errno, "dup3 /dev/null to fd %d", fd);
	}
	return 0;
}
