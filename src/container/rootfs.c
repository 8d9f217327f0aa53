/* SPDX-License-Identifier: Apache-2.0 */
#include "container/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/path.h"
#include "base/procfs.h"
#include "container/device.h"
#include "container/jail.h"
#include "container/mount-entry.h"
#include "container/mount.h"

#define ROOTFS_DEFAULT_UMASK 022

/* A mount with a writer on it cannot become read-only yet; runc's patience. */
#define ROOTFS_READONLY_TRIES	 5
#define ROOTFS_READONLY_PAUSE_MS 100

static int rootfs_remount(const char *path, unsigned long flags, struct rti_error *err)
{
	struct mount_call call = { MOUNT_CALL_NO_FDS, .target = path, .flags = flags };

	return mount_run(&call, err);
}

/*
 * Stops the mount that holds the root from being shared: pivot_root(2) refuses a shared one, and
 * the bind of the root on itself must not appear on the host. It stays a slave where the
 * container's root is to be one, because what has become private never gets the host's mounts
 * again. EINVAL says that a directory is no mount point.
 */
static int rootfs_unshare_parent(const char *root, unsigned long propagation, struct rti_error *err)
{
	struct mount_call call = { MOUNT_CALL_NO_FDS };
	char path[PATH_MAX];

	call.flags = propagation & MS_SLAVE ? MS_SLAVE : MS_PRIVATE;
	if (strlen(root) >= sizeof(path))
		return rti_fail(err, ENAMETOOLONG, "remount-private dst=%s", root);
	strcpy(path, root);
	for (;;) {
		char *slash;

		if (mount("", path, "", call.flags, NULL) == 0)
			return 0;
		slash = strrchr(path, '/');
		if (errno != EINVAL || !slash || strcmp(path, "/") == 0) {
			call.target = path;
			return mount_fail(&call, "remount-private", errno, err);
		}
		slash[slash == path ? 1 : 0] = '\0';
	}
}

static int rootfs_bind_on_itself(const struct rti_config *config, struct rti_error *err)
{
	struct mount_call bind = { MOUNT_CALL_NO_FDS, .source = config->rootfs,
				   .target = config->rootfs, .type = "bind",
				   .flags = MS_BIND | MS_REC };

	return mount_run(&bind, err);
}

static int rootfs_bind_in_namespace(const struct rti_config *config, struct rti_error *err)
{
	unsigned long propagation = (unsigned long)config->root_propagation;
	int r;

	r = rootfs_remount("/", propagation ? propagation : MS_SLAVE | MS_REC, err);
	if (r == 0 && guard(ROOT_IS_UNSHARED))
		r = rootfs_unshare_parent(config->rootfs, propagation, err);
	return r < 0 ? r : rootfs_bind_on_itself(config, err);
}

/*
 * Without a mount namespace the mounts are the host's, and the propagation of those that are there
 * is left alone. All that the container mounts goes onto the bind of its root, which one recursive
 * umount takes away again, and which hands nothing on to what the host's mount is shared with.
 */
static int rootfs_bind_on_host(const struct rti_config *config, struct rti_error *err)
{
	int r = rootfs_bind_on_itself(config, err);

	if (r == 0 && guard(BIND_IS_SLAVE))
		r = rootfs_remount(config->rootfs, MS_SLAVE | MS_REC, err);
	return r;
}

static int rootfs_prepare_root(struct rootfs *rootfs, struct rti_error *err)
{
	const struct rti_config *config = rootfs->init->config;
	int r;

	r = rti_config_has_namespace(config, "NEWNS") ? rootfs_bind_in_namespace(config, err) :
							rootfs_bind_on_host(config, err);
	if (r < 0)
		return rti_prefix(err, r, "error preparing rootfs");
	rootfs->root_fd = open(config->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rootfs->root_fd < 0)
		return rti_fail(err, errno, "open rootfs handle: open %s", config->rootfs);
	r = rti_procfs_fd_target(rootfs->root_fd, rootfs->root_path, err);
	return r < 0 ? rti_prefix(err, r, "open rootfs handle") : 0;
}

/*
 * Whether the other side has to open the source: always for id-mapped mounts, and where this
 * process cannot look at it, perhaps because root of its user namespace may not. (Somebody who runs
 * rootless sees no more from outside.)
 */
static bool rootfs_needs_source(const struct rti_config *config, const struct rti_mount *mount)
{
	struct stat st;

	if (mount->id_mapping)
		return true;
	return mount->flags & MS_BIND && !config->rootless_euid && stat(mount->source, &st) < 0;
}

static int rootfs_mount_one(const struct mount_root *root, const struct rti_config *config,
			    const struct rti_mount *mount, const struct mount_source_ops *sources,
			    struct rti_error *err)
{
	struct mount_source source = { .fd = -EBADF };
	int r;

	if (rootfs_needs_source(config, mount)) {
		r = sources->request(sources->data, mount, &source, err);
		if (r < 0)
			return r;
	}
	r = mount_entry_apply(root, mount, &source, err);
	rti_close(source.fd);
	if (r < 0)
		return rti_prefix(err, r, "error mounting \"%s\" to rootfs at \"%s\"",
				  mount->source, mount->destination);
	return 0;
}

static bool rootfs_is_at_dev(const struct rti_mount *mount)
{
	char clean[PATH_MAX];

	return rti_path_clean(mount->destination, clean) == 0 && strcmp(clean, "/dev") == 0;
}

/* A /dev that is bound from elsewhere is somebody else's to fill. */
static bool rootfs_fills_dev(const struct rti_config *config)
{
	size_t i;

	for (i = 0; i < config->mounts.count; i++)
		if (strcmp(config->mounts.items[i].device, "bind") == 0 &&
		    rootfs_is_at_dev(&config->mounts.items[i]))
			return false;
	return true;
}

