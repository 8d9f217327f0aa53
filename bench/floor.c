/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bare system calls of a container's start, and nothing else: no configuration, no checks, no
 * protocol. What it costs is what the kernel costs, which no runtime can go below.
 *
 *	floor run ROOTFS NAME PROGRAM [BIND_MOUNTS [MASKED_PATHS]]
 *	floor exec PID PROGRAM
 *
 * It makes what "runtime-parent spec" describes: the same namespaces, cgroups with the device
 * rules, mounts, devices, masked paths and capabilities. BIND_MOUNTS are those of /srv/N and
 * MASKED_PATHS those of /mask/N, as bench/run makes them. Never give it a rootfs that you do not
 * trust, because it follows whatever links are there.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIERARCHIES_MAX 16
#define NAMESPACES (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWPID | CLONE_NEWNET)

struct hierarchy {
	char name[64];
	char path[512]; /* of the container's cgroup */
	int is_v2;
};

struct start {
	const char *rootfs;
	const char *name;
	const char *program;
	int mounts;
	int masks;
	struct hierarchy hierarchies[HIERARCHIES_MAX];
	int count;
};

static long must(long result, const char *what)
{
	if (result >= 0)
		return result;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(EXIT_FAILURE);
}

static void put(const char *dir, const char *file, const char *text)
{
	char path[1024];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = (int)must(open(path, O_WRONLY | O_CLOEXEC), path);
	must(write(fd, text, strlen(text)), path);
	close(fd);
}

static void copy_parent(const struct hierarchy *hierarchy, const char *file)
{
	char path[1024];
	char text[256];
	ssize_t size;
	int fd;

	snprintf(path, sizeof(path), "%s/../%s", hierarchy->path, file);
	fd = (int)must(open(path, O_RDONLY | O_CLOEXEC), path);
	size = must(read(fd, text, sizeof(text) - 1), path);
	close(fd);
	text[size] = '\0';
	put(hierarchy->path, file, text);
}

static void limit_devices(const struct hierarchy *hierarchy)
{
	static const char *const allowed[] = {
		"c *:* m",   "b *:* m",	  "c 1:3 rwm",	 "c 1:8 rwm", "c 1:7 rwm",    "c 5:0 rwm",
		"c 1:5 rwm", "c 1:9 rwm", "c 136:* rwm", "c 5:2 rwm", "c 10:200 rwm",
	};
	char path[1024];
	int fd;

	put(hierarchy->path, "devices.deny", "a");
	snprintf(path, sizeof(path), "%s/devices.allow", hierarchy->path);
	fd = (int)must(open(path, O_WRONLY | O_CLOEXEC), path);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		must(write(fd, allowed[i], strlen(allowed[i])), path);
	close(fd);
}

/* Where cgroup version 2 is mounted: alone, or beside version 1. */
static int has_v2(char **ret_name)
{
	struct statfs fs;

	if (statfs("/sys/fs/cgroup", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
		return 1;
	*ret_name = "unified";
	return statfs("/sys/fs/cgroup/unified", &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

/* "9:name=systemd:/own/path" a line; controllers are mounted below /sys/fs/cgroup by name. */
static void make_cgroups(struct start *start)
{
	char text[4096];
	int fd = (int)must(open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC), "/proc/self/cgroup");
	ssize_t size = must(read(fd, text, sizeof(text) - 1), "/proc/self/cgroup");

	close(fd);
	text[size] = '\0';
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		struct hierarchy *hierarchy = &start->hierarchies[start->count];
		char *name = strchr(line, ':') + 1;
		char *path = strchr(name, ':');

		*path++ = '\0';
		if (strncmp(name, "name=", 5) == 0)
			name += 5;
		hierarchy->is_v2 = !*name;
		if (hierarchy->is_v2 && !has_v2(&name))
			continue;
		snprintf(hierarchy->name, sizeof(hierarchy->name), "%s", name);
		snprintf(hierarchy->path, sizeof(hierarchy->path), "/sys/fs/cgroup/%s%s/%s", name,
			 strcmp(path, "/") == 0 ? "" : path, start->name);
		must(mkdir(hierarchy->path, 0755), hierarchy->path);
		start->count++;
		if (strcmp(name, "cpuset") == 0) {
			copy_parent(hierarchy, "cpuset.cpus");
			copy_parent(hierarchy, "cpuset.mems");
		}
		if (strcmp(name, "devices") == 0)
			limit_devices(hierarchy);
	}
}

/* A process that moves itself makes the kernel wait for nobody, unlike one that is moved. */
static void join_cgroups(const struct start *start)
{
	for (int i = 0; i < start->count; i++)
		put(start->hierarchies[i].path,
		    start->hierarchies[i].is_v2 ? "cgroup.procs" : "tasks", "0");
}

static void remove_cgroups(const struct start *start)
{
	for (int i = 0; i < start->count; i++)
		must(rmdir(start->hierarchies[i].path), "remove cgroup");
}

static void raise_loopback(void)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg link;
	} request = {
		.header = { sizeof(request), RTM_NEWLINK, NLM_F_REQUEST, 1, 0 },
		.link = { .ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP },
	};
	int fd = (int)must(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), "netlink");

	must(send(fd, &request, sizeof(request), 0), "loopback");
	close(fd);
}

