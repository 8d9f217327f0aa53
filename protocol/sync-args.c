/* SPDX-License-Identifier: Apache-2.0 */
/* The arguments of sync messages. */
#include "protocol/sync.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "protocol/json.h"
#include "protocol/schema.h"

struct error_arg {
	const char *message;
};

static const struct rti_field error_fields[] = {
	{ .key = "message",
	  .type = RTI_FIELD_STRING,
	  .offset = offsetof(struct error_arg, message) },
	{ .key = NULL },
};

static const struct rti_object error_object = {
	.name = "initError",
	.size = sizeof(struct error_arg),
	.fields = error_fields,
};

struct mount_fd_arg {
	const char *type;
};

static const struct rti_field mount_fd_fields[] = {
	{ .key = "type", .type = RTI_FIELD_STRING, .offset = offsetof(struct mount_fd_arg, type) },
	{ .key = NULL },
};

static const struct rti_object mount_fd_object = {
	.name = "mountSource",
	.size = sizeof(struct mount_fd_arg),
	.fields = mount_fd_fields,
};

static int encode(const void *from, const struct rti_object *object, enum rti_dialect dialect,
		  char **ret, struct rti_error *err)
{
	struct rti_json_writer writer = { 0 };

	rti_json_encode_object(from, object, dialect, &writer);
	return rti_json_writer_finish(&writer, ret, NULL, err);
}

static int decode(const struct rti_sync_message *message, const struct rti_object *object,
		  void *into, struct rti_arena *arena, struct rti_error *err)
{
	return rti_json_decode_object(message->arg, strlen(message->arg), object, into, arena,
				      RTI_DECODE_WHOLE, NULL, NULL, err);
}

int rti_sync_error_encode(const char *message, char **ret, struct rti_error *err)
{
	struct error_arg arg = { .message = message };

	return encode(&arg, &error_object, RTI_DIALECT_OWN, ret, err);
}

int rti_sync_error_decode(const struct rti_sync_message *message, struct rti_error *err)
{
	struct error_arg arg = { 0 };
	struct rti_arena arena = { 0 };
	int r;

	if (!message->arg)
		return rti_refuse(err, EBADMSG, "procError missing error payload");
	r = decode(message, &error_object, &arg, &arena, err);
	if (r < 0)
		r = rti_prefix(err, r, "unmarshal procError failed");
	else
		r = rti_refuse(err, ECANCELED, "%s",
			       arg.message && arg.message[0] ? arg.message :
							       "procError with an empty message");
	rti_arena_done(&arena);
	return r;
}

int rti_sync_mount_encode(const struct rti_mount *mount, enum rti_dialect dialect, char **ret,
			  struct rti_error *err)
{
	return encode(mount, &rti_mount_object, dialect, ret, err);
}

int rti_sync_mount_decode(const struct rti_sync_message *message, struct rti_arena *arena,
			  struct rti_mount *ret, struct rti_error *err)
{
	struct rti_mount mount = { 0 };
	int r;

	if (!message->arg)
		return rti_refuse(err, EBADMSG, "sync \"procMountPlease\" is missing an argument");
	r = decode(message, &rti_mount_object, &mount, arena, err);
	if (r < 0)
		return rti_prefix(err, r, "sync \"procMountPlease\" passed invalid mount arg");
	*ret = mount;
	return 0;
}

int rti_sync_number_decode(const struct rti_sync_message *message, int *ret, struct rti_error *err)
{
	int64_t number;

	if (!message->arg)
		return rti_refuse(err, EBADMSG, "sync \"procSeccomp\" is missing an argument");
	if (!rti_number_i64(message->arg, 0, INT_MAX, &number))
		return rti_refuse(err, EBADMSG, "sync \"procSeccomp\" passed invalid fd arg: %.64s",
				  message->arg);
	*ret = (int)number;
	return 0;
}

int rti_sync_mount_fd_decode(const struct rti_sync_message *message, const char *source,
			     bool *ret_detached, struct rti_error *err)
{
	struct mount_fd_arg arg = { 0 };
	struct rti_arena arena = { 0 };
	int r;

	if (!message->arg)
		return rti_refuse(err, EBADMSG, "sync \"procMountFd\" is missing an argument");
	r = decode(message, &mount_fd_object, &arg, &arena, err);
	if (r < 0)
		r = rti_prefix(
			err, r,
			"mountfd request for \"%s\": invalid mount fd response argument \"%s\"",
			source, message->arg);
	else
		*ret_detached = arg.type && strcmp(arg.type, "open_tree") == 0;
	rti_arena_done(&arena);
	return r;
}
