/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "tests/unit/box.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/procfs.h"
#include "base/syscall.h"

#define BOX_PATHS 16

int box_report_fd = STDERR_FILENO;

const char *box_path(const char *directory, const char *name)
{
	static char paths[BOX_PATHS][512];
	static unsigned int next;
	char *path = paths[next++ % BOX_PATHS];

	snprintf(path, sizeof(paths[0]), "%s/%s", directory, name);
	return path;
}

bool box_file_write(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	return fd >= 0 && rti_write_full(fd, text, strlen(text)) == 0;
}

bool box_file_is(const char *path, const char *text)
{
	_cleanup_fd_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char content[256];
	ssize_t size = fd < 0 ? -1 : rti_read_full(fd, content, sizeof(content));

	return size == (ssize_t)strlen(text) && memcmp(content, text, (size_t)size) == 0;
}

const char *box_mountinfo(const char *path)
{
	static char found[1024];
	FILE *list = fopen("/proc/self/mountinfo", "re");
	char line[1024];
	bool is_found = false;

	while (list && fgets(line, sizeof(line), list)) {
		char point[512];
		int options = 0;

		if (sscanf(line, "%*s %*s %*s %*s %511s %n", point, &options) == 1 &&
		    strcmp(point, path) == 0) {
			snprintf(found, sizeof(found), "%s", line + options);
			is_found = true;
		}
	}
	if (list)
		fclose(list);
	return is_found ? found : NULL;
}

bool box_directory_is_empty(const char *path)
{
	DIR *directory = opendir(path);
	int count = 0;

	while (directory && readdir(directory))
		count++;
	if (directory)
		closedir(directory);
	return count == 2;
}

struct rti_mount *box_mount(struct box *box, const char *destination, const char *type,
			    const char *source, int64_t flags, const char *data)
{
	struct rti_mount *mount = &box->mounts[box->config.mounts.count++];

	*mount = (struct rti_mount){ .destination = destination, .device = type, .source = source,
				     .flags = flags, .data = data };
	return mount;
}

void box_mount_usual(struct box *box)
{
	box_mount(box, "/proc", "proc", "proc", 0, "");
	box_mount(box, "/dev", "tmpfs", "tmpfs", MS_NOSUID | MS_STRICTATIME,
		  "mode=755,size=65536k");
	box_mount(box, "/dev/pts", "devpts", "devpts", MS_NOSUID | MS_NOEXEC,
		  "newinstance,ptmxmode=0666,mode=0620,gid=5");
	box_mount(box, "/dev/shm", "tmpfs", "shm", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=1777,size=65536k");
	box_mount(box, "/dev/mqueue", "mqueue", "mqueue", MS_NOSUID | MS_NODEV | MS_NOEXEC, "");
	box_mount(box, "/sys", "sysfs", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, "");
}

static void box_add_devices(struct box *box)
{
	static const struct {
		const char *path;
		int64_t minor;
	} devices[] = { { "/dev/null", 3 }, { "/dev/zero", 5 }, { "/dev/random", 8 } };
	size_t i;

	for (i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		box->devices[i] = (struct rti_device){ .path = devices[i].path,
						       .rule = { .type = 'c', .major = 1,
								 .minor = devices[i].minor },
						       .file_mode = 0666 };
	box->config.devices.items = box->devices;
	box->config.devices.count = i;
}

int box_enter(struct box *box)
{
	int r = rootfs_prepare(&box->rootfs, &box->init, &box->sources, &box->err);

	if (r == 0)
		r = rootfs_chdir(&box->rootfs, &box->err);
	if (r == 0)
		r = rootfs_switch(&box->rootfs, &box->err);
	if (r == 0)
		r = rootfs_lock_down(&box->rootfs, &box->err);
	return r;
}

static int box_request_nothing(void *data, const struct rti_mount *mount, struct mount_source *ret,
			       struct rti_error *err)
{
	(void)data;
	(void)ret;
	return rti_refuse(err, ENOENT, "asked for %s", mount->source);
}

static void box_make(struct box *box)
{
	static const char *const directories[] = { "proc", "dev", "sys", "etc", "etc/d", "mnt",
						   "tmp",  "var" };
	size_t i;

	strcpy(box->top, "/tmp/test-box-XXXXXX");
	assert_non_null(mkdtemp(box->top));
	snprintf(box->root, sizeof(box->root), "%s/root", box->top);
	snprintf(box->canary, sizeof(box->canary), "%s/canary", box->top);
	assert_int_equal(mkdir(box->root, 0755), 0);
	assert_int_equal(mkdir(box->canary, 0755), 0);
	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		assert_int_equal(mkdir(box_path(box->root, directories[i]), 0755), 0);
	assert_true(box_file_write(box_path(box->root, "etc/passwd"), "root\n"));
	box->namespaces[0].type = "NEWNS";
	box->config.namespaces.items = box->namespaces;
	box->config.namespaces.count = 1;
	box->config.rootfs = box->root;
	box->config.mounts.items = box->mounts;
	box_add_devices(box);
	box->init.config = &box->config;
	box->init.cwd = "/";
	box->sources.request = box_request_nothing;
	box->rootfs = (struct rootfs)ROOTFS_EMPTY;
}

/* Makes the calls that came with the mount API and after look as before them. */
static bool box_forget_new_calls(void)
{
	static const int calls[] = { SYS_openat2, SYS_open_tree,     SYS_move_mount, SYS_fsopen,
				     SYS_fsconfig, SYS_fsmount,	     SYS_fspick,     SYS_fchmodat2,
				     SYS_mount_setattr };
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	bool is_done = filter && seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0) == 0;
	size_t i;

	for (i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		is_done = is_done &&
			  seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), calls[i], 0) == 0;
	is_done = is_done && seccomp_load(filter) == 0;
	seccomp_release(filter);
	return is_done;
}

static int box_child(struct box *box, int (*body)(struct box *box), bool old_kernel)
{
	box_report_fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 20);
	rti_procfs_forget();
	umask(022);
	if (unshare(CLONE_NEWNS | CLONE_NEWIPC) < 0 ||
	    mount("", "/", NULL, MS_PRIVATE | MS_REC, NULL) < 0) {
		dprintf(box_report_fd, "# cannot isolate a child: %s\n", strerror(errno));
		return 1;
	}
	if (old_kernel && !box_forget_new_calls()) {
		dprintf(box_report_fd, "# cannot load a filter\n");
		return 1;
	}
	return body(box);
}

static int box_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void box_run(int (*body)(struct box *box), bool old_kernel)
{
	struct box *box;
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	box = calloc(1, sizeof(*box));
	assert_non_null(box);
	box_make(box);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(box_child(box, body, old_kernel));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	/* A file system left mounted on the host would be emptied here; FTW_MOUNT is the guard. */
	nftw(box->top, box_remove_one, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	free(box);
	assert_int_equal(status, 0);
}
