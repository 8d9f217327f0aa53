/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mounts: the words of "options" become flags, propagation, recursive attributes, extensions of
 * runc and data for the file system.
 */
#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "protocol/spec-convert-internal.h"

#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 0x100
#endif

/* mount_setattr(2); the C library and the kernel headers cannot both be included for them. */
enum {
	ATTR_RDONLY = 0x01,
	ATTR_NOSUID = 0x02,
	ATTR_NODEV = 0x04,
	ATTR_NOEXEC = 0x08,
	ATTR_ATIME = 0x70, /* the mask of the three below, which are values and not bits */
	ATTR_RELATIME = 0x00,
	ATTR_NOATIME = 0x10,
	ATTR_STRICTATIME = 0x20,
	ATTR_NODIRATIME = 0x80,
	ATTR_NOSYMFOLLOW = 0x200000,
};

struct option {
	const char *word;
	bool clear;
	uint64_t bits;
};

/*
 * "defaults" is not here: runc knows the word, but takes it for data all the same. Nor is "acl", as
 * no flag of the kernel means just that.
 */
static const struct option flag_options[] = {
	{ "async", true, MS_SYNCHRONOUS },
	{ "atime", true, MS_NOATIME },
	{ "bind", false, MS_BIND },
	{ "dev", true, MS_NODEV },
	{ "diratime", true, MS_NODIRATIME },
	{ "dirsync", false, MS_DIRSYNC },
	{ "exec", true, MS_NOEXEC },
	{ "iversion", false, MS_I_VERSION },
	{ "lazytime", false, MS_LAZYTIME },
	{ "loud", true, MS_SILENT },
	{ "mand", false, MS_MANDLOCK },
	{ "noatime", false, MS_NOATIME },
	{ "nodev", false, MS_NODEV },
	{ "nodiratime", false, MS_NODIRATIME },
	{ "noexec", false, MS_NOEXEC },
	{ "noiversion", true, MS_I_VERSION },
	{ "nolazytime", true, MS_LAZYTIME },
	{ "nomand", true, MS_MANDLOCK },
	{ "norelatime", true, MS_RELATIME },
	{ "nostrictatime", true, MS_STRICTATIME },
	{ "nosuid", false, MS_NOSUID },
	{ "nosymfollow", false, MS_NOSYMFOLLOW },
	{ "rbind", false, MS_BIND | MS_REC },
	{ "relatime", false, MS_RELATIME },
	{ "remount", false, MS_REMOUNT },
	{ "ro", false, MS_RDONLY },
	{ "rw", true, MS_RDONLY },
	{ "silent", false, MS_SILENT },
	{ "strictatime", false, MS_STRICTATIME },
	{ "suid", true, MS_NOSUID },
	{ "symfollow", true, MS_NOSYMFOLLOW },
	{ "sync", false, MS_SYNCHRONOUS },
	{ NULL },
};

static const struct option attribute_options[] = {
	{ "ratime", true, ATTR_NOATIME },
	{ "rdev", true, ATTR_NODEV },
	{ "rdiratime", true, ATTR_NODIRATIME },
	{ "rexec", true, ATTR_NOEXEC },
	{ "rnoatime", false, ATTR_NOATIME },
	{ "rnodev", false, ATTR_NODEV },
	{ "rnodiratime", false, ATTR_NODIRATIME },
	{ "rnoexec", false, ATTR_NOEXEC },
	{ "rnorelatime", true, ATTR_RELATIME },
	{ "rnostrictatime", true, ATTR_STRICTATIME },
	{ "rnosuid", false, ATTR_NOSUID },
	{ "rnosymfollow", false, ATTR_NOSYMFOLLOW },
	{ "rrelatime", false, ATTR_RELATIME },
	{ "rro", false, ATTR_RDONLY },
	{ "rrw", true, ATTR_RDONLY },
	{ "rstrictatime", false, ATTR_STRICTATIME },
	{ "rsuid", true, ATTR_NOSUID },
	{ "rsymfollow", true, ATTR_NOSYMFOLLOW },
	{ NULL },
};

static const struct option propagation_options[] = {
	{ "private", false, MS_PRIVATE },
	{ "rprivate", false, MS_PRIVATE | MS_REC },
	{ "rshared", false, MS_SHARED | MS_REC },
	{ "rslave", false, MS_SLAVE | MS_REC },
	{ "runbindable", false, MS_UNBINDABLE | MS_REC },
	{ "shared", false, MS_SHARED },
	{ "slave", false, MS_SLAVE },
	{ "unbindable", false, MS_UNBINDABLE },
	{ NULL },
};

static const struct option *find_option(const struct option *table, const char *word)
{
	for (; table->word; table++)
		if (!strcmp(table->word, word))
			return table;
	return NULL;
}

int64_t spec_propagation_find(const char *word)
{
	const struct option *option = find_option(propagation_options, word);

	return option ? (int64_t)option->bits : 0;
}

/* Take @option into a pair of disjoint masks. */
static void apply_option(const struct option *option, uint64_t *set, uint64_t *cleared)
{
	if (option->clear) {
		*set &= ~option->bits;
		*cleared |= option->bits;
	} else {
		*set |= option->bits;
		*cleared &= ~option->bits;
	}
}

/* What the words of one mount have come to so far. */
struct options {
	enum rti_dialect dialect;
	struct rti_arena *arena;
	struct rti_mount *mount;
	uint64_t flags;
	uint64_t cleared_flags;
	uint64_t attr_set;
	uint64_t attr_clr;
	char *data_end;
};

