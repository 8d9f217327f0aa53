/* SPDX-License-Identifier: Apache-2.0 */
#include "container/mount-entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/path.h"
#include "base/procfs.h"
#include "container/mount.h"
#include "container/namespace.h"

int mount_entry_enter(const struct mount_root *root, struct mount_entry *entry,
		      struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	char inside[PATH_MAX];
	char path[PATH_MAX];
	int r;

	if (entry->is_mounted)
		return 0;
	r = rti_path_strip_root(root->path, entry->target_path, inside);
	if (r < 0)
		return rti_fail(err, -r, "reopen mountpoint after mount");
	fd = rti_path_open(root->fd, inside, 0, err);
	if (fd < 0)
		return rti_prefix(err, fd,
				  "reopen mountpoint after mount: re-open mountpoint \"%s\"",
				  inside);
	r = rti_procfs_fd_target(fd, path, err);
	if (r < 0)
		return rti_prefix(err, r,
				  "reopen mountpoint after mount: check full path of re-opened "
				  "mountpoint");
	if (strcmp(path, entry->target_path) != 0)
		return rti_refuse(err, EAGAIN,
				  "reopen mountpoint after mount: mountpoint \"%s\" was moved "
				  "while re-opening",
				  inside);
	rti_close(entry->target_fd);
	entry->target_fd = rti_take_fd(&fd);
	entry->is_mounted = true;
	return 0;
}

/* Each flag is a call of its own: the kernel takes one kind of propagation at a time. */
static int mount_entry_propagate(const struct mount_root *root, struct mount_entry *entry,
				 struct rti_error *err)
{
	const struct rti_numbers *flags = &entry->mount->propagation_flags;
	struct mount_call call = { MOUNT_CALL_NO_FDS, .target = entry->mount->destination };
	size_t i;
	int r;

	if (flags->count == 0)
		return 0;
	r = mount_entry_enter(root, entry, err);
	call.target_fd = entry->target_fd;
	for (i = 0; i < flags->count && r == 0; i++) {
		call.flags = (unsigned long)flags->items[i];
		r = mount_run(&call, err);
		if (r < 0)
			return rti_prefix(err, r, "change mount propagation through procfd");
	}
	return r;
}

/* These show a namespace, and mounting them takes rights in its owner: else just EPERM. */
static int mount_entry_explain_eperm(const struct rti_mount *mount, struct rti_error *err)
{
	static const struct {
		const char *type;
		const char *namespace;
		const char *name;
	} shown[] = {
		{ "sysfs", "net", "network" },
		{ "proc", "pid", "pid" },
		{ "mqueue", "ipc", "ipc" },
	};

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		if (strcmp(mount->device, shown[i].type) == 0 &&
		    namespace_is_foreign(namespace_from_proc(shown[i].namespace)))
			return rti_explain(err, -EPERM,
					   "the %s namespace does not belong to the "
					   "container's user namespace",
					   shown[i].name);
	}
	return -EPERM;
}

int mount_entry_mount(const struct mount_root *root, struct mount_entry *entry,
		      unsigned long flags, const char *label, struct rti_error *err)
{
	_cleanup_free_ char *data = NULL;
	_cleanup_fd_ int mount_fd = -EBADF;
	struct mount_call call = {
		.source = entry->mount->source,
		.source_fd = entry->source.fd,
		.target = entry->mount->destination,
		.target_fd = entry->target_fd,
		.type = entry->mount->device,
		.flags = flags,
	};
	int r;

	r = mount_data_with_label(entry->data, label, &data);
	if (r < 0)
		return rti_fail(err, -r, "mount %s", entry->mount->destination);
	call.data = data;
	/* What the descriptor is for: by name it may be another place by now. */
	if (!guard(MOUNT_ON_FD)) {
		call.target = entry->target_path;
		call.target_fd = -EBADF;
	}
	if (entry->source.fd >= 0 && entry->source.detached) {
		r = mount_attach(entry->source.fd, &call, err);
		if (r == 0) {
			mount_fd = fcntl(entry->source.fd, F_DUPFD_CLOEXEC, 3);
			if (mount_fd < 0)
				return rti_fail(err, errno, "dup mount fd");
		}
	} else if (flags & MS_BIND) {
		r = mount_bind(&call, &mount_fd, err);
	} else {
		r = mount_run(&call, err);
		if (r == -EPERM)
			return mount_entry_explain_eperm(entry->mount, err);
	}
	if (r < 0)
		return r;
	if (mount_fd >= 0) {
		rti_close(entry->target_fd);
		entry->target_fd = rti_take_fd(&mount_fd);
		entry->is_mounted = true;
	}
	return mount_entry_propagate(root, entry, err);
}