static void mount_cgroups(const struct start *start)
{
	must(mount("tmpfs", "sys/fs/cgroup", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755"),
	     "cgroup tmpfs");
	must(chdir("sys/fs/cgroup"), "chdir");
	for (int i = 0; i < start->count; i++) {
		const struct hierarchy *hierarchy = &start->hierarchies[i];

		if (hierarchy->is_v2)
			continue;
		must(mkdir(hierarchy->name, 0755), "mkdir");
		must(mount(hierarchy->path, hierarchy->name, NULL, MS_BIND, NULL), "bind cgroup");
		must(mount(NULL, hierarchy->name, NULL,
			   MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			   NULL),
		     "remount cgroup");
	}
	must(mount(NULL, ".", NULL,
		   MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL),
	     "remount cgroup tmpfs");
	must(chdir(start->rootfs), "chdir");
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned int minor;
	} devices[] = {
		{ "dev/null", 3 }, { "dev/zero", 5 },	 { "dev/full", 7 },
		{ "dev/random", 8 }, { "dev/urandom", 9 },
	};

	for (size_t i = 0; i < sizeof(devices) / sizeof(devices[0]); i++)
		must(mknod(devices[i].path, S_IFCHR | 0666, makedev(1, devices[i].minor)), "mknod");
	must(mknod("dev/tty", S_IFCHR | 0666, makedev(5, 0)), "mknod");
	must(symlink("pts/ptmx", "dev/ptmx"), "symlink");
	must(symlink("/proc/self/fd", "dev/fd"), "symlink");
	must(symlink("/proc/self/fd/0", "dev/stdin"), "symlink");
	must(symlink("/proc/self/fd/1", "dev/stdout"), "symlink");
	must(symlink("/proc/self/fd/2", "dev/stderr"), "symlink");
}

static void make_mounts(const struct start *start)
{
	const unsigned long safe = MS_NOSUID | MS_NOEXEC | MS_NODEV;
	char path[64];

	must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL), "propagation");
	must(mount(start->rootfs, start->rootfs, NULL, MS_BIND | MS_REC, NULL), "bind rootfs");
	must(chdir(start->rootfs), "chdir");
	must(mount("proc", "proc", "proc", 0, NULL), "proc");
	must(mount("tmpfs", "dev", "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k"),
	     "dev");
	must(mkdir("dev/pts", 0755), "mkdir");
	must(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
		   "newinstance,ptmxmode=0666,mode=0620,gid=5"),
	     "devpts");
	must(mkdir("dev/shm", 0755), "mkdir");
	must(mount("shm", "dev/shm", "tmpfs", safe, "mode=1777,size=65536k"), "shm");
	must(mkdir("dev/mqueue", 0755), "mkdir");
	must(mount("mqueue", "dev/mqueue", "mqueue", safe, NULL), "mqueue");
	must(mount("sysfs", "sys", "sysfs", safe | MS_RDONLY, NULL), "sysfs");
	mount_cgroups(start);
	for (int i = 0; i < start->mounts; i++) {
		snprintf(path, sizeof(path), "srv/%d", i);
		must(mount("/etc", path, NULL, MS_BIND, NULL), "bind mount");
	}
}

