/* SPDX-License-Identifier: Apache-2.0 */
/* What is told about a container: to hooks and agents, and to the user. */
#include <errno.h>
#include <string.h>

#include "parent/container-private.h"
#include "protocol/schema.h"

/* The version of the specification that each release line was built with. */
static const char *spec_version(enum rti_dialect dialect)
{
	return dialect < RTI_DIALECT_RUNC_1_3	? "1.2.0"
	       : dialect < RTI_DIALECT_RUNC_1_4 ? "1.2.1"
						: "1.3.0";
}

/* The configuration keeps annotations and the bundle's path as labels "key=value". */
static int split_labels(struct rti_container *container, const char **ret_bundle,
			struct rti_string_map *ret_annotations, struct rti_error *err)
{
	const struct rti_strings *labels = &container->state.config->labels;
	struct rti_string_map annotations = { 0 };
	const char *bundle = "";

	annotations.items =
		rti_arena_array(&container->arena, labels->count + 1, sizeof(*annotations.items));
	if (!annotations.items)
		return rti_fail(err, ENOMEM, "container annotations");
	for (size_t i = 0; i < labels->count; i++) {
		const char *label = labels->items[i];
		const char *value = strchr(label, '=');
		const char *key;

		if (!value)
			continue;
		key = rti_arena_text(&container->arena, label, (size_t)(value - label));
		if (!key)
			return rti_fail(err, ENOMEM, "container annotations");
		if (strcmp(key, "bundle") == 0)
			bundle = value + 1;
		else
			annotations.items[annotations.count++] =
				(struct rti_string_pair){ key, value + 1 };
	}
	*ret_bundle = bundle;
	*ret_annotations = annotations;
	return 0;
}

int container_spec_state(struct rti_container *container, const char *status, int64_t pid,
			 struct rti_spec_state *ret, struct rti_error *err)
{
	struct rti_spec_state state = { .oci_version = spec_version(container->dialect),
					.id = container->id,
					.status = status,
					.pid = pid };
	int r = split_labels(container, &state.bundle, &state.annotations, err);

	if (r == 0)
		*ret = state;
	return r;
}

int rti_container_report(struct rti_container *container, struct rti_container_report *ret,
			 struct rti_error *err)
{
	struct rti_container_report report = { .oci_version = container->state.config->version,
					       .id = container->id,
					       .rootfs = container->state.config->rootfs,
					       .created = container->state.created,
					       .owner = "" };
	enum rti_container_status status;
	int r;

	r = rti_container_get_status(container, &status, err);
	if (r == 0)
		r = split_labels(container, &report.bundle, &report.annotations, err);
	if (r < 0)
		return r;
	report.status = rti_container_status_name(status);
	report.pid = status == RTI_CONTAINER_STOPPED ? 0 : container->state.init_pid;
	*ret = report;
	return 0;
}

#define FIELD(k, t, member, o)                                                                     \
	{                                                                                          \
		.key = k, .type = RTI_FIELD_##t,                                                   \
		.offset = offsetof(struct rti_container_report, member), .omit = RTI_OMIT_##o      \
	}

static const struct rti_field report_fields[] = {
	FIELD("ociVersion", STRING, oci_version, NEVER),
	FIELD("id", STRING, id, NEVER),
	FIELD("pid", INT, pid, NEVER),
	FIELD("status", STRING, status, NEVER),
	FIELD("bundle", STRING, bundle, NEVER),
	FIELD("rootfs", STRING, rootfs, NEVER),
	FIELD("created", STRING, created, NEVER),
	FIELD("annotations", STRING_MAP, annotations, ZERO),
	FIELD("owner", STRING, owner, NEVER),
	{ .key = NULL },
};

static const struct rti_object report_object = {
	.name = "main.containerState",
	.size = sizeof(struct rti_container_report),
	.fields = report_fields,
};

int rti_container_report_encode(const struct rti_container_report *report, char **ret,
				struct rti_error *err)
{
	struct rti_json_writer writer = { 0 };

	rti_json_encode_object(report, &report_object, RTI_DIALECT_OWN, &writer);
	return rti_json_writer_finish(&writer, ret, NULL, err);
}
