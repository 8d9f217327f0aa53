/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/init-config.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "protocol/init-config-objects.h"

/* Decoded, a hostile text may need more memory than it has bytes. Chosen: no more than this. */
#define MEMORY_MAX ((size_t)4 * RTI_INIT_CONFIG_MAX)

#define ROW(...)	 RTI_ROW(struct rti_init_config, __VA_ARGS__)
#define POINTER_ROW(...) RTI_POINTER_ROW(struct rti_init_config, __VA_ARGS__)

/* Decodes every dialect, and encodes those from 1.3 on. */
static const struct rti_field init_config_fields[] = {
	POINTER_ROW("config", OBJECT, config, .object = &rti_config_object),
	ROW("args", STRINGS, args),
	ROW("env", STRINGS, env, .environment = true),
	ROW("uid", INT, uid),
	ROW("gid", INT, gid),
	ROW("user", STRING, user, .until = RTI_DIALECT_RUNC_1_3),
	ROW("additional_groups", NUMBER_TEXTS, additional_groups, .until = RTI_DIALECT_RUNC_1_3),
	ROW("additional_groups", NUMBERS, additional_groups, .since = RTI_DIALECT_RUNC_1_3),
	ROW("cwd", STRING, cwd),
	ROW("create_console", BOOL, create_console),
	ROW("console_width", UINT16, console_width),
	ROW("console_height", UINT16, console_height),
	ROW("passed_files_count", INT, passed_files_count),
	ROW("apparmor_profile", STRING, apparmor_profile),
	POINTER_ROW("capabilities", OBJECT, capabilities, .object = &rti_capabilities_object),
	ROW("no_new_privileges", BOOL, no_new_privileges),
	ROW("process_label", STRING, process_label),
	ROW("rlimits", OBJECTS, rlimits, .object = &rti_rlimit_object),
	POINTER_ROW("io_priority", OBJECT, io_priority, .omit = RTI_OMIT_ZERO,
		    .object = &rti_io_priority_object),
	POINTER_ROW("scheduler", OBJECT, scheduler, .omit = RTI_OMIT_ZERO,
		    .object = &rti_scheduler_object),
	POINTER_ROW("cpu_affinity", OBJECT, cpu_affinity, .omit = RTI_OMIT_ZERO,
		    .object = &rti_cpu_affinity_object),
	ROW("containerid", STRING, container_id),
	ROW("cgroup2_path", STRING, cgroup2_path, .omit = RTI_OMIT_ZERO),
	ROW("network", OBJECTS, network, .object = &rti_peer_network_object),
	ROW("rootless_euid", BOOL, rootless_euid, .until = RTI_DIALECT_RUNC_1_3),
	ROW("rootless_cgroups", BOOL, rootless_cgroups, .until = RTI_DIALECT_RUNC_1_3),
	POINTER_ROW("spec_state", OBJECT, spec_state, .omit = RTI_OMIT_ZERO,
		    .object = &rti_spec_state_object),
	{ 0 },
};

const struct rti_object rti_init_config_object = { "libcontainer.initConfig",
						   sizeof(struct rti_init_config),
						   init_config_fields };

