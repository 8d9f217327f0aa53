/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's configuration. The order is runc's, as it decides which of several faults is
 * reported: mounts, devices, cgroup, then what "linux" has, then what follows from the whole, then
 * the process' members that are kept with the container.
 */
#include "protocol/spec-convert.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "protocol/spec-convert-internal.h"

/* Version of the runtime specification that each release line is built with. */
static const char *spec_version(enum rti_dialect dialect)
{
	static const char *const versions[] = {
		[RTI_DIALECT_RUNC_1_2] = "1.2.0",  [RTI_DIALECT_RUNC_1_3] = "1.2.1",
		[RTI_DIALECT_RUNC_1_4] = "1.3.0",  [RTI_DIALECT_RUNC_1_5] = "1.3.0",
		[RTI_DIALECT_RUNC_MAIN] = "1.3.0",
	};

	return versions[dialect];
}

/* One "key=value" an annotation, and the bundle last, where others look for it. */
static int convert_labels(struct spec_conversion *conversion)
{
	const struct rti_string_map *annotations = &conversion->spec->annotations;
	struct rti_strings *labels = &conversion->config->labels;
	struct rti_arena *arena = conversion->arena;

	labels->items = rti_arena_array(arena, annotations->count + 2, sizeof(*labels->items));
	if (!labels->items)
		return -ENOMEM;
	for (size_t i = 0; i < annotations->count; i++) {
		const struct rti_string_pair *pair = &annotations->items[i];

		labels->items[i] =
			rti_arena_printf(arena, "%s=%s", pair->key, spec_text(pair->value));
		if (!labels->items[i])
			return -ENOMEM;
	}
	labels->items[annotations->count] =
		rti_arena_printf(arena, "bundle=%s", conversion->environment->bundle);
	if (!labels->items[annotations->count])
		return -ENOMEM;
	labels->count = annotations->count + 1;
	return 0;
}

static int convert_root(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_convert_environment *environment = conversion->environment;
	const struct rti_spec *spec = conversion->spec;
	struct rti_config *config = conversion->config;
	struct rti_arena *arena = conversion->arena;
	const char *path;

	if (!spec->root)
		return rti_refuse(err, EINVAL, "root must be specified");
	path = spec_text(spec->root->path);
	if (*path == '/') {
		if (spec_copy_text(arena, path, &config->rootfs) < 0)
			return spec_no_memory(err);
	} else {
		config->rootfs = spec_path_join(arena, environment->bundle, path);
		if (!config->rootfs)
			return spec_no_memory(err);
	}
	config->readonlyfs = spec->root->readonly;
	config->no_pivot_root = environment->no_pivot_root;
	config->no_new_keyring = environment->no_new_keyring;
	config->rootless_euid = environment->rootless_euid;
	config->rootless_cgroups = environment->rootless_cgroups;
	if (spec_copy_text(arena, spec->hostname, &config->hostname) < 0 ||
	    spec_copy_text(arena, spec->domainname, &config->domainname) < 0 ||
	    convert_labels(conversion) < 0)
		return spec_no_memory(err);
	return 0;
}

static int convert_root_propagation(struct spec_conversion *conversion, struct rti_error *err)
{
	const char *word = spec_text(conversion->spec->linux_part->rootfs_propagation);
	struct rti_config *config = conversion->config;

	if (!*word)
		return 0;
	config->root_propagation = spec_propagation_find(word);
	if (!config->root_propagation)
		return rti_refuse(err, EINVAL, "rootfsPropagation=%s is not supported", word);
	/* without pivot_root the mounts made for the container would show in the host */
	if (config->no_pivot_root && (config->root_propagation & MS_PRIVATE))
		return rti_refuse(err, EINVAL,
				  "rootfsPropagation of [r]private is not safe without pivot_root");
	return 0;
}

static int convert_time_offsets(struct spec_conversion *conversion)
{
	const struct rti_time_offsets *from = &conversion->spec->linux_part->time_offsets;
	struct rti_time_offsets *ret = &conversion->config->time_offsets;

	if (!from->items)
		return 0;
	ret->items = rti_arena_array(conversion->arena, from->count + 1, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < from->count; i++) {
		ret->items[i] = from->items[i];
		if (spec_copy_text(conversion->arena, from->items[i].clock,
				   &ret->items[i].clock) < 0)
			return -ENOMEM;
	}
	ret->count = from->count;
	return 0;
}

static int convert_copied_members(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_spec_linux *from = conversion->spec->linux_part;
	struct rti_config *config = conversion->config;
	struct rti_arena *arena = conversion->arena;

	if (spec_copy_strings(arena, &from->masked_paths, &config->mask_paths) < 0 ||
	    spec_copy_strings(arena, &from->readonly_paths, &config->readonly_paths) < 0 ||
	    spec_copy_text(arena, from->mount_label, &config->mount_label) < 0 ||
	    spec_copy_string_map(arena, &from->sysctl, &config->sysctl) < 0 ||
	    convert_time_offsets(conversion) < 0)
		return spec_no_memory(err);
	return 0;
}

