/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/sync.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct rti_sync_info infos[RTI_SYNC_TYPES] = {
	[RTI_SYNC_NONE] = { .name = "" },
#define SYNC_MESSAGE(id, wire_name, from, argument, has_fd, answer)                                \
	[RTI_SYNC_##id] = { .name = (wire_name),                                                   \
			    .sender = RTI_SYNC_SENDER_##from,                                      \
			    .arg = RTI_SYNC_ARG_##argument,                                        \
			    .fd = (has_fd),                                                        \
			    .reply = RTI_SYNC_##answer },
#include "protocol/sync-messages.def"
#undef SYNC_MESSAGE
};

const struct rti_sync_info *rti_sync_info(enum rti_sync_type type)
{
	return &infos[(unsigned int)type < RTI_SYNC_TYPES ? type : RTI_SYNC_NONE];
}

static unsigned int flags_of(enum rti_sync_type type)
{
	return rti_sync_info(type)->fd ? RTI_SYNC_FLAG_FD : 0;
}

int rti_sync_encode(enum rti_sync_type type, const char *arg, char **ret, size_t *ret_size,
		    struct rti_error *err)
{
	const char *name = rti_sync_info(type)->name;
	int size = asprintf(ret, "{\"type\":\"%s\",\"flags\":%u%s%s}", name, flags_of(type),
			    arg ? ",\"arg\":" : "", arg ? arg : "");

	if (size < 0)
		return rti_fail(err, ENOMEM, "sync %s", name);
	*ret_size = (size_t)size;
	return 0;
}

int rti_sync_encode_small(enum rti_sync_type type, int64_t arg, char *buffer, size_t size)
{
	const char *name = rti_sync_info(type)->name;
	int n;

	if (arg < 0)
		n = snprintf(buffer, size, "{\"type\":\"%s\",\"flags\":%u}", name, flags_of(type));
	else
		n = snprintf(buffer, size, "{\"type\":\"%s\",\"flags\":%u,\"arg\":%" PRId64 "}",
			     name, flags_of(type), arg);
	return n < 0 || (size_t)n >= size ? -ENOBUFS : n;
}
