/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/cgroup-file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "base/syscall.h"
#include "parent/cgroup-tree.h"

#define ADD_PID_TRIES	 5
#define ADD_PID_DELAY_MS 30
#define RMDIR_TRIES	 10 /* the delay doubles from 1 ms: a second in all */

static void sleep_ms(unsigned int ms)
{
	struct timespec delay = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&delay, NULL);
}

static int path_join(char path[static PATH_MAX], const char *dir, const char *file,
		     struct rti_error *err)
{
	if (!dir)
		return rti_refuse(err, ENOENT, "no directory specified for %s", file);
	if (snprintf(path, PATH_MAX, "%s%s%s", dir, *file ? "/" : "", file) >= PATH_MAX)
		return rti_fail(err, ENAMETOOLONG, "openat2 %s/%s", dir, file);
	return 0;
}

int cgroup_file_open(const char *dir, const char *file, int flags, struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	char path[PATH_MAX];
	struct statfs fs;
	int r;

	r = path_join(path, dir, file, err);
	if (r < 0)
		return r;
	fd = sys_openat2(AT_FDCWD, path, (uint64_t)(flags | O_CLOEXEC), 0, RESOLVE_NO_MAGICLINKS);
	if (fd < 0 && errno == ENOSYS)
		fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return rti_fail(err, errno, "openat2 %s", path);
	if (fstatfs(fd, &fs) < 0)
		return rti_fail(err, errno, "statfs %s", path);
	if (fs.f_type != CGROUP_SUPER_MAGIC && fs.f_type != CGROUP2_SUPER_MAGIC)
		return rti_refuse(err, EINVAL, "open %s: not a cgroup file", path);
	return rti_take_fd(&fd);
}

ssize_t cgroup_file_read(const char *dir, const char *file, char *buffer, size_t size,
			 struct rti_error *err)
{
	_cleanup_fd_ int fd = cgroup_file_open(dir, file, O_RDONLY, err);
	ssize_t n;

	if (fd < 0)
		return fd;
	n = rti_read_full(fd, buffer, size - 1);
	if (n < 0)
		return rti_fail(err, (int)-n, "read %s/%s", dir, file);
	buffer[n] = 0;
	return n;
}

int cgroup_file_read_u64(const char *dir, const char *file, uint64_t *ret, struct rti_error *err)
{
	char text[64];
	ssize_t n = cgroup_file_read(dir, file, text, sizeof(text), err);

	if (n < 0)
		return (int)n;
	text[strcspn(text, "\n")] = 0;
	if (strcmp(text, "max") == 0)
		*ret = UINT64_MAX;
	else if (!rti_number_u64(text, UINT64_MAX, ret))
		return rti_refuse(err, EINVAL,
				  "unable to parse \"%s\" as a uint from Cgroup file \"%s/%s\"",
				  text, dir, file);
	return 0;
}

int cgroup_file_read_key(const char *dir, const char *file, const char *key, uint64_t *ret)
{
	char text[4096], *next = text, *line;
	ssize_t n = cgroup_file_read(dir, file, text, sizeof(text), NULL);
	size_t length = strlen(key);

	if (n < 0)
		return (int)n;
	while ((line = strsep(&next, "\n"))) {
		if (strncmp(line, key, length) == 0 && line[length] == ' ')
			return rti_number_u64(line + length + 1, UINT64_MAX, ret) ? 0 : -EINVAL;
	}
	return -ENODATA;
}

int cgroup_file_put(int fd, const char *dir, const char *file, const char *text,
		    struct rti_error *err)
{
	int r = (int)rti_retry(write(fd, text, strlen(text)));

	if (r >= 0)
		return 0;
	rti_fail(err, -r, "write %s/%s", dir, file);
	return rti_prefix(err, r, "failed to write \"%s\"", text);
}

int cgroup_file_write(const char *dir, const char *file, struct rti_error *err, const char *fmt,
		      ...)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -EBADF;
	va_list args;
	int size;

	va_start(args, fmt);
	size = vasprintf(&text, fmt, args);
	va_end(args);
	if (size < 0) {
		text = NULL;
		return rti_fail(err, ENOMEM, "write %s", file);
	}
	fd = cgroup_file_open(dir, file, O_WRONLY, err);
	if (fd < 0)
		return fd;
	return cgroup_file_put(fd, dir, file, text, err);
}

int cgroup_file_add_pid(const char *dir, pid_t pid, struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	char text[16];
	int size, r = 0;

	if (!dir)
		return rti_refuse(err, ENOENT, "no such directory for cgroup.procs");
	fd = cgroup_file_open(dir, "cgroup.procs", O_WRONLY, err);
	if (fd < 0)
		return rti_prefix(err, fd, "failed to write %d", pid);
	size = snprintf(text, sizeof(text), "%d", pid);
	for (int i = 0; i < ADD_PID_TRIES; i++) {
		r = (int)rti_retry(write(fd, text, (size_t)size));
		if (r >= 0)
			return 0;
		if (r != -EINVAL)
			break;
		sleep_ms(ADD_PID_DELAY_MS);
	}
	rti_fail(err, -r, "write %s/cgroup.procs", dir);
	return rti_prefix(err, r, "failed to write %d", pid);
}

bool cgroup_file_exists(const char *dir, const char *file)
{
	char path[PATH_MAX];

	return path_join(path, dir, file, NULL) == 0 && access(path, F_OK) == 0;
}

int cgroup_mkdir(const char *path, struct rti_error *err)
{
	char prefix[PATH_MAX];
	size_t length = strlen(path);

	if (length >= sizeof(prefix))
		return rti_fail(err, ENAMETOOLONG, "mkdir %s", path);
	/* As a rule what is above is there. */
	if (mkdir(path, 0755) == 0)
		return 0;
	memcpy(prefix, path, length + 1);
	for (char *p = prefix + 1; p <= prefix + length; p++) {
		char saved = *p;

		if (saved != '/' && saved != 0)
			continue;
		*p = 0;
		if (mkdir(prefix, 0755) < 0 && errno != EEXIST) {
			struct stat st;
			int errnum = errno;

			/* A read-only or forbidden place is no obstacle where the directory is
			 * there. */
			if (stat(prefix, &st) < 0 || !S_ISDIR(st.st_mode))
				return rti_fail(err, errnum, "mkdir %s", prefix);
		}
		*p = saved;
	}
	return 0;
}

static int rmdir_one(int dir_fd, const char *path, int tries, struct rti_error *err)
{
	for (unsigned int delay_ms = 1;; delay_ms *= 2) {
		int r = (int)rti_retry(unlinkat(dir_fd, path, AT_REMOVEDIR));

		if (r == 0 || r == -ENOENT)
			return 0;
		if (r != -EBUSY || tries-- <= 0)
			return rti_fail(err, -r, "rmdir %s", path);
		sleep_ms(delay_ms);
	}
}

static int remove_left(void *data, int parent_fd, const char *name, struct rti_error *err)
{
	int r = rmdir_one(parent_fd, name, RMDIR_TRIES, err);

	return r < 0 ? rti_prefix(err, r, "below %s", (const char *)data) : 0;
}

int cgroup_rmdir(const char *path, struct rti_error *err)
{
	const struct cgroup_tree_visitor visitor = { .leave = remove_left, .data = (void *)path };
	int r;

	if (rmdir_one(AT_FDCWD, path, 0, NULL) == 0)
		return 0;
	r = cgroup_tree_walk(path, &visitor, err);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return rmdir_one(AT_FDCWD, path, RMDIR_TRIES, err);
}