static int convert_intel_rdt(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_intel_rdt *from = conversion->spec->linux_part->intel_rdt;
	struct rti_arena *arena = conversion->arena;
	struct rti_intel_rdt *rdt;

	if (!from)
		return 0;
	rdt = rti_arena_alloc(arena, sizeof(*rdt));
	if (!rdt || spec_copy_text(arena, from->clos_id, &rdt->clos_id) < 0 ||
	    spec_copy_strings(arena, &from->schemata, &rdt->schemata) < 0 ||
	    spec_copy_text(arena, from->l3_cache_schema, &rdt->l3_cache_schema) < 0 ||
	    spec_copy_text(arena, from->mem_bw_schema, &rdt->mem_bw_schema) < 0)
		return spec_no_memory(err);
	rdt->enable_monitoring = from->enable_monitoring;
	conversion->config->intel_rdt = rdt;
	return 0;
}

/* `[A B]`, as Go prints a list. */
static const char *list_text(struct rti_arena *arena, const struct rti_strings *list)
{
	const char *text = "";

	for (size_t i = 0; i < list->count && text; i++)
		text = rti_arena_printf(arena, "%s%s%s", text, i ? " " : "",
					spec_text(list->items[i]));
	return text ? rti_arena_printf(arena, "[%s]", text) : NULL;
}

static int convert_personality(struct spec_conversion *conversion, struct rti_error *err)
{
	static const struct spec_word domains[] = {
		{ "LINUX", 0 }, { "LINUX32", 8 }, { NULL } /* PER_LINUX, PER_LINUX32 */
	};
	const struct rti_spec_personality *from = conversion->spec->linux_part->personality;
	struct rti_personality *personality;
	const struct spec_word *domain;

	if (!from)
		return 0;
	if (from->flags.count) {
		const char *flags = list_text(conversion->arena, &from->flags);

		if (!flags)
			return spec_no_memory(err);
		spec_warn(conversion->environment,
			  "ignoring unsupported personality flags: %s because personality flag has "
			  "not supported at this time",
			  flags);
	}
	domain = spec_word_find(domains, from->domain);
	if (!domain)
		return rti_refuse(err, EINVAL, "invalid personality domain %s",
				  spec_text(from->domain));
	personality = rti_arena_alloc(conversion->arena, sizeof(*personality));
	if (!personality)
		return spec_no_memory(err);
	personality->domain = domain->number;
	conversion->config->personality = personality;
	return 0;
}

static int convert_net_devices(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_net_devices *from = &conversion->spec->linux_part->net_devices;
	struct rti_net_devices *ret = &conversion->config->net_devices;

	if (!from->count || conversion->dialect < RTI_DIALECT_RUNC_1_4)
		return 0;
	ret->items = rti_arena_array(conversion->arena, from->count, sizeof(*ret->items));
	if (!ret->items)
		return spec_no_memory(err);
	for (size_t i = 0; i < from->count; i++)
		if (spec_copy_text(conversion->arena, from->items[i].key, &ret->items[i].key) < 0 ||
		    spec_copy_text(conversion->arena, from->items[i].name, &ret->items[i].name) < 0)
			return spec_no_memory(err);
	ret->count = from->count;
	return 0;
}

static int convert_linux(struct spec_conversion *conversion, struct rti_error *err)
{
	static int (*const topics[])(struct spec_conversion *, struct rti_error *) = {
		convert_root_propagation, spec_convert_namespaces, convert_copied_members,
		spec_convert_seccomp,	  convert_intel_rdt,	   spec_convert_memory_policy,
		convert_personality,	  convert_net_devices,
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(topics) / sizeof(*topics); i++)
		r = topics[i](conversion, err);
	return r;
}

/*
 * A container that has a cgroup namespace of its own and may write to its cgroups owns them: this
 * is the user, in the host's numbers, that the parent gives them to.
 */
static int convert_cgroup_owner(struct spec_conversion *conversion)
{
	const struct rti_spec_process *process = conversion->spec->process;
	struct rti_config *config = conversion->config;
	int64_t uid = process ? process->user.uid : 0;
	bool writable = false;

	if (!spec_has_new_namespace(config, "NEWCGROUP"))
		return 0;
	for (size_t i = 0; i < config->mounts.count && !writable; i++) {
		const struct rti_mount *mount = &config->mounts.items[i];
		const char *destination;

		if (strcmp(mount->source, "cgroup") != 0 || (mount->flags & MS_RDONLY))
			continue;
		destination = spec_path_clean(conversion->arena, mount->destination);
		if (!destination)
			return -ENOMEM;
		writable = !strcmp(destination, "/sys/fs/cgroup");
	}
	/* a user that is not mapped is found out elsewhere */
	if (!writable || spec_host_id(config, "uid", uid, &uid, NULL) < 0)
		return 0;
	return spec_copy_i64(conversion->arena, &uid, &config->cgroups.owner_uid);
}

