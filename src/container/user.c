/* SPDX-License-Identifier: Apache-2.0 */
#include "container/user.h"

#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"

static const char *const stdio_names[] = { "/dev/stdin", "/dev/stdout", "/dev/stderr" };

/* By type and number, never by name: the node may be anything an image calls "null". */
static bool is_null_device(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/*
 * The group is left alone: a terminal's comes from the mount options of devpts. A parent of the 1.2
 * line lets an unmapped uid pass here.
 */
static int give_stdio_to(uid_t uid, bool unmapped_is_fine, struct rti_error *err)
{
	for (int fd = 0; fd <= 2; fd++) {
		struct stat st;
		int r;

		if (fstat(fd, &st) < 0)
			return rti_fail(err, errno, "fstat %s", stdio_names[fd]);
		if (st.st_uid == uid || is_null_device(&st))
			continue;
		if (fchown(fd, uid, (gid_t)-1) == 0 || errno == EPERM || errno == EROFS)
			continue;
		if (errno == EINVAL && unmapped_is_fine)
			continue;
		r = rti_fail(err, errno, "chown %s", stdio_names[fd]);
		if (r != -EINVAL)
			return r;
		return rti_explain(err, r, "cannot setuid to unmapped uid %u in user namespace",
				   uid);
	}
	return 0;
}

/* Since Linux 3.19 an unprivileged user namespace denies setgroups(2). */
static int are_groups_allowed(bool *ret, struct rti_error *err)
{
	char text[64];
	ssize_t size = rti_procfs_read(RTI_PROCFS_SELF, "setgroups", text, sizeof(text), err);

	if (size < 0 && size != -ENOENT)
		return (int)size;
	*ret = size < 0 || strncmp(text, "deny", 4) != 0;
	return 0;
}

static int set_groups(const struct rti_numbers *groups, struct rti_error *err)
{
	_cleanup_free_ gid_t *gids = calloc(groups->count + 1, sizeof(gid_t));

	if (!gids)
		return rti_fail(err, ENOMEM, "setgroups");
	for (size_t i = 0; i < groups->count; i++)
		gids[i] = (gid_t)groups->items[i];
	if (setgroups(groups->count, gids) < 0)
		return rti_fail(err, errno, "setgroups");
	return 0;
}

/* A wider number would be cut to another user's id by the kernel's 32 bits. */
static int check_id_range(const struct rti_init_config *init, struct rti_error *err)
{
	if (init->uid < 0 || init->uid >= UINT32_MAX)
		return rti_refuse(err, EINVAL,
				  "cannot setuid to unmapped uid %lld in user namespace",
				  (long long)init->uid);
	if (init->gid < 0 || init->gid >= UINT32_MAX)
		return rti_refuse(err, EINVAL,
				  "cannot setgid to unmapped gid %lld in user namespace",
				  (long long)init->gid);
	for (size_t i = 0; i < init->additional_groups.count; i++) {
		int64_t gid = init->additional_groups.items[i];

		if (gid < 0 || gid >= UINT32_MAX)
			return rti_fail(err, EINVAL, "setgroups");
	}
	return 0;
}

static int switch_ids(const struct rti_init_config *init, struct rti_error *err)
{
	/* As in runc: with privileges these set the real, the effective and the saved id. */
	if (setgid((gid_t)init->gid) < 0) {
		if (errno == EINVAL)
			return rti_refuse(err, EINVAL,
					  "cannot setgid to unmapped gid %lld in user namespace",
					  (long long)init->gid);
		return rti_refuse(err, errno, "%s", rti_errno_text(errno));
	}
	if (setuid((uid_t)init->uid) < 0) {
		if (errno == EINVAL)
			return rti_refuse(err, EINVAL,
					  "cannot setuid to unmapped uid %lld in user namespace",
					  (long long)init->uid);
		return rti_refuse(err, errno, "%s", rti_errno_text(errno));
	}
	return 0;
}

static int switch_user(const struct rti_init_config *init, struct rti_error *err)
{
	bool allowed = false;
	int r = check_id_range(init, err);

	if (r < 0)
		return r;
	r = give_stdio_to((uid_t)init->uid, init->user != NULL, err);
	if (r < 0)
		return r;
	r = are_groups_allowed(&allowed, err);
	if (r < 0)
		return r;
	/* An empty list is set too: it takes the caller's groups away. */
	if (allowed && !init->config->rootless_euid)
		r = set_groups(&init->additional_groups, err);
	return r < 0 ? r : switch_ids(init, err);
}

int user_switch(const struct rti_init_config *init, struct rti_error *err)
{
	int r = switch_user(init, err);

	return r < 0 ? rti_prefix(err, r, "unable to setup user") : 0;
}