static void apply_attribute(struct options *options, const struct option *option)
{
	/* runc 1.2 minded the mask only for options that set */
	bool masked = !option->clear || options->dialect >= RTI_DIALECT_RUNC_1_3;

	apply_option(option, &options->attr_set, &options->attr_clr);
	/* the kernel wants the whole mask cleared before it takes another of its values */
	if (masked && (option->bits & ATTR_ATIME) == option->bits)
		options->attr_clr |= ATTR_ATIME;
}

static void append_data(struct options *options, const char *word)
{
	if (options->data_end != options->mount->data)
		*options->data_end++ = ',';
	options->data_end = stpcpy(options->data_end, word);
}

static int set_id_mapping(struct options *options, bool recursive)
{
	struct rti_mount_id_mapping *mapping = rti_arena_alloc(options->arena, sizeof(*mapping));

	if (!mapping)
		return -ENOMEM;
	mapping->recursive = recursive;
	mapping->userns_path = "";
	options->mount->id_mapping = mapping;
	return 0;
}

static int apply_word(struct options *options, const char *word)
{
	struct rti_mount *mount = options->mount;
	const struct option *option;

	if ((option = find_option(flag_options, word)))
		apply_option(option, &options->flags, &options->cleared_flags);
	else if ((option = find_option(propagation_options, word)))
		mount->propagation_flags.items[mount->propagation_flags.count++] =
			(int64_t)option->bits;
	else if ((option = find_option(attribute_options, word)))
		apply_attribute(options, option);
	else if (!strcmp(word, "tmpcopyup"))
		mount->extensions |= RTI_MOUNT_TMPCOPYUP;
	else if (!strcmp(word, "idmap") || !strcmp(word, "ridmap"))
		return set_id_mapping(options, *word == 'r');
	else
		append_data(options, word);
	return 0;
}

static int convert_options(struct spec_conversion *conversion, const struct rti_strings *words,
			   struct rti_mount *mount)
{
	struct options options = {
		.dialect = conversion->dialect,
		.arena = conversion->arena,
		.mount = mount,
	};
	size_t size = 1;
	char *data;

	for (size_t i = 0; i < words->count; i++)
		size += strlen(spec_text(words->items[i])) + 1;
	data = rti_arena_alloc(conversion->arena, size);
	mount->data = options.data_end = data;
	mount->propagation_flags.items =
		rti_arena_array(conversion->arena, words->count + 1, sizeof(int64_t));
	if (!data || !mount->propagation_flags.items)
		return -ENOMEM;

	for (size_t i = 0; i < words->count; i++)
		if (apply_word(&options, spec_text(words->items[i])) < 0)
			return -ENOMEM;

	if (!mount->propagation_flags.count)
		mount->propagation_flags.items = NULL; /* none is null on the wire */
	mount->flags = (int64_t)options.flags;
	mount->cleared_flags = (int64_t)options.cleared_flags;
	if (options.attr_set || options.attr_clr) {
		mount->rec_attr = rti_arena_alloc(conversion->arena, sizeof(*mount->rec_attr));
		if (!mount->rec_attr)
			return -ENOMEM;
		mount->rec_attr->attr_set = options.attr_set;
		mount->rec_attr->attr_clr = options.attr_clr;
	}
	return 0;
}

/* "uidMappings" and "gidMappings" ask for an id-mapped mount with or without the word "idmap". */
static int convert_id_mappings(struct spec_conversion *conversion,
			       const struct rti_spec_mount *from, struct rti_mount *mount)
{
	struct options options = { .arena = conversion->arena, .mount = mount };

	if (!from->uid_mappings.items && !from->gid_mappings.items)
		return 0;
	if (!mount->id_mapping && set_id_mapping(&options, false) < 0)
		return -ENOMEM;
	if (spec_copy_id_maps(conversion->arena, &from->uid_mappings,
			      &mount->id_mapping->uid_mappings) < 0 ||
	    spec_copy_id_maps(conversion->arena, &from->gid_mappings,
			      &mount->id_mapping->gid_mappings) < 0)
		return -ENOMEM;
	return 0;
}

static int convert_mount(struct spec_conversion *conversion, const struct rti_spec_mount *from,
			 struct rti_mount *mount)
{
	struct rti_arena *arena = conversion->arena;
	const char *destination = spec_text(from->destination);
	const char *source = spec_text(from->source);

	if (*destination != '/')
		spec_warn(conversion->environment,
			  "mount destination %s is not absolute. Support for non-absolute mount "
			  "destinations will be removed in a future release.",
			  destination);
	if (convert_options(conversion, &from->options, mount) < 0 ||
	    spec_copy_text(arena, destination, &mount->destination) < 0 ||
	    spec_copy_text(arena, source, &mount->source) < 0 ||
	    spec_copy_text(arena, from->type, &mount->device) < 0)
		return -ENOMEM;
	mount->relabel = "";

	if (mount->flags & MS_BIND) {
		/* whatever type was given: the init tells bind mounts by this word as well */
		mount->device = "bind";
		if (*source != '/')
			mount->source = spec_path_join(arena, conversion->environment->bundle,
						       source);
		if (!mount->source)
			return -ENOMEM;
	}
	return convert_id_mappings(conversion, from, mount);
}

int spec_convert_mounts(struct spec_conversion *conversion, struct rti_error *err)
{
	const struct rti_spec_mounts *from = &conversion->spec->mounts;
	struct rti_mounts *mounts = &conversion->config->mounts;

	if (!from->count)
		return 0;
	mounts->items = rti_arena_array(conversion->arena, from->count, sizeof(*mounts->items));
	if (!mounts->items)
		return spec_no_memory(err);
	for (size_t i = 0; i < from->count; i++)
		if (convert_mount(conversion, &from->items[i], &mounts->items[i]) < 0)
			return spec_no_memory(err);
	mounts->count = from->count;
	return 0;
}
