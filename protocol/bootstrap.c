/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/bootstrap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/guard.h"

/* The kernel's struct nlmsghdr and struct nlattr, spelled out because the wire is ours to check. */
struct header {
	uint32_t length; /* of the whole message */
	uint16_t type;
	uint16_t flags;
	uint32_t sequence;
	uint32_t port;
};

struct attribute {
	uint16_t length; /* with this header, without padding */
	uint16_t type;
};

#define NETLINK_REQUEST 1 /* NLM_F_REQUEST */
#define NETLINK_ERROR	2 /* NLMSG_ERROR */
#define ALIGN4(size)	(((size) + 3) & ~(size_t)3)
#define PAYLOAD_MAX	(UINT16_MAX - sizeof(struct attribute))

_Static_assert(sizeof(struct header) == 16 && sizeof(struct attribute) == 4, "as on the wire");

enum payload {
	PAYLOAD_NUMBER,	   /* u32, always sent */
	PAYLOAD_TRUE,	   /* u32, sent only when 1 */
	PAYLOAD_BOOL,	   /* u32, always sent */
	PAYLOAD_TEXT,	   /* with its NUL, sent when there */
};

/* In the order in which runc's parent sends them. */
static const struct {
	uint16_t type;
	enum payload payload;
	size_t offset;
} attributes[] = {
	{ RTI_BOOTSTRAP_CLONE_FLAGS, PAYLOAD_NUMBER, offsetof(struct rti_bootstrap, clone_flags) },
	{ RTI_BOOTSTRAP_NS_PATHS, PAYLOAD_TEXT, offsetof(struct rti_bootstrap, ns_paths) },
	{ RTI_BOOTSTRAP_NEWUIDMAP, PAYLOAD_TEXT, offsetof(struct rti_bootstrap, newuidmap) },
	{ RTI_BOOTSTRAP_UID_MAP, PAYLOAD_TEXT, offsetof(struct rti_bootstrap, uid_map) },
	{ RTI_BOOTSTRAP_GID_MAP, PAYLOAD_TEXT, offsetof(struct rti_bootstrap, gid_map) },
	{ RTI_BOOTSTRAP_NEWGIDMAP, PAYLOAD_TEXT, offsetof(struct rti_bootstrap, newgidmap) },
	{ RTI_BOOTSTRAP_SETGROUPS, PAYLOAD_TRUE, offsetof(struct rti_bootstrap, setgroups) },
	{ RTI_BOOTSTRAP_OOM_SCORE_ADJ, PAYLOAD_TEXT,
	  offsetof(struct rti_bootstrap, oom_score_adj) },
	{ RTI_BOOTSTRAP_ROOTLESS_EUID, PAYLOAD_BOOL,
	  offsetof(struct rti_bootstrap, rootless_euid) },
	{ RTI_BOOTSTRAP_TIME_OFFSETS, PAYLOAD_TEXT, offsetof(struct rti_bootstrap, time_offsets) },
};

#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

/* What a member's attribute carries; false if the attribute is not sent at all. */
static bool attribute_payload(const struct rti_bootstrap *bootstrap, size_t row, uint32_t *number,
			      const void **ret, size_t *ret_size)
{
	const char *member = (const char *)bootstrap + attributes[row].offset;
	const char *text;

	switch (attributes[row].payload) {
	case PAYLOAD_TEXT:
		text = *(const char *const *)(const void *)member;
		*ret = text;
		*ret_size = text ? strlen(text) + 1 : 0;
		return text != NULL;
	case PAYLOAD_NUMBER:
		*number = *(const uint32_t *)(const void *)member;
		break;
	case PAYLOAD_TRUE:
	case PAYLOAD_BOOL:
		*number = *(const bool *)member;
		break;
	}
	*ret = number;
	*ret_size = sizeof(*number);
	return attributes[row].payload != PAYLOAD_TRUE || *number;
}

int rti_bootstrap_encode(const struct rti_bootstrap *bootstrap, void **ret, size_t *ret_size,
			 struct rti_error *err)
{
	struct header header = {
		.type = RTI_BOOTSTRAP_MESSAGE_TYPE,
		.flags = NETLINK_REQUEST,
		.sequence = 1,
	};
	const void *payload;
	size_t size = sizeof(header), part;
	uint32_t number;
	char *bytes, *at;

	for (size_t row = 0; row < ATTRIBUTES; row++) {
		if (!attribute_payload(bootstrap, row, &number, &payload, &part))
			continue;
		if (part > PAYLOAD_MAX && guard(LENGTH_FITS))
			return rti_refuse(err, E2BIG,
					  "netlink: cannot serialize bytemsg of length %zu "
					  "(larger than UINT16_MAX)",
					  part + sizeof(struct attribute));
		size += sizeof(struct attribute) + ALIGN4(part);
	}
	bytes = calloc(1, size);
	if (!bytes)
		return rti_fail(err, ENOMEM, "bootstrap data of %zu bytes", size);
	header.length = (uint32_t)size;
	memcpy(bytes, &header, sizeof(header));
	at = bytes + sizeof(header);
	for (size_t row = 0; row < ATTRIBUTES; row++) {
		struct attribute attribute = { .type = attributes[row].type };

		if (!attribute_payload(bootstrap, row, &number, &payload, &part))
			continue;
		attribute.length = (uint16_t)(sizeof(attribute) + part);
		memcpy(at, &attribute, sizeof(attribute));
		memcpy(at + sizeof(attribute), payload, part);
		at += sizeof(attribute) + ALIGN4(part);
	}
	*ret = bytes;
	*ret_size = size;
	return 0;
}

