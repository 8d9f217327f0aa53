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

#include "base/arena.h"
#include "base/error.h"
#include "protocol/dialect.h"

enum rti_field_type {
	RTI_FIELD_BOOL,
	RTI_FIELD_INT32,
	RTI_FIELD_INT64,
	RTI_FIELD_UINT16,
	RTI_FIELD_UINT32,
	RTI_FIELD_UINT64,
	RTI_FIELD_STRING,
	RTI_FIELD_STRINGS,    /* struct rti_strings */
	RTI_FIELD_NUMBERS,    /* struct rti_numbers */
	RTI_FIELD_WORDS,      /* struct rti_words */
	RTI_FIELD_OBJECT,     /* a structure inside this one, described by .object */
	RTI_FIELD_OBJECTS,    /* a list of structures, each described by .object */
	RTI_FIELD_STRING_MAP, /* struct rti_string_map */
	RTI_FIELD_OBJECT_MAP, /* a list of structures whose first member is the key */
	RTI_FIELD_SKIP,	      /* accepted and not kept: a key that nobody on our side acts on */
};

/* When a member with a zero value (0, "", NULL, an empty list) is left out by the encoder. */
enum rti_omit {
	RTI_OMIT_NEVER = 0, /* always written; NULL as null */
	RTI_OMIT_ZERO,	    /* left out in every dialect */
	RTI_OMIT_ZERO_1_3,  /* written before 1.3, left out from then on */
	RTI_OMIT_ZERO_1_4,  /* written before 1.4, left out from then on */
};

struct rti_object;

struct rti_field {
	const char *key;
	enum rti_field_type type;
	size_t offset;
	bool pointer; /* the member is a pointer to the value; NULL means null or absent */
	enum rti_omit omit;
	enum rti_dialect since; /* first dialect that writes the key; decoding takes it always */
	enum rti_dialect until; /* first dialect that no longer writes it; 0: none */
	const struct rti_object *object;
};

struct rti_object {
	const char *name; /* for errors */
	size_t size;
	const struct rti_field *fields; /* in the order of the wire; .key == NULL ends */
};

#endif
