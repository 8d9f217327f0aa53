/* SPDX-License-Identifier: Apache-2.0 */
/* Bind mounts: the kernel takes flags only in a second step, and may have locked some. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/log.h"
#include "container/mount-entry.h"
#include "container/mount.h"

#define BIND_NOSYMFOLLOW 0x100 /* MS_NOSYMFOLLOW, since Linux 5.10 */

/* Bits that say how to bind, not what the mount should be like. */
#define BIND_ACTION_FLAGS (MS_BIND | MS_REC | MS_REMOUNT)

/* The kinds of access time updates, of which a mount has one, and what else belongs to them. */
#define BIND_ATIME_KINDS (MS_NOATIME | MS_RELATIME | MS_STRICTATIME)
#define BIND_ATIME_FLAGS (BIND_ATIME_KINDS | MS_NODIRATIME)

/* What a less privileged user namespace may not change on a mount it inherited (MNT_LOCK_*). */
#define BIND_LOCKED_FLAGS (MS_RDONLY | MS_NODEV | MS_NOEXEC | MS_NOSUID | BIND_ATIME_FLAGS)

/* The flags that the source's mount has. */
static int bind_read_source_flags(const struct mount_entry *entry, unsigned long *ret,
				  struct rti_error *err)
{
	static const struct {
		long st;
		unsigned long ms;
	} bits[] = {
		{ ST_RDONLY, MS_RDONLY },	{ ST_NOSUID, MS_NOSUID },
		{ ST_NODEV, MS_NODEV },		{ ST_NOEXEC, MS_NOEXEC },
		{ ST_MANDLOCK, MS_MANDLOCK },	{ ST_SYNCHRONOUS, MS_SYNCHRONOUS },
		{ ST_NOATIME, MS_NOATIME },	{ ST_NODIRATIME, MS_NODIRATIME },
		{ ST_RELATIME, MS_RELATIME },	{ 0x2000 /* ST_NOSYMFOLLOW */, BIND_NOSYMFOLLOW },
	};
	struct statfs fs;
	unsigned long flags = 0;
	size_t i;
	int r;

	r = entry->source.fd >= 0 ? fstatfs(entry->source.fd, &fs) :
				    statfs(entry->mount->source, &fs);
	if (r < 0)
		return rti_fail(err, errno, "statfs %s", entry->mount->source);
	for (i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (fs.f_flags & bits[i].st)
			flags |= bits[i].ms;
	/* Strict updates have no bit of their own: they are the absence of the others. */
	if (!(flags & BIND_ATIME_KINDS))
		flags |= MS_STRICTATIME;
	*ret = flags;
	return 0;
}

/*
 * The kernel refused the flags as they are, probably because the mount has locked ones. So they are
 * added to what the source has, unless that is not what the user asked for.
 */
static int bind_set_flags_with_locked(const struct mount_entry *entry, struct mount_call *call,
				      const struct rti_error *refusal, int refusal_r,
				      struct rti_error *err)
{
	unsigned long wanted = (unsigned long)entry->mount->flags;
	unsigned long cleared = (unsigned long)entry->mount->cleared_flags;
	char text[MOUNT_FLAGS_TEXT_MAX];
	unsigned long source_flags = 0;
	int r;

	r = bind_read_source_flags(entry, &source_flags, err);
	if (r < 0)
		return r;
	log_debug("working around failure to set vfs flags on bind-mount %s: srcFlags=%s: %s",
		  entry->mount->destination, mount_flags_text(source_flags, text), refusal->text);
	if (source_flags & cleared & BIND_LOCKED_FLAGS)
		return rti_refuse(err, -refusal_r, "cannot clear locked flags %s: %s",
				  mount_flags_text(source_flags & cleared & BIND_LOCKED_FLAGS,
						   text),
				  refusal->text);
	/* Adding one kind of access time update to another gives a third, silently. */
	if (wanted & BIND_ATIME_FLAGS &&
	    (wanted & BIND_ATIME_FLAGS) != (source_flags & BIND_ATIME_FLAGS))
		return rti_refuse(err, -refusal_r, "cannot change locked atime flags %s: %s",
				  mount_flags_text(source_flags & BIND_ATIME_FLAGS, text),
				  refusal->text);
	call->flags |= source_flags & BIND_LOCKED_FLAGS;
	r = mount_run(call, err);
	if (r < 0)
		return rti_prefix(err, r, "remount with locked flags %s re-applied",
				  mount_flags_text(source_flags & BIND_LOCKED_FLAGS, text));
	return 0;
}

static int bind_set_flags(const struct mount_root *root, struct mount_entry *entry,
			  struct rti_error *err)
{
	struct mount_call call = { MOUNT_CALL_NO_FDS, .target = entry->mount->destination };
	struct rti_error refusal;
	int r;

	r = mount_entry_enter(root, entry, err);
	if (r < 0)
		return r;
	call.target_fd = entry->target_fd;
	call.flags = (unsigned long)entry->mount->flags | MS_BIND | MS_REMOUNT;
	r = mount_run(&call, &refusal);
	if (r < 0)
		r = bind_set_flags_with_locked(entry, &call, &refusal, r, err);
	return r;
}

static int bind_set_attributes(const struct mount_root *root, struct mount_entry *entry,
			       struct rti_error *err)
{
	const struct rti_mount_attr *wanted = entry->mount->rec_attr;
	struct mount_attr attr = {
		.attr_set = wanted->attr_set,
		.attr_clr = wanted->attr_clr,
		.propagation = wanted->propagation,
		.userns_fd = wanted->userns_fd,
	};
	int r;

	r = mount_entry_enter(root, entry, err);
	if (r < 0)
		return r;
	if (mount_setattr(entry->target_fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &attr,
			  sizeof(attr)) < 0) {
		r = -errno;
		return rti_refuse(err, -r, "%s", rti_errno_text(-r)); /* runc says no more */
	}
	return 0;
}

int mount_entry_bind(const struct mount_root *root, struct mount_entry *entry,
		     struct rti_error *err)
{
	const struct rti_mount *mount = entry->mount;
	unsigned long flags = (unsigned long)mount->flags;
	int r;

	r = mount_entry_mount(root, entry, flags, root->label, err);
	if (r < 0)
		return r;
	if (flags & ~(unsigned long)BIND_ACTION_FLAGS || mount->cleared_flags) {
		r = bind_set_flags(root, entry, err);
		if (r < 0)
			return rti_prefix(err, r, "failed to set user-requested vfs flags on "
						  "bind-mount");
	}
	return mount->rec_attr ? bind_set_attributes(root, entry, err) : 0;
}
