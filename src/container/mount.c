/* SPDX-License-Identifier: Apache-2.0 */
#include "container/mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"

/* Not in the headers of every C library; values are the kernel's. */
#define MOUNT_FLAG_NOSYMFOLLOW (1ul << 8)
#define MOUNT_FLAG_POSIXACL    (1ul << 16)
#define MOUNT_FLAG_LAZYTIME    (1ul << 25)

char *mount_flags_text(unsigned long flags, char ret[static MOUNT_FLAGS_TEXT_MAX])
{
	static const struct {
		unsigned long flag;
		const char *name;
	} names[] = {
		{ MS_RDONLY, "MS_RDONLY" },
		{ MS_NOSUID, "MS_NOSUID" },
		{ MS_NODEV, "MS_NODEV" },
		{ MS_NOEXEC, "MS_NOEXEC" },
		{ MS_SYNCHRONOUS, "MS_SYNCHRONOUS" },
		{ MS_REMOUNT, "MS_REMOUNT" },
		{ MS_MANDLOCK, "MS_MANDLOCK" },
		{ MS_DIRSYNC, "MS_DIRSYNC" },
		{ MOUNT_FLAG_NOSYMFOLLOW, "MS_NOSYMFOLLOW" },
		{ MS_NOATIME, "MS_NOATIME" },
		{ MS_NODIRATIME, "MS_NODIRATIME" },
		{ MS_BIND, "MS_BIND" },
		{ MS_MOVE, "MS_MOVE" },
		{ MS_REC, "MS_REC" },
		{ MS_SILENT, "MS_SILENT" },
		{ MOUNT_FLAG_POSIXACL, "MS_POSIXACL" },
		{ MS_UNBINDABLE, "MS_UNBINDABLE" },
		{ MS_PRIVATE, "MS_PRIVATE" },
		{ MS_SLAVE, "MS_SLAVE" },
		{ MS_SHARED, "MS_SHARED" },
		{ MS_RELATIME, "MS_RELATIME" },
		{ MS_I_VERSION, "MS_I_VERSION" },
		{ MS_STRICTATIME, "MS_STRICTATIME" },
		{ MOUNT_FLAG_LAZYTIME, "MS_LAZYTIME" },
	};
	size_t used = 0;
	size_t i;

	ret[0] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(flags & names[i].flag))
			continue;
		used += (size_t)snprintf(ret + used, MOUNT_FLAGS_TEXT_MAX - used, "%s%s",
					 used ? "|" : "", names[i].name);
		flags &= ~names[i].flag;
	}
	if (flags)
		snprintf(ret + used, MOUNT_FLAGS_TEXT_MAX - used, "%s0x%lx", used ? "|" : "",
			 flags);
	return ret;
}

struct text {
	size_t used;
	char buffer[RTI_ERROR_TEXT_MAX];
};

