/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Facts about this machine, by plain reading: what the conversion of an OCI configuration needs to
 * know of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/number.h"
#include "protocol/spec-convert-internal.h"

/* What cannot be looked at counts as there: who uses it is told why. */
static bool exists(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR);
}

static void close_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

#define _cleanup_file_ _cleanup_(close_file)

struct wanted_mount {
	const char *type;
	bool (*accepts)(const char *path);
	char *path; /* malloc()ed */
};

static int take_mount(void *data, const struct rti_mountinfo *info, struct rti_error *err)
{
	struct wanted_mount *wanted = data;

	(void)err;
	if (strcmp(info->type, wanted->type) != 0 || !wanted->accepts(info->mount_point))
		return 0;
	wanted->path = strdup(info->mount_point);
	return 1;
}

/*
 * Where a file system of this type is mounted; the first place that @accepts likes. The caller
 * frees it; NULL if there is none.
 */
static char *find_mount(const char *type, bool (*accepts)(const char *path))
{
	_cleanup_fd_ int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	struct wanted_mount wanted = { type, accepts, NULL };

	if (fd >= 0)
		(void)rti_mountinfo_each(fd, take_mount, &wanted, NULL);
	return wanted.path;
}

static bool is_selinuxfs(const char *path)
{
	struct statfs fs;

	return rti_retry(statfs(path, &fs)) == 0 && fs.f_type == SELINUX_MAGIC &&
	       !(fs.f_flags & ST_RDONLY);
}

/* Mounted, writable, and with a policy loaded: before that every label is "kernel". */
static bool selinux_is_enabled(void)
{
	_cleanup_free_ char *found = NULL;
	_cleanup_fd_ int label_fd = -EBADF;
	char label[sizeof("kernel") + 1] = "";
	ssize_t size;

	/* The kernel makes this directory in sysfs if it can do SELinux at all. */
	if (exists("/sys/fs") && !exists("/sys/fs/selinux"))
		return false;
	if (!is_selinuxfs("/sys/fs/selinux")) {
		found = find_mount("selinuxfs", is_selinuxfs);
		if (!found)
			return false;
	}
	label_fd = open("/proc/thread-self/attr/current", O_RDONLY | O_CLOEXEC);
	if (label_fd < 0)
		return true;
	size = rti_read_full(label_fd, label, sizeof(label) - 1);
	return size < 0 || (strcmp(label, "kernel") != 0 && strcmp(label, "kernel\n") != 0);
}

static bool is_any(const char *path)
{
	(void)path;
	return true;
}

static void probe_rdt(struct rti_convert_environment *environment)
{
	/* The kernel makes this directory in sysfs if the machine has what resctrl is about. */
	bool is_possible = !exists("/sys/fs") || exists("/sys/fs/resctrl");
	_cleanup_free_ char *root = is_possible ? find_mount("resctrl", is_any) : NULL;
	char path[PATH_MAX];

	environment->rdt = root != NULL;
	environment->rdt_cat = environment->rdt_mba = false;
	if (!root)
		return;
	if (snprintf(path, sizeof(path), "%s/info/L3", root) < (int)sizeof(path))
		environment->rdt_cat = exists(path);
	if (snprintf(path, sizeof(path), "%s/info/MB", root) < (int)sizeof(path))
		environment->rdt_mba = exists(path);
}

/* One line of uid_map or gid_map: three numbers. */
static bool parse_map(char *line, struct rti_id_map *ret)
{
	int64_t *const numbers[] = { &ret->container_id, &ret->host_id, &ret->size };
	char *rest = line;

	for (size_t i = 0; i < 3; i++) {
		const char *word = strtok_r(i ? NULL : line, " \t\n", &rest);

		if (!word || !rti_number_i64(word, 0, UINT32_MAX, numbers[i]))
			return false;
	}
	return true;
}

