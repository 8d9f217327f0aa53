/* SPDX-License-Identifier: Apache-2.0 */
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/path-walk.h"
#include "base/procfs.h"
#include "base/syscall.h"

/* How often openat2 is asked again after EAGAIN before the walk takes over. */
#define PATH_TRIES 128

static atomic_bool path_has_no_openat2;

void rti_path_force_walk(bool on)
{
	atomic_store(&path_has_no_openat2, on);
}

/* Words for an error, with the root's path on the host before it as runc prints it. */
static int path_fail(struct rti_error *err, int r, const char *step, int root_fd, const char *path)
{
	char root[PATH_MAX];

	if (rti_procfs_fd_target(root_fd, root, NULL) < 0 || strcmp(root, "/") == 0)
		root[0] = '\0';
	return rti_fail(err, -r, "%s %s%s", step, root, path);
}

static int path_openat2(int root_fd, const char *path, int flags)
{
	uint64_t resolve = RESOLVE_NO_MAGICLINKS | (guard(STAY_IN_ROOT) ? RESOLVE_IN_ROOT : 0);
	int fd = -EAGAIN;
	int i;

	/* From the root, even where nothing stops at it. */
	path += strspn(path, "/");
	if (!*path)
		path = ".";
	for (i = 0; i < PATH_TRIES && (fd == -EAGAIN || fd == -EINTR); i++) {
		fd = sys_openat2(root_fd, path, (uint64_t)(O_PATH | O_CLOEXEC | flags), 0, resolve);
		if (fd < 0)
			fd = -errno;
	}
	return fd;
}

int rti_path_open(int root_fd, const char *path, int flags, struct rti_error *err)
{
	int fd = -ENOSYS;
	int r;

	if (!*path)
		path = "/";
	if (!atomic_load(&path_has_no_openat2)) {
		fd = path_openat2(root_fd, path, flags);
		if (fd == -ENOSYS)
			atomic_store(&path_has_no_openat2, true);
	}
	/* EPERM: what seccomp profiles older than openat2 give; the walk then says what is true. */
	if (fd == -ENOSYS || fd == -EPERM || fd == -EAGAIN) {
		r = rti_path_walk(root_fd, path, flags, false, NULL, &fd);
		if (r < 0)
			fd = r;
	}
	if (fd < 0)
		return rti_fail(err, -fd, "openat2 %s", path);
	return fd;
}

int rti_path_resolve(int root_fd, const char *path, char ret[static PATH_MAX],
		     struct rti_error *err)
{
	int r = rti_path_walk(root_fd, *path ? path : "/", 0, true, ret, NULL);

	if (r < 0)
		return rti_fail(err, -r, "resolve %s", path);
	if (!*ret)
		strcpy(ret, "/");
	return 0;
}

/* Opens or makes one directory. */
static int path_step(int dir_fd, const char *name, mode_t mode)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC | (guard(MKDIR_NO_LINK) ? O_NOFOLLOW : 0);
	int fd = openat(dir_fd, name, flags);

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(dir_fd, name, mode) < 0 && errno != EEXIST)
			return -errno;
		fd = openat(dir_fd, name, flags);
	}
	return fd < 0 ? -errno : fd;
}

/* Makes the directories of a resolved path, cut at @size bytes, following no link. */
static int path_descend(int root_fd, const char *resolved, size_t size, mode_t mode,
			struct rti_error *err)
{
	_cleanup_fd_ int dir_fd = -EBADF;
	char path[PATH_MAX];
	char *name;

