/* SPDX-License-Identifier: Apache-2.0 */
/* Where a mount goes: destinations are the image's and the user's words, and neither is trusted. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/path.h"
#include "base/procfs.h"
#include "container/mount-entry.h"

/* Inode number of the root of every procfs (PROC_ROOT_INO). */
#define PROCFS_ROOT_INODE 1

static int mount_point_stat_source(const struct mount_entry *entry, struct stat *st,
				   struct rti_error *err)
{
	const char *path = entry->mount->source;
	int r = entry->source.fd >= 0 ? fstat(entry->source.fd, st) : stat(path, st);

	return r < 0 ? rti_fail(err, errno, "stat %s", path) : 0;
}

/* Only a fresh procfs, or a bind of one, may become the container's /proc. */
static int mount_point_check_proc_itself(const struct mount_entry *entry, const char *path,
					 struct rti_error *err)
{
	const char *source = entry->mount->source;
	struct statfs fs;
	struct stat st;
	int r;

	if (!(entry->mount->flags & MS_BIND)) {
		if (strcmp(entry->mount->device, "proc") == 0)
			return 0;
		goto refuse;
	}
	r = entry->source.fd >= 0 ? fstatfs(entry->source.fd, &fs) : statfs(source, &fs);
	if (r < 0)
		return rti_fail(err, errno, "statfs %s", source);
	if (fs.f_type != PROC_SUPER_MAGIC)
		goto refuse;
	r = mount_point_stat_source(entry, &st, err);
	if (r == 0 && st.st_ino != PROCFS_ROOT_INODE)
		log_warn("bind-mount %s (source %s) is of type procfs but is not the root of a "
			 "procfs (inode %lu)", path, source, (unsigned long)st.st_ino);
	return r;
refuse:
	return rti_refuse(err, EPERM, "\"%s\" cannot be mounted because it is not of type proc",
			  path);
}

/*
 * A mount below /proc could give our own writes to /proc, or the container's view of itself,
 * another meaning (CVE-2019-16884). The exceptions are files that lxcfs and the like are used to
 * replace.
 */
