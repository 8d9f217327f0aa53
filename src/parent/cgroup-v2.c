/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: The unified driver
 *
 * One directory for all controllers. A cgroup has the controllers that the one above it hands down in
 * cgroup.subtree_control, so every ancestor hands down all it has.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/cgroup-driver.h"
#include "parent/cgroup-file.h"

#define UNIFIED_MOUNT "/sys/fs/cgroup"

static int v2_find_paths(struct cgroup *cgroup, const char *inner, struct rti_error *err)
{
	char own[PATH_MAX] = "", path[PATH_MAX];
	char *slash;
	int r;

	if (inner[0] != '/') {
		/* The caller's own cgroup has processes, so it cannot hand down controllers. */
		r = cgroup_own_path(0, "", own, sizeof(own), err);
		if (r == -ENOENT)
			return rti_refuse(err, ENOENT, "cgroup path not found");
		if (r < 0)
			return r;
		slash = strrchr(own, '/');
		if (slash)
			*slash = 0;
	}
	inner += strspn(inner, "/");
	if (snprintf(path, sizeof(path), UNIFIED_MOUNT "%s%s%s", own, *inner ? "/" : "", inner) >=
	    (int)sizeof(path))
		return rti_fail(err, ENAMETOOLONG, "cgroup path");
	return cgroup_add_path(cgroup, "", path, err);
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);

	for (; *list; list += strspn(list, " \n")) {
		size_t part = strcspn(list, " \n");

		if (part == length && strncmp(list, word, length) == 0)
			return true;
		list += part;
	}
	return false;
}

static bool is_set(const char *text)
{
	return text && *text;
}

static bool memory_is_set(const struct rti_cgroups *config)
{
	return config->memory || config->memory_reservation || config->memory_swap;
}

static bool cpu_is_set(const struct rti_cgroups *config)
{
	return config->cpu_weight || config->cpu_quota || config->cpu_period || config->cpu_idle ||
	       config->cpu_burst;
}

static bool cpuset_is_set(const struct rti_cgroups *config)
{
	return is_set(config->cpuset_cpus) || is_set(config->cpuset_mems);
}

static bool io_is_set(const struct rti_cgroups *config)
{
	return config->blkio_weight || config->blkio_weight_device.count ||
	       config->blkio_throttle_read_bps_device.count ||
	       config->blkio_throttle_write_bps_device.count ||
	       config->blkio_throttle_read_iops_device.count ||
	       config->blkio_throttle_write_iops_device.count;
}

static bool needs_domain(const struct rti_cgroups *config)
{
	return memory_is_set(config) || io_is_set(config) || cpu_is_set(config) ||
	       config->hugetlb_limit.count > 0;
}

/* Whether a limit is asked for that the machine could keep if we were allowed to. */
static bool needs_controllers(const struct rti_cgroups *config)
{
	const struct {
		const char *name;
		bool wanted;
	} needs[] = {
		{ "pids", config->pids_limit },	      { "memory", memory_is_set(config) },
		{ "io", io_is_set(config) },	      { "cpu", cpu_is_set(config) },
		{ "cpuset", cpuset_is_set(config) }, { "hugetlb", config->hugetlb_limit.count > 0 },
	};
	char available[1024];

	if (cgroup_file_read(UNIFIED_MOUNT, "cgroup.controllers", available, sizeof(available),
			     NULL) < 0)
		return true;
	for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
		if (needs[i].wanted && has_word(available, needs[i].name))
			return true;
	}
	return false;
}

static void hand_down_controllers(const char *path)
{
	char controllers[1024], request[2048] = "";
	size_t used = 0;

	if (cgroup_file_read(path, "cgroup.controllers", controllers, sizeof(controllers), NULL) < 0)
		return;
	for (char *next = controllers, *word; (word = strsep(&next, " \n"));) {
		if (*word)
			used += (size_t)snprintf(request + used, sizeof(request) - used, "%s+%s",
						 used ? " " : "", word);
	}
	if (!used || cgroup_file_write(path, "cgroup.subtree_control", NULL, "%s", request) == 0)
		return;
	/* All or nothing; so try what can be had one by one. */
	for (char *next = request, *word; (word = strsep(&next, " "));)
		cgroup_file_write(path, "cgroup.subtree_control", NULL, "%s", word);
}

