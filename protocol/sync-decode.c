/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a sync packet: the envelope's three keys, with the argument kept as JSON text. */
#include "protocol/sync.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "base/number.h"
#include "protocol/json.h"

/* Far more than one packet can hold; the packet itself is bounded by the socket. */
#define PACKET_TEXT_MAX ((size_t)16 * 1024 * 1024)

enum envelope_key { KEY_OTHER, KEY_TYPE, KEY_FLAGS, KEY_ARG };

static const struct {
	const char *name;
	enum envelope_key key;
} envelope_keys[] = {
	{ "type", KEY_TYPE },
	{ "flags", KEY_FLAGS },
	{ "arg", KEY_ARG },
};

struct envelope {
	struct rti_sync_message *message;
	size_t depth;
	enum envelope_key key;
	struct rti_json_writer arg;
};

/* As Go compares keys. strncasecmp(3) comes in a version for each kind of CPU, 25 KB in all. */
static bool is_same_word(const char *lower, const struct rti_json_token *token)
{
	size_t i;

	for (i = 0; i < token->size && lower[i]; i++) {
		char c = token->text[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != lower[i])
			return false;
	}
	return i == token->size && !lower[i];
}

static enum envelope_key find_key(const struct rti_json_token *token)
{
	for (size_t i = 0; i < sizeof(envelope_keys) / sizeof(envelope_keys[0]); i++)
		if (is_same_word(envelope_keys[i].name, token))
			return envelope_keys[i].key;
	return KEY_OTHER;
}

static int take_type(struct envelope *envelope, const struct rti_json_token *token,
		     struct rti_error *err)
{
	struct rti_sync_message *message = envelope->message;
	size_t size = token->size < sizeof(message->name) ? token->size : sizeof(message->name) - 1;

	if (token->kind == RTI_JSON_NULL)
		return 0;
	if (token->kind != RTI_JSON_STRING)
		return rti_refuse(err, EBADMSG,
				  "json: cannot unmarshal a value into field type of type string");
	memcpy(message->name, token->text, size);
	message->name[size] = '\0';
	message->type = RTI_SYNC_NONE;
	for (int type = RTI_SYNC_NONE + 1; type < RTI_SYNC_TYPES; type++) {
		const char *name = rti_sync_info((enum rti_sync_type)type)->name;

		if (strlen(name) == token->size && memcmp(name, token->text, token->size) == 0)
			message->type = (enum rti_sync_type)type;
	}
	return 0;
}

static int take_flags(struct envelope *envelope, const struct rti_json_token *token,
		      struct rti_error *err)
{
	char text[24];

	if (token->kind == RTI_JSON_NULL)
		return 0;
	if (token->kind == RTI_JSON_NUMBER && token->size < sizeof(text)) {
		memcpy(text, token->text, token->size);
		text[token->size] = '\0';
		if (rti_number_u64(text, UINT32_MAX, &envelope->message->flags))
			return 0;
	}
	return rti_refuse(err, EBADMSG,
			  "json: cannot unmarshal a value into field flags of type int");
}

static void take_arg(struct envelope *envelope, const struct rti_json_token *token)
{
	/* Of a repeated key the last counts; null is no argument. */
	if (envelope->depth == 1 && token->kind != RTI_JSON_END_OBJECT &&
	    token->kind != RTI_JSON_END_ARRAY)
		rti_json_writer_done(&envelope->arg);
	if (envelope->depth > 1 || token->kind != RTI_JSON_NULL)
		rti_json_write_token(&envelope->arg, token);
}

static int take_value(struct envelope *envelope, const struct rti_json_token *token,
		      struct rti_error *err)
{
	if (envelope->key == KEY_ARG)
		take_arg(envelope, token);
	if (envelope->depth > 1)
		return 0;
	if (envelope->key == KEY_TYPE)
		return take_type(envelope, token, err);
	if (envelope->key == KEY_FLAGS)
		return take_flags(envelope, token, err);
	return 0;
}

static int take_token(void *data, const struct rti_json_token *token, struct rti_error *err)
{
	struct envelope *envelope = data;
	bool begins = token->kind == RTI_JSON_BEGIN_OBJECT || token->kind == RTI_JSON_BEGIN_ARRAY;
	bool ends = token->kind == RTI_JSON_END_OBJECT || token->kind == RTI_JSON_END_ARRAY;
	int r = 0;

	if (envelope->depth == 0) {
		/* Go leaves its structure empty for null: a message of no type. */
		if (token->kind == RTI_JSON_NULL)
			return 0;
		if (token->kind != RTI_JSON_BEGIN_OBJECT)
			return rti_refuse(err, EBADMSG,
					  "json: cannot unmarshal a value that is no object");
		envelope->depth = 1;
		return 0;
	}
	if (ends)
		envelope->depth--;
	if (ends && envelope->depth == 0)
		return 0;
	if (envelope->depth == 1 && token->kind == RTI_JSON_KEY)
		envelope->key = find_key(token);
	else
		r = take_value(envelope, token, err);
	if (begins)
		envelope->depth++;
	return r;
}

static int only_white_space(const char *text, size_t size, struct rti_error *err)
{
	for (size_t i = 0; i < size; i++)
		if (text[i] == '\0' || !strchr(" \t\r\n", text[i]))
			return rti_refuse(err, EBADMSG,
					  "invalid character '%c' after top-level value", text[i]);
	return 0;
}

static int read_envelope(struct envelope *envelope, const char *packet, size_t size,
			 struct rti_error *err)
{
	struct rti_json_reader *reader;
	size_t used = 0;
	int r;

	r = rti_json_reader_new(PACKET_TEXT_MAX, take_token, envelope, &reader, err);
	if (r < 0)
		return r;
	r = rti_json_reader_feed(reader, packet, size, &used, err);
	if (r == 0)
		r = rti_json_reader_finish(reader, err);
	rti_json_reader_free(reader);
	if (r < 0)
		return r;
	return only_white_space(packet + used, size - used, err);
}

static int keep_arg(struct envelope *envelope, struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int r;

	if (!envelope->arg.text && !envelope->arg.failed)
		return 0;
	r = rti_json_writer_finish(&envelope->arg, &text, &size, err);
	if (r < 0)
		return r;
	envelope->message->arg = rti_arena_text(&envelope->message->arena, text, size);
	return envelope->message->arg ? 0 : rti_fail(err, ENOMEM, "argument of %zu bytes", size);
}

int rti_sync_decode(const char *packet, size_t size, struct rti_sync_message *ret,
		    struct rti_error *err)
{
	struct rti_sync_message message = { .type = RTI_SYNC_NONE };
	struct envelope envelope = { .message = &message };
	int r;

	r = read_envelope(&envelope, packet, size, err);
	if (r == 0)
		r = keep_arg(&envelope, err);
	rti_json_writer_done(&envelope.arg);
	if (r < 0) {
		rti_sync_message_done(&message);
		return rti_prefix(err, r == -ENODATA ? -EBADMSG : r,
				  "unmarshal sync from parent failed");
	}
	*ret = message;
	return 0;
}

void rti_sync_message_done(struct rti_sync_message *message)
{
	rti_arena_done(&message->arena);
	memset(message, 0, sizeof(*message));
}
