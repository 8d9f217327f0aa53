/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "container/console.h"
#include "container/mask.h"
#include "container/sysctl.h"
#include "tests/unit/box.h"

static bool is_type(const char *path, long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == magic;
}

static bool has_flags(const char *path, unsigned long set, unsigned long clear)
{
	struct statvfs fs;

	return statvfs(path, &fs) == 0 && (fs.f_flag & set) == set && !(fs.f_flag & clear);
}

static bool is_link(const char *path, const char *target)
{
	char text[256];
	ssize_t size = readlink(path, text, sizeof(text));

	return size == (ssize_t)strlen(target) && memcmp(text, target, (size_t)size) == 0;
}

static bool is_device(const char *path, mode_t type, unsigned int major_number,
		      unsigned int minor_number)
{
	struct stat st;

	return lstat(path, &st) == 0 && (st.st_mode & S_IFMT) == type &&
	       st.st_rdev == makedev(major_number, minor_number);
}

static int usual_container(struct box *box)
{
	struct stat st;

	box_mount_usual(box);
	box->config.readonlyfs = true;
	box->init.cwd = "/place/here";
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(is_type("/proc", PROC_SUPER_MAGIC) && is_type("/sys", SYSFS_MAGIC));
	BOX_CHECK(is_type("/dev", TMPFS_MAGIC) && is_type("/dev/pts", DEVPTS_SUPER_MAGIC));
	BOX_CHECK(is_device("/dev/null", S_IFCHR, 1, 3) && is_device("/dev/zero", S_IFCHR, 1, 5));
	BOX_CHECK(stat("/dev/null", &st) == 0 && st.st_mode == (S_IFCHR | 0666));
	BOX_CHECK(is_link("/dev/ptmx", "pts/ptmx") && is_link("/dev/fd", "/proc/self/fd"));
	BOX_CHECK(stat("/dev/shm", &st) == 0 && st.st_mode == (S_IFDIR | 01777));
	BOX_CHECK(has_flags("/sys", ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC, 0));
	BOX_CHECK(has_flags("/", ST_RDONLY, 0) && has_flags("/dev", ST_NOSUID, ST_RDONLY));
	BOX_CHECK(stat("/place/here", &st) == 0 && S_ISDIR(st.st_mode));
	BOX_CHECK(umask(0) == 022);
	/* The host's root is gone, and its mounts with it. */
	BOX_CHECK(stat(box->top, &st) < 0 && errno == ENOENT);
	BOX_CHECK(box_mountinfo("/tmp") == NULL);
	return 0;
}

static int binds(struct box *box)
{
	struct rti_mount_attr read_only = { .attr_set = MOUNT_ATTR_RDONLY };
	struct rti_mount *mount;

	BOX_CHECK(box_file_write(box_path(box->canary, "file"), "text"));
	box_mount(box, "/proc", "proc", "proc", 0, "");
	box_mount(box, "/mnt/plain", "bind", box->canary, MS_BIND, "");
	box_mount(box, "/mnt/ro", "bind", box->canary, MS_BIND | MS_RDONLY | MS_NOSUID, "");
	box_mount(box, "/new/deep/file", "bind", box_path(box->canary, "file"),
		  MS_BIND | MS_REC | MS_NODEV, "");
	mount = box_mount(box, "/mnt/cleared", "bind", "/proc", MS_BIND, "");
	mount->cleared_flags = MS_NOSUID;
	mount = box_mount(box, "/mnt/rro", "bind", box->canary, MS_BIND | MS_REC, "");
	/* mount_setattr(2) has no older way to say it. */
	if (mount_setattr(-1, "", 0, NULL, 0) == 0 || errno != ENOSYS)
		mount->rec_attr = &read_only;
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(has_flags("/mnt/plain", 0, ST_RDONLY | ST_NOSUID));
	BOX_CHECK(has_flags("/mnt/ro", ST_RDONLY | ST_NOSUID, ST_NODEV));
	BOX_CHECK(has_flags("/new/deep/file", ST_NODEV, ST_RDONLY));
	BOX_CHECK(box_file_is("/new/deep/file", "text") && box_file_is("/mnt/ro/file", "text"));
	BOX_CHECK(!mount->rec_attr || has_flags("/mnt/rro", ST_RDONLY, 0));
	return 0;
}

