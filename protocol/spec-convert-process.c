/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process: the part of the init configuration that is not the container.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "protocol/spec-convert-internal.h"

static const struct spec_word rlimit_types[] = {
	{ "RLIMIT_AS", RLIMIT_AS },
	{ "RLIMIT_CORE", RLIMIT_CORE },
	{ "RLIMIT_CPU", RLIMIT_CPU },
	{ "RLIMIT_DATA", RLIMIT_DATA },
	{ "RLIMIT_FSIZE", RLIMIT_FSIZE },
	{ "RLIMIT_LOCKS", RLIMIT_LOCKS },
	{ "RLIMIT_MEMLOCK", RLIMIT_MEMLOCK },
	{ "RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE },
	{ "RLIMIT_NICE", RLIMIT_NICE },
	{ "RLIMIT_NOFILE", RLIMIT_NOFILE },
	{ "RLIMIT_NPROC", RLIMIT_NPROC },
	{ "RLIMIT_RSS", RLIMIT_RSS },
	{ "RLIMIT_RTPRIO", RLIMIT_RTPRIO },
	{ "RLIMIT_RTTIME", RLIMIT_RTTIME },
	{ "RLIMIT_SIGPENDING", RLIMIT_SIGPENDING },
	{ "RLIMIT_STACK", RLIMIT_STACK },
	{ NULL },
};

static int convert_rlimits(const struct rti_spec_rlimits *from, struct rti_arena *arena,
			   struct rti_rlimits *ret, struct rti_error *err)
{
	struct rti_rlimits rlimits = { NULL, from->count };

	if (!from->count)
		return 0;
	rlimits.items = rti_arena_array(arena, from->count, sizeof(*rlimits.items));
	if (!rlimits.items)
		return spec_no_memory(err);
	for (size_t i = 0; i < from->count; i++) {
		const struct spec_word *type = spec_word_find(rlimit_types, from->items[i].type);

		if (!type)
			return rti_refuse(err, EINVAL, "wrong rlimit value: %s",
					  spec_text(from->items[i].type));
		rlimits.items[i] = (struct rti_rlimit){ type->number, from->items[i].hard,
							from->items[i].soft };
	}
	*ret = rlimits;
	return 0;
}

static int convert_groups(const struct rti_numbers *from, struct rti_arena *arena,
			  struct rti_numbers *ret)
{
	if (!from->count)
		return 0; /* an empty list is null on the wire */
	ret->items = rti_arena_array(arena, from->count, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	memcpy(ret->items, from->items, from->count * sizeof(*ret->items));
	ret->count = from->count;
	return 0;
}

static int convert_environment(const struct rti_spec_process *process, uint32_t listen_fds,
			       struct rti_arena *arena, struct rti_strings *ret)
{
	char text[sizeof("LISTEN_FDS=4294967295")];

	if (spec_copy_strings(arena, &process->env, ret) < 0)
		return -ENOMEM;
	if (!listen_fds)
		return 0;
	snprintf(text, sizeof(text), "LISTEN_FDS=%" PRIu32, listen_fds);
	if (spec_strings_append(arena, ret, text) < 0)
		return -ENOMEM;
	return spec_strings_append(arena, ret, "LISTEN_PID=1");
}

/* The state that hooks run by the init will see; they get status and pid from the init. */
static int convert_state(const struct rti_process_options *options,
			 const struct rti_convert_environment *environment,
			 enum rti_dialect dialect, const struct rti_string_map *annotations,
			 struct rti_init_config *init)
{
	static const struct rti_string_map none;
	const struct rti_hooks *hooks = init->config->hooks;
	bool has_hooks = hooks && (hooks->create_container.count || hooks->start_container.count);
	struct rti_arena *arena = &init->arena;
	struct rti_spec_state *state;

	if (options->exec || (dialect >= RTI_DIALECT_RUNC_1_3 && !has_hooks))
		return 0;
	state = rti_arena_alloc(arena, sizeof(*state));
	if (!state || spec_copy_text(arena, environment->container_id, &state->id) < 0 ||
	    spec_copy_text(arena, environment->bundle, &state->bundle) < 0 ||
	    spec_copy_string_map(arena, annotations ? annotations : &none,
				 &state->annotations) < 0)
		return -ENOMEM;
	state->oci_version = init->config->version;
	state->status = "stopped";
	init->spec_state = state;
	return 0;
}

/* The container's networks go with its first process only. */
static int convert_networks(const struct rti_config *config, struct rti_arena *arena,
			    struct rti_networks *ret)
{
	if (!config->networks.count)
		return 0;
	ret->items = rti_arena_array(arena, config->networks.count, sizeof(*ret->items));
	if (!ret->items)
		return -ENOMEM;
	memcpy(ret->items, config->networks.items, config->networks.count * sizeof(*ret->items));
	ret->count = config->networks.count;
	return 0;
}

/* What is the process' own. */
static int fill_process(const struct rti_spec_process *process,
			const struct rti_process_options *options,
			const struct rti_convert_environment *environment,
			struct rti_init_config *init, struct rti_error *err)
{
	struct rti_arena *arena = &init->arena;

	init->uid = process->user.uid;
	init->gid = process->user.gid;
	init->user = rti_arena_printf(arena, "%" PRIu32 ":%" PRIu32, process->user.uid,
				      process->user.gid);
	init->create_console = options->create_console;
	if (process->console_size) {
		init->console_width = (uint16_t)process->console_size->width;
		init->console_height = (uint16_t)process->console_size->height;
	}
	init->passed_files_count = (int64_t)options->listen_fds + options->preserve_fds;
	if (!init->user || spec_copy_strings(arena, &process->args, &init->args) < 0 ||
	    convert_environment(process, options->listen_fds, arena, &init->env) < 0 ||
	    convert_groups(&process->user.additional_gids, arena, &init->additional_groups) < 0 ||
	    spec_copy_text(arena, process->cwd, &init->cwd) < 0 ||
	    spec_copy_text(arena, environment->container_id, &init->container_id) < 0 ||
	    spec_copy_text(arena, options->cgroup2_path, &init->cgroup2_path) < 0)
		return spec_no_memory(err);
	return 0;
}

/* What the process may leave to the container. */
static int fill_shared(const struct rti_spec_process *process, enum rti_dialect dialect,
		       struct rti_init_config *init, struct rti_error *err)
{
	const struct rti_config *config = init->config;
	struct rti_arena *arena = &init->arena;
	int r = convert_rlimits(&process->rlimits, arena, &init->rlimits, err);

	if (r == 0)
		r = spec_convert_cpu_affinity(process->exec_cpu_affinity, dialect, arena,
					      &init->cpu_affinity, err);
	if (r < 0)
		return r;
	init->no_new_privileges = process->no_new_privileges;
	if (spec_copy_capabilities(arena, process->capabilities, &init->capabilities) < 0 ||
	    spec_copy_text(arena, process->apparmor_profile, &init->apparmor_profile) < 0 ||
	    spec_copy_text(arena, process->selinux_label, &init->process_label) < 0)
		return spec_no_memory(err);
	/* runc 1.2 knows the container's only */
	if (dialect >= RTI_DIALECT_RUNC_1_3 &&
	    (spec_copy_scheduler(arena, process->scheduler, &init->scheduler) < 0 ||
	     spec_copy_io_priority(arena, process->io_priority, &init->io_priority) < 0))
		return spec_no_memory(err);

	if (!init->rlimits.count)
		init->rlimits = config->rlimits;
	if (!init->cpu_affinity)
		init->cpu_affinity = config->exec_cpu_affinity;
	if (!init->capabilities)
		init->capabilities = config->capabilities;
	if (!*init->apparmor_profile)
		init->apparmor_profile = spec_text(config->apparmor_profile);
	if (!*init->process_label)
		init->process_label = spec_text(config->process_label);
	if (!init->scheduler)
		init->scheduler = config->scheduler;
	if (!init->io_priority)
		init->io_priority = config->io_priority;
	return 0;
}

int rti_spec_convert_process(const struct rti_spec_process *process,
			     const struct rti_process_options *options,
			     const struct rti_convert_environment *environment,
			     enum rti_dialect dialect, const struct rti_string_map *annotations,
			     struct rti_init_config *init, struct rti_error *err)
{
	struct rti_init_config filled = { .config = init->config, .arena = init->arena };
	int r = fill_shared(process, dialect, &filled, err);

	if (r == 0)
		r = fill_process(process, options, environment, &filled, err);
	if (r == 0 && filled.config->rootless_euid && filled.additional_groups.count)
		r = rti_refuse(err, EINVAL,
			       "cannot set any additional groups in a rootless container");
	if (r == 0 && !options->exec &&
	    convert_networks(filled.config, &filled.arena, &filled.network) < 0)
		r = spec_no_memory(err);
	if (r == 0 && convert_state(options, environment, dialect, annotations, &filled) < 0)
		r = spec_no_memory(err);
	filled.rootless_euid = filled.config->rootless_euid;
	filled.rootless_cgroups = filled.config->rootless_cgroups;
	if (r < 0) {
		init->arena = filled.arena; /* with what it has grown by */
		return r;
	}
	*init = filled;
	return 0;
}
