/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's cgroup: where it is and what it limits.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "protocol/spec-convert-internal.h"

/* Linear, from [2..262144] to [1..10000]: what runc did before 1.3.2. */
static uint64_t weight_linear(uint64_t shares)
{
	return 1 + ((shares - 2) * 9999) / 262142;
}

/* A parabola of log2(shares) through both ends and through the two defaults, 1024 and 100. */
static uint64_t weight_quadratic(uint64_t shares)
{
	double l = log2((double)shares);

	return (uint64_t)ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

uint64_t rti_cpu_weight_from_shares(uint64_t shares, enum rti_dialect dialect)
{
	if (shares == 0)
		return 0; /* not set */
	if (dialect < RTI_DIALECT_RUNC_1_3)
		return weight_linear(shares);
	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	return weight_quadratic(shares);
}

/* The name of a systemd property may only have letters, three at least. */
static const char *property_name_fault(const char *name)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

	if (strlen(name) < 3)
		return "too short";
	if (name[strspn(name, letters)])
		return "contains non-alphabetic character";
	return NULL;
}

/* Properties travel to systemd by the parent, not to the init; only their names are judged here. */
static int check_systemd_properties(const struct rti_string_map *annotations, struct rti_error *err)
{
	static const char prefix[] = "org.systemd.property.";

	for (size_t i = 0; i < annotations->count; i++) {
		const char *key = annotations->items[i].key;
		const char *fault;

		if (strncmp(key, prefix, strlen(prefix)) != 0)
			continue;
		fault = property_name_fault(key + strlen(prefix));
		if (fault)
			return rti_refuse(err, EINVAL, "annotation %s name incorrect: %s", key,
					  fault);
	}
	return 0;
}

/* "slice:prefix:name" */
static int split_systemd_path(struct spec_conversion *conversion, const char *path,
			      struct rti_error *err)
{
	struct rti_cgroups *cgroups = &conversion->config->cgroups;
	const char *prefix = strchr(path, ':');
	const char *name = prefix ? strchr(prefix + 1, ':') : NULL;

	if (!name || strchr(name + 1, ':')) {
		const char *quoted = spec_quote(conversion->arena, path);

		if (!quoted)
			return spec_no_memory(err);
		return rti_refuse(err, EINVAL,
				  "expected cgroupsPath to be of format \"slice:prefix:name\" for "
				  "systemd cgroups, got %s instead",
				  quoted);
	}
	cgroups->parent = rti_arena_text(conversion->arena, path, (size_t)(prefix - path));
	prefix++;
	cgroups->scope_prefix = rti_arena_text(conversion->arena, prefix, (size_t)(name - prefix));
	if (!cgroups->parent || !cgroups->scope_prefix ||
	    spec_copy_text(conversion->arena, name + 1, &cgroups->name) < 0)
		return spec_no_memory(err);
	return 0;
}

/* Below some parent for good: ".." at the front of a relative path goes nowhere. */
static const char *clean_cgroup_path(struct rti_arena *arena, const char *path)
{
	const char *clean;

	if (*path == '/')
		return spec_path_clean(arena, path);
	clean = spec_path_join(arena, "/", path);
	if (!clean)
		return NULL;
	return clean[1] ? clean + 1 : ".";
}

static int convert_location(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_convert_environment *environment = conversion->environment;
	const struct rti_spec_linux *linux_part = conversion->spec->linux_part;
	struct rti_cgroups *cgroups = &conversion->config->cgroups;
	const char *path = linux_part ? spec_text(linux_part->cgroups_path) : "";
	int r;

	cgroups->systemd = environment->systemd_cgroup;
	cgroups->rootless = environment->rootless_cgroups;
	cgroups->name = cgroups->parent = cgroups->path = cgroups->scope_prefix = "";

	if (environment->systemd_cgroup) {
		r = check_systemd_properties(&conversion->spec->annotations, err);
		if (r < 0)
			return r;
		if (*path)
			return split_systemd_path(conversion, path, err);
		cgroups->scope_prefix = "runc";
	} else if (*path) {
		cgroups->path = clean_cgroup_path(conversion->arena, path);
		return cgroups->path ? 0 : spec_no_memory(err);
	}
	if (spec_copy_text(conversion->arena, environment->container_id, &cgroups->name) < 0)
		return spec_no_memory(err);
	return 0;
}

