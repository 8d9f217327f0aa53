/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of the conversion share. Internal to the protocol library.
 */
#ifndef RTI_PROTOCOL_SPEC_CONVERT_INTERNAL_H
#define RTI_PROTOCOL_SPEC_CONVERT_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/spec-convert.h"

/* One conversion under way. */
struct spec_conversion {
	const struct rti_spec *spec;
	const struct rti_convert_environment *environment;
	enum rti_dialect dialect;
	struct rti_arena *arena; /* of the result */
	struct rti_config *config;
};

/* A word of the OCI configuration and the number it stands for. */
struct spec_word {
	const char *word;
	int64_t number;
};

/**
 * spec_word_find() - the row of @table for @word
 * @table: ends with a row whose word is NULL
 *
 * Return: the row, or NULL.
 */
const struct spec_word *spec_word_find(const struct spec_word *table, const char *word);

/* Absent strings and empty ones are the same to Go. */
static inline const char *spec_text(const char *text)
{
	return text ? text : "";
}

static inline bool spec_is_empty(const char *text)
{
	return !text || !*text;
}

/**
 * spec_no_memory() - refuse for want of memory; returns -ENOMEM
 */
int spec_no_memory(struct rti_error *err);

/*
 * Deep copies into @arena; NULL lists stay NULL, NULL strings become "". 0 or -ENOMEM.
 */
int spec_copy_text(struct rti_arena *arena, const char *from, const char **ret);
int spec_copy_strings(struct rti_arena *arena, const struct rti_strings *from,
		      struct rti_strings *ret);
int spec_copy_string_map(struct rti_arena *arena, const struct rti_string_map *from,
			 struct rti_string_map *ret);
int spec_copy_capabilities(struct rti_arena *arena, const struct rti_capabilities *from,
			   struct rti_capabilities **ret);
int spec_copy_id_maps(struct rti_arena *arena, const struct rti_spec_id_maps *from,
		      struct rti_id_maps *ret);
/* The same for values behind pointers: NULL stays NULL. */
int spec_copy_i64(struct rti_arena *arena, const int64_t *from, int64_t **ret);
int spec_copy_u64(struct rti_arena *arena, const uint64_t *from, uint64_t **ret);
int spec_copy_u32(struct rti_arena *arena, const uint32_t *from, uint32_t **ret);

/**
 * spec_strings_append() - add one string to a list
 * @list: its array is replaced by a longer one from @arena; @text is copied
 *
 * Return: 0 or -ENOMEM.
 */
int spec_strings_append(struct rti_arena *arena, struct rti_strings *list, const char *text);

/**
 * spec_quote() - text as Go prints it with %q; NULL for want of memory
 */
const char *spec_quote(struct rti_arena *arena, const char *text);

/**
 * spec_path_clean() - Go's filepath.Clean: shortest lexical equivalent; NULL for want of memory
 */
const char *spec_path_clean(struct rti_arena *arena, const char *path);

/**
 * spec_path_join() - Go's filepath.Join of a directory and a path: joined, then cleaned
 */
const char *spec_path_join(struct rti_arena *arena, const char *directory, const char *path);

/**
 * spec_warn() - hand one formatted line to the environment's warn()
 */
void spec_warn(const struct rti_convert_environment *environment, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * spec_find_namespace() - the namespace of a wire type, NULL where the container has none
 */
const struct rti_namespace *spec_find_namespace(const struct rti_config *config, const char *type);

/**
 * spec_has_new_namespace() - whether a namespace of this type is made rather than joined
 */
bool spec_has_new_namespace(const struct rti_config *config, const char *type);

/**
 * spec_host_id() - the host's id of a user or group of the container
 * @kind: "uid" or "gid"
 *
 * Return: 0; -EINVAL with runc's text where it is not mapped. Without a user namespace every id is
 * its own.
 */
int spec_host_id(const struct rti_config *config, const char *kind, int64_t id, int64_t *ret,
		 struct rti_error *err);

/**
 * spec_propagation_find() - MS_* flags of "rprivate" and its like; 0 where there is no such word
 */
int64_t spec_propagation_find(const char *word);

/* The topics, one file each, in the order in which runc works through them. */
int spec_convert_mounts(struct spec_conversion *conversion, struct rti_error *err);
int spec_convert_devices(struct spec_conversion *conversion, struct rti_error *err);
int spec_convert_cgroups(struct spec_conversion *conversion, struct rti_error *err);
int spec_convert_namespaces(struct spec_conversion *conversion, struct rti_error *err);
int spec_convert_seccomp(struct spec_conversion *conversion, struct rti_error *err);
int spec_convert_memory_policy(struct spec_conversion *conversion, struct rti_error *err);

/* Pieces used by the container part and by the process part. */
int spec_convert_device_rules(struct spec_conversion *conversion, struct rti_error *err);
int spec_convert_cpu_affinity(const struct rti_spec_cpu_affinity *from, enum rti_dialect dialect,
			      struct rti_arena *arena, struct rti_cpu_affinity **ret,
			      struct rti_error *err);
int spec_copy_scheduler(struct rti_arena *arena, const struct rti_spec_scheduler *from,
			struct rti_scheduler **ret);
int spec_copy_io_priority(struct rti_arena *arena, const struct rti_io_priority *from,
			  struct rti_io_priority **ret);

#endif