	memcpy(path, resolved, size);
	path[size] = '\0';
	for (name = path; *name;) {
		char *end;
		int fd;

		if (*name == '/') {
			name++;
			continue;
		}
		end = name + strcspn(name, "/");
		char after = *end;

		*end = '\0';
		fd = path_step(dir_fd >= 0 ? dir_fd : root_fd, name, mode);
		if (fd < 0)
			return path_fail(err, fd, "mkdirat", root_fd, path);
		*end = after;
		rti_close(dir_fd);
		dir_fd = fd;
		name = end;
	}
	if (dir_fd < 0) {
		dir_fd = openat(root_fd, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (dir_fd < 0)
			return path_fail(err, -errno, "openat", root_fd, path);
	}
	return rti_take_fd(&dir_fd);
}

/*
 * The usual case, where all but the last name exists: one lookup. Gives -ENOENT where the careful
 * way is needed, or says more about what is wrong. The name may be that of a link.
 */
static int path_open_plain_parent(int root_fd, const char *path, char ret_name[static NAME_MAX + 1])
{
	const char *name = strrchr(path, '/');
	char parent[PATH_MAX];
	int dir_fd;

	if (!name || strlen(name + 1) > NAME_MAX || (size_t)(name - path) >= sizeof(parent))
		return -ENOENT;
	memcpy(parent, path, (size_t)(name - path));
	parent[name - path] = '\0';
	name++;
	if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -ENOENT;
	dir_fd = rti_path_open(root_fd, parent, O_DIRECTORY, NULL);
	if (dir_fd < 0)
		return -ENOENT;
	strcpy(ret_name, name);
	return dir_fd;
}

/* A link at the end, dangling or not, stands for another place. */
static bool path_is_link(int dir_fd, const char *name)
{
	struct stat st;

	return guard(RESOLVE_LINK) && fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISLNK(st.st_mode);
}

/* As path_open_plain_parent(), for a name that is no link. */
static int path_open_existing_parent(int root_fd, const char *path,
				     char ret_name[static NAME_MAX + 1])
{
	_cleanup_fd_ int dir_fd = path_open_plain_parent(root_fd, path, ret_name);

	if (dir_fd >= 0 && path_is_link(dir_fd, ret_name))
		return -ENOENT;
	return rti_take_fd(&dir_fd);
}

int rti_path_mkdir(int root_fd, const char *path, mode_t mode, struct rti_error *err)
{
	char name[NAME_MAX + 1];
	_cleanup_fd_ int dir_fd = path_open_plain_parent(root_fd, path, name);
	char resolved[PATH_MAX];
	int fd = -ENOENT;
	int r;

	/* What could be made was no link. */
	if (dir_fd >= 0 && (mkdirat(dir_fd, name, mode) == 0 || !path_is_link(dir_fd, name)))
		fd = path_step(dir_fd, name, mode);
	if (fd >= 0)
		return fd;
	r = rti_path_resolve(root_fd, path, resolved, err);
	if (r < 0)
		return r;
	return path_descend(root_fd, resolved, strlen(resolved), mode, err);
}

int rti_path_open_parent(int root_fd, const char *path, mode_t mode,
			 char ret_name[static NAME_MAX + 1], struct rti_error *err)
{
	int fd = path_open_existing_parent(root_fd, path, ret_name);
	char resolved[PATH_MAX];
	const char *name;
	int r;

	if (fd >= 0)
		return fd;
	r = rti_path_resolve(root_fd, path, resolved, err);
	if (r < 0)
		return r;
	name = strrchr(resolved, '/') + 1;
	if (!*name)
		return rti_refuse(err, EINVAL,
				  "split path \"%s\" for mkdir parent: root subpath \"%s\" has bad "
				  "trailing component \"\"",
				  resolved, resolved);
	fd = path_descend(root_fd, resolved, (size_t)(name - resolved), mode, err);
	if (fd >= 0)
		strcpy(ret_name, name);
	return fd;
}

int rti_path_create(int root_fd, const char *path, mode_t mode, struct rti_error *err)
{
	char name[NAME_MAX + 1];
	_cleanup_fd_ int dir_fd = rti_path_open_parent(root_fd, path, 0755, name, err);
	int flags = O_CREAT | O_CLOEXEC | (guard(CREATE_NO_LINK) ? O_EXCL | O_NOFOLLOW : 0);
	int fd;

	if (dir_fd < 0)
		return dir_fd;
	fd = openat(dir_fd, name, flags | O_RDONLY, mode);
	if (fd < 0)
		return path_fail(err, -errno, "openat", root_fd, path);
	return fd;
}

int rti_path_symlink(const char *target, int root_fd, const char *path, struct rti_error *err)
{
	char name[NAME_MAX + 1];
	_cleanup_fd_ int dir_fd = rti_path_open_parent(root_fd, path, 0755, name, err);

	if (dir_fd < 0)
		return dir_fd;
	if (symlinkat(target, dir_fd, name) < 0)
		return path_fail(err, -errno, "symlinkat", root_fd, path);
	return 0;
}

int rti_path_unlink(int root_fd, const char *path, struct rti_error *err)
{
	char clean[PATH_MAX];
	_cleanup_fd_ int dir_fd = -EBADF;
	char *name;
	int r;

	r = rti_path_strip_root("/", path, clean);
	if (r < 0)
		return rti_fail(err, -r, "unlinkat %s", path);
	name = strrchr(clean, '/');
	*name++ = '\0';
	dir_fd = rti_path_open(root_fd, clean, O_DIRECTORY, err);
	if (dir_fd < 0)
		return rti_prefix(err, dir_fd, "failed to open parent directory \"%s/\" for unlink",
				  clean);
	if (unlinkat(dir_fd, name, 0) < 0)
		return path_fail(err, -errno, "unlinkat", root_fd, path);
	return 0;
}

int rti_path_mkdir_plain(const char *path, mode_t mode, struct rti_error *err)
{
	char prefix[PATH_MAX];
	size_t size = 0;

	if (strlen(path) >= sizeof(prefix))
		return rti_fail(err, ENAMETOOLONG, "mkdir %s", path);
	while (path[size]) {
		struct stat st;
		int errnum;

		size += strspn(path + size, "/");
		size += strcspn(path + size, "/");
		memcpy(prefix, path, size);
		prefix[size] = '\0';
		if (stat(prefix, &st) == 0) {
			if (!S_ISDIR(st.st_mode))
				return rti_fail(err, ENOTDIR, "mkdir %s", prefix);
			continue;
		}
		if (mkdir(prefix, mode) == 0)
			continue;
		errnum = errno;
		/* Somebody else may have made it meanwhile; a dangling link is no directory. */
		if (lstat(prefix, &st) < 0 || !S_ISDIR(st.st_mode))
			return rti_fail(err, errnum, "mkdir %s", prefix);
	}
	return 0;
}