static int propagation(struct box *box)
{
	static int64_t shared[] = { MS_SHARED };
	static int64_t slave[] = { MS_SHARED, MS_SLAVE | MS_REC };
	static int64_t unbindable[] = { MS_UNBINDABLE };

	box_mount(box, "/proc", "proc", "proc", 0, "");
	box_mount(box, "/mnt/shared", "bind", box->canary, MS_BIND, "")->propagation_flags =
		(struct rti_numbers){ shared, 1 };
	box_mount(box, "/mnt/slave", "tmpfs", "tmpfs", 0, "")->propagation_flags =
		(struct rti_numbers){ slave, 2 };
	box_mount(box, "/mnt/unbindable", "tmpfs", "tmpfs", 0, "")->propagation_flags =
		(struct rti_numbers){ unbindable, 1 };
	box->config.root_propagation = MS_SHARED | MS_REC;
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(strstr(box_mountinfo("/mnt/shared"), "shared:"));
	BOX_CHECK(strstr(box_mountinfo("/mnt/unbindable"), "shared:"));
	BOX_CHECK(strstr(box_mountinfo("/"), "shared:"));
	return 0;
}

static int tmpfs_modes(struct box *box)
{
	struct stat st;

	BOX_CHECK(chmod(box_path(box->root, "var"), 02750) == 0);
	box_mount(box, "/proc", "proc", "proc", 0, "");
	box_mount(box, "/var", "tmpfs", "tmpfs", MS_RDONLY, "");
	box_mount(box, "/mnt", "tmpfs", "tmpfs", MS_NOEXEC, "size=64k,mode=700");
	box_mount(box, "/new", "tmpfs", "tmpfs", 0, "");
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(stat("/var", &st) == 0 && st.st_mode == (S_IFDIR | 02750));
	BOX_CHECK(stat("/mnt", &st) == 0 && st.st_mode == (S_IFDIR | 0700));
	BOX_CHECK(stat("/new", &st) == 0 && st.st_mode == (S_IFDIR | 01777));
	BOX_CHECK(has_flags("/var", ST_RDONLY, 0) && has_flags("/mnt", ST_NOEXEC, ST_RDONLY));
	return 0;
}

static int copy_up(struct box *box)
{
	struct rti_mount *mount;
	char deep[512] = "etc/d";
	struct stat st;
	int i;

	BOX_CHECK(chmod(box_path(box->root, "etc/d"), 02751) == 0);
	BOX_CHECK(symlink("../nowhere", box_path(box->root, "etc/d/link")) == 0);
	BOX_CHECK(lchown(box_path(box->root, "etc/d/link"), 3, 4) == 0);
	BOX_CHECK(mkfifo(box_path(box->root, "etc/d/pipe"), 0600) == 0);
	BOX_CHECK(chown(box_path(box->root, "etc/passwd"), 5, 6) == 0);
	BOX_CHECK(chmod(box_path(box->root, "etc/passwd"), 04755) == 0);
	for (i = 0; i < 40; i++) {
		strcat(deep, "/e");
		BOX_CHECK(mkdir(box_path(box->root, deep), 0700) == 0);
	}
	BOX_CHECK(box_file_write(box_path(box->root, strcat(deep, "/file")), "deep"));
	box_mount(box, "/proc", "proc", "proc", 0, "");
	mount = box_mount(box, "/etc", "tmpfs", "tmpfs", MS_RDONLY | MS_NODEV, "");
	mount->extensions = RTI_MOUNT_TMPCOPYUP;
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(is_type("/etc", TMPFS_MAGIC) && has_flags("/etc", ST_RDONLY | ST_NODEV, 0));
	BOX_CHECK(stat("/etc/d", &st) == 0 && st.st_mode == (S_IFDIR | 02751));
	BOX_CHECK(is_link("/etc/d/link", "../nowhere"));
	BOX_CHECK(lstat("/etc/d/link", &st) == 0 && st.st_uid == 3 && st.st_gid == 4);
	BOX_CHECK(stat("/etc/d/pipe", &st) == 0 && st.st_mode == (S_IFIFO | 0600));
	BOX_CHECK(stat("/etc/passwd", &st) == 0 && st.st_mode == (S_IFREG | 04755));
	BOX_CHECK(st.st_uid == 5 && st.st_gid == 6 && box_file_is("/etc/passwd", "root\n"));
	BOX_CHECK(box_file_is(box_path("", deep), "deep"));
	return 0;
}