static int set_member(struct rti_bootstrap *bootstrap, size_t row, const char *payload, size_t size,
		      struct rti_error *err)
{
	char *member = (char *)bootstrap + attributes[row].offset;
	unsigned int type = attributes[row].type;

	if (attributes[row].payload == PAYLOAD_TEXT) {
		if (guard(TEXT_ENDS) &&
		    (size == 0 || payload[size - 1] != '\0' || strlen(payload) != size - 1))
			return rti_refuse(err, EBADMSG,
					  "bootstrap attribute %u is not a NUL-terminated text",
					  type);
		*(const char **)(void *)member = payload;
		return 0;
	}
	if (size != sizeof(uint32_t))
		return rti_refuse(err, EBADMSG, "bootstrap attribute %u has %zu bytes, not 4", type,
				  size);
	if (attributes[row].payload == PAYLOAD_NUMBER)
		memcpy(member, payload, sizeof(uint32_t));
	else
		*(bool *)member = payload[0] != 0; /* runc's child looks at the first byte */
	return 0;
}

static int decode_attribute(struct rti_bootstrap *bootstrap, const struct attribute *attribute,
			    const char *payload, struct rti_error *err)
{
	for (size_t row = 0; row < ATTRIBUTES; row++)
		if (attributes[row].type == attribute->type)
			return set_member(bootstrap, row, payload,
					  attribute->length - sizeof(*attribute), err);
	return rti_refuse(err, EBADMSG, "unknown netlink message type %u", attribute->type);
}

static int decode_payload(struct rti_bootstrap *bootstrap, const char *bytes, size_t size,
			  struct rti_error *err)
{
	size_t at = 0;

	while (at < size) {
		struct attribute attribute;
		size_t left = size - at;
		int r;

		if (left < sizeof(attribute))
			return rti_refuse(err, EBADMSG, "%zu stray bytes after the bootstrap data",
					  left);
		memcpy(&attribute, bytes + at, sizeof(attribute));
		if (attribute.length < sizeof(attribute) || attribute.length > left)
			return rti_refuse(err, EBADMSG,
					  "bootstrap attribute %u claims %u bytes, %zu are there",
					  attribute.type, attribute.length, left);
		r = decode_attribute(bootstrap, &attribute, bytes + at + sizeof(attribute), err);
		if (r < 0)
			return r;
		at += ALIGN4((size_t)attribute.length);
	}
	return 0;
}

static int check_header(const struct header *header, struct rti_error *err)
{
	if (header->type == NETLINK_ERROR)
		return rti_refuse(err, EBADMSG, "failed to read netlink message");
	if (header->type != RTI_BOOTSTRAP_MESSAGE_TYPE)
		return rti_refuse(err, EBADMSG, "unexpected msg type %u", header->type);
	if (header->length < sizeof(*header) || header->length > RTI_BOOTSTRAP_MAX)
		return rti_refuse(err, EBADMSG, "invalid netlink message length %u",
				  header->length);
	return 0;
}

/* Takes ownership of @storage, which holds what follows the header. */
static int decode_stored(char *storage, size_t size, struct rti_bootstrap *ret,
			 struct rti_error *err)
{
	struct rti_bootstrap bootstrap = { .storage = storage };
	int r = decode_payload(&bootstrap, storage, size, err);

	if (r < 0)
		rti_bootstrap_done(&bootstrap);
	else
		*ret = bootstrap;
	return r;
}

int rti_bootstrap_decode(const void *bytes, size_t size, struct rti_bootstrap *ret,
			 struct rti_error *err)
{
	struct header header;
	char *storage;
	int r;

	if (size < sizeof(header))
		return rti_refuse(err, EBADMSG,
				  "failed to read netlink header (got %zu of %zu bytes)", size,
				  sizeof(header));
	memcpy(&header, bytes, sizeof(header));
	r = check_header(&header, err);
	if (r < 0)
		return r;
	if (header.length != size)
		return rti_refuse(err, EBADMSG,
				  "failed to read netlink payload (got %zu of %zu bytes)",
				  size - sizeof(header), header.length - sizeof(header));
	size -= sizeof(header);
	storage = malloc(size ? size : 1);
	if (!storage)
		return rti_fail(err, ENOMEM,
				"failed to allocate %zu bytes of memory for nl_payload", size);
	memcpy(storage, (const char *)bytes + sizeof(header), size);
	return decode_stored(storage, size, ret, err);
}

int rti_bootstrap_receive(int fd, struct rti_bootstrap *ret, struct rti_error *err)
{
	struct header header;
	char *storage;
	size_t size;
	ssize_t n;
	int r;

	n = rti_read_full(fd, &header, sizeof(header));
	if (n < 0)
		return rti_fail(err, (int)-n, "failed to read netlink header");
	if (n < (ssize_t)sizeof(header))
		return rti_refuse(err, EBADMSG,
				  "failed to read netlink header (got %zd of %zu bytes)", n,
				  sizeof(header));
	r = check_header(&header, err);
	if (r < 0)
		return r;
	size = header.length - sizeof(header);
	storage = malloc(size ? size : 1);
	if (!storage)
		return rti_fail(err, ENOMEM,
				"failed to allocate %zu bytes of memory for nl_payload", size);
	n = rti_read_full(fd, storage, size);
	if (n >= 0 && (size_t)n == size)
		return decode_stored(storage, size, ret, err);
	free(storage);
	if (n < 0)
		return rti_fail(err, (int)-n, "failed to read netlink payload");
	return rti_refuse(err, EBADMSG, "failed to read netlink payload (got %zd of %zu bytes)", n,
			  size);
}

void rti_bootstrap_done(struct rti_bootstrap *bootstrap)
{
	free(bootstrap->storage);
	memset(bootstrap, 0, sizeof(*bootstrap));
}
