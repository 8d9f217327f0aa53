/* SPDX-License-Identifier: Apache-2.0 */
/* The controllers of cgroup v1: what each needs before it is joined, and its limits. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <time.h>

#include "parent/cgroup-file.h"
#include "parent/cgroup-v1.h"

/* Chosen: longer than processes take to be gone, where a limit is about what a start needs. */
#define LIMIT_TRIES    10
#define LIMIT_PAUSE_MS 5

static bool is_set(const char *text)
{
	return text && *text;
}

static int cpuset_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	int r = 0;

	if (is_set(config->cpuset_cpus))
		r = cgroup_file_write(path, "cpuset.cpus", err, "%s", config->cpuset_cpus);
	if (r == 0 && is_set(config->cpuset_mems))
		r = cgroup_file_write(path, "cpuset.mems", err, "%s", config->cpuset_mems);
	return r;
}

/* Give @path the CPUs and nodes of the cpuset above it, where it has none. */
static int cpuset_inherit(const char *path, struct rti_error *err)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems" };
	char parent[PATH_MAX], text[4096];

	snprintf(parent, sizeof(parent), "%s", path);
	*strrchr(parent, '/') = 0;
	for (size_t i = 0; i < 2; i++) {
		ssize_t n = cgroup_file_read(path, files[i], text, sizeof(text), err);

		if (n < 0)
			return (int)n;
		if (n > 0 && text[0] != '\n')
			continue;
		n = cgroup_file_read(parent, files[i], text, sizeof(text), err);
		if (n < 0)
			return (int)n;
		text[strcspn(text, "\n")] = 0;
		n = cgroup_file_write(path, files[i], err, "%s", text);
		if (n < 0)
			return (int)n;
	}
	return 0;
}

static int cpuset_prepare(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	char prefix[PATH_MAX];
	bool below_root = false;
	int r;

	if (snprintf(prefix, sizeof(prefix), "%s", path) >= (int)sizeof(prefix))
		return rti_fail(err, ENAMETOOLONG, "mkdir %s", path);
	for (char *p = strchr(prefix + 1, '/'); p; p = strchr(p + 1, '/')) {
		struct statfs fs;

		*p = 0;
		if (below_root) {
			r = cpuset_inherit(prefix, err);
			if (r < 0)
				return r;
		} else if (statfs(prefix, &fs) == 0 && fs.f_type == CGROUP_SUPER_MAGIC) {
			below_root = true; /* this one is the root, which has everything */
		}
		*p = '/';
	}
	r = cpuset_set(path, config, err);
	return r < 0 ? r : cpuset_inherit(path, err);
}

static int cpu_set_realtime(const char *path, const struct rti_cgroups *config,
			    struct rti_error *err)
{
	bool again = false;
	int r = 0;

	/* A period may only be accepted together with the new runtime: then it is written again. */
	if (config->cpu_rt_period) {
		r = cgroup_file_write(path, "cpu.rt_period_us", err, "%" PRIu64,
				      config->cpu_rt_period);
		again = r == -EINVAL && config->cpu_rt_quota;
		if (r < 0 && !again)
			return r;
	}
	if (!config->cpu_rt_quota)
		return 0;
	r = cgroup_file_write(path, "cpu.rt_runtime_us", err, "%" PRId64, config->cpu_rt_quota);
	if (r == 0 && again)
		r = cgroup_file_write(path, "cpu.rt_period_us", err, "%" PRIu64,
				      config->cpu_rt_period);
	return r;
}

static int cpu_set_shares(const char *path, uint64_t shares, struct rti_error *err)
{
	uint64_t actual;
	int r;

	r = cgroup_file_write(path, "cpu.shares", err, "%" PRIu64, shares);
	if (r == 0)
		r = cgroup_file_read_u64(path, "cpu.shares", &actual, err);
	if (r < 0)
		return r;
	/* The kernel moves the value into its range without a word. */
	if (shares != actual)
		return rti_refuse(err, EINVAL, "the %s allowed cpu-shares is %" PRIu64,
				  shares > actual ? "maximum" : "minimum", actual);
	return 0;
}

static int cpu_set_bandwidth(const char *path, const struct rti_cgroups *config,
			     struct rti_error *err)
{
	bool period_again = false, burst_again = false;
	int r;