/* Encodes 1.2, which has the same members in another order. */
static const struct rti_field init_config_fields_1_2[] = {
	ROW("args", STRINGS, args),
	ROW("env", STRINGS, env),
	ROW("cwd", STRING, cwd),
	POINTER_ROW("capabilities", OBJECT, capabilities, .object = &rti_capabilities_object),
	ROW("process_label", STRING, process_label),
	ROW("apparmor_profile", STRING, apparmor_profile),
	ROW("no_new_privileges", BOOL, no_new_privileges),
	ROW("user", STRING, user),
	ROW("additional_groups", NUMBER_TEXTS, additional_groups),
	POINTER_ROW("config", OBJECT, config, .object = &rti_config_object),
	ROW("network", OBJECTS, network, .object = &rti_peer_network_object),
	ROW("passed_files_count", INT, passed_files_count),
	ROW("containerid", STRING, container_id),
	ROW("rlimits", OBJECTS, rlimits, .object = &rti_rlimit_object),
	ROW("create_console", BOOL, create_console),
	ROW("console_width", UINT16, console_width),
	ROW("console_height", UINT16, console_height),
	ROW("rootless_euid", BOOL, rootless_euid, .omit = RTI_OMIT_ZERO),
	ROW("rootless_cgroups", BOOL, rootless_cgroups, .omit = RTI_OMIT_ZERO),
	POINTER_ROW("spec_state", OBJECT, spec_state, .omit = RTI_OMIT_ZERO,
		    .object = &rti_spec_state_object),
	ROW("cgroup2_path", STRING, cgroup2_path, .omit = RTI_OMIT_ZERO),
	{ 0 },
};

const struct rti_object rti_init_config_object_1_2 = { "libcontainer.initConfig",
						       sizeof(struct rti_init_config),
						       init_config_fields_1_2 };

/* "1000:1000". Names would have to be looked up in the container; runc sends numbers. */
static int parse_user(struct rti_init_config *config, struct rti_error *err)
{
	char uid[16];
	const char *colon = strchr(config->user, ':');
	size_t uid_size = colon ? (size_t)(colon - config->user) : 0;

	if (uid_size > 0 && uid_size < sizeof(uid)) {
		memcpy(uid, config->user, uid_size);
		uid[uid_size] = '\0';
		if (rti_number_i64(uid, 0, UINT32_MAX, &config->uid) &&
		    rti_number_i64(colon + 1, 0, UINT32_MAX, &config->gid))
			return 0;
	}
	return rti_refuse(err, EBADMSG, "user \"%s\" is not of the form UID:GID", config->user);
}

/*
 * What runc 1.2 has elsewhere, or understands differently. Null capabilities there are the
 * container's, and none at all where that has none; a null environment is an empty one; the io
 * priority of an exec (which is known by its lack of a state) was set by the parent.
 */
static int normalise_1_2(struct rti_init_config *config, struct rti_error *err)
{
	struct rti_config *container = config->config;
	const char **no_env = rti_arena_alloc(&config->arena, sizeof(*no_env));

	if (!config->capabilities)
		config->capabilities = container->capabilities;
	if (!config->capabilities)
		config->capabilities =
			rti_arena_alloc(&config->arena, sizeof(*config->capabilities));
	if (!config->capabilities || !no_env)
		return rti_fail(err, ENOMEM, "decode init configuration");
	if (!config->env.items)
		config->env.items = no_env;
	config->scheduler = container->scheduler;
	if (config->spec_state)
		config->io_priority = container->io_priority;
	container->rootless_euid |= config->rootless_euid;
	container->rootless_cgroups |= config->rootless_cgroups;
	if (container->cgroups.pids_limit && !*container->cgroups.pids_limit)
		container->cgroups.pids_limit = NULL;
	return parse_user(config, err);
}

static bool has_no_hooks(const struct rti_hooks *hooks)
{
	return !hooks->create_container.count && !hooks->create_runtime.count &&
	       !hooks->poststart.count && !hooks->poststop.count && !hooks->prestart.count &&
	       !hooks->start_container.count;
}

/* The length of a set's array says nothing; releases differ in it. */
static void trim_words(struct rti_words *words)
{
	while (words->count && !words->items[words->count - 1])
		words->count--;
}

static void trim_affinity(struct rti_cpu_affinity *affinity)
{
	if (!affinity)
		return;
	trim_words(&affinity->initial);
	trim_words(&affinity->final);
}

