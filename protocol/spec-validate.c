/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules in libcontainer's order; the first that is broken is reported.
 */
#include "protocol/spec-validate.h"

#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "protocol/spec-validate-internal.h"

static bool has_namespace(const struct spec_validation *validation, const char *type)
{
	return spec_find_namespace(validation->config, type) != NULL;
}

int spec_refuse_quoted(struct rti_error *err, const char *before, const char *text,
		       const char *after)
{
	struct rti_arena arena = {};
	const char *quoted = spec_quote(&arena, text);
	int r = quoted ? rti_refuse(err, EINVAL, "%s%s%s", before, quoted, after) :
			 spec_no_memory(err);

	rti_arena_done(&arena);
	return r;
}

int rti_container_id_check(const char *id, struct rti_error *err)
{
	static const char allowed[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_+-.";

	if (spec_is_empty(id) || id[strspn(id, allowed)] || !strcmp(id, ".") || !strcmp(id, ".."))
		return rti_refuse(err, EINVAL, "invalid container ID format");
	return 0;
}

static int check_id(const struct spec_validation *validation, struct rti_error *err)
{
	return rti_container_id_check(validation->environment->container_id, err);
}

/* Memory and swap are one number in the configuration and two for cgroup v2. */
static int check_swap(const struct rti_cgroups *cgroups, struct rti_error *err)
{
	int64_t memory = cgroups->memory;
	int64_t swap = cgroups->memory_swap;

	if (swap == -1 || swap == 0 || memory == -1)
		return 0;
	if (memory == 0)
		return rti_refuse(err, EINVAL, "unable to set swap limit without memory limit");
	if (memory < 0)
		return rti_refuse(err, EINVAL, "invalid memory value: %" PRId64, memory);
	if (swap < memory)
		return rti_refuse(err, EINVAL, "memory+swap limit should be >= memory limit");
	return 0;
}

static int check_cgroups(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_cgroups *cgroups = &validation->config->cgroups;

	if ((!spec_is_empty(cgroups->name) || !spec_is_empty(cgroups->parent)) &&
	    !spec_is_empty(cgroups->path))
		return rti_refuse(err, EINVAL,
				  "cgroup: either Path or Name and Parent should be used, got "
				  "&{Name:%s Parent:%s Path:%s}",
				  spec_text(cgroups->name), spec_text(cgroups->parent),
				  cgroups->path);
	if (!validation->environment->cgroup_unified && cgroups->unified.items)
		return rti_refuse(err, EINVAL,
				  "invalid configuration: cannot use unified on cgroup v1");
	return validation->environment->cgroup_unified ? check_swap(cgroups, err) : 0;
}

static int check_rootfs(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_convert_environment *environment = validation->environment;
	const char *rootfs = spec_text(validation->config->rootfs);
	struct rti_arena arena = {};
	const char *resolved = NULL;
	int r = environment->resolve_path(environment->data, rootfs, &arena, &resolved, err);

	if (r < 0) {
		r = rti_prefix(err, r, "invalid rootfs");
	} else {
		const char *clean = spec_path_clean(&arena, rootfs);

		if (!clean)
			r = spec_no_memory(err);
		else if (*rootfs != '/' || strcmp(clean, resolved) != 0)
			r = rti_refuse(err, EINVAL,
				       "invalid rootfs: not an absolute path, or a symlink");
	}
	rti_arena_done(&arena);
	return r;
}

static int check_network(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_config *config = validation->config;

	if (!has_namespace(validation, "NEWNET") &&
	    (config->networks.count || config->routes.count))
		return rti_refuse(err, EINVAL,
				  "unable to apply network settings without a private NET "
				  "namespace");
	return 0;
}

/* As the kernel's dev_valid_name(), with runc's off by one: 16 bytes pass here and fail there. */
static bool is_interface_name(const char *name)
{
	return *name && strlen(name) <= IF_NAMESIZE && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0 && !strpbrk(name, "/: ");
}

static int check_net_devices(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_config *config = validation->config;

	if (!config->net_devices.count)
		return 0;
	if (!has_namespace(validation, "NEWNET"))
		return rti_refuse(err, EINVAL,
				  "unable to move network devices without a NET namespace");
	if (config->rootless_euid || config->rootless_cgroups)
		return rti_refuse(err, EINVAL,
				  "network devices are not supported for rootless containers");
	for (size_t i = 0; i < config->net_devices.count; i++) {
		const char *key = spec_text(config->net_devices.items[i].key);
		const char *name = spec_text(config->net_devices.items[i].name);
		const char *wrong = !is_interface_name(key)		? key :
				    *name && !is_interface_name(name) ? name :
									  NULL;

		if (wrong)
			return spec_refuse_quoted(err, "invalid network device name ", wrong, "");
	}
	return 0;
}

static int check_uts(const struct spec_validation *validation, struct rti_error *err)
{
	if (has_namespace(validation, "NEWUTS"))
		return 0;
	if (!spec_is_empty(validation->config->hostname))
		return rti_refuse(err, EINVAL,
				  "unable to set hostname without a private UTS namespace");
	if (!spec_is_empty(validation->config->domainname))
		return rti_refuse(err, EINVAL,
				  "unable to set domainname without a private UTS namespace");
	return 0;
}

static int check_security(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_config *config = validation->config;

	if ((config->mask_paths.count || config->readonly_paths.count) &&
	    !has_namespace(validation, "NEWNS"))
		return rti_refuse(err, EINVAL,
				  "unable to restrict sys entries without a private MNT namespace");
	if (!spec_is_empty(config->process_label) && !validation->environment->selinux)
		return rti_refuse(err, EINVAL,
				  "selinux label is specified in config, but selinux is disabled "
				  "or not supported");
	return 0;
}

static int check_user_namespace(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_config *config = validation->config;
	const struct rti_namespace *user = spec_find_namespace(config, "NEWUSER");
	bool has_mappings = config->uid_mappings.items || config->gid_mappings.items;

	if (!user && has_mappings)
		return rti_refuse(err, EINVAL,
				  "user namespace mappings specified, but user namespace isn't "
				  "enabled in the config");
	if (!user)
		return 0;
	if (!validation->environment->user_namespaces)
		return rti_refuse(err, EINVAL, "user namespaces aren't enabled in the kernel");
	if (spec_is_empty(user->path) && !has_mappings)
		return rti_refuse(err, EINVAL,
				  "user namespaces enabled, but no namespace path to join nor "
				  "mappings to apply specified");
	return 0;
}

static int check_time_namespace(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_config *config = validation->config;
	const struct rti_namespace *time = spec_find_namespace(config, "NEWTIME");

	if (!time && config->time_offsets.items)
		return rti_refuse(err, EINVAL,
				  "time namespace offsets specified, but time namespace isn't "
				  "enabled in the config");
	if (!time)
		return 0;
	if (!validation->environment->time_namespaces)
		return rti_refuse(err, EINVAL, "time namespaces aren't enabled in the kernel");
	if (!spec_is_empty(time->path) && config->time_offsets.items)
		return rti_refuse(err, EINVAL,
				  "time namespace enabled, but both namespace path and time "
				  "offsets specified -- you may only provide one");
	return 0;
}

static int check_namespaces(const struct spec_validation *validation, struct rti_error *err)
{
	int r = check_user_namespace(validation, err);

	if (r == 0 && has_namespace(validation, "NEWCGROUP") &&
	    !validation->environment->cgroup_namespaces)
		r = rti_refuse(err, EINVAL, "cgroup namespaces aren't enabled in the kernel");
	return r < 0 ? r : check_time_namespace(validation, err);
}

static int check_intel_rdt(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_convert_environment *environment = validation->environment;
	const struct rti_intel_rdt *rdt = validation->config->intel_rdt;
	bool checks_presence = validation->dialect >= RTI_DIALECT_RUNC_1_4;
	const char *clos;

	if (!rdt)
		return 0;
	if (checks_presence && !environment->rdt)
		return rti_refuse(err, EINVAL,
				  "intelRdt is specified in config, but Intel RDT is not enabled");
	/* "/" alone, the root of resctrl, is a name since 1.4 */
	clos = spec_text(rdt->clos_id);
	if (!strcmp(clos, ".") || !strcmp(clos, "..") ||
	    (strchr(clos, '/') && (strlen(clos) > 1 || !checks_presence)))
		return spec_refuse_quoted(err, "invalid intelRdt.ClosID ", clos, "");
	if (!environment->rdt_cat && !spec_is_empty(rdt->l3_cache_schema))
		return rti_refuse(err, EINVAL,
				  "intelRdt.l3CacheSchema is specified in config, but Intel "
				  "RDT/CAT is not enabled");
	if (!environment->rdt_mba && !spec_is_empty(rdt->mem_bw_schema))
		return rti_refuse(err, EINVAL,
				  "intelRdt.memBwSchema is specified in config, but Intel RDT/MBA "
				  "is not enabled");
	return 0;
}

static int check_scheduler(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_scheduler *scheduler = validation->config->scheduler;
	const char *policy;

	if (!scheduler)
		return 0;
	policy = spec_text(scheduler->policy);
	if (!*policy)
		return rti_refuse(err, EINVAL, "scheduler policy is required");
	if ((!strcmp(policy, "SCHED_OTHER") || !strcmp(policy, "SCHED_BATCH")) &&
	    (scheduler->nice < -20 || scheduler->nice > 19))
		return rti_refuse(err, EINVAL,
				  "invalid scheduler.nice: %" PRId32 " when scheduler.policy is %s",
				  scheduler->nice, policy);
	if (scheduler->priority && strcmp(policy, "SCHED_FIFO") != 0 &&
	    strcmp(policy, "SCHED_RR") != 0)
		return rti_refuse(err, EINVAL,
				  "scheduler.priority can only be specified for SchedFIFO or "
				  "SchedRR policy");
	if (strcmp(policy, "SCHED_DEADLINE") != 0 &&
	    (scheduler->runtime || scheduler->deadline || scheduler->period))
		return rti_refuse(err, EINVAL,
				  "scheduler runtime/deadline/period can only be specified for "
				  "SchedDeadline policy");
	return 0;
}

static int check_io_priority(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_io_priority *io = validation->config->io_priority;
	const char *name;

	if (!io)
		return 0;
	if (io->priority < 0 || io->priority > 7)
		return rti_refuse(err, EINVAL, "invalid ioPriority.Priority: %" PRId64,
				  io->priority);
	name = spec_text(io->class_name);
	if (validation->dialect >= RTI_DIALECT_RUNC_1_3 && strcmp(name, "IOPRIO_CLASS_RT") != 0 &&
	    strcmp(name, "IOPRIO_CLASS_BE") != 0 && strcmp(name, "IOPRIO_CLASS_IDLE") != 0)
		return spec_refuse_quoted(err, "invalid ioPriority.Class: ", name, "");
	return 0;
}

static unsigned int count_members(const struct rti_words *set)
{
	unsigned int count = 0;

	for (size_t i = 0; i < set->count; i++)
		count += (unsigned int)__builtin_popcountll(set->items[i]);
	return count;
}

static int check_memory_policy(const struct spec_validation *validation, struct rti_error *err)
{
	/* how each mode (MPOL_*, the index) takes nodes; for MPOL_PREFERRED any number will do */
	enum { NO_NODES, ANY_NODES, SOME_NODES };
	static const char takes[] = { NO_NODES, ANY_NODES,  SOME_NODES, SOME_NODES,
				      NO_NODES, SOME_NODES, SOME_NODES };
	const struct rti_memory_policy *policy = validation->config->memory_policy;
	unsigned int nodes;

	if (!policy)
		return 0;
	if (policy->mode < 0 || policy->mode >= (int64_t)sizeof(takes))
		return rti_refuse(err, EINVAL, "invalid memory policy mode: %" PRId64,
				  policy->mode);
	nodes = count_members(&policy->nodes);
	if (takes[policy->mode] == NO_NODES && nodes)
		return rti_refuse(err, EINVAL, "memory policy mode requires 0 nodes but got %u",
				  nodes);
	if (takes[policy->mode] == SOME_NODES && !nodes)
		return rti_refuse(err, EINVAL,
				  "memory policy mode requires at least one node but got 0");
	return 0;
}

int rti_spec_validate(const struct rti_config *config,
		      const struct rti_convert_environment *environment, enum rti_dialect dialect,
		      struct rti_error *err)
{
	static int (*const rules[])(const struct spec_validation *, struct rti_error *) = {
		check_id,	    check_cgroups,	 check_rootfs,
		check_network,	    check_net_devices,	 check_uts,
		check_security,	    check_namespaces,	 spec_validate_sysctl,
		check_intel_rdt,    spec_validate_rootless, spec_validate_mounts,
		check_scheduler,    check_io_priority,	 check_memory_policy,
	};
	const struct spec_validation validation = { config, environment, dialect };
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(rules) / sizeof(*rules); i++)
		r = rules[i](&validation, err);
	if (r == 0)
		spec_warn_mounts(&validation);
	return r;
}