/* What of the process is kept with the container, for itself and as a default for later ones. */
static int convert_process_members(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_spec_process *process = conversion->spec->process;
	struct rti_config *config = conversion->config;
	struct rti_arena *arena = conversion->arena;

	if (!process)
		return 0;
	config->no_new_privileges = process->no_new_privileges;
	if (spec_copy_i64(arena, process->oom_score_adj, &config->oom_score_adj) < 0 ||
	    spec_copy_u32(arena, process->user.umask, &config->umask) < 0 ||
	    spec_copy_text(arena, process->selinux_label, &config->process_label) < 0 ||
	    spec_copy_capabilities(arena, process->capabilities, &config->capabilities) < 0 ||
	    spec_copy_scheduler(arena, process->scheduler, &config->scheduler) < 0 ||
	    spec_copy_io_priority(arena, process->io_priority, &config->io_priority) < 0)
		return spec_no_memory(err);
	return spec_convert_cpu_affinity(process->exec_cpu_affinity, conversion->dialect, arena,
					 &config->exec_cpu_affinity, err);
}

static int convert_hook_list(struct rti_arena *arena, const struct rti_spec_hook_list *from,
			     struct rti_hook_list *ret)
{
	if (!from->count)
		return 0;
	ret->items = rti_arena_array(arena, from->count, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	for (size_t i = 0; i < from->count; i++) {
		const struct rti_spec_hook *hook = &from->items[i];
		struct rti_hook *copy = &ret->items[i];

		copy->dir = "";
		if (spec_copy_text(arena, hook->path, &copy->path) < 0 ||
		    spec_copy_strings(arena, &hook->args, &copy->args) < 0 ||
		    spec_copy_strings(arena, &hook->env, &copy->env) < 0 ||
		    spec_copy_i64(arena, hook->timeout, &copy->timeout) < 0)
			return -ENOMEM;
		if (copy->timeout) /* to nanoseconds; wraps around as Go's does */
			*copy->timeout = (int64_t)((uint64_t)*copy->timeout * 1000000000u);
	}
	ret->count = from->count;
	return 0;
}

static int convert_hooks(struct spec_conversion *conversion)
{
	static const struct rti_spec_hooks none;
	const struct rti_spec_hooks *from =
		conversion->spec->hooks ? conversion->spec->hooks : &none;
	struct rti_arena *arena = conversion->arena;
	struct rti_hooks *hooks = rti_arena_alloc(arena, sizeof(*hooks));

	if (!hooks || convert_hook_list(arena, &from->prestart, &hooks->prestart) < 0 ||
	    convert_hook_list(arena, &from->create_runtime, &hooks->create_runtime) < 0 ||
	    convert_hook_list(arena, &from->create_container, &hooks->create_container) < 0 ||
	    convert_hook_list(arena, &from->start_container, &hooks->start_container) < 0 ||
	    convert_hook_list(arena, &from->poststart, &hooks->poststart) < 0 ||
	    convert_hook_list(arena, &from->poststop, &hooks->poststop) < 0)
		return -ENOMEM;
	/* runc leaves the whole object out where there is no hook at all */
	if (conversion->dialect < RTI_DIALECT_RUNC_1_4 || hooks->prestart.count ||
	    hooks->create_runtime.count || hooks->create_container.count ||
	    hooks->start_container.count || hooks->poststart.count || hooks->poststop.count)
		conversion->config->hooks = hooks;
	return 0;
}

static int convert_container(struct spec_conversion *conversion, struct rti_error *err)
{
	int r = convert_root(conversion, err);

	if (r == 0)
		r = spec_convert_mounts(conversion, err);
	if (r == 0)
		r = spec_convert_devices(conversion, err);
	if (r == 0)
		r = spec_convert_cgroups(conversion, err);
	if (r == 0 && conversion->spec->linux_part)
		r = convert_linux(conversion, err);
	if (r == 0 && convert_cgroup_owner(conversion) < 0)
		r = spec_no_memory(err);
	if (r == 0)
		r = convert_process_members(conversion, err);
	if (r == 0 && convert_hooks(conversion) < 0)
		r = spec_no_memory(err);
	conversion->config->version = spec_version(conversion->dialect);
	return r;
}

int rti_spec_convert(const struct rti_spec *spec, const struct rti_convert_environment *environment,
		     enum rti_dialect dialect, struct rti_init_config *ret, struct rti_error *err)
{
	struct rti_init_config init = {};
	struct spec_conversion conversion = {
		.spec = spec,
		.environment = environment,
		.dialect = dialect,
		.arena = &init.arena,
	};
	int r;

	init.config = conversion.config = rti_arena_alloc(&init.arena, sizeof(*init.config));
	if (init.config)
		r = convert_container(&conversion, err);
	else
		r = spec_no_memory(err);
	if (r < 0) {
		rti_arena_done(&init.arena);
		return r;
	}
	*ret = init;
	return 0;
}