/* Make one of what different releases write for the same. */
static int normalise(struct rti_init_config *config, struct rti_error *err)
{
	struct rti_config *container = config->config;

	if (!container)
		return rti_refuse(err, EBADMSG, "init configuration has no \"config\"");
	if (container->hooks && has_no_hooks(container->hooks))
		container->hooks = NULL;
	trim_affinity(config->cpu_affinity);
	trim_affinity(container->exec_cpu_affinity);
	if (container->memory_policy)
		trim_words(&container->memory_policy->nodes);
	/* a key that only runc 1.2 writes, and always */
	return config->user ? normalise_1_2(config, err) : 0;
}

static int finish_decoding(int r, struct rti_init_config *config, struct rti_init_config *ret,
			   struct rti_error *err)
{
	if (r == 0)
		r = normalise(config, err);
	if (r < 0) {
		rti_arena_done(&config->arena);
		return r;
	}
	*ret = *config;
	return 0;
}

int rti_init_config_read(int fd, void (*unknown)(void *data, const char *path, const char *json),
			 void *data, struct rti_init_config *ret, struct rti_error *err)
{
	struct rti_init_config config = { .arena = { .limit = MEMORY_MAX } };
	int r = rti_json_read_object(fd, RTI_INIT_CONFIG_MAX, &rti_init_config_object, &config,
				     &config.arena, 0, unknown, data, err);

	return finish_decoding(r, &config, ret, err);
}

int rti_init_config_decode(const char *json, size_t size,
			   void (*unknown)(void *data, const char *path, const char *json),
			   void *data, struct rti_init_config *ret, struct rti_error *err)
{
	struct rti_init_config config = { .arena = { .limit = MEMORY_MAX } };
	int r;

	if (size > RTI_INIT_CONFIG_MAX)
		r = rti_refuse(err, EBADMSG, "JSON text is longer than %u bytes",
			       RTI_INIT_CONFIG_MAX);
	else
		r = rti_json_decode_object(json, size, &rti_init_config_object, &config,
					   &config.arena, 0, unknown, data, err);
	return finish_decoding(r, &config, ret, err);
}

/* The other way round than normalise_1_2(). */
static void encode_1_2(const struct rti_init_config *config, struct rti_json_writer *writer)
{
	struct rti_init_config old = *config;
	struct rti_config container = *config->config;
	char user[48];

	snprintf(user, sizeof(user), "%" PRId64 ":%" PRId64, config->uid, config->gid);
	old.config = &container;
	old.user = user;
	old.rootless_euid = container.rootless_euid;
	old.rootless_cgroups = container.rootless_cgroups;
	if (!container.scheduler)
		container.scheduler = config->scheduler;
	if (!container.io_priority)
		container.io_priority = config->io_priority;
	rti_json_encode_object(&old, &rti_init_config_object_1_2, RTI_DIALECT_RUNC_1_2, writer);
}

int rti_init_config_encode(const struct rti_init_config *config, enum rti_dialect dialect,
			   char **ret, size_t *ret_size, struct rti_error *err)
{
	struct rti_json_writer writer = { 0 };

	if (dialect == RTI_DIALECT_RUNC_1_2)
		encode_1_2(config, &writer);
	else
		rti_json_encode_object(config, &rti_init_config_object, dialect, &writer);
	return rti_json_writer_finish(&writer, ret, ret_size, err);
}

void rti_init_config_done(struct rti_init_config *config)
{
	rti_arena_done(&config->arena);
	*config = (struct rti_init_config){ 0 };
}

bool rti_config_has_namespace(const struct rti_config *config, const char *type)
{
	for (size_t i = 0; i < config->namespaces.count; i++)
		if (config->namespaces.items[i].type &&
		    !strcmp(config->namespaces.items[i].type, type))
			return true;
	return false;
}

bool rti_id_maps_are_equal(const struct rti_id_maps *a, const struct rti_id_maps *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].container_id != b->items[i].container_id ||
		    a->items[i].host_id != b->items[i].host_id ||
		    a->items[i].size != b->items[i].size)
			return false;
	return true;
}
