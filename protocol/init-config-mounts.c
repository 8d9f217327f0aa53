/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tables of what the root file system is made of: mounts, devices, and the id mappings of both.
 */
#include "protocol/init-config-objects.h"
#include "protocol/init-config.h"

static const struct rti_field id_map_fields[] = {
	RTI_ROW(struct rti_id_map, "container_id", INT64, container_id),
	RTI_ROW(struct rti_id_map, "host_id", INT64, host_id),
	RTI_ROW(struct rti_id_map, "size", INT64, size),
	{ 0 },
};

const struct rti_object rti_id_map_object = { "configs.IDMap", sizeof(struct rti_id_map),
					      id_map_fields };

static const struct rti_field id_mapping_fields[] = {
	RTI_ROW(struct rti_mount_id_mapping, "recursive", BOOL, recursive,
		.omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_mount_id_mapping, "userns_path", STRING, userns_path,
		.omit = RTI_OMIT_ZERO),
	RTI_ROW(struct rti_mount_id_mapping, "uid_mappings", OBJECTS, uid_mappings,
		.omit = RTI_OMIT_ZERO, .object = &rti_id_map_object),
	RTI_ROW(struct rti_mount_id_mapping, "gid_mappings", OBJECTS, gid_mappings,
		.omit = RTI_OMIT_ZERO, .object = &rti_id_map_object),
	{ 0 },
};

static const struct rti_object id_mapping = { "configs.MountIDMapping",
					      sizeof(struct rti_mount_id_mapping),
					      id_mapping_fields };

static const struct rti_field mount_attr_fields[] = {
	RTI_ROW(struct rti_mount_attr, "Attr_set", UINT64, attr_set),
	RTI_ROW(struct rti_mount_attr, "Attr_clr", UINT64, attr_clr),
	RTI_ROW(struct rti_mount_attr, "Propagation", UINT64, propagation),
	RTI_ROW(struct rti_mount_attr, "Userns_fd", UINT64, userns_fd),
	{ 0 },
};

static const struct rti_object mount_attr = { "unix.MountAttr", sizeof(struct rti_mount_attr),
					      mount_attr_fields };

static const struct rti_field mount_fields[] = {
	RTI_ROW(struct rti_mount, "source", STRING, source),
	RTI_ROW(struct rti_mount, "destination", STRING, destination),
	RTI_ROW(struct rti_mount, "device", STRING, device),
	RTI_ROW(struct rti_mount, "flags", INT, flags, .omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_mount, "cleared_flags", INT, cleared_flags, .omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_mount, "propagation_flags", NUMBERS, propagation_flags,
		.omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_mount, "data", STRING, data, .omit = RTI_OMIT_ZERO_1_4),
	RTI_ROW(struct rti_mount, "relabel", STRING, relabel, .omit = RTI_OMIT_ZERO_1_4,
		.until = RTI_DIALECT_RUNC_1_5),
	RTI_POINTER_ROW(struct rti_mount, "rec_attr", OBJECT, rec_attr, .omit = RTI_OMIT_ZERO_1_4,
			.object = &mount_attr),
	RTI_ROW(struct rti_mount, "extensions", INT, extensions, .omit = RTI_OMIT_ZERO_1_4),
	RTI_POINTER_ROW(struct rti_mount, "id_mapping", OBJECT, id_mapping, .omit = RTI_OMIT_ZERO,
			.object = &id_mapping),
	{ 0 },
};

const struct rti_object rti_mount_object = { "configs.Mount", sizeof(struct rti_mount),
					     mount_fields };

static const struct rti_field device_fields[] = {
	RTI_ROW(struct rti_device, "type", INT, rule.type),
	RTI_ROW(struct rti_device, "major", INT64, rule.major),
	RTI_ROW(struct rti_device, "minor", INT64, rule.minor),
	RTI_ROW(struct rti_device, "permissions", STRING, rule.permissions),
	RTI_ROW(struct rti_device, "allow", BOOL, rule.allow),
	RTI_ROW(struct rti_device, "path", STRING, path),
	RTI_ROW(struct rti_device, "file_mode", UINT32, file_mode),
	RTI_ROW(struct rti_device, "uid", UINT32, uid, .omit = RTI_OMIT_ZERO_1_3),
	RTI_ROW(struct rti_device, "gid", UINT32, gid, .omit = RTI_OMIT_ZERO_1_3),
	{ 0 },
};

const struct rti_object rti_device_object = { "config.Device", sizeof(struct rti_device),
					      device_fields };
