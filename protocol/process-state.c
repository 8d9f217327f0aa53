/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/process-state.h"

#include "protocol/schema.h"

static const struct rti_field spec_state_fields[] = {
	RTI_ROW(struct rti_spec_state, "ociVersion", STRING, oci_version),
	RTI_ROW(struct rti_spec_state, "id", STRING, id),
	RTI_ROW(struct rti_spec_state, "status", STRING, status),
	RTI_ROW(struct rti_spec_state, "pid", INT, pid, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_spec_state, "bundle", STRING, bundle),
	RTI_ROW(struct rti_spec_state, "annotations", STRING_MAP, annotations,
		.omit = RTI_OMIT_ZERO),
	{ 0 },
};

const struct rti_object rti_spec_state_object = { "specs.State", sizeof(struct rti_spec_state),
						  spec_state_fields };

static const struct rti_field process_state_fields[] = {
	RTI_ROW(struct rti_process_state, "ociVersion", STRING, oci_version),
	RTI_ROW(struct rti_process_state, "fds", STRINGS, fds),
	RTI_ROW(struct rti_process_state, "pid", INT, pid),
	RTI_ROW(struct rti_process_state, "metadata", STRING, metadata, .omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_process_state, "state", OBJECT, state,
		.object = &rti_spec_state_object),
	{ 0 },
};

static const struct rti_object process_state = { "specs.ContainerProcessState",
						 sizeof(struct rti_process_state),
						 process_state_fields };

/* No release differs in these. */
static int encode(const void *from, const struct rti_object *object, char **ret, size_t *ret_size,
		  struct rti_error *err)
{
	struct rti_json_writer writer = { 0 };

	rti_json_encode_object(from, object, RTI_DIALECT_OWN, &writer);
	return rti_json_writer_finish(&writer, ret, ret_size, err);
}

int rti_spec_state_encode(const struct rti_spec_state *state, char **ret, size_t *ret_size,
			  struct rti_error *err)
{
	return encode(state, &rti_spec_state_object, ret, ret_size, err);
}

int rti_spec_state_decode(const char *json, size_t size, struct rti_arena *arena,
			  struct rti_spec_state *ret, struct rti_error *err)
{
	struct rti_spec_state state = { 0 };
	int r = rti_json_decode_object(json, size, &rti_spec_state_object, &state, arena,
				       RTI_DECODE_WHOLE, NULL, NULL, err);

	if (r == 0)
		*ret = state;
	return r;
}

int rti_process_state_encode(const struct rti_process_state *state, char **ret, size_t *ret_size,
			     struct rti_error *err)
{
	return encode(state, &process_state, ret, ret_size, err);
}