/* Gives the canary: as O_PATH fd, or detached where the mount asks for id mappings. */
static int give_canary(void *data, const struct rti_mount *mount, struct mount_source *ret,
		       struct rti_error *err)
{
	struct box *box = data;

	ret->detached = mount->id_mapping;
	if (ret->detached)
		ret->fd = open_tree(AT_FDCWD, box->canary, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	else
		ret->fd = open(box->canary, O_PATH | O_CLOEXEC);
	return ret->fd < 0 ? rti_fail(err, errno, "open %s", box->canary) : 0;
}

static int sources(struct box *box)
{
	static int64_t slave[] = { MS_SLAVE };
	struct rti_mount_id_mapping mapping = { 0 };
	bool has_mount_api = syscall(SYS_open_tree, -1, "", 0) == 0 || errno != ENOSYS;
	struct rti_mount *mount;

	BOX_CHECK(box_file_write(box_path(box->canary, "file"), "text"));
	box->sources = (struct mount_source_ops){ .request = give_canary, .data = box };
	box_mount(box, "/proc", "proc", "proc", 0, "");
	mount = box_mount(box, "/mnt/plain", "bind", "/does/not/exist", MS_BIND | MS_RDONLY, "");
	mount->propagation_flags = (struct rti_numbers){ slave, 1 };
	if (has_mount_api)
		box_mount(box, "/mnt/detached", "bind", box->canary, MS_BIND | MS_NOEXEC, "")
			->id_mapping = &mapping;
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(box_file_is("/mnt/plain/file", "text") && has_flags("/mnt/plain", ST_RDONLY, 0));
	BOX_CHECK(!has_mount_api || (box_file_is("/mnt/detached/file", "text") &&
				     has_flags("/mnt/detached", ST_NOEXEC, ST_RDONLY)));
	return 0;
}

static int links_stay_inside(struct box *box)
{
	BOX_CHECK(symlink("/../../../../../etc", box_path(box->root, "escape")) == 0);
	BOX_CHECK(symlink("../canary", box_path(box->root, "out")) == 0);
	BOX_CHECK(symlink("missing/place", box_path(box->root, "dangling")) == 0);
	BOX_CHECK(rmdir(box_path(box->root, "dev")) == 0);
	BOX_CHECK(symlink(box->canary, box_path(box->root, "dev")) == 0);
	BOX_CHECK(box_file_write(box_path(box->canary, "ptmx"), "mine"));
	box_mount_usual(box);
	box->config.mounts.count = 1; /* no /dev: the link itself gets the devices */
	box_mount(box, "/escape/x", "tmpfs", "tmpfs", 0, "");
	box_mount(box, "/out/y", "bind", "/etc/passwd", MS_BIND, "");
	box_mount(box, "/dangling/z", "tmpfs", "tmpfs", 0, "");
	BOX_CHECK(rootfs_prepare(&box->rootfs, &box->init, &box->sources, &box->err) == 0);
	BOX_CHECK(is_type(box_path(box->root, "etc/x"), TMPFS_MAGIC));
	BOX_CHECK(is_type(box_path(box->root, "missing/place/z"), TMPFS_MAGIC));
	BOX_CHECK(access(box_path(box->root, "canary/y"), F_OK) == 0);
	BOX_CHECK(is_device(box_path(box_path(box->root, box->canary), "null"), S_IFCHR, 1, 3));
	/* And nothing of all this where the links would have led. */
	BOX_CHECK(box_file_is(box_path(box->canary, "ptmx"), "mine"));
	BOX_CHECK(unlink(box_path(box->canary, "ptmx")) == 0);
	BOX_CHECK(box_directory_is_empty(box->canary));
	return 0;
}

/* In a user namespace devices are bound; what waits in their place must not be opened for that. */
static int bound_devices(struct box *box)
{
	struct stat st;

	box->namespaces[1].type = "NEWUSER";
	box->config.namespaces.count = 2;
	BOX_CHECK(mkfifo(box_path(box->root, "dev/null"), 0600) == 0);
	BOX_CHECK(box_file_write(box_path(box->root, "dev/zero"), ""));
	box_mount(box, "/proc", "proc", "proc", 0, "");
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(is_device("/dev/null", S_IFCHR, 1, 3) && is_device("/dev/zero", S_IFCHR, 1, 5));
	BOX_CHECK(is_device("/dev/random", S_IFCHR, 1, 8));
	BOX_CHECK(umount("/dev/random") == 0 && stat("/dev/random", &st) == 0);
	BOX_CHECK(st.st_mode == S_IFREG && st.st_size == 0);
	return 0;
}

struct refusal {
	const char *destination;
	const char *type;
	const char *source;
	int64_t flags;
	const char *text; /* the end of the error; "%s" is the root */
};

static int refused_mounts(struct box *box)
{
	static const struct refusal refusals[] = {
		{ "/", "tmpfs", "tmpfs", 0,
		  "create mountpoint for / mount: mountpoint \"%s\" is on the top of rootfs "
		  "\"%s\"" },
		{ "/proc/self", "tmpfs", "tmpfs", 0,
		  "cannot be mounted because it is inside /proc" },
		{ "/proc", "tmpfs", "tmpfs", 0,
		  "cannot be mounted because it is not of type proc" },
		{ "/proc", "bind", "/tmp", MS_BIND,
		  "cannot be mounted because it is not of type proc" },
		{ "/link-to-proc/x", "sysfs", "sysfs", 0, "no such file or directory" },
		{ "/link-to-etc", "proc", "proc", 0,
		  "filesystem \"proc\" must be mounted on ordinary directory" },
		{ "/etc/passwd", "sysfs", "sysfs", 0,
		  "filesystem \"sysfs\" must be mounted on ordinary directory" },
		{ "/etc/passwd/x", "tmpfs", "tmpfs", 0,
		  "lookup mountpoint target: securejoin.OpenInRoot /etc/passwd/x: openat2 "
		  "/etc/passwd/x: not a directory" },
		{ "/etc/passwd", "tmpfs", "tmpfs", 0, "data=mode=0644: not a directory" },
		{ "/etc/passwd", "bind", "/tmp", MS_BIND, "flags=MS_BIND: not a directory" },
		{ "/mnt", "bind", "/tmp", MS_BIND | MS_REMOUNT,
		  "flags=MS_REMOUNT|MS_BIND: invalid argument" },
		{ "/mnt", "nonsense", "x", 0, ": no such device" },
		{ "/mnt", "bind", "/nowhere/at/all", MS_BIND, "asked for /nowhere/at/all" },
		{ "/loop/x", "tmpfs", "tmpfs", 0, ": too many levels of symbolic links" },
		{ "/proc/new", "tmpfs", "tmpfs", 0,
		  "make mountpoint \"/proc/new\": mkdirat %s/proc/new: no such file or directory" },
	};
	size_t i;

	BOX_CHECK(symlink("proc", box_path(box->root, "link-to-proc")) == 0);
	BOX_CHECK(symlink("etc", box_path(box->root, "link-to-etc")) == 0);
	BOX_CHECK(symlink("loop", box_path(box->root, "loop")) == 0);
	for (i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		const struct refusal *refusal = &refusals[i];
		char expected[512];
		size_t size;

		box->config.mounts.count = 0;
		box_mount(box, "/proc", "proc", "proc", 0, "");
		box_mount(box, refusal->destination, refusal->type, refusal->source, refusal->flags,
			  "");
		box->err.text[0] = '\0';
		BOX_CHECK(rootfs_prepare(&box->rootfs, &box->init, &box->sources, &box->err) < 0);
		rootfs_done(&box->rootfs);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		size = (size_t)snprintf(expected, sizeof(expected), refusal->text, box->root,
					box->root);
#pragma GCC diagnostic pop
		BOX_CHECK(strlen(box->err.text) >= size);
		if (strcmp(box->err.text + strlen(box->err.text) - size, expected) != 0)
			dprintf(box_report_fd, "# wanted %s\n", expected);
		BOX_CHECK(strcmp(box->err.text + strlen(box->err.text) - size, expected) == 0);
	}
	return 0;
}

static int masks(struct box *box)
{
	static const char *hidden[] = { "/etc/passwd", "/var",	   "/mnt", "/var/", "/missing",
					"/etc/d",      "/dev/shm", NULL };
	static const char *read_only[] = { "/proc/sys", "/tmp", "/missing", "/etc/hosts", NULL };
	struct rti_strings hidden_list = { hidden, 7 };
	struct rti_strings read_only_list = { read_only, 4 };
	struct stat one;
	struct stat other;

	BOX_CHECK(box_file_write(box_path(box->root, "var/secret"), "x"));
	BOX_CHECK(box_file_write(box_path(box->root, "etc/hosts"), "x"));
	box_mount_usual(box);
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(mask_make_readonly(&read_only_list, &box->err) == 0);
	BOX_CHECK(mask_hide(&hidden_list, NULL, &box->err) == 0);
	BOX_CHECK(has_flags("/proc/sys", ST_RDONLY, 0) && has_flags("/tmp", ST_RDONLY, 0));
	BOX_CHECK(has_flags("/etc/hosts", ST_RDONLY, 0) && has_flags("/proc", 0, ST_RDONLY));
	BOX_CHECK(is_device("/etc/passwd", S_IFCHR, 1, 3));
	BOX_CHECK(box_directory_is_empty("/var") && has_flags("/var", ST_RDONLY, 0));
	BOX_CHECK(stat("/var", &one) == 0 && stat("/etc/d", &other) == 0);
	BOX_CHECK(one.st_dev == other.st_dev); /* one tmpfs for all */
	BOX_CHECK(access("/missing", F_OK) < 0);
	return 0;
}

static int false_null_is_refused(struct box *box)
{
	static const char *hidden[] = { "/etc/passwd", NULL };
	struct rti_strings hidden_list = { hidden, 1 };

	BOX_CHECK(symlink("/proc/sys/kernel/ostype", box_path(box->root, "dev/null")) == 0);
	box_mount(box, "/proc", "proc", "proc", 0, "");
	box_mount(box, "/dev", "bind", box_path(box->root, "dev"), MS_BIND, "");
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(mask_hide(&hidden_list, NULL, &box->err) < 0);
	BOX_CHECK(strcmp(box->err.text, "can't mask paths: container's /dev/null is invalid") == 0);
	BOX_CHECK(box_file_is("/etc/passwd", "root\n"));
	return 0;
}

static int sysctls(struct box *box)
{
	struct rti_string_pair pairs[] = { { "kernel.msgmax", "12345" } };
	struct rti_string_pair missing[] = { { "kernel.no.such", "1" } };
	struct rti_string_map map = { pairs, 1 };
	struct rti_string_map missing_map = { missing, 1 };

	box_mount_usual(box);
	BOX_CHECK(box_enter(box) == 0);
	/* A file of somebody else's making must stay as it is. */
	BOX_CHECK(mount("tmpfs", "/proc/sys", "tmpfs", 0, NULL) == 0);
	BOX_CHECK(mkdir("/proc/sys/kernel", 0755) == 0);
	BOX_CHECK(box_file_write("/proc/sys/kernel/msgmax", "fake"));
	if (sysctl_apply(&map, &box->err) == 0) {
		BOX_CHECK(box_file_is("/proc/sys/kernel/msgmax", "fake"));
		BOX_CHECK(umount("/proc/sys") == 0);
		BOX_CHECK(box_file_is("/proc/sys/kernel/msgmax", "12345\n"));
	} else { /* without a procfs of our own it can only be noticed */
		BOX_CHECK(box_file_is("/proc/sys/kernel/msgmax", "fake"));
		BOX_CHECK(strstr(box->err.text, "open sysctl kernel.msgmax file: unsafe procfs"));
	}
	BOX_CHECK(sysctl_apply(&missing_map, &box->err) == -ENOENT ||
		  strstr(box->err.text, "unsafe procfs detected"));
	return 0;
}

static int moved_root(struct box *box)
{
	box_mount(box, "/proc", "proc", "proc", 0, "");
	box->config.no_pivot_root = true;
	box->config.readonlyfs = true;
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(box_file_is("/etc/passwd", "root\n") && has_flags("/", ST_RDONLY, 0));
	BOX_CHECK(access(box->top, F_OK) < 0);
	return 0;
}

static int without_mount_namespace(struct box *box)
{
	BOX_CHECK(mount("", "/", NULL, MS_SHARED, NULL) == 0);
	box->config.namespaces.count = 0;
	box->config.readonlyfs = true;
	box->config.root_propagation = MS_SLAVE | MS_REC;
	BOX_CHECK(rootfs_prepare(&box->rootfs, &box->init, &box->sources, &box->err) == 0);
	BOX_CHECK(strstr(box_mountinfo("/"), "shared:"));
	BOX_CHECK(box_mountinfo(box->root) && !strstr(box_mountinfo(box->root), "shared:"));
	umask(027);
	BOX_CHECK(rootfs_switch(&box->rootfs, &box->err) == 0);
	BOX_CHECK(rootfs_lock_down(&box->rootfs, &box->err) == 0);
	BOX_CHECK(box_file_is("/etc/passwd", "root\n") && has_flags("/", 0, ST_RDONLY));
	BOX_CHECK(umask(0) == 027);
	return 0;
}

static int many_mounts_with_few_fds(struct box *box)
{
	static char paths[1000][24];
	static int64_t shared[] = { MS_SHARED };
	struct rlimit limit = { .rlim_cur = 64, .rlim_max = 64 };
	int i;

	box_mount(box, "/proc", "proc", "proc", 0, "");
	for (i = 0; i < 1000; i++) {
		snprintf(paths[i], sizeof(paths[i]), "/mnt/%d/x", i);
		if (i % 2)
			box_mount(box, paths[i], "bind", box->canary, MS_BIND | MS_RDONLY, "");
		else
			box_mount(box, paths[i], "tmpfs", "tmpfs", 0, "size=4k")
				->propagation_flags = (struct rti_numbers){ shared, i % 4 == 0 };
	}
	BOX_CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(is_type("/mnt/998/x", TMPFS_MAGIC) && has_flags("/mnt/999/x", ST_RDONLY, 0));
	return 0;
}

static int console(struct box *box)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char payload[64];
	struct iovec part = { payload, sizeof(payload) };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control,
				  .msg_controllen = sizeof(control) };
	struct stat console_stat;
	struct stat stdin_stat;
	int pair[2];

	box_mount_usual(box);
	setsid();
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	BOX_CHECK(console_setup(pair[0], 80, 25, true, &box->err) == 0);
	BOX_CHECK(recvmsg(pair[1], &message, MSG_CMSG_CLOEXEC) == 13);
	BOX_CHECK(memcmp(payload, "/dev/pts/ptmx", 13) == 0);
	BOX_CHECK(CMSG_FIRSTHDR(&message) && CMSG_FIRSTHDR(&message)->cmsg_type == SCM_RIGHTS);
	BOX_CHECK(fstat(0, &stdin_stat) == 0 && stat("/dev/console", &console_stat) == 0);
	BOX_CHECK(stdin_stat.st_rdev == makedev(136, 0));
	BOX_CHECK(console_stat.st_ino == stdin_stat.st_ino);
	BOX_CHECK(console_stat.st_dev == stdin_stat.st_dev && isatty(2));
	BOX_CHECK(open("/dev/tty", O_RDWR | O_CLOEXEC) >= 0 || errno == ENOENT);
	return 0;
}