#define VALUE_OR_ZERO(pointer) ((pointer) ? *(pointer) : 0)

static int convert_memory(struct spec_conversion *conversion, const struct rti_spec_memory *from)
{
	struct rti_cgroups *cgroups = &conversion->config->cgroups;

	cgroups->memory = VALUE_OR_ZERO(from->limit);
	cgroups->memory_reservation = VALUE_OR_ZERO(from->reservation);
	cgroups->memory_swap = VALUE_OR_ZERO(from->swap);
	cgroups->oom_kill_disable = VALUE_OR_ZERO(from->disable_oom_killer);
	cgroups->memory_check_before_update = VALUE_OR_ZERO(from->check_before_update);
	if (from->kernel || from->kernel_tcp)
		spec_warn(conversion->environment,
			  "Kernel memory settings are ignored and will be removed");
	return spec_copy_u64(conversion->arena, from->swappiness, &cgroups->memory_swappiness);
}

static int convert_cpu(struct spec_conversion *conversion, const struct rti_spec_cpu *from)
{
	struct rti_cgroups *cgroups = &conversion->config->cgroups;
	struct rti_arena *arena = conversion->arena;

	cgroups->cpu_shares = VALUE_OR_ZERO(from->shares);
	cgroups->cpu_weight = rti_cpu_weight_from_shares(cgroups->cpu_shares, conversion->dialect);
	cgroups->cpu_quota = VALUE_OR_ZERO(from->quota);
	cgroups->cpu_period = VALUE_OR_ZERO(from->period);
	cgroups->cpu_rt_quota = VALUE_OR_ZERO(from->realtime_runtime);
	cgroups->cpu_rt_period = VALUE_OR_ZERO(from->realtime_period);
	if (spec_copy_u64(arena, from->burst, &cgroups->cpu_burst) < 0 ||
	    spec_copy_text(arena, from->cpus, &cgroups->cpuset_cpus) < 0 ||
	    spec_copy_text(arena, from->mems, &cgroups->cpuset_mems) < 0)
		return -ENOMEM;
	return spec_copy_i64(arena, from->idle, &cgroups->cpu_idle);
}

/* Before runc 1.4 a limit of zero was no limit. */
static int convert_pids(struct spec_conversion *conversion, const struct rti_spec_pids *from)
{
	if (conversion->dialect < RTI_DIALECT_RUNC_1_4 && !VALUE_OR_ZERO(from->limit))
		return 0;
	return spec_copy_i64(conversion->arena, from->limit,
			     &conversion->config->cgroups.pids_limit);
}

