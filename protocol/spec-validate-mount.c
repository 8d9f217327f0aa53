/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules for mounts, and those for callers without privilege, most of which concern mounts.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mount.h>

#include "base/number.h"
#include "protocol/spec-validate-internal.h"

#define ATTR_IDMAP 0x100000 /* MOUNT_ATTR_IDMAP */

/* The numbers of a list in the form "[1 2]". */
static const char *numbers_text(struct rti_arena *arena, const struct rti_numbers *numbers)
{
	const char *text = "";

	for (size_t i = 0; i < numbers->count && text; i++)
		text = rti_arena_printf(arena, "%s%s%" PRId64, text, i ? " " : "",
					numbers->items[i]);
	return text;
}

/*
 * A mount as runc prints it. Where runc prints the address of a structure, which says nothing, the
 * text says whether there is one.
 */
static const char *mount_text(struct rti_arena *arena, const struct rti_mount *mount)
{
	const char *propagation = numbers_text(arena, &mount->propagation_flags);

	if (!propagation)
		return NULL;
	return rti_arena_printf(arena,
				"&{Source:%s Destination:%s Device:%s Flags:%" PRId64
				" ClearedFlags:%" PRId64 " PropagationFlags:[%s] Data:%s Relabel:"
				" RecAttr:%s Extensions:%" PRId64 " IDMapping:%s}",
				mount->source, mount->destination, mount->device, mount->flags,
				mount->cleared_flags, propagation, mount->data,
				mount->rec_attr ? "<set>" : "<nil>", mount->extensions,
				mount->id_mapping ? "<set>" : "<nil>");
}

static const char *bind_fault(const struct rti_mount *mount)
{
	/* the kernel would not look at them */
	if ((mount->flags & MS_BIND) && !spec_is_empty(mount->data))
		return "bind mounts cannot have any filesystem-specific options applied";
	return NULL;
}

static const char *id_mapping_fault(const struct rti_config *config, const struct rti_mount *mount)
{
	const struct rti_mount_id_mapping *mapping = mount->id_mapping;

	if (mount->rec_attr &&
	    ((mount->rec_attr->attr_set | mount->rec_attr->attr_clr) & ATTR_IDMAP))
		return "mount configuration cannot contain recAttr for MOUNT_ATTR_IDMAP";
	if (!mapping)
		return NULL;
	if (!(mount->flags & MS_BIND))
		return "id-mapped mounts are only supported for bind-mounts";
	if (config->rootless_euid)
		return "id-mapped mounts are not supported for rootless containers";
	if (!spec_is_empty(mapping->userns_path))
		return mapping->uid_mappings.items || mapping->gid_mappings.items ?
			       "[internal error] id-mapped mounts cannot have both userns_path and "
			       "uid and gid mappings specified" :
			       NULL;
	if (!mapping->uid_mappings.count || !mapping->gid_mappings.count)
		return "id-mapped mounts must have both uid and gid mappings specified";
	return NULL;
}

int spec_validate_mounts(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_config *config = validation->config;

	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct rti_mount *mount = &config->mounts.items[i];
		const char *fault = bind_fault(mount);
		struct rti_arena arena = {};
		const char *text;
		int r;

		if (!fault)
			fault = id_mapping_fault(config, mount);
		if (!fault)
			continue;
		text = mount_text(&arena, mount);
		r = text ? rti_refuse(err, EINVAL, "invalid mount %s: %s", text, fault) :
			   spec_no_memory(err);
		rti_arena_done(&arena);
		return r;
	}
	return 0;
}

void spec_warn_mounts(const struct spec_validation *validation)
{
	const struct rti_config *config = validation->config;

	for (size_t i = 0; i < config->mounts.count; i++) {
		const struct rti_mount *mount = &config->mounts.items[i];
		struct rti_arena arena = {};

		if (mount->destination[0] == '/')
			continue;
		spec_warn(validation->environment,
			  "mount %s: relative destination path is **deprecated**, using it as "
			  "relative to /",
			  spec_text(mount_text(&arena, mount)));
		rti_arena_done(&arena);
		return; /* runc stops at the first as well */
	}
}

/* One option of a mount: "uid=N" or "gid=N" must name an id that the container has. */
static int check_mount_option(const struct rti_config *config, const char *option, size_t length,
			      struct rti_error *err)
{
	struct rti_arena arena = {};
	const char *text;
	int64_t id;
	int r = 0;

	if (length < 4 || (strncmp(option, "uid=", 4) != 0 && strncmp(option, "gid=", 4) != 0))
		return 0;
	text = rti_arena_text(&arena, option, length);
	if (!text)
		return spec_no_memory(err);
	/* what is no number is the file system's own affair */
	if (rti_number_i64(text + 4, INT64_MIN, INT64_MAX, &id)) {
		r = spec_host_id(config, *text == 'u' ? "uid" : "gid", id, &id, err);
		if (r < 0)
			r = rti_prefix(err, r,
				       "cannot specify %s mount option for rootless container",
				       text);
	}
	rti_arena_done(&arena);
	return r;
}

static int check_mount_options(const struct rti_config *config, const char *data,
			       struct rti_error *err)
{
	int r = 0;

	while (r == 0) {
		size_t length = strcspn(data, ",");

		r = check_mount_option(config, data, length, err);
		data += length;
		if (!*data++)
			break;
	}
	return r;
}

int spec_validate_rootless(const struct spec_validation *validation, struct rti_error *err)
{
	const struct rti_config *config = validation->config;
	int r = 0;

	if (!config->rootless_euid)
		return 0;
	if (!spec_find_namespace(config, "NEWUSER"))
		return rti_refuse(err, EINVAL, "rootless container requires user namespaces");
	if (spec_has_new_namespace(config, "NEWUSER")) {
		if (!config->uid_mappings.count)
			return rti_refuse(err, EINVAL,
					  "rootless containers requires at least one UID mapping");
		if (!config->gid_mappings.count)
			return rti_refuse(err, EINVAL,
					  "rootless containers requires at least one GID mapping");
	}
	for (size_t i = 0; r == 0 && i < config->mounts.count; i++)
		r = check_mount_options(config, spec_text(config->mounts.items[i].data), err);
	return r;
}