static int check_type(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	char type[64];

	if (cgroup_file_read(path, "cgroup.type", type, sizeof(type), NULL) < 0)
		return 0; /* the root has none */
	type[strcspn(type, "\n")] = 0;
	if (strcmp(type, "domain invalid") == 0) {
		if (needs_domain(config))
			return rti_refuse(err, EINVAL, "cannot enter cgroupv2 \"%s\" with domain "
						       "controllers -- it is in an invalid state", path);
		cgroup_file_write(path, "cgroup.type", NULL, "threaded");
	} else if (strcmp(type, "domain") != 0 && needs_domain(config)) {
		return rti_refuse(err, EINVAL, "cannot enter cgroupv2 \"%s\" with domain controllers "
					       "-- it is in %s mode", path, type);
	}
	return 0;
}

/* Create @path and everything above it; what was created is removed again on failure. */
static int create_path(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	char current[PATH_MAX];
	size_t first_made = 0, root = strlen(UNIFIED_MOUNT);
	int r = 0;

	if (strncmp(path, UNIFIED_MOUNT "/", root + 1) != 0 || strlen(path) >= sizeof(current))
		return rti_refuse(err, EINVAL, "invalid cgroup path %s", path);
	strcpy(current, path);
	for (size_t end = root; r == 0 && path[end]; end++) {
		end += strcspn(path + end, "/");
		current[end] = 0;
		if (end > root) {
			if (mkdir(current, 0755) == 0)
				first_made = first_made ? first_made : end;
			else if (errno != EEXIST)
				r = rti_fail(err, errno, "mkdir %s", current);
			if (r == 0)
				r = check_type(current, config, err);
		}
		if (r == 0 && path[end])
			hand_down_controllers(current);
		if (!path[end])
			break;
		if (r == 0)
			current[end] = '/';
	}
	if (r < 0 && first_made) {
		current[first_made] = 0;
		cgroup_rmdir(current, NULL);
	}
	return r;
}