int rootfs_prepare(struct rootfs *rootfs, const struct rti_init_config *init,
		   const struct mount_source_ops *sources, struct rti_error *err)
{
	const struct rti_config *config = init->config;
	struct mount_root root;
	size_t i;
	int r;

	rootfs->init = init;
	r = rootfs_prepare_root(rootfs, err);
	if (r < 0)
		return r;
	root = (struct mount_root){
		.fd = rootfs->root_fd,
		.path = rootfs->root_path,
		.config_path = config->rootfs,
		.label = config->mount_label,
		.cgroup2_path = init->cgroup2_path,
		.has_cgroup_namespace = rti_config_has_namespace(config, "NEWCGROUP"),
		.is_rootless_cgroups = config->rootless_cgroups,
	};
	for (i = 0; i < config->mounts.count; i++) {
		r = rootfs_mount_one(&root, config, &config->mounts.items[i], sources, err);
		if (r < 0)
			return r;
	}
	rootfs->has_own_dev = rootfs_fills_dev(config);
	if (rootfs->has_own_dev) {
		r = device_fill_dev(rootfs->root_fd, config, err);
		if (r < 0)
			return rti_prefix(err, r, "configuring container /dev");
	}
	return 0;
}

int rootfs_chdir(struct rootfs *rootfs, struct rti_error *err)
{
	if (fchdir(rootfs->root_fd) < 0)
		return rti_fail(err, errno, "chdir %s", rootfs->init->config->rootfs);
	return 0;
}

static int rootfs_jail(struct rootfs *rootfs, struct rti_error *err)
{
	const struct rti_config *config = rootfs->init->config;
	int r;

	if (config->no_pivot_root || !rti_config_has_namespace(config, "NEWNS")) {
		r = rootfs_chdir(rootfs, err);
		if (r == 0)
			r = config->no_pivot_root ? jail_move(config->rootfs, err) :
						    jail_chroot(err);
	} else {
		r = jail_pivot(rootfs->root_fd, err);
	}
	rootfs->root_fd = rti_close(rootfs->root_fd);
	return r < 0 ? rti_prefix(err, r, "error jailing process inside rootfs") : 0;
}

int rootfs_switch(struct rootfs *rootfs, struct rti_error *err)
{
	const struct rti_config *config = rootfs->init->config;
	unsigned long propagation = (unsigned long)config->root_propagation;
	int r;

	r = rootfs_jail(rootfs, err);
	if (r < 0)
		return r;
	/* Only now: before, it would have reached the host's mount of the root. */
	if (propagation && !(propagation & (MS_PRIVATE | MS_SLAVE)) &&
	    rti_config_has_namespace(config, "NEWNS")) {
		r = rootfs_remount("/", propagation, err);
		if (r < 0)
			return rti_prefix(err, r, "unable to apply root propagation flags");
	}
	if (rootfs->has_own_dev) {
		r = device_reopen_null(err);
		if (r < 0)
			return rti_prefix(err, r, "error reopening /dev/null inside container");
	}
	if (rootfs->init->cwd && *rootfs->init->cwd)
		return rti_path_mkdir_plain(rootfs->init->cwd, 0755, err);
	return 0;
}

static int rootfs_remount_readonly(const struct rti_mount *mount, struct rti_error *err)
{
	struct timespec pause = { .tv_nsec = ROOTFS_READONLY_PAUSE_MS * 1000000L };
	unsigned long flags = (unsigned long)mount->flags | MS_REMOUNT | MS_BIND | MS_RDONLY;
	int i;

	for (i = 0; i < ROOTFS_READONLY_TRIES; i++) {
		int r = rootfs_remount(mount->destination, flags, err);

		if (r != -EBUSY)
			return r;
		nanosleep(&pause, NULL);
	}
	return rti_refuse(err, EBUSY, "unable to mount %s as readonly max retries reached",
			  mount->destination);
}

static int rootfs_make_root_readonly(struct rti_error *err)
{
	unsigned long flags = MS_BIND | MS_REMOUNT | MS_RDONLY;
	struct statfs fs;
	int r;

	r = rootfs_remount("/", flags, err);
	if (r == 0)
		return 0;
	/* In a user namespace the mount's own flags may be locked and have to be named. */
	if (statfs("/", &fs) < 0)
		return rti_fail(err, errno, "statfs /");
	return rootfs_remount("/", flags | (unsigned long)fs.f_flags, err);
}

int rootfs_lock_down(struct rootfs *rootfs, struct rti_error *err)
{
	const struct rti_config *config = rootfs->init->config;
	size_t i;
	int r = 0;

	if (!rti_config_has_namespace(config, "NEWNS"))
		return 0;
	for (i = 0; i < config->mounts.count && r == 0; i++) {
		const struct rti_mount *mount = &config->mounts.items[i];

		if (mount->flags & MS_RDONLY &&
		    (strcmp(mount->device, "tmpfs") == 0 || rootfs_is_at_dev(mount)))
			r = rootfs_remount_readonly(mount, err);
	}
	if (r < 0)
		return r;
	if (config->readonlyfs) {
		r = rootfs_make_root_readonly(err);
		if (r < 0)
			return rti_prefix(err, r, "error setting rootfs as readonly");
	}
	umask(config->umask ? *config->umask : ROOTFS_DEFAULT_UMASK);
	return 0;
}

void rootfs_done(struct rootfs *rootfs)
{
	rootfs->root_fd = rti_close(rootfs->root_fd);
}