static int false_ptmx_is_refused(struct box *box)
{
	box_mount_usual(box);
	box->config.mounts.items[2].device = "tmpfs"; /* /dev/pts */
	box->config.mounts.items[2].data = "";
	BOX_CHECK(box_enter(box) == 0);
	BOX_CHECK(mknod("/dev/pts/ptmx", S_IFCHR | 0666, makedev(5, 2)) == 0);
	BOX_CHECK(console_setup(-1, 0, 0, true, &box->err) < 0);
	BOX_CHECK(strcmp(box->err.text, "verify ptmx handle: ptmx handle is not on a real devpts "
					"mount: super magic is 0x1021994") == 0);
	return 0;
}

/* Swaps a directory of the root with a link out of it until killed. */
static pid_t start_racer(struct box *box)
{
	const char *directory = box_path(box->root, "target");
	const char *link = box_path(box->root, "link");
	pid_t pid;

	if (mkdir(directory, 0755) < 0 || symlink("../canary", link) < 0)
		return -1;
	pid = fork();
	if (pid == 0)
		for (;;)
			renameat2(AT_FDCWD, directory, AT_FDCWD, link, RENAME_EXCHANGE);
	return pid;
}

static int racing_links(struct box *box)
{
	pid_t racer = start_racer(box);
	int done = 0;
	int i;

	BOX_CHECK(racer > 0);
	for (i = 0; i < 300; i++) {
		char destination[32];

		snprintf(destination, sizeof(destination), "/target/%d/x", i);
		box->config.mounts.count = 0;
		box_mount(box, destination, i % 3 ? "tmpfs" : "proc", "none", 0, "");
		if (i % 2)
			box_mount(box, "/target", "bind", "/etc", MS_BIND | MS_RDONLY, "");
		done += rootfs_prepare(&box->rootfs, &box->init, &box->sources, &box->err) == 0;
		rootfs_done(&box->rootfs);
		while (box_mountinfo(box->root))
			umount2(box->root, MNT_DETACH);
		if (box_mountinfo(box->canary) || !box_directory_is_empty(box->canary))
			break;
	}
	kill(racer, SIGKILL);
	waitpid(racer, NULL, 0);
	BOX_CHECK(i == 300 && done > 0);
	return 0;
}

#define BOX_TEST(body)                                                                             \
	static void test_##body(void **state)                                                      \
	{                                                                                          \
		(void)state;                                                                       \
		box_run(body, false);                                                              \
	}                                                                                          \
	static void test_##body##_on_an_old_kernel(void **state)                                   \
	{                                                                                          \
		(void)state;                                                                       \
		box_run(body, true);                                                               \
	}

#define BOX_TESTS(with)                                                                            \
	with(usual_container) with(binds) with(propagation) with(tmpfs_modes) with(copy_up)        \
	with(sources) with(links_stay_inside) with(refused_mounts) with(masks)                     \
	with(false_null_is_refused) with(sysctls) with(moved_root)                                 \
	with(without_mount_namespace) with(many_mounts_with_few_fds) with(console)                 \
	with(false_ptmx_is_refused) with(bound_devices) with(racing_links)

BOX_TESTS(BOX_TEST)

#define BOX_ROW(body)                                                                              \
	cmocka_unit_test(test_##body), cmocka_unit_test(test_##body##_on_an_old_kernel),

int main(void)
{
	const struct CMUnitTest tests[] = { BOX_TESTS(BOX_ROW) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