	/* As above: what depends on a quota still to come may be refused at first. */
	if (config->cpu_period) {
		r = cgroup_file_write(path, "cpu.cfs_period_us", err, "%" PRIu64,
				      config->cpu_period);
		period_again = r == -EINVAL && config->cpu_quota;
		if (r < 0 && !period_again)
			return r;
	}
	if (config->cpu_burst) {
		r = cgroup_file_write(path, "cpu.cfs_burst_us", err, "%" PRIu64,
				      *config->cpu_burst);
		burst_again = r == -EINVAL && config->cpu_quota;
		if (r < 0 && !burst_again && r != -ENOENT) /* since Linux 5.14 */
			return r;
	}
	if (!config->cpu_quota)
		return 0;
	r = cgroup_file_write(path, "cpu.cfs_quota_us", err, "%" PRId64, config->cpu_quota);
	if (r == 0 && period_again)
		r = cgroup_file_write(path, "cpu.cfs_period_us", err, "%" PRIu64,
				      config->cpu_period);
	if (r == 0 && burst_again)
		r = cgroup_file_write(path, "cpu.cfs_burst_us", err, "%" PRIu64,
				      *config->cpu_burst);
	return r;
}

static int cpu_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	int r = 0;

	if (config->cpu_shares)
		r = cpu_set_shares(path, config->cpu_shares, err);
	if (r == 0)
		r = cpu_set_bandwidth(path, config, err);
	if (r == 0 && config->cpu_idle)
		r = cgroup_file_write(path, "cpu.idle", err, "%" PRId64, *config->cpu_idle);
	return r == 0 ? cpu_set_realtime(path, config, err) : r;
}

static int memory_set_limit(const char *path, int64_t limit, struct rti_error *err)
{
	const struct timespec pause = { .tv_nsec = LIMIT_PAUSE_MS * 1000000L };
	uint64_t usage, peak;
	int r = -EBUSY;

	if (!limit)
		return 0;
	/* What ended stages had, and what CPUs keep charged in advance, comes back with a delay. */
	for (int i = 0; i < LIMIT_TRIES && r == -EBUSY; i++) {
		if (i > 0)
			nanosleep(&pause, NULL);
		r = cgroup_file_write(path, "memory.limit_in_bytes", err, "%" PRId64, limit);
	}
	if (r != -EBUSY)
		return r;
	r = cgroup_file_read_u64(path, "memory.usage_in_bytes", &usage, err);
	if (r == 0)
		r = cgroup_file_read_u64(path, "memory.max_usage_in_bytes", &peak, err);
	if (r < 0)
		return r;
	return rti_refuse(err, EBUSY,
			  "unable to set memory limit to %" PRId64 " (current usage: %" PRIu64
			  ", peak usage: %" PRIu64 ")",
			  limit, usage, peak);
}

static int memory_set_swap(const char *path, int64_t limit, struct rti_error *err)
{
	if (!limit)
		return 0;
	return cgroup_file_write(path, "memory.memsw.limit_in_bytes", err, "%" PRId64, limit);
}

static int memory_set_limits(const char *path, const struct rti_cgroups *config,
			     struct rti_error *err)
{
	int64_t memory = config->memory, swap = config->memory_swap;
	bool swap_first = false;
	uint64_t current;
	int r;

	/* Unlimited memory makes no sense below a limit of memory and swap together. */
	if (memory == -1 && swap == 0 && cgroup_file_exists(path, "memory.memsw.limit_in_bytes"))
		swap = -1;
	/* The kernel wants memory <= memory + swap at every moment. */
	if (memory && swap) {
		r = cgroup_file_read_u64(path, "memory.limit_in_bytes", &current, err);
		if (r < 0)
			return r;
		swap_first = swap == -1 || current < (uint64_t)swap;
	}
	if (swap_first) {
		r = memory_set_swap(path, swap, err);
		return r < 0 ? r : memory_set_limit(path, memory, err);
	}
	r = memory_set_limit(path, memory, err);
	return r < 0 ? r : memory_set_swap(path, swap, err);
}

static int memory_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	const uint64_t *swappiness = config->memory_swappiness;
	int r;

	r = memory_set_limits(path, config, err);
	if (r == 0 && config->memory_reservation)
		r = cgroup_file_write(path, "memory.soft_limit_in_bytes", err, "%" PRId64,
				      config->memory_reservation);
	if (r == 0 && config->oom_kill_disable)
		r = cgroup_file_write(path, "memory.oom_control", err, "1");
	if (r < 0 || !swappiness || *swappiness == UINT64_MAX)
		return r;
	if (*swappiness > 100)
		return rti_refuse(err, EINVAL,
				  "invalid memory swappiness value: %" PRIu64
				  " (valid range is 0-100)",
				  *swappiness);
	return cgroup_file_write(path, "memory.swappiness", err, "%" PRIu64, *swappiness);
}

static int pids_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	const int64_t *limit = config->pids_limit;

	if (!limit)
		return 0;
	if (*limit < 0)
		return cgroup_file_write(path, "pids.max", err, "max");
	/* 0 is written as 1, as systemd has to. */
	return cgroup_file_write(path, "pids.max", err, "%" PRId64, *limit ? *limit : 1);
}