static void text_add(struct text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void text_add(struct text *text, const char *fmt, ...)
{
	size_t room = sizeof(text->buffer) - text->used;
	va_list args;
	int size;

	va_start(args, fmt);
	size = vsnprintf(text->buffer + text->used, room, fmt, args);
	va_end(args);
	if (size > 0)
		text->used += (size_t)size < room ? (size_t)size : room - 1;
}

int mount_fail(const struct mount_call *call, const char *operation, int errnum,
	       struct rti_error *err)
{
	char flags[MOUNT_FLAGS_TEXT_MAX];
	struct text text = { 0 };

	if (call->source && *call->source) {
		text_add(&text, "src=%s, ", call->source);
		if (call->source_fd >= 0)
			text_add(&text, "srcType=%s, srcFd=%d, ",
				 strcmp(operation, "move_mount") == 0 ? "open_tree" : "plain-open",
				 call->source_fd);
	}
	text_add(&text, "dst=%s", call->target);
	if (call->target_fd >= 0)
		text_add(&text, ", dstFd=/proc/thread-self/fd/%d", call->target_fd);
	if (call->flags)
		text_add(&text, ", flags=%s", mount_flags_text(call->flags, flags));
	if (call->data && *call->data)
		text_add(&text, ", data=%s", call->data);
	return rti_fail(err, errnum, "%s %s", operation, text.buffer);
}

/* mount(2) with fds named in the directory @fd_directory, which ends in a slash or is "". */
static int mount_named(const struct mount_call *call, const char *fd_directory)
{
	const char *source = call->source;
	const char *target = call->target;
	char source_name[64];
	char target_name[64];

	if (call->source_fd >= 0) {
		snprintf(source_name, sizeof(source_name), "%s%d", fd_directory, call->source_fd);
		source = source_name;
	}
	if (call->target_fd >= 0) {
		snprintf(target_name, sizeof(target_name), "%s%d", fd_directory, call->target_fd);
		target = target_name;
	}
	if (mount(source ? source : "", target, call->type ? call->type : "", call->flags,
		  call->data && *call->data ? call->data : NULL) < 0)
		return -errno;
	return 0;
}

/* Steps into the fd directory of our own procfs for the call, as its path cannot be had. */
static int mount_inside(const struct mount_call *call, struct rti_error *err)
{
	_cleanup_fd_ int names_fd = -EBADF;
	_cleanup_fd_ int back_fd = -EBADF;
	int r;

	names_fd = rti_procfs_open(RTI_PROCFS_THREAD_SELF, "fd", O_PATH | O_DIRECTORY, err);
	if (names_fd < 0)
		return names_fd;
	back_fd = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (back_fd < 0)
		return rti_fail(err, errno, "open .");
	if (fchdir(names_fd) < 0)
		return rti_fail(err, errno, "chdir to /proc/thread-self/fd");
	r = mount_named(call, "");
	if (fchdir(back_fd) < 0)
		return rti_fail(err, errno, "chdir back from /proc/thread-self/fd");
	if (r < 0)
		return mount_fail(call, "mount", -r, err);
	return 0;
}

int mount_run(const struct mount_call *call, struct rti_error *err)
{
	int r;

	if (call->is_inside && (call->source_fd >= 0 || call->target_fd >= 0))
		return mount_inside(call, err);
	r = mount_named(call, "/proc/thread-self/fd/");
	if (r < 0)
		return mount_fail(call, "mount", -r, err);
	return 0;
}

static int mount_move(int tree_fd, int target_fd)
{
	if (move_mount(tree_fd, "", target_fd, "",
		       MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0)
		return -errno;
	return 0;
}

int mount_attach(int tree_fd, const struct mount_call *call, struct rti_error *err)
{
	int r = mount_move(tree_fd, call->target_fd);

	if (r < 0)
		return mount_fail(call, "move_mount", -r, err);
	return 0;
}

int mount_clone(const struct mount_call *call)
{
	unsigned int flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
	int fd;

	if (call->flags & MS_REC)
		flags |= AT_RECURSIVE;
	if (call->source_fd >= 0)
		fd = open_tree(call->source_fd, "", flags | AT_EMPTY_PATH);
	else
		fd = open_tree(AT_FDCWD, call->source, flags);
	return fd < 0 ? -errno : fd;
}

int mount_bind(const struct mount_call *call, int *ret_fd, struct rti_error *err)
{
	_cleanup_fd_ int tree_fd = -EBADF;
	int r;

	/* Users may write "remount" among the options of a bind mount; mount(2) has the answer. */
	if (!(call->flags & MS_REMOUNT))
		tree_fd = mount_clone(call);
	if (tree_fd < 0 || mount_move(tree_fd, call->target_fd) < 0) {
		tree_fd = rti_close(tree_fd);
		r = mount_run(call, err);
		if (r < 0)
			return r;
	}
	if (ret_fd)
		*ret_fd = rti_take_fd(&tree_fd);
	return 0;
}

int mount_data_with_label(const char *data, const char *label, char **ret)
{
	bool has_data = data && *data;
	bool has_label = label && *label;
	int size;

	size = asprintf(ret, "%s%s%s%s%s", has_data ? data : "", has_data && has_label ? "," : "",
			has_label ? "context=\"" : "", has_label ? label : "",
			has_label ? "\"" : "");
	return size < 0 ? -ENOMEM : 0;
}
