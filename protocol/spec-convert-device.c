/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Device nodes, and the rules of the devices cgroup: what the configuration asks for, and what runc
 * gives every container.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "protocol/spec-convert-internal.h"

#define ANY (-1)

/* The nodes that every container gets unless the configuration has its own at the same path. */
static const struct {
	const char *path;
	int64_t major;
	int64_t minor;
} default_nodes[] = {
	{ "/dev/null", 1, 3 },
	{ "/dev/random", 1, 8 },
	{ "/dev/full", 1, 7 },
	{ "/dev/tty", 5, 0 },
	{ "/dev/zero", 1, 5 },
	{ "/dev/urandom", 1, 9 },
};

#define DEFAULT_NODES (sizeof(default_nodes) / sizeof(*default_nodes))

/* What every container may do with devices besides using its default nodes. */
static const struct rti_device_rule rules_before_nodes[] = {
	{ 'c', ANY, ANY, "m", true }, /* make any node */
	{ 'b', ANY, ANY, "m", true },
};

static const struct rti_device_rule rules_after_nodes[] = {
	{ 'c', 136, ANY, "rwm", true }, /* /dev/pts/N */
	{ 'c', 5, 2, "rwm", true },	/* /dev/ptmx */
	{ 'c', 10, 200, "rwm", true },	/* /dev/net/tun */
};

#define RULES_BEFORE (sizeof(rules_before_nodes) / sizeof(*rules_before_nodes))
#define RULES_AFTER  (sizeof(rules_after_nodes) / sizeof(*rules_after_nodes))

static const struct spec_word node_types[] = {
	{ "b", 'b' }, { "c", 'c' }, { "p", 'p' }, { "u", 'c' }, { NULL },
};

static const struct spec_word rule_types[] = {
	{ "a", 'a' }, { "b", 'b' }, { "c", 'c' }, { NULL },
};

static const struct rti_spec_devices *spec_devices(const struct rti_spec *spec)
{
	static const struct rti_spec_devices none;

	return spec->linux_part ? &spec->linux_part->devices : &none;
}

static bool default_is_overridden(const struct rti_spec *spec, size_t node)
{
	const struct rti_spec_devices *devices = spec_devices(spec);

	for (size_t i = 0; i < devices->count; i++)
		if (!strcmp(spec_text(devices->items[i].path), default_nodes[node].path))
			return true;
	return false;
}

static int convert_device(struct spec_conversion *conversion, const struct rti_spec_device *from,
			  struct rti_device *device, struct rti_error *err)
{
	const struct spec_word *type = spec_word_find(node_types, from->type);

	if (!type) {
		const char *quoted = spec_quote(conversion->arena, from->type);

		if (!quoted)
			return spec_no_memory(err);
		return rti_refuse(err, EINVAL, "invalid device type %s", quoted);
	}
	device->rule = (struct rti_device_rule){
		.type = type->number,
		.major = from->major,
		.minor = from->minor,
		.permissions = "",
	};
	device->file_mode = from->file_mode ? *from->file_mode & ~(uint32_t)S_IFMT : 0666;
	device->uid = from->uid ? *from->uid : 0;
	device->gid = from->gid ? *from->gid : 0;
	if (spec_copy_text(conversion->arena, from->path, &device->path) < 0)
		return spec_no_memory(err);
	return 0;
}

int spec_convert_devices(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_spec_devices *from = spec_devices(conversion->spec);
	struct rti_devices *devices = &conversion->config->devices;

	devices->items = rti_arena_array(conversion->arena, DEFAULT_NODES + from->count,
					 sizeof(*devices->items));
	if (!devices->items)
		return spec_no_memory(err);

	for (size_t i = 0; i < DEFAULT_NODES; i++) {
		if (default_is_overridden(conversion->spec, i))
			continue;
		devices->items[devices->count++] = (struct rti_device){
			.rule = { 'c', default_nodes[i].major, default_nodes[i].minor, "rwm",
				  true },
			.path = default_nodes[i].path,
			.file_mode = 0666,
		};
	}
	for (size_t i = 0; i < from->count; i++) {
		int r = convert_device(conversion, &from->items[i],
				       &devices->items[devices->count], err);

		if (r < 0)
			return r;
		devices->count++;
	}
	return 0;
}

static int convert_rule(struct spec_conversion *conversion, size_t index,
			const struct rti_spec_device_rule *from, struct rti_device_rule *rule,
			struct rti_error *err)
{
	const struct spec_word *type;

	if (spec_is_empty(from->access))
		return rti_refuse(err, EINVAL, "device access at %zu field cannot be empty", index);
	type = spec_word_find(rule_types, spec_is_empty(from->type) ? "a" : from->type);
	if (!type) {
		const char *quoted = spec_quote(conversion->arena, from->type);

		if (!quoted)
			return spec_no_memory(err);
		return rti_refuse(err, EINVAL, "invalid cgroup device type %s", quoted);
	}
	rule->type = type->number;
	rule->major = from->major ? *from->major : ANY;
	rule->minor = from->minor ? *from->minor : ANY;
	rule->allow = from->allow;
	if (spec_copy_text(conversion->arena, from->access, &rule->permissions) < 0)
		return spec_no_memory(err);
	return 0;
}

int spec_convert_device_rules(struct spec_conversion *conversion, struct rti_error *err)
{
	static const struct rti_spec_device_rules none;
	const struct rti_spec_linux *linux_part = conversion->spec->linux_part;
	const struct rti_spec_device_rules *from =
		linux_part && linux_part->resources ? &linux_part->resources->devices : &none;
	struct rti_device_rules *rules = &conversion->config->cgroups.devices;

	rules->items = rti_arena_array(conversion->arena,
				       from->count + RULES_BEFORE + DEFAULT_NODES + RULES_AFTER,
				       sizeof(*rules->items));
	if (!rules->items)
		return spec_no_memory(err);

	for (size_t i = 0; i < from->count; i++) {
		int r = convert_rule(conversion, i, &from->items[i], &rules->items[i], err);

		if (r < 0)
			return r;
	}
	rules->count = from->count;

	/* runc's own come last, so that nothing in the configuration can take them away */
	for (size_t i = 0; i < RULES_BEFORE; i++)
		rules->items[rules->count++] = rules_before_nodes[i];
	for (size_t i = 0; i < DEFAULT_NODES; i++)
		if (!default_is_overridden(conversion->spec, i))
			rules->items[rules->count++] = (struct rti_device_rule){
				'c', default_nodes[i].major, default_nodes[i].minor, "rwm", true
			};
	for (size_t i = 0; i < RULES_AFTER; i++)
		rules->items[rules->count++] = rules_after_nodes[i];
	return 0;
}
