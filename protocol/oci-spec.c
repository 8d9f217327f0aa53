/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/oci-spec.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "protocol/oci-spec-tables.h"

/* Whether the text's value is null. The decoder takes that for an object without members. */
static bool is_null(const char *json, size_t size)
{
	while (size && isspace((unsigned char)*json)) {
		json++;
		size--;
	}
	return size >= 4 && !memcmp(json, "null", 4);
}

static int decode(const char *json, size_t size, const struct rti_object *object, void *into,
		  struct rti_arena *arena, struct rti_error *err)
{
	if (size > RTI_SPEC_MAX)
		return rti_refuse(err, EBADMSG, "JSON text is longer than %u bytes", RTI_SPEC_MAX);
	return rti_json_decode_object(json, size, object, into, arena, 0, NULL, NULL, err);
}

int rti_spec_read(const char *json, size_t size, struct rti_spec *ret, struct rti_error *err)
{
	struct rti_spec spec = {};
	int r;

	if (is_null(json, size))
		return rti_refuse(err, EBADMSG, "config cannot be null");
	r = decode(json, size, &rti_spec_object, &spec, &spec.arena, err);
	if (r < 0) {
		rti_arena_done(&spec.arena);
		return r;
	}
	*ret = spec;
	return 0;
}

int rti_spec_read_process(const char *json, size_t size, struct rti_spec *ret,
			  struct rti_error *err)
{
	struct rti_spec spec = {};
	int r;

	spec.process = rti_arena_alloc(&spec.arena, sizeof(*spec.process));
	if (spec.process)
		r = decode(json, size, &rti_spec_process_object, spec.process, &spec.arena, err);
	else
		r = rti_refuse(err, ENOMEM, "cannot allocate memory");
	if (r < 0) {
		rti_arena_done(&spec.arena);
		return r;
	}
	*ret = spec;
	return 0;
}

void rti_spec_done(struct rti_spec *spec)
{
	struct rti_arena arena = spec->arena;

	rti_arena_done(&arena);
	memset(spec, 0, sizeof(*spec));
}