static int mount_point_check_proc(const struct mount_root *root, const struct mount_entry *entry,
				  const char *inside, struct rti_error *err)
{
	static const char *const allowed[] = {
		"/proc/cpuinfo", "/proc/diskstats", "/proc/meminfo",
		"/proc/stat",	 "/proc/swaps",	    "/proc/uptime",
		"/proc/loadavg", "/proc/slabinfo",  "/proc/sys/kernel/ns_last_pid",
		"/proc/sys/crypto/fips_enabled",
	};
	const char *root_path = strcmp(root->path, "/") == 0 ? "" : root->path;
	char path[2 * PATH_MAX];
	size_t i;

	if (!guard(PROC_UNCOVERED) || !rti_path_is_inside("/proc", inside))
		return 0;
	snprintf(path, sizeof(path), "%s%s", root_path, inside);
	if (strcmp(inside, "/proc") == 0)
		return mount_point_check_proc_itself(entry, path, err);
	for (i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (strcmp(inside, allowed[i]) == 0)
			return 0;
	return rti_refuse(err, EPERM, "\"%s\" cannot be mounted because it is inside /proc", path);
}

/* Asks the kernel where the fd really is, and whether that is a place to mount on. */
static int mount_point_locate(const struct mount_root *root, struct mount_entry *entry,
			      char inside[static PATH_MAX], struct rti_error *err)
{
	int r;

	r = rti_procfs_fd_target(entry->target_fd, entry->target_path, err);
	if (r < 0)
		return rti_prefix(err, r, "get mount destination real path");
	if (guard(POINT_IS_INSIDE) && !rti_path_is_inside(root->path, entry->target_path))
		return rti_refuse(err, EXDEV, "mountpoint \"%s\" is outside of rootfs \"%s\"",
				  entry->target_path, root->path);
	r = rti_path_strip_root(root->path, entry->target_path, inside);
	if (r < 0)
		return rti_fail(err, -r, "get relative path of \"%s\"", entry->target_path);
	if (strcmp(inside, "/") == 0)
		return rti_refuse(err, EINVAL, "mountpoint \"%s\" is on the top of rootfs \"%s\"",
				  entry->target_path, root->path);
	return 0;
}

/* A tmpfs looks like the directory it covers, unless the user's own mode= follows. */
static int mount_point_keep_mode(struct mount_entry *entry, struct rti_error *err)
{
	struct stat st;
	char *data;

	if (fstat(entry->target_fd, &st) < 0)
		return rti_fail(err, errno, "check tmpfs source mode");
	if (asprintf(&data, "mode=%04o%s%s", st.st_mode & 07777, *entry->data ? "," : "",
		     entry->data) < 0)
		return rti_fail(err, ENOMEM, "check tmpfs source mode");
	free(entry->data);
	entry->data = data;
	return 0;
}

static int mount_point_make(const struct mount_root *root, struct mount_entry *entry,
			    const char *inside, struct rti_error *err)
{
	bool is_directory = true;
	struct stat st;
	int r;

	if (strcmp(entry->mount->device, "bind") == 0) {
		r = mount_point_stat_source(entry, &st, err);
		if (r < 0)
			return r;
		is_directory = S_ISDIR(st.st_mode);
	}
	entry->target_fd = is_directory ? rti_path_mkdir(root->fd, inside, 0755, err) :
					  rti_path_create(root->fd, inside, 0644, err);
	if (entry->target_fd < 0)
		return rti_prefix(err, entry->target_fd, "make mountpoint \"%s\"",
				  entry->mount->destination);
	return 0;
}

static int mount_point_find(const struct mount_root *root, struct mount_entry *entry,
			    struct rti_error *err)
{
	const char *destination = entry->mount->destination;
	char inside[PATH_MAX];
	struct rti_error lookup;
	int r;

	r = rti_path_strip_root(root->config_path, destination, inside);
	if (r < 0)
		return rti_fail(err, -r, "lookup mountpoint target");
	entry->target_fd = rti_path_open(root->fd, inside, 0, &lookup);
	if (entry->target_fd >= 0) {
		if (strcmp(entry->mount->device, "tmpfs") == 0)
			r = mount_point_keep_mode(entry, err);
	} else if (entry->target_fd == -ENOENT) {
		r = mount_point_make(root, entry, inside, err);
	} else {
		return rti_refuse(err, -entry->target_fd,
				  "lookup mountpoint target: securejoin.OpenInRoot %s: %s", inside,
				  lookup.text);
	}
	if (r < 0)
		return r;
	r = mount_point_locate(root, entry, inside, err);
	if (r < 0)
		return r;
	r = mount_point_check_proc(root, entry, inside, err);
	if (r < 0)
		return rti_prefix(err, r, "check proc-safety of %s mount", destination);
	return 0;
}

int mount_point_open(const struct mount_root *root, struct mount_entry *entry,
		     struct rti_error *err)
{
	int r = mount_point_find(root, entry, err);

	if (r < 0)
		return rti_prefix(err, r, "create mountpoint for %s mount",
				  entry->mount->destination);
	return 0;
}

int mount_point_open_plain(const struct mount_root *root, struct mount_entry *entry,
			   struct rti_error *err)
{
	int no_link = guard(PLAIN_DIRECTORY) ? O_NOFOLLOW : 0;
	char inside[PATH_MAX];
	struct stat st;
	int r;

	r = rti_path_strip_root(root->config_path, entry->mount->destination, inside);
	if (r < 0)
		return rti_fail(err, -r, "lookup mountpoint target");
	/* Before it is made, too: nothing may be made where nothing may be mounted. */
	r = mount_point_check_proc(root, entry, inside, err);
	if (r < 0)
		return r;
	entry->target_fd = rti_path_open(root->fd, inside, no_link, err);
	if (entry->target_fd == -ENOENT) {
		int made_fd = rti_path_mkdir(root->fd, inside, 0755, err);

		if (made_fd < 0)
			return made_fd;
		/* A link that somebody put there meanwhile has been followed; this does not. */
		rti_close(made_fd);
		entry->target_fd = rti_path_open(root->fd, inside, no_link, err);
	}
	if (entry->target_fd < 0)
		return entry->target_fd;
	if (fstat(entry->target_fd, &st) < 0)
		return rti_fail(err, errno, "stat %s", inside);
	if (!S_ISDIR(st.st_mode))
		return rti_refuse(err, ENOTDIR,
				  "filesystem \"%s\" must be mounted on ordinary directory",
				  entry->mount->device);
	/* And where links in the path before the last name have led. */
	r = mount_point_locate(root, entry, inside, err);
	return r < 0 ? r : mount_point_check_proc(root, entry, inside, err);
}
