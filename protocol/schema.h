/* SPDX-License-Identifier: Apache-2.0 */
/**
 * JSON objects as tables: one row per key says where its value lives in a C structure, and the same
 * table decodes and encodes.
 *
 * Internal to the protocol library; json.c is the only file that knows the JSON parser.
 */
#ifndef RTI_PROTOCOL_SCHEMA_H
#define RTI_PROTOCOL_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "protocol/dialect.h"
#include "protocol/json.h"

enum rti_field_type {
	RTI_FIELD_BOOL,
	RTI_FIELD_INT,	 /* int64_t; "int" in error texts, where the peer's structure has an int */
	RTI_FIELD_INT32, /* int32_t */
	RTI_FIELD_INT64, /* int64_t */
	RTI_FIELD_UINT,	 /* uint64_t; "uint" in error texts */
	RTI_FIELD_UINT16,
	RTI_FIELD_UINT32,
	RTI_FIELD_UINT64,
	RTI_FIELD_STRING,	/* const char *; absent and null: NULL */
	RTI_FIELD_STRINGS,	/* struct rti_strings */
	RTI_FIELD_NUMBERS,	/* struct rti_numbers */
	RTI_FIELD_NUMBER_TEXTS, /* struct rti_numbers; on the wire strings of digits, or numbers */
	RTI_FIELD_UINT32S,	/* struct rti_numbers; each within uint32 */
	RTI_FIELD_WORDS,	/* struct rti_words */
	RTI_FIELD_OBJECT,	/* a structure inside this one, described by .object */
	RTI_FIELD_OBJECTS,	/* a list of structures, each described by .object */
	RTI_FIELD_STRING_MAP,	/* struct rti_string_map */
	RTI_FIELD_OBJECT_MAP,	/* a list of structures whose first member is the key, a string */
	RTI_FIELD_RAW,		/* const char *: the value as JSON text, no blanks; null: NULL */
	RTI_FIELD_SKIP,		/* accepted and not kept: a key that nobody on our side acts on */
};

/* When a member with a zero value (0, "", NULL, an empty list) is left out by the encoder. */
enum rti_omit {
	RTI_OMIT_NEVER = 0, /* always written; NULL as null */
	RTI_OMIT_ZERO,	    /* left out in every dialect */
	RTI_OMIT_ZERO_1_3,  /* written before 1.3, left out from then on */
	RTI_OMIT_ZERO_1_4,  /* written before 1.4, left out from then on */
	RTI_OMIT_CGROUP,    /* as RTI_OMIT_ZERO_1_3; but main writes an empty list, not null */
};

struct rti_object;

/* Small, since the rows are relocated, and so take writable memory of the init. */
struct rti_field {
	const char *key;
	const struct rti_object *object;
	const char *type_name; /* in error texts, if the peer has a name for a string or number */
	uint16_t offset;
	bool pointer : 1; /* the member is a pointer to the value; NULL means null or absent */
	bool plain : 1;	  /* with .pointer: the wire knows no null here, NULL is written as zero */
	bool padded : 1;  /* WORDS: 16 words before main, as few as needed from then on */
	bool environment : 1; /* STRINGS: NAME=VALUE, which has an error text of its own */
	enum rti_field_type type : 8;
	enum rti_omit omit : 8;
	enum rti_dialect since : 8; /* first dialect that writes the key; always decoded */
	enum rti_dialect until : 8; /* first dialect that no longer writes it; 0: none */
};

struct rti_object {
	const char *name; /* the peer's name of the type, for errors: "configs.Mount" */
	size_t size;
	const struct rti_field *fields; /* in the order of the wire; .key == NULL ends */
};

/* What the decoder is asked to do with bytes after the value. */
#define RTI_DECODE_WHOLE 1u /* anything but white space is an error; without it they are ignored */

/* What a member of each type measures, in bytes; 0 where the object's table says it. */
#define RTI_SIZE_BOOL	      sizeof(bool)
#define RTI_SIZE_INT	      sizeof(int64_t)
#define RTI_SIZE_INT32	      sizeof(int32_t)
#define RTI_SIZE_INT64	      sizeof(int64_t)
#define RTI_SIZE_UINT	      sizeof(uint64_t)
#define RTI_SIZE_UINT16	      sizeof(uint16_t)
#define RTI_SIZE_UINT32	      sizeof(uint32_t)
#define RTI_SIZE_UINT64	      sizeof(uint64_t)
#define RTI_SIZE_STRING	      sizeof(char *)
#define RTI_SIZE_STRINGS      (2 * sizeof(size_t))
#define RTI_SIZE_NUMBERS      (2 * sizeof(size_t))
#define RTI_SIZE_NUMBER_TEXTS (2 * sizeof(size_t))
#define RTI_SIZE_UINT32S      (2 * sizeof(size_t))
#define RTI_SIZE_WORDS	      (2 * sizeof(size_t))
#define RTI_SIZE_OBJECT	      0
#define RTI_SIZE_OBJECTS      (2 * sizeof(size_t))
#define RTI_SIZE_STRING_MAP   (2 * sizeof(size_t))
#define RTI_SIZE_OBJECT_MAP   (2 * sizeof(size_t))
#define RTI_SIZE_RAW	      sizeof(char *)