/* What the kernel says may be given to the owner of a delegated cgroup. */
static int delegate(const char *path, int64_t owner_uid, struct rti_error *err)
{
	static const char fallback[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
	char files[1024];
	ssize_t n = -1;
	int fd = open("/sys/kernel/cgroup/delegate", O_RDONLY | O_CLOEXEC);

	if (fd >= 0) {
		n = rti_read_full(fd, files, sizeof(files) - 1);
		rti_close(fd);
	}
	if (n >= 0)
		files[n] = 0;
	else
		strcpy(files, fallback);
	if (chown(path, (uid_t)owner_uid, (gid_t)-1) < 0)
		return rti_fail(err, errno, "chown %s", path);
	for (char *next = files, *file; (file = strsep(&next, "\n"));) {
		_cleanup_fd_ int file_fd = -EBADF;

		if (!*file)
			continue;
		file_fd = cgroup_file_open(path, file, O_RDONLY, NULL);
		/* The list is the kernel's, not this cgroup's: some files need a controller. */
		if (file_fd >= 0 && fchown(file_fd, (uid_t)owner_uid, (gid_t)-1) < 0)
			return rti_fail(err, errno, "chown %s/%s", path, file);
	}
	return 0;
}

static int v2_apply(struct cgroup *cgroup, pid_t pid, struct rti_error *err)
{
	const struct rti_cgroups *config = cgroup->config;
	const char *path = cgroup_path(cgroup, "");
	int r;

	r = create_path(path, config, err);
	if (r < 0 && config->rootless && !is_set(config->path)) {
		if (!needs_controllers(config)) {
			cgroup->path_count = 0;
			return CGROUP_E_ROOTLESS;
		}
		return rti_prefix(err, r, "rootless needs no limits + no cgrouppath when no "
					  "permission is granted for cgroups");
	}
	if (r == 0)
		r = cgroup_file_add_pid(path, pid, err);
	if (r == 0 && config->owner_uid)
		r = delegate(path, *config->owner_uid, err);
	return r;
}

static int set_pids(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	const int64_t *limit = config->pids_limit;

	if (!limit)
		return 0;
	if (*limit < 0)
		return cgroup_file_write(path, "pids.max", err, "max");
	/* 0 is written as 1, as systemd has to. */
	return cgroup_file_write(path, "pids.max", err, "%" PRId64, *limit ? *limit : 1);
}

/* OCI's swap is memory and swap together; v2 limits swap alone. -1 is "max", 0 is unset. */
static int swap_only(int64_t swap, int64_t memory, int64_t *ret, struct rti_error *err)
{
	*ret = swap;
	if (swap == 0 && memory == -1)
		*ret = -1;
	if (swap == -1 || swap == 0 || memory == -1)
		return 0;
	if (memory == 0)
		return rti_refuse(err, EINVAL, "unable to set swap limit without memory limit");
	if (memory < 0)
		return rti_refuse(err, EINVAL, "invalid memory value: %" PRId64, memory);
	if (swap < memory)
		return rti_refuse(err, EINVAL, "memory+swap limit should be >= memory limit");
	*ret = swap - memory;
	return 0;
}

static int write_limit(const char *path, const char *file, int64_t value, struct rti_error *err)
{
	if (value == -1)
		return cgroup_file_write(path, file, err, "max");
	return cgroup_file_write(path, file, err, "%" PRId64, value);
}

static int check_usage(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	uint64_t usage;

	if (!config->memory_check_before_update ||
	    cgroup_file_read_u64(path, "memory.current", &usage, NULL) < 0)
		return 0;
	if (config->memory_swap > 0 && (uint64_t)config->memory_swap <= usage)
		return rti_refuse(err, EBUSY,
				  "rejecting memory+swap limit %" PRId64 " <= usage %" PRIu64,
				  config->memory_swap, usage);
	if (config->memory > 0 && (uint64_t)config->memory <= usage)
		return rti_refuse(err, EBUSY, "rejecting memory limit %" PRId64 " <= usage %" PRIu64,
				  config->memory, usage);
	return 0;
}

static int set_memory(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	int64_t swap = 0;
	int r;

	if (!memory_is_set(config))
		return 0;
	r = check_usage(path, config, err);
	if (r == 0)
		r = swap_only(config->memory_swap, config->memory, &swap, err);
	if (r < 0)
		return r;
	if (swap || config->memory_swap > 0) {
		r = write_limit(path, "memory.swap.max", swap, err);
		/* Without swap accounting, no swap and any amount of it are as good as set. */
		if (r < 0 && !(r == -ENOENT && (swap == 0 || swap == -1)))
			return r;
		r = 0;
	}
	if (config->memory)
		r = write_limit(path, "memory.max", config->memory, err);
	if (r == 0 && config->memory_reservation)
		r = write_limit(path, "memory.low", config->memory_reservation, err);
	return r;
}

static int set_io_weight(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	uint64_t weight = config->blkio_weight;
	bool bfq = cgroup_file_exists(path, "io.bfq.weight");
	char text[128];
	int r = 0;

	if (weight && bfq)
		r = cgroup_file_write(path, "io.bfq.weight", err, "%" PRIu64, weight);
	else if (weight) /* 10..1000 becomes 1..10000 */
		r = cgroup_file_write(path, "io.weight", err, "%" PRIu64,
				      1 + (weight - 10) * 9999 / 990);
	if (r < 0 || !bfq || !config->blkio_weight_device.count)
		return r;
	/* Weights of single devices came with Linux 5.4; the file then starts with "default". */
	if (cgroup_file_read(path, "io.bfq.weight", text, sizeof(text), NULL) < 0 ||
	    strncmp(text, "default", 7) != 0)
		return 0;
	for (size_t i = 0; r == 0 && i < config->blkio_weight_device.count; i++) {
		const struct rti_blkio_weight_device *device = &config->blkio_weight_device.items[i];

		r = cgroup_file_write(path, "io.bfq.weight", err,
				      "%" PRId64 ":%" PRId64 " %" PRIu64 "\n", device->major,
				      device->minor, device->weight);
	}
	return r;
}

static int set_io(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	const struct {
		const char *key;
		const struct rti_blkio_throttles *list;
	} throttles[] = {
		{ "rbps", &config->blkio_throttle_read_bps_device },
		{ "wbps", &config->blkio_throttle_write_bps_device },
		{ "riops", &config->blkio_throttle_read_iops_device },
		{ "wiops", &config->blkio_throttle_write_iops_device },
	};
	int r;

	r = set_io_weight(path, config, err);
	for (size_t t = 0; r == 0 && t < sizeof(throttles) / sizeof(throttles[0]); t++) {
		for (size_t i = 0; r == 0 && i < throttles[t].list->count; i++) {
			const struct rti_blkio_throttle *item = &throttles[t].list->items[i];

			r = cgroup_file_write(path, "io.max", err,
					      "%" PRId64 ":%" PRId64 " %s=%" PRIu64, item->major,
					      item->minor, throttles[t].key, item->rate);
		}
	}
	return r;
}

static int set_cpu(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	uint64_t period = config->cpu_period ? config->cpu_period : 100000;
	bool burst_again = false;
	int r = 0;

	if (config->cpu_idle)
		r = cgroup_file_write(path, "cpu.idle", err, "%" PRId64, *config->cpu_idle);
	if (r == 0 && config->cpu_weight)
		r = cgroup_file_write(path, "cpu.weight", err, "%" PRIu64, config->cpu_weight);
	if (r == 0 && config->cpu_burst) {
		/* A burst above the quota in force may fit the one that comes. */
		r = cgroup_file_write(path, "cpu.max.burst", err, "%" PRIu64, *config->cpu_burst);
		burst_again = r == -EINVAL && config->cpu_quota;
		if (burst_again)
			r = 0;
	}
	if (r < 0 || (!config->cpu_quota && !config->cpu_period))
		return r;
	if (config->cpu_quota > 0)
		r = cgroup_file_write(path, "cpu.max", err, "%" PRId64 " %" PRIu64,
				      config->cpu_quota, period);
	else
		r = cgroup_file_write(path, "cpu.max", err, "max %" PRIu64, period);
	if (r == 0 && burst_again)
		r = cgroup_file_write(path, "cpu.max.burst", err, "%" PRIu64, *config->cpu_burst);
	return r;
}

static int set_devices(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	int r = cgroup_devices_set_v2(path, &config->devices, err);

	return r < 0 && config->rootless ? 0 : r;
}

static int set_cpuset(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	int r = 0;

	if (is_set(config->cpuset_cpus))
		r = cgroup_file_write(path, "cpuset.cpus", err, "%s", config->cpuset_cpus);
	if (r == 0 && is_set(config->cpuset_mems))
		r = cgroup_file_write(path, "cpuset.mems", err, "%s", config->cpuset_mems);
	return r;
}

static int set_hugetlb(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	for (size_t i = 0; i < config->hugetlb_limit.count; i++) {
		const struct rti_hugetlb_limit *item = &config->hugetlb_limit.items[i];
		char file[128];
		int r;

		snprintf(file, sizeof(file), "hugetlb.%s.max", item->page_size);
		r = cgroup_file_write(path, file, err, "%" PRIu64, item->limit);
		if (r < 0)
			return r;
		snprintf(file, sizeof(file), "hugetlb.%s.rsvd.max", item->page_size);
		r = cgroup_file_write(path, file, err, "%" PRIu64, item->limit);
		if (r < 0 && r != -ENOENT) /* since Linux 5.7 */
			return r;
	}
	return 0;
}

static int set_rdma(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	return cgroup_set_rdma(path, &config->rdma, err);
}

static int read_frozen(const char *path, bool *ret, struct rti_error *err)
{
	const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	char wanted[16];
	uint64_t frozen;
	ssize_t n;

	n = cgroup_file_read(path, "cgroup.freeze", wanted, sizeof(wanted), err);
	if (n < 0)
		return (int)n;
	*ret = wanted[0] == '1';
	for (int i = 0; *ret && i < 1000; i++) {
		if (cgroup_file_read_key(path, "cgroup.events", "frozen", &frozen) < 0 || frozen)
			return 0;
		nanosleep(&pause, NULL);
	}
	if (*ret)
		return rti_refuse(err, ETIMEDOUT,
				  "timeout of 10s reached waiting for the cgroup to freeze");
	return 0;
}

static int v2_freeze(struct cgroup *cgroup, enum cgroup_freezer state, struct rti_error *err)
{
	const char *path = cgroup_path(cgroup, "");
	bool freeze = state == CGROUP_FROZEN, frozen;
	int r;

	if (!cgroup_file_exists(path, "cgroup.freeze")) /* since Linux 5.2 */
		return freeze ? rti_refuse(err, ENOENT, "freezer not supported: openat2 %s/"
							"cgroup.freeze: no such file or directory",
					   path ? path : "")
			      : 0;
	r = cgroup_file_write(path, "cgroup.freeze", err, "%d", freeze);
	return r < 0 ? r : read_frozen(path, &frozen, err);
}

static int v2_get_freezer(const struct cgroup *cgroup, enum cgroup_freezer *ret,
			  struct rti_error *err)
{
	bool frozen;
	int r;

	*ret = CGROUP_FREEZER_UNDEFINED;
	r = read_frozen(cgroup_path(cgroup, ""), &frozen, err);
	if (r == -ENOENT || r == -ENODEV)
		return 0;
	if (r == 0)
		*ret = frozen ? CGROUP_FROZEN : CGROUP_THAWED;
	return r;
}

/* One write(2) for each line: io.max and the like take a single device at a time. */
static int write_lines(const char *path, const char *file, const char *text, struct rti_error *err)
{
	int r = 0;

	do {
		size_t length = strcspn(text, "\n");

		length += text[length] == '\n';
		r = cgroup_file_write(path, file, err, "%.*s", (int)length, text);
		text += length;
	} while (r == 0 && *text);
	return r;
}

static int set_unified(const char *path, const struct rti_string_map *unified, struct rti_error *err)
{
	for (size_t i = 0; i < unified->count; i++) {
		const char *key = unified->items[i].key;
		char available[1024], controller[64];
		size_t part = strcspn(key, ".");
		int r;

		if (strchr(key, '/'))
			return rti_refuse(err, EINVAL, "unified resource \"%s\" must be a file name "
						       "(no slashes)", key);
		r = write_lines(path, key, unified->items[i].value, err);
		if (r == 0)
			continue;
		if ((r == -EPERM || r == -EACCES || r == -ENOENT) && !key[part])
			return rti_refuse(err, -r, "unified resource \"%s\" must be in the form "
						   "CONTROLLER.PARAMETER", key);
		snprintf(controller, sizeof(controller), "%.*s", (int)part, key);
		if ((r == -EPERM || r == -EACCES || r == -ENOENT) &&
		    strcmp(controller, "cgroup") != 0 &&
		    cgroup_file_read(path, "cgroup.controllers", available, sizeof(available),
				     NULL) >= 0 && !has_word(available, controller))
			return rti_refuse(err, -r, "unified resource \"%s\" can't be set: controller "
						   "\"%s\" not available", key, controller);
		return rti_prefix(err, r, "unable to set unified resource \"%s\"", key);
	}
	return 0;
}

static int v2_set(struct cgroup *cgroup, struct rti_error *err)
{
	static int (*const setters[])(const char *, const struct rti_cgroups *,
				      struct rti_error *) = {
		set_pids,   set_memory, set_io,	  set_cpu,
		set_devices, set_cpuset, set_hugetlb, set_rdma,
	};
	const struct rti_cgroups *config = cgroup->config;
	const char *path = cgroup_path(cgroup, "");
	int r = 0;

	if (!path)
		return 0; /* rootless, and nothing is asked for: v2_apply() has made sure */
	for (size_t i = 0; r == 0 && i < sizeof(setters) / sizeof(setters[0]); i++)
		r = setters[i](path, config, err);
	if (r == 0 && is_set(config->freezer)) {
		bool freeze = strcmp(config->freezer, "FROZEN") == 0;

		if (!freeze && strcmp(config->freezer, "THAWED") != 0)
			return rti_refuse(err, EINVAL, "invalid freezer state \"%s\" requested",
					  config->freezer);
		r = v2_freeze(cgroup, freeze ? CGROUP_FROZEN : CGROUP_THAWED, err);
	}
	return r < 0 ? r : set_unified(path, &config->unified, err);
}

const struct cgroup_driver cgroup_v2_driver = {
	.find_paths = v2_find_paths,
	.apply = v2_apply,
	.set = v2_set,
	.freeze = v2_freeze,
	.get_freezer = v2_get_freezer,
};