static void hide_paths(const struct start *start)
{
	static const char *const files[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list" };
	static const char *const folders[] = { "/proc/acpi", "/sys/firmware", "/proc/scsi" };
	static const char *const readonly[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
						"/proc/sysrq-trigger" };
	const char *empty = NULL;
	char path[64];

	for (size_t i = 0; i < sizeof(readonly) / sizeof(readonly[0]); i++)
		if (mount(readonly[i], readonly[i], NULL, MS_BIND | MS_REC, NULL) == 0)
			must(mount(NULL, readonly[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL),
			     readonly[i]);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		(void)mount("/dev/null", files[i], NULL, MS_BIND, NULL);
	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		if (empty)
			(void)mount(empty, folders[i], NULL, MS_BIND, NULL);
		else if (mount("tmpfs", folders[i], "tmpfs", MS_RDONLY, "nr_inodes=1") == 0)
			empty = folders[i];
	}
	for (int i = 0; i < start->masks; i++) {
		snprintf(path, sizeof(path), "/mask/%d", i);
		must(mount("/dev/null", path, NULL, MS_BIND, NULL), path);
	}
}

static void limit_capabilities(void)
{
	const unsigned int kept = 1U << CAP_AUDIT_WRITE | 1U << CAP_KILL |
				  1U << CAP_NET_BIND_SERVICE;
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { kept, kept, 0 } };

	for (unsigned long cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (cap > 31 || !(kept & 1U << cap))
			must(prctl(PR_CAPBSET_DROP, cap, 0UL, 0UL, 0UL), "drop capability");
	must(syscall(SYS_capset, &header, data), "capset");
}

static _Noreturn void become_container(const struct start *start)
{
	const struct rlimit files = { 1024, 1024 };
	char *const args[] = { (char *)start->program, NULL };
	char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm",
		NULL,
	};

	join_cgroups(start);
	raise_loopback();
	umask(0);
	make_mounts(start);
	make_devices();
	must(syscall(SYS_pivot_root, ".", "."), "pivot_root");
	must(umount2(".", MNT_DETACH), "umount");
	must(chdir("/"), "chdir");
	must(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL), "read-only root");
	hide_paths(start);
	umask(022);
	must(sethostname("runc", 4), "sethostname");
	must(setsid(), "setsid");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL), "no_new_privs");
	must(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	limit_capabilities();
	must(execve(start->program, args, environment), start->program);
	_exit(EXIT_FAILURE);
}

static int wait_for(pid_t pid)
{
	int status = EXIT_FAILURE;

	must(waitpid(pid, &status, 0), "wait");
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

static pid_t clone_process(unsigned long flags)
{
	return (pid_t)must(syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, 0UL), "clone");
}

static int run(struct start *start)
{
	pid_t pid;
	int status;

	make_cgroups(start);
	pid = clone_process(NAMESPACES);
	if (pid == 0)
		become_container(start);
	status = wait_for(pid);
	remove_cgroups(start);
	return status;
}

/* The namespaces of a container and the capabilities of its processes; its cgroups by their pid. */
static int execute(const char *target, const char *program)
{
	char *const args[] = { (char *)program, NULL };
	char *const environment[] = { "PATH=/bin", NULL };
	int pidfd = (int)must(syscall(SYS_pidfd_open, strtol(target, NULL, 10), 0), "pidfd_open");
	pid_t pid;

	must(setns(pidfd, NAMESPACES), "setns");
	pid = clone_process(0);
	if (pid > 0)
		return wait_for(pid);
	limit_capabilities();
	must(execve(program, args, environment), program);
	return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
	struct start start = { 0 };

	if (argc == 4 && strcmp(argv[1], "exec") == 0)
		return execute(argv[2], argv[3]);
	if (argc < 5 || argc > 7 || strcmp(argv[1], "run") != 0) {
		fprintf(stderr, "usage: floor run ROOTFS NAME PROGRAM [BIND_MOUNTS [MASKED_PATHS]]\n"
				"       floor exec PID PROGRAM\n");
		return 2;
	}
	start.rootfs = argv[2];
	start.name = argv[3];
	start.program = argv[4];
	start.mounts = argc > 5 ? atoi(argv[5]) : 0;
	start.masks = argc > 6 ? atoi(argv[6]) : 0;
	return run(&start);
}
