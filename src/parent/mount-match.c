/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/mount-match.h"

#include <string.h>
#include <sys/mount.h>

static bool text_is_equal(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static bool numbers_are_equal(const struct rti_numbers *a, const struct rti_numbers *b)
{
	if (a->count != b->count)
		return false;
	return a->count == 0 || memcmp(a->items, b->items, a->count * sizeof(*a->items)) == 0;
}

static bool attr_is_equal(const struct rti_mount_attr *a, const struct rti_mount_attr *b)
{
	static const struct rti_mount_attr none;

	a = a ? a : &none;
	b = b ? b : &none;
	return a->attr_set == b->attr_set && a->attr_clr == b->attr_clr &&
	       a->propagation == b->propagation && a->userns_fd == b->userns_fd;
}

static bool mapping_is_equal(const struct rti_mount_id_mapping *a,
			     const struct rti_mount_id_mapping *b)
{
	if (!a || !b)
		return a == b;
	return a->recursive == b->recursive && text_is_equal(a->userns_path, b->userns_path) &&
	       rti_id_maps_are_equal(&a->uid_mappings, &b->uid_mappings) &&
	       rti_id_maps_are_equal(&a->gid_mappings, &b->gid_mappings);
}

bool mount_is_equal(const struct rti_mount *a, const struct rti_mount *b)
{
	return text_is_equal(a->source, b->source) &&
	       text_is_equal(a->destination, b->destination) &&
	       text_is_equal(a->device, b->device) && a->flags == b->flags &&
	       a->cleared_flags == b->cleared_flags &&
	       numbers_are_equal(&a->propagation_flags, &b->propagation_flags) &&
	       text_is_equal(a->data, b->data) && attr_is_equal(a->rec_attr, b->rec_attr) &&
	       a->extensions == b->extensions && mapping_is_equal(a->id_mapping, b->id_mapping);
}

const struct rti_mount *mount_find(const struct rti_mounts *mounts, const struct rti_mount *request)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mount_is_equal(&mounts->items[i], request))
			return &mounts->items[i];
	return NULL;
}

bool mount_can_be_asked(const struct rti_mount *mount)
{
	return (mount->flags & MS_BIND) != 0;
}