static int blkio_set_weights(const char *path, const struct rti_cgroups *config,
			     struct rti_error *err)
{
	/* The BFQ scheduler has files of its own. */
	bool bfq = !cgroup_file_exists(path, "blkio.weight") &&
		   cgroup_file_exists(path, "blkio.bfq.weight");
	int r = 0;

	if (config->blkio_weight)
		r = cgroup_file_write(path, bfq ? "blkio.bfq.weight" : "blkio.weight", err,
				      "%" PRIu64, config->blkio_weight);
	if (r == 0 && config->blkio_leaf_weight)
		r = cgroup_file_write(path, "blkio.leaf_weight", err, "%" PRIu64,
				      config->blkio_leaf_weight);
	for (size_t i = 0; r == 0 && i < config->blkio_weight_device.count; i++) {
		const struct rti_blkio_weight_device *device =
			&config->blkio_weight_device.items[i];

		if (device->weight)
			r = cgroup_file_write(
				path, bfq ? "blkio.bfq.weight_device" : "blkio.weight_device", err,
				"%" PRId64 ":%" PRId64 " %" PRIu64, device->major, device->minor,
				device->weight);
		if (r == 0 && device->leaf_weight)
			r = cgroup_file_write(path, "blkio.leaf_weight_device", err,
					      "%" PRId64 ":%" PRId64 " %" PRIu64, device->major,
					      device->minor, device->leaf_weight);
	}
	return r;
}

static int blkio_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	const struct {
		const char *file;
		const struct rti_blkio_throttles *list;
	} throttles[] = {
		{ "blkio.throttle.read_bps_device", &config->blkio_throttle_read_bps_device },
		{ "blkio.throttle.write_bps_device", &config->blkio_throttle_write_bps_device },
		{ "blkio.throttle.read_iops_device", &config->blkio_throttle_read_iops_device },
		{ "blkio.throttle.write_iops_device", &config->blkio_throttle_write_iops_device },
	};
	int r;

	r = blkio_set_weights(path, config, err);
	for (size_t t = 0; r == 0 && t < sizeof(throttles) / sizeof(throttles[0]); t++) {
		for (size_t i = 0; r == 0 && i < throttles[t].list->count; i++) {
			const struct rti_blkio_throttle *item = &throttles[t].list->items[i];

			r = cgroup_file_write(path, throttles[t].file, err,
					      "%" PRId64 ":%" PRId64 " %" PRIu64, item->major,
					      item->minor, item->rate);
		}
	}
	return r;
}

static int hugetlb_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	return cgroup_set_hugetlb(path, "limit_in_bytes", &config->hugetlb_limit, err);
}

static int net_cls_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	if (!config->net_cls_classid_u)
		return 0;
	return cgroup_file_write(path, "net_cls.classid", err, "%u", config->net_cls_classid_u);
}

static int net_prio_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < config->net_prio_ifpriomap.count; i++) {
		const struct rti_net_prio *item = &config->net_prio_ifpriomap.items[i];

		r = cgroup_file_write(path, "net_prio.ifpriomap", err, "%s %" PRId64,
				      item->interface_name, item->priority);
	}
	return r;
}

static int devices_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	int r = cgroup_devices_set_v1(path, &config->devices, err);

	return r < 0 && config->rootless ? 0 : r;
}

static int rdma_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	return cgroup_set_rdma(path, &config->rdma, err);
}

static int freezer_set(const char *path, const struct rti_cgroups *config, struct rti_error *err)
{
	if (!is_set(config->freezer))
		return 0;
	if (strcmp(config->freezer, "FROZEN") == 0)
		return cgroup_v1_freeze(path, CGROUP_FROZEN, err);
	if (strcmp(config->freezer, "THAWED") == 0)
		return cgroup_v1_freeze(path, CGROUP_THAWED, err);
	return rti_refuse(err, EINVAL, "Invalid argument '%s' to freezer.state", config->freezer);
}

/* In the order in which they are joined and set. */
const struct cgroup_v1_controller cgroup_v1_controllers[CGROUP_V1_CONTROLLERS] = {
	{ "cpuset", cpuset_prepare, cpuset_set },
	{ "devices", NULL, devices_set },
	{ "memory", NULL, memory_set },
	{ "cpu", cpu_set_realtime, cpu_set },
	{ "cpuacct", NULL, NULL },
	{ "pids", NULL, pids_set },
	{ "blkio", NULL, blkio_set },
	{ "hugetlb", NULL, hugetlb_set },
	{ "net_cls", NULL, net_cls_set },
	{ "net_prio", NULL, net_prio_set },
	{ "perf_event", NULL, NULL },
	{ "freezer", NULL, freezer_set },
	{ "rdma", NULL, rdma_set },
	{ "name=systemd", NULL, NULL },
	{ "misc", NULL, NULL },
	{ "", NULL, NULL }, /* the v2 hierarchy of a hybrid set-up */
};