static int read_map(const char *path, struct rti_arena *arena, struct rti_id_maps *ret,
		    struct rti_error *err)
{
	_cleanup_file_ FILE *file = fopen(path, "re");
	_cleanup_free_ char *line = NULL;
	struct rti_id_maps maps = {};
	size_t capacity = 0;
	size_t size = 0;

	if (!file)
		return rti_fail(err, errno, "open %s", path);
	while (getline(&line, &size, file) > 0) {
		if (maps.count == capacity) {
			struct rti_id_map *more;

			capacity = 2 * capacity + 8;
			more = rti_arena_array(arena, capacity, sizeof(*more));
			if (!more)
				return spec_no_memory(err);
			if (maps.count)
				memcpy(more, maps.items, maps.count * sizeof(*more));
			maps.items = more;
		}
		if (!parse_map(line, &maps.items[maps.count]))
			return rti_refuse(err, EINVAL,
					  "parsing id map failed: invalid format in %s", path);
		maps.count++;
	}
	if (ferror(file))
		return rti_fail(err, errno, "read %s", path);
	*ret = maps;
	return 0;
}

/* /proc/PID/ns/user names a process whose maps can be read without going there. */
static int read_id_maps(void *data, const char *path, struct rti_arena *arena,
			struct rti_id_maps *ret_uid, struct rti_id_maps *ret_gid,
			struct rti_error *err)
{
	static const char tail[] = "/ns/user";
	size_t digits;
	char *map_path;
	int r;

	(void)data;
	digits = strncmp(path, "/proc/", 6) ? 0 : strspn(path + 6, "0123456789");
	if (!digits || strcmp(path + 6 + digits, tail) != 0)
		return rti_refuse(err, EOPNOTSUPP,
				  "the maps of user namespace %s can only be read from inside it",
				  path);
	map_path = rti_arena_printf(arena, "/proc/%.*s/uid_map", (int)digits, path + 6);
	if (!map_path)
		return spec_no_memory(err);
	r = read_map(map_path, arena, ret_uid, err);
	if (r < 0)
		return r;
	strstr(map_path, "/uid_map")[1] = 'g';
	return read_map(map_path, arena, ret_gid, err);
}

static int resolve_path(void *data, const char *path, struct rti_arena *arena, const char **ret,
			struct rti_error *err)
{
	_cleanup_free_ char *resolved = NULL;
	struct stat st;

	(void)data;
	if (stat(path, &st) < 0)
		return rti_fail(err, errno, "stat %s", path);
	resolved = realpath(path, NULL);
	if (!resolved)
		return rti_fail(err, errno, "lstat %s", path);
	return spec_copy_text(arena, resolved, ret) < 0 ? spec_no_memory(err) : 0;
}

static int netns_is_own(void *data, const char *path, bool *ret, struct rti_error *err)
{
	static const char own[] = "/proc/self/ns/net";
	struct stat own_st;
	struct stat st;

	(void)data;
	if (stat(own, &own_st) < 0)
		return rti_fail(err, errno, "stat %s", own);
	if (stat(path, &st) < 0)
		return rti_fail(err, errno, "stat %s", path);
	*ret = st.st_dev == own_st.st_dev && st.st_ino == own_st.st_ino;
	return 0;
}

void rti_convert_environment_probe(struct rti_convert_environment *environment)
{
	struct statfs fs;

	environment->cgroup_unified = rti_retry(statfs("/sys/fs/cgroup", &fs)) == 0 &&
				      fs.f_type == CGROUP2_SUPER_MAGIC;
	environment->selinux = selinux_is_enabled();
	environment->user_namespaces = exists("/proc/self/ns/user");
	environment->cgroup_namespaces = exists("/proc/self/ns/cgroup");
	environment->time_namespaces = exists("/proc/self/timens_offsets");
	probe_rdt(environment);
	environment->read_id_maps = read_id_maps;
	environment->resolve_path = resolve_path;
	environment->netns_is_own = netns_is_own;
}
