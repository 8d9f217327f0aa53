/* SPDX-License-Identifier: Apache-2.0 */
/**
 * One mount of the configuration on its way into the container's root.
 *
 * Internal to the root file system's mounts: mount-entry.c chooses by type, mount-point.c finds the
 * place, bind-mount.c, cgroup-mount.c and tmpcopyup.c know the difficult types.
 */
#ifndef CONTAINER_MOUNT_ENTRY_H
#define CONTAINER_MOUNT_ENTRY_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "container/mount-source.h"
#include "protocol/init-config.h"

/* Where mounts go: what all entries of a container share. */
struct mount_root {
	int fd;			 /* O_PATH of the container's root */
	const char *path;	 /* what the kernel calls it */
	const char *config_path; /* what the configuration calls it */
	const char *label;	 /* SELinux label of mounts; NULL or "" for none */
	const char *cgroup2_path;
	bool has_cgroup_namespace;
	bool is_rootless_cgroups;
};

struct mount_entry {
	const struct rti_mount *mount;
	struct mount_source source; /* borrowed; fd -EBADF: bind from mount->source */
	char *data;		    /* malloc()ed: mount->data after the mode of what is there */
	int target_fd;		    /* the mount point, and after mounting the mount */
	char target_path[PATH_MAX]; /* its path as the kernel sees it, below root->path */
	bool is_mounted;	    /* target_fd is in the new mount */
};

/**
 * mount_entry_apply() - do one mount of the configuration, from destination to propagation
 * @source: from mount_source_ops, or one with fd -EBADF; borrowed
 *
 * Return: 0 or a negative errno, without the "error mounting" prefix.
 */
int mount_entry_apply(const struct mount_root *root, const struct rti_mount *mount,
		      const struct mount_source *source, struct rti_error *err);

/**
 * mount_entry_mount() - mount the entry's file system onto its target
 * @flags: MS_* to use instead of the configuration's
 * @label: SELinux label to add; NULL for none
 *
 * Applies the propagation flags too. target_fd is in the new mount afterwards if anybody needs it:
 * after propagation flags, or mount_entry_enter().
 *
 * Return: 0 or a negative errno.
 */
int mount_entry_mount(const struct mount_root *root, struct mount_entry *entry,
		      unsigned long flags, const char *label, struct rti_error *err);

/**
 * mount_entry_enter() - make target_fd an fd of the mount that now covers it
 *
 * Looks the path up again and insists that it is still the same one.
 *
 * Return: 0 or a negative errno: `mountpoint "X" was moved while re-opening`.
 */
int mount_entry_enter(const struct mount_root *root, struct mount_entry *entry,
		      struct rti_error *err);

/**
 * mount_point_open() - find or make the entry's destination, following links inside the root
 *
 * A missing one is made: an empty file for a bind of anything but a directory, else a directory.
 * For a tmpfs on an existing directory "mode=" is put before the entry's data.
 *
 * Return: 0 or a negative errno, e.g. `mountpoint "X" is outside of rootfs "R"`.
 */
int mount_point_open(const struct mount_root *root, struct mount_entry *entry,
		     struct rti_error *err);

/**
 * mount_point_open_plain() - the same for proc and sysfs, which only go onto ordinary directories
 *
 * A link at the destination would let an image choose where the container's /proc is
 * (CVE-2019-19921), so it is refused.
 */
int mount_point_open_plain(const struct mount_root *root, struct mount_entry *entry,
			   struct rti_error *err);

/**
 * mount_entry_bind() - a bind mount: attach, flags in a second step, recursive attributes
 */
int mount_entry_bind(const struct mount_root *root, struct mount_entry *entry,
		     struct rti_error *err);

/**
 * mount_entry_cgroup() - /sys/fs/cgroup as the host's cgroup version wants it
 */
int mount_entry_cgroup(const struct mount_root *root, struct mount_entry *entry,
		       struct rti_error *err);

/**
 * mount_entry_copy_up() - a tmpfs that starts with what its destination holds
 */
int mount_entry_copy_up(const struct mount_root *root, struct mount_entry *entry,
			unsigned long flags, struct rti_error *err);

#endif