/* Flags of the first mount: what still has to be filled becomes read-only in rootfs_lock_down(). */
static unsigned long mount_entry_first_flags(const struct rti_mount *mount)
{
	unsigned long flags = (unsigned long)mount->flags;
	char clean[PATH_MAX];

	if (strcmp(mount->device, "tmpfs") == 0 ||
	    (rti_path_clean(mount->destination, clean) == 0 && strcmp(clean, "/dev") == 0))
		flags &= ~(unsigned long)MS_RDONLY;
	return flags;
}

/* procfs and sysfs take no context option. */
static int mount_entry_plain(const struct mount_root *root, struct mount_entry *entry,
			     struct rti_error *err)
{
	return mount_entry_mount(root, entry, mount_entry_first_flags(entry->mount), NULL, err);
}

static int mount_entry_labelled(const struct mount_root *root, struct mount_entry *entry,
				struct rti_error *err)
{
	return mount_entry_mount(root, entry, mount_entry_first_flags(entry->mount), root->label,
				 err);
}

/* mqueue has no context option either, but its root can be labelled afterwards. */
static int mount_entry_mqueue(const struct mount_root *root, struct mount_entry *entry,
			      struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	int r = mount_entry_plain(root, entry, err);

	if (r < 0 || !root->label || !*root->label || access("/sys/fs/selinux/status", F_OK) < 0)
		return r;
	r = mount_entry_enter(root, entry, err);
	if (r < 0)
		return r;
	fd = rti_procfs_reopen(entry->target_fd, O_RDONLY | O_DIRECTORY, err);
	if (fd < 0)
		return fd;
	if (fsetxattr(fd, "security.selinux", root->label, strlen(root->label), 0) < 0)
		return rti_fail(err, errno, "set label of %s", entry->mount->destination);
	return 0;
}

static int mount_entry_tmpfs(const struct mount_root *root, struct mount_entry *entry,
			     struct rti_error *err)
{
	if (entry->mount->extensions & RTI_MOUNT_TMPCOPYUP)
		return mount_entry_copy_up(root, entry, mount_entry_first_flags(entry->mount), err);
	return mount_entry_labelled(root, entry, err);
}

struct mount_type {
	const char *name; /* NULL: any other */
	int (*find)(const struct mount_root *root, struct mount_entry *entry,
		    struct rti_error *err);
	int (*mount)(const struct mount_root *root, struct mount_entry *entry,
		     struct rti_error *err);
};

static const struct mount_type mount_types[] = {
	{ "proc", mount_point_open_plain, mount_entry_plain },
	{ "sysfs", mount_point_open_plain, mount_entry_plain },
	{ "mqueue", mount_point_open, mount_entry_mqueue },
	{ "tmpfs", mount_point_open, mount_entry_tmpfs },
	{ "bind", mount_point_open, mount_entry_bind },
	{ "cgroup", mount_point_open, mount_entry_cgroup },
	{ NULL, mount_point_open, mount_entry_labelled },
};

static const struct mount_type *mount_type_find(const char *name)
{
	const struct mount_type *type = mount_types;

	while (type->name && strcmp(type->name, name) != 0)
		type++;
	return type;
}

int mount_entry_apply(const struct mount_root *root, const struct rti_mount *mount,
		      const struct mount_source *source, struct rti_error *err)
{
	const struct mount_type *type = mount_type_find(mount->device);
	struct mount_entry entry = {
		.mount = mount,
		.source = *source,
		.target_fd = -EBADF,
	};
	int r;

	/* runc up to 1.4 has the key, and its command line leaves it empty. */
	if (mount->relabel && *mount->relabel)
		return rti_refuse(err, EOPNOTSUPP, "relabel \"%s\" is not supported",
				  mount->relabel);
	entry.data = strdup(mount->data ? mount->data : "");
	if (!entry.data)
		return rti_fail(err, ENOMEM, "mount %s", mount->destination);
	r = type->find(root, &entry, err);
	if (r == 0)
		r = type->mount(root, &entry, err);
	rti_close(entry.target_fd);
	free(entry.data);
	return r;
}
