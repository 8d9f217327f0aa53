/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Namespaces, and what follows from them: the loopback interface of a new network, and the id maps
 * of a user namespace.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "protocol/spec-convert-internal.h"

static const struct {
	const char *word;
	const char *type;
} namespace_types[] = {
	{ "cgroup", "NEWCGROUP" }, { "ipc", "NEWIPC" }, { "mount", "NEWNS" },
	{ "network", "NEWNET" },   { "pid", "NEWPID" }, { "time", "NEWTIME" },
	{ "user", "NEWUSER" },	   { "uts", "NEWUTS" },
};

static const char *namespace_type(const char *word)
{
	for (size_t i = 0; i < sizeof(namespace_types) / sizeof(*namespace_types); i++)
		if (!strcmp(namespace_types[i].word, spec_text(word)))
			return namespace_types[i].type;
	return NULL;
}

const struct rti_namespace *spec_find_namespace(const struct rti_config *config, const char *type)
{
	for (size_t i = 0; i < config->namespaces.count; i++)
		if (!strcmp(config->namespaces.items[i].type, type))
			return &config->namespaces.items[i];
	return NULL;
}

bool spec_has_new_namespace(const struct rti_config *config, const char *type)
{
	const struct rti_namespace *found = spec_find_namespace(config, type);

	return found && spec_is_empty(found->path);
}

bool rti_id_map_to_host(const struct rti_id_maps *maps, int64_t id, int64_t *ret)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct rti_id_map *map = &maps->items[i];

		if (id >= map->container_id && id - map->container_id < map->size) {
			*ret = map->host_id + (id - map->container_id);
			return true;
		}
	}
	return false;
}

int spec_host_id(const struct rti_config *config, const char *kind, int64_t id, int64_t *ret,
		 struct rti_error *err)
{
	const struct rti_id_maps *maps = *kind == 'u' ? &config->uid_mappings :
							&config->gid_mappings;

	if (!spec_find_namespace(config, "NEWUSER")) {
		*ret = id;
		return 0;
	}
	if (!maps->count)
		return rti_refuse(err, EINVAL,
				  "user namespaces enabled, but no %s mappings found", kind);
	if (!rti_id_map_to_host(maps, id, ret))
		return rti_refuse(err, EINVAL,
				  "user namespaces enabled, but no mapping found for %s %" PRId64,
				  kind, id);
	return 0;
}

/* `{"pid" "/path"}`, as Go prints such a pair. */
static int refuse_namespace(struct spec_conversion *conversion, const char *fmt_before,
			    const struct rti_spec_namespace *from, const char *fmt_after,
			    struct rti_error *err)
{
	const char *type = spec_quote(conversion->arena, from->type);
	const char *path = spec_quote(conversion->arena, from->path);

	if (!type || !path)
		return spec_no_memory(err);
	return rti_refuse(err, EINVAL, "%s {%s %s}%s", fmt_before, type, path, fmt_after);
}

static int add_namespaces(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_spec_namespaces *from = &conversion->spec->linux_part->namespaces;
	struct rti_namespaces *namespaces = &conversion->config->namespaces;

	if (!from->count)
		return 0;
	namespaces->items = rti_arena_array(conversion->arena, from->count,
					    sizeof(*namespaces->items));
	if (!namespaces->items)
		return spec_no_memory(err);
	for (size_t i = 0; i < from->count; i++) {
		struct rti_namespace *added = &namespaces->items[namespaces->count];
		const char *type = namespace_type(from->items[i].type);

		if (!type)
			return refuse_namespace(conversion, "namespace", &from->items[i],
						" does not exist", err);
		if (spec_find_namespace(conversion->config, type))
			return refuse_namespace(conversion, "malformed spec file: duplicated ns",
						&from->items[i], "", err);
		added->type = type;
		if (spec_copy_text(conversion->arena, from->items[i].path, &added->path) < 0)
			return spec_no_memory(err);
		namespaces->count++;
	}
	return 0;
}

