/* SPDX-License-Identifier: Apache-2.0 */
/* The limits of cgroup v2, written into one cgroup. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "parent/cgroup-file.h"
#include "parent/cgroup-v2.h"

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

bool cgroup_v2_needs_domain(const struct rti_cgroups *config)
{
	return memory_is_set(config) || io_is_set(config) || cpu_is_set(config) ||
	       config->hugetlb_limit.count > 0;
}

bool cgroup_v2_needs_controllers(const struct rti_cgroups *config)
{
	const struct {
		const char *name;
		bool wanted;
	} needs[] = {
		{ "pids", config->pids_limit },	     { "memory", memory_is_set(config) },
		{ "io", io_is_set(config) },	     { "cpu", cpu_is_set(config) },
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
		return rti_refuse(err, EBUSY,
				  "rejecting memory limit %" PRId64 " <= usage %" PRIu64,
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
		const struct rti_blkio_weight_device *device =
			&config->blkio_weight_device.items[i];

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
	return cgroup_set_hugetlb(path, "max", &config->hugetlb_limit, err);
}

static int set_rdma(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	return cgroup_set_rdma(path, &config->rdma, err);
}

int cgroup_v2_set_limits(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	static int (*const setters[])(const char *, const struct rti_cgroups *,
				      struct rti_error *) = {
		set_pids,    set_memory, set_io,      set_cpu,
		set_devices, set_cpuset, set_hugetlb, set_rdma,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(setters) / sizeof(setters[0]); i++)
		r = setters[i](path, config, err);
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

int cgroup_v2_set_unified(const char *path, const struct rti_string_map *unified,
			  struct rti_error *err)
{
	for (size_t i = 0; i < unified->count; i++) {
		const char *key = unified->items[i].key;
		char available[1024], controller[64];
		size_t part = strcspn(key, ".");
		int r;

		if (strchr(key, '/'))
			return rti_refuse(err, EINVAL,
					  "unified resource \"%s\" must be a file name "
					  "(no slashes)",
					  key);
		r = write_lines(path, key, unified->items[i].value, err);
		if (r == 0)
			continue;
		if ((r == -EPERM || r == -EACCES || r == -ENOENT) && !key[part])
			return rti_refuse(err, -r,
					  "unified resource \"%s\" must be in the form "
					  "CONTROLLER.PARAMETER",
					  key);
		snprintf(controller, sizeof(controller), "%.*s", (int)part, key);
		if ((r == -EPERM || r == -EACCES || r == -ENOENT) &&
		    strcmp(controller, "cgroup") != 0 &&
		    cgroup_file_read(path, "cgroup.controllers", available, sizeof(available),
				     NULL) >= 0 &&
		    !has_word(available, controller))
			return rti_refuse(err, -r,
					  "unified resource \"%s\" can't be set: controller "
					  "\"%s\" not available",
					  key, controller);
		return rti_prefix(err, r, "unable to set unified resource \"%s\"", key);
	}
	return 0;
}