/* Nothing, or no program where the two sizes differ. */
#define RTI_SAME_SIZE(left, right) \
	(0 * sizeof(char[(right) == 0 || (left) == ((right) ? (right) : 1) ? 1 : -1]))

/* One row: RTI_ROW(struct rti_mount, "flags", INT, flags, .omit = RTI_OMIT_ZERO_1_4) */
#define RTI_ROW(structure, key_, type_, member, ...)                                               \
	{                                                                                          \
		.key = key_, .type = RTI_FIELD_##type_,                                            \
		.offset = offsetof(structure, member) +                                            \
			  RTI_SAME_SIZE(sizeof(((structure *)0)->member), RTI_SIZE_##type_),       \
		##__VA_ARGS__                                                                      \
	}

/* As RTI_ROW(), for a member that is a pointer to the value */
#define RTI_POINTER_ROW(structure, key_, type_, member, ...)                                       \
	{                                                                                          \
		.key = key_, .type = RTI_FIELD_##type_, .pointer = true,                           \
		.offset = offsetof(structure, member) +                                            \
			  RTI_SAME_SIZE(sizeof(*((structure *)0)->member), RTI_SIZE_##type_),      \
		##__VA_ARGS__                                                                      \
	}

/* A key that is accepted and not kept. */
#define RTI_SKIP_ROW(key_) { .key = key_, .type = RTI_FIELD_SKIP }

/**
 * rti_json_decode_object() - decode one JSON object from memory into a C structure
 * @text:    JSON text; borrowed, need not be NUL-terminated
 * @size:    bytes
 * @object:  describes the structure and its members
 * @into:    the structure, @object->size bytes, zeroed by the caller (or holding defaults)
 * @arena:   receives strings, lists and pointed-to structures; on failure what is there stays there
 * @flags:   RTI_DECODE_*
 * @unknown: called for each key that no table has, with its path and its value's JSON text cut to a
 *           short length, both valid during the call; may be NULL
 * @data:    for @unknown
 * @err:     on failure, what was wrong and where, in the words of Go's decoder as far as known:
 *           "json: cannot unmarshal string into Go struct field initConfig.args of type []string"
 *
 * Tolerates what Go's decoder tolerates: a key that matches no row exactly is matched without
 * regard to case; null leaves a plain member as it is and empties pointers, lists and maps; for a
 * repeated key the last value counts (lists start again, objects and maps are merged); a text of
 * just null changes nothing. Numbers must be integers in range of the member. A kept string must
 * not hold a NUL.
 *
 * Return: 0; -ENODATA for a text that ends early ("EOF", "unexpected EOF"; with RTI_DECODE_WHOLE
 * "unexpected end of JSON input"); -EBADMSG for one that cannot be accepted; -ENOMEM. On failure
 * what @into points to is partly filled.
 */
int rti_json_decode_object(const char *text, size_t size, const struct rti_object *object,
			   void *into, struct rti_arena *arena, unsigned int flags,
			   void (*unknown)(void *data, const char *path, const char *json),
			   void *data, struct rti_error *err);

/**
 * rti_json_read_object() - as rti_json_decode_object(), with the text read from an fd
 * @fd:       borrowed; read until the object ends and not beyond what that last read(2) gives. The
 *            end of the file is not awaited
 * @size_max: largest text accepted, bytes
 *
 * Return: as rti_json_decode_object(), or what read(2) gave.
 */
int rti_json_read_object(int fd, size_t size_max, const struct rti_object *object, void *into,
			 struct rti_arena *arena, unsigned int flags,
			 void (*unknown)(void *data, const char *path, const char *json),
			 void *data, struct rti_error *err);

/**
 * rti_json_encode_object() - write a C structure as one JSON object
 * @from:    the structure
 * @object:  describes it
 * @dialect: which peer's presence rules to follow
 * @writer:  where to; running out of memory is noted there, see rti_json_writer_finish()
 */
void rti_json_encode_object(const void *from, const struct rti_object *object,
			    enum rti_dialect dialect, struct rti_json_writer *writer);

/* Tables that others need. */
extern const struct rti_object rti_init_config_object;	   /* struct rti_init_config, from 1.3 on */
extern const struct rti_object rti_init_config_object_1_2; /* the layout of runc 1.2 */
extern const struct rti_object rti_config_object;	   /* struct rti_config */
extern const struct rti_object rti_cgroups_object;	   /* struct rti_cgroups */
extern const struct rti_object rti_mount_object;	   /* struct rti_mount */
extern const struct rti_object rti_seccomp_object;	   /* struct rti_seccomp */
extern const struct rti_object rti_capabilities_object; /* struct rti_capabilities, capital keys */
extern const struct rti_object rti_spec_state_object;	   /* struct rti_spec_state */

#endif