static int convert_throttles(struct rti_arena *arena, const struct rti_blkio_throttles *from,
			     struct rti_blkio_throttles *ret)
{
	if (!from->count)
		return 0;
	ret->items = rti_arena_array(arena, from->count, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	memcpy(ret->items, from->items, from->count * sizeof(*ret->items));
	ret->count = from->count;
	return 0;
}

static int convert_weight_devices(struct rti_arena *arena,
				  const struct rti_spec_weight_devices *from,
				  struct rti_blkio_weight_devices *ret)
{
	if (!from->count)
		return 0;
	ret->items = rti_arena_array(arena, from->count, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < from->count; i++)
		ret->items[i] = (struct rti_blkio_weight_device){
			.major = from->items[i].major,
			.minor = from->items[i].minor,
			.weight = VALUE_OR_ZERO(from->items[i].weight),
			.leaf_weight = VALUE_OR_ZERO(from->items[i].leaf_weight),
		};
	ret->count = from->count;
	return 0;
}

static int convert_block_io(struct spec_conversion *conversion,
			    const struct rti_spec_block_io *from)
{
	struct rti_cgroups *cgroups = &conversion->config->cgroups;
	struct rti_arena *arena = conversion->arena;

	cgroups->blkio_weight = VALUE_OR_ZERO(from->weight);
	cgroups->blkio_leaf_weight = VALUE_OR_ZERO(from->leaf_weight);
	if (convert_weight_devices(arena, &from->weight_device,
				   &cgroups->blkio_weight_device) < 0 ||
	    convert_throttles(arena, &from->throttle_read_bps_device,
			      &cgroups->blkio_throttle_read_bps_device) < 0 ||
	    convert_throttles(arena, &from->throttle_write_bps_device,
			      &cgroups->blkio_throttle_write_bps_device) < 0 ||
	    convert_throttles(arena, &from->throttle_read_iops_device,
			      &cgroups->blkio_throttle_read_iops_device) < 0)
		return -ENOMEM;
	return convert_throttles(arena, &from->throttle_write_iops_device,
				 &cgroups->blkio_throttle_write_iops_device);
}

static int convert_hugepages(struct spec_conversion *conversion,
			     const struct rti_hugetlb_limits *from)
{
	struct rti_hugetlb_limits *limits = &conversion->config->cgroups.hugetlb_limit;

	if (!from->count)
		return 0;
	limits->items = rti_arena_array(conversion->arena, from->count, sizeof(*limits->items));
	if (!limits->items)
		return -ENOMEM;
	for (size_t i = 0; i < from->count; i++) {
		limits->items[i].limit = from->items[i].limit;
		if (spec_copy_text(conversion->arena, from->items[i].page_size,
				   &limits->items[i].page_size) < 0)
			return -ENOMEM;
	}
	limits->count = from->count;
	return 0;
}

static int convert_rdma(struct spec_conversion *conversion, const struct rti_rdma_limits *from)
{
	struct rti_rdma_limits *limits = &conversion->config->cgroups.rdma;

	if (!from->count)
		return 0;
	limits->items = rti_arena_array(conversion->arena, from->count, sizeof(*limits->items));
	if (!limits->items)
		return -ENOMEM;
	for (size_t i = 0; i < from->count; i++)
		if (spec_copy_text(conversion->arena, from->items[i].device,
				   &limits->items[i].device) < 0 ||
		    spec_copy_u32(conversion->arena, from->items[i].hca_handles,
				  &limits->items[i].hca_handles) < 0 ||
		    spec_copy_u32(conversion->arena, from->items[i].hca_objects,
				  &limits->items[i].hca_objects) < 0)
			return -ENOMEM;
	limits->count = from->count;
	return 0;
}

static int convert_network(struct spec_conversion *conversion, const struct rti_spec_network *from)
{
	struct rti_cgroups *cgroups = &conversion->config->cgroups;
	struct rti_net_prios *prios = &cgroups->net_prio_ifpriomap;

	cgroups->net_cls_classid_u = VALUE_OR_ZERO(from->class_id);
	if (!from->priorities.count)
		return 0;
	prios->items = rti_arena_array(conversion->arena, from->priorities.count,
				       sizeof(*prios->items));
	if (!prios->items)
		return -ENOMEM;
	for (size_t i = 0; i < from->priorities.count; i++) {
		prios->items[i].priority = from->priorities.items[i].priority;
		if (spec_copy_text(conversion->arena, from->priorities.items[i].name,
				   &prios->items[i].interface_name) < 0)
			return -ENOMEM;
	}
	prios->count = from->priorities.count;
	return 0;
}

static int convert_resources(struct spec_conversion *conversion,
			     const struct rti_spec_resources *from)
{
	if ((from->memory && convert_memory(conversion, from->memory) < 0) ||
	    (from->cpu && convert_cpu(conversion, from->cpu) < 0) ||
	    (from->pids && convert_pids(conversion, from->pids) < 0) ||
	    (from->block_io && convert_block_io(conversion, from->block_io) < 0) ||
	    convert_hugepages(conversion, &from->hugepage_limits) < 0 ||
	    convert_rdma(conversion, &from->rdma) < 0 ||
	    (from->network && convert_network(conversion, from->network) < 0))
		return -ENOMEM;
	if (!from->unified.count)
		return 0; /* an empty object is as good as none */
	return spec_copy_string_map(conversion->arena, &from->unified,
				    &conversion->config->cgroups.unified);
}

int spec_convert_cgroups(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_spec_linux *linux_part = conversion->spec->linux_part;
	int r = convert_location(conversion, err);

	if (r == 0)
		r = spec_convert_device_rules(conversion, err);
	if (r == 0 && linux_part && linux_part->resources &&
	    convert_resources(conversion, linux_part->resources) < 0)
		r = spec_no_memory(err);
	return r;
}