/* A new network namespace has a loopback interface that is down. */
static int add_loopback(struct spec_conversion *conversion)
{
	struct rti_networks *networks = &conversion->config->networks;

	networks->items = rti_arena_alloc(conversion->arena, sizeof(*networks->items));
	if (!networks->items)
		return -ENOMEM;
	*networks->items = (struct rti_network){
		.type = "loopback",
		.name = "",
		.bridge = "",
		.mac_address = "",
		.address = "",
		.gateway = "",
		.ipv6_address = "",
		.ipv6_gateway = "",
		.host_interface_name = "",
		.temp_veth_peer_name = "",
	};
	networks->count = 1;
	return 0;
}

/* The maps of a user namespace to join are what they are; the configuration may repeat them. */
static int cache_maps(struct spec_conversion *conversion, const char *path, struct rti_error *err)
{
	const struct rti_convert_environment *environment = conversion->environment;
	struct rti_config *config = conversion->config;
	struct rti_id_maps uid_maps = {};
	struct rti_id_maps gid_maps = {};
	int r = environment->read_id_maps(environment->data, path, conversion->arena, &uid_maps,
					  &gid_maps, err);

	if (r < 0)
		return rti_prefix(err, r, "failed to cache mappings for userns");
	if (config->uid_mappings.items || config->gid_mappings.items) {
		if (!rti_id_maps_are_equal(&uid_maps, &config->uid_mappings) ||
		    !rti_id_maps_are_equal(&gid_maps, &config->gid_mappings))
			return rti_refuse(err, EINVAL,
					  "user namespaces enabled, but both namespace path and "
					  "non-matching mapping specified -- you may only provide "
					  "one");
		spec_warn(environment,
			  "config.json has both a userns path to join and a matching userns "
			  "mapping specified -- you may only provide one. Future versions may "
			  "return an error with this configuration.");
	}
	config->uid_mappings = uid_maps;
	config->gid_mappings = gid_maps;
	return 0;
}

/* The nodes belong to root of the container, whatever the configuration says. */
static int own_devices(struct rti_config *config, struct rti_error *err)
{
	int64_t uid;
	int64_t gid;
	int r = spec_host_id(config, "uid", 0, &uid, err);

	if (r == 0)
		r = spec_host_id(config, "gid", 0, &gid, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < config->devices.count; i++) {
		config->devices.items[i].uid = (uint32_t)uid;
		config->devices.items[i].gid = (uint32_t)gid;
	}
	return 0;
}

/* Id-mapped mounts without maps of their own take the container's. */
static void inherit_id_mappings(struct rti_config *config, const char *userns_path)
{
	for (size_t i = 0; i < config->mounts.count; i++) {
		struct rti_mount_id_mapping *mapping = config->mounts.items[i].id_mapping;

		if (!mapping || mapping->uid_mappings.items || mapping->gid_mappings.items)
			continue;
		if (*userns_path) {
			mapping->userns_path = userns_path;
		} else {
			mapping->uid_mappings = config->uid_mappings;
			mapping->gid_mappings = config->gid_mappings;
		}
	}
}

static int set_up_user_namespace(struct spec_conversion *conversion, const char *path,
				 struct rti_error *err)
{
	const struct rti_spec_linux *linux_part = conversion->spec->linux_part;
	struct rti_config *config = conversion->config;
	int r = 0;

	if (spec_copy_id_maps(conversion->arena, &linux_part->uid_mappings,
			      &config->uid_mappings) < 0 ||
	    spec_copy_id_maps(conversion->arena, &linux_part->gid_mappings,
			      &config->gid_mappings) < 0)
		return spec_no_memory(err);
	if (*path)
		r = cache_maps(conversion, path, err);
	if (r == 0)
		r = own_devices(config, err);
	if (r == 0)
		inherit_id_mappings(config, path);
	return r;
}

int spec_convert_namespaces(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_namespace *user;
	int r = add_namespaces(conversion, err);

	if (r < 0)
		return r;
	if (spec_has_new_namespace(conversion->config, "NEWNET") && add_loopback(conversion) < 0)
		return spec_no_memory(err);
	user = spec_find_namespace(conversion->config, "NEWUSER");
	return user ? set_up_user_namespace(conversion, user->path, err) : 0;
}
