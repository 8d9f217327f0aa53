/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens go straight into the structures that the tables describe: a stack of frames says which
 * object, list or map is being filled, and no tree is built. A growing list lives in its frame's
 * scratch memory and is copied into the arena, in its final size, when it ends.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/json-explain.h"
#include "protocol/schema-decoder.h"

/* Bytes read from an fd at once. Chosen: an ordinary init configuration comes in one or two. */
#define CHUNK_SIZE 4096

#define EXCERPT_SIZE 128 /* JSON text of an unknown key's value; longer ones are cut */

/* Frames ****************************************************************************************/

static int push(struct decoder *decoder, const struct frame *fresh, struct rti_error *err)
{
	struct frame *frame = &decoder->frames[decoder->depth];
	char *scratch = frame->scratch;
	size_t capacity = frame->capacity;

	if (decoder->depth == FRAMES_MAX)
		return rti_refuse(err, EBADMSG, "exceeded max depth");
	*frame = *fresh;
	frame->scratch = scratch;
	frame->capacity = capacity;
	decoder->depth++;
	return 0;
}

/*
 * One more element at the end of the frame's scratch memory, zeroed. end() frees that memory, with
 * the frame.
 */
static void *add_element(const struct decoder *decoder, struct frame *frame)
{
	size_t needed = (frame->count + 1) * frame->element_size;
	size_t limit = decoder->arena->limit;
	void *element;

	if (limit && needed > limit)
		return NULL;
	if (needed > frame->capacity) {
		size_t capacity = needed < 64 ? 64 : 2 * needed;
		char *scratch = realloc(frame->scratch, capacity);

		if (!scratch)
			return NULL;
		frame->scratch = scratch;
		frame->capacity = capacity;
	}
	element = frame->scratch + frame->count++ * frame->element_size;
	/* analyzer: no leak, the scratch memory hangs on the frame */
	return memset(element, 0, frame->element_size);
}

/* The map's element of the current key, zeroed: the one that is there, else a new one. */
static void *map_element(const struct decoder *decoder, struct frame *frame)
{
	void *element = NULL;

	/* both kinds of elements begin with the key */
	for (size_t i = 0; i < frame->count && !element; i++) {
		element = frame->scratch + i * frame->element_size;
		if (strcmp(*(const char **)element, frame->key) != 0)
			element = NULL;
	}
	if (element)
		memset(element, 0, frame->element_size);
	else
		element = add_element(decoder, frame);
	if (element)
		*(const char **)element = frame->key;
	return element;
}

/* Begin a list or map; a map that is there already is added to. */
static int begin_list(struct decoder *decoder, const struct slot *slot, bool map,
		      struct rti_error *err)
{
	struct list *list = slot->member;
	struct frame fresh = { .kind = map ? FRAME_MAP : FRAME_LIST,
			       .object = slot->field->object,
			       .base = list,
			       .field = slot->field };
	struct frame *frame = &decoder->frames[decoder->depth];
	int r;

	rti_field_element(slot->field, &fresh.element_size);
	r = push(decoder, &fresh, err);
	if (r < 0 || !map)
		return r;
	for (size_t i = 0; i < list->count; i++) {
		void *element = add_element(decoder, frame);

		/* analyzer: no leak, the scratch memory hangs on the frame */
		if (!element)
			return rti_decoder_no_memory(err);
		memcpy(element, (char *)list->items + i * frame->element_size, frame->element_size);
	}
	return 0;
}

/* Move the finished list into the arena. A list of strings gets a NULL behind its end. */
static int end_list(struct decoder *decoder, struct rti_error *err)
{
	struct frame *frame = &decoder->frames[decoder->depth - 1];
	struct list *list = frame->base;
	size_t size = frame->count * frame->element_size;
	size_t extra = frame->field->type == RTI_FIELD_STRINGS ? sizeof(char *) : 0;
	char *items = rti_arena_alloc(decoder->arena, size + extra);

	if (!items)
		return rti_decoder_no_memory(err);
	if (size)
		memcpy(items, frame->scratch, size);
	list->items = items;
	list->count = frame->count;
	decoder->depth--;
	return 0;
}

/* Keys and values *******************************************************************************/

static int on_key(struct decoder *decoder, struct frame *frame, const struct rti_json_token *token,
		  struct rti_error *err)
{
	if (frame->kind == FRAME_MAP)
		return rti_decoder_copy_text(decoder, token, &frame->key, err);
	frame->field = rti_decoder_find_field(frame, token->text, token->size);
	if (!frame->field)
		snprintf(decoder->unknown_key, sizeof(decoder->unknown_key), "%.*s",
			 (int)(token->size < 64 ? token->size : 63), token->text);
	return 0;
}

/* The value that is not decoded is over: hand out its text. */
static int end_skip(struct decoder *decoder, struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	char path[PATH_SIZE];
	size_t size;
	int r;

	if (!decoder->capturing)
		return 0;
	decoder->capturing = false;
	r = rti_json_writer_finish(&decoder->capture, &text, &size, err);
	if (r < 0)
		return r;
	if (decoder->raw) {
		*decoder->raw = rti_arena_text(decoder->arena, text, size);
		return *decoder->raw ? 0 : rti_decoder_no_memory(err);
	}
	if (size >= EXCERPT_SIZE)
		text[EXCERPT_SIZE - 1] = '\0';
	rti_decoder_path(decoder, decoder->unknown_key, path);
	decoder->unknown(decoder->data, path, text);
	return 0;
}

static int skip(struct decoder *decoder, const struct rti_json_token *token, struct rti_error *err)
{
	struct rti_json_token shown = *token;

	/* an excerpt needs no more of the text than is shown */
	if (!decoder->raw && shown.size > EXCERPT_SIZE)
		shown.size = EXCERPT_SIZE;
	if (decoder->capturing && (decoder->raw || decoder->capture.size < EXCERPT_SIZE))
		rti_json_write_token(&decoder->capture, &shown);
	switch (token->kind) {
	case RTI_JSON_BEGIN_OBJECT:
	case RTI_JSON_BEGIN_ARRAY:
		decoder->skipped++;
		break;
	case RTI_JSON_END_OBJECT:
	case RTI_JSON_END_ARRAY:
		decoder->skipped--;
		break;
	default:
		break;
	}
	return decoder->skipped || token->kind == RTI_JSON_KEY ? 0 : end_skip(decoder, err);
}

/* A member that is a pointer gets something to point to, once. */
static int resolve_pointer(const struct decoder *decoder, const struct rti_json_token *token,
			   struct slot *slot, struct rti_error *err)
{
	void **pointer = slot->member;

	if (token->kind == RTI_JSON_NULL) {
		*pointer = NULL;
		return 0;
	}
	if (!*pointer)
		*pointer = rti_arena_alloc(decoder->arena,
					   rti_field_pointee_size(slot->field));
	if (!*pointer)
		return rti_decoder_no_memory(err);
	slot->member = *pointer;
	return 0;
}

static int store(struct decoder *decoder, const struct rti_json_token *token, struct slot *slot,
		 struct rti_error *err)
{
	const struct rti_field *field = slot->field;
	bool map = slot->type == RTI_FIELD_STRING_MAP || slot->type == RTI_FIELD_OBJECT_MAP;
	int r;

	if (field && field->pointer && !slot->element) {
		r = resolve_pointer(decoder, token, slot, err);
		if (r < 0 || token->kind == RTI_JSON_NULL)
			return r;
	}
	if (token->kind == RTI_JSON_NULL) {
		rti_decoder_store_null(slot);
		return 0;
	}
	if (slot->type == RTI_FIELD_RAW || slot->type == RTI_FIELD_SKIP) {
		decoder->capturing = slot->type == RTI_FIELD_RAW;
		decoder->raw = slot->member;
		return skip(decoder, token, err);
	}
	if (slot->type == RTI_FIELD_OBJECT) {
		struct frame fresh = { .kind = FRAME_OBJECT,
				       .object = field ? field->object : decoder->object,
				       .base = slot->member };

		return token->kind == RTI_JSON_BEGIN_OBJECT
			       ? push(decoder, &fresh, err)
			       : rti_decoder_mismatch(decoder, token, slot, err);
	}
	if (rti_slot_is_scalar(slot))
		return rti_decoder_store_scalar(decoder, token, slot, err);
	if (token->kind != (map ? RTI_JSON_BEGIN_OBJECT : RTI_JSON_BEGIN_ARRAY))
		return rti_decoder_mismatch(decoder, token, slot, err);
	return begin_list(decoder, slot, map, err);
}

static int on_value(struct decoder *decoder, struct frame *frame,
		    const struct rti_json_token *token, struct rti_error *err)
{
	struct slot slot = { .field = frame->field };
	size_t size;

	if (frame->kind == FRAME_OBJECT) {
		if (!frame->field) {
			decoder->capturing = decoder->unknown != NULL;
			decoder->raw = NULL;
			return skip(decoder, token, err);
		}
		slot.type = frame->field->type;
		slot.member = (char *)frame->base + frame->field->offset;
		return store(decoder, token, &slot, err);
	}
	slot.type = rti_field_element(frame->field, &size);
	slot.element = true;
	slot.member = frame->kind == FRAME_MAP ? map_element(decoder, frame)
					       : add_element(decoder, frame);
	if (!slot.member)
		return rti_decoder_no_memory(err);
	if (frame->field->type == RTI_FIELD_STRING_MAP)
		slot.member = &((struct rti_string_pair *)slot.member)->value;
	return store(decoder, token, &slot, err);
}

static int on_token(void *data, const struct rti_json_token *token, struct rti_error *err)
{
	struct decoder *decoder = data;
	struct frame *frame;

	if (decoder->skipped)
		return skip(decoder, token, err);
	if (!decoder->depth) {
		struct slot slot = { .type = RTI_FIELD_OBJECT, .member = decoder->into };

		return store(decoder, token, &slot, err);
	}
	frame = &decoder->frames[decoder->depth - 1];
	switch (token->kind) {
	case RTI_JSON_KEY:
		return on_key(decoder, frame, token, err);
	case RTI_JSON_END_OBJECT:
	case RTI_JSON_END_ARRAY:
		if (frame->kind != FRAME_OBJECT)
			return end_list(decoder, err);
		decoder->depth--;
		return 0;
	default:
		return on_value(decoder, frame, token, err);
	}
}

/* Entry points **********************************************************************************/

static int begin(struct decoder *decoder, size_t size_max, struct rti_error *err)
{
	return rti_json_reader_new(size_max, on_token, decoder, &decoder->reader, err);
}

static void end(struct decoder *decoder)
{
	rti_json_reader_free(decoder->reader);
	rti_json_writer_done(&decoder->capture);
	for (size_t i = 0; i < FRAMES_MAX; i++)
		free(decoder->frames[i].scratch);
}

/* Gives 1 when the object is complete, 0 when more bytes are needed. */
static int feed(struct decoder *decoder, const char *text, size_t size, struct rti_error *err)
{
	size_t used;
	int r = rti_json_reader_feed(decoder->reader, text, size, &used, err);

	if (r <= 0 || !(decoder->flags & RTI_DECODE_WHOLE))
		return r;
	while (used < size && memchr(" \t\r\n", text[used], 4))
		used++;
	return used == size ? r : rti_json_refuse_byte(err, text[used], "after top-level value");
}

static int finish(struct decoder *decoder, struct rti_error *err)
{
	int r = rti_json_reader_finish(decoder->reader, err);

	if (r == -ENODATA && decoder->flags & RTI_DECODE_WHOLE)
		return rti_refuse(err, ENODATA, "unexpected end of JSON input");
	return r;
}

static int read_and_feed(struct decoder *decoder, int fd, struct rti_error *err)
{
	char chunk[CHUNK_SIZE];
	ssize_t size;
	int r;

	do {
		size = rti_retry(read(fd, chunk, sizeof(chunk)));
		if (size < 0)
			return rti_fail(err, (int)-size, "read");
		if (size == 0)
			return finish(decoder, err);
		r = feed(decoder, chunk, (size_t)size, err);
	} while (r == 0);
	return r < 0 ? r : 0;
}

int rti_json_decode_object(const char *text, size_t size, const struct rti_object *object,
			   void *into, struct rti_arena *arena, unsigned int flags,
			   void (*unknown)(void *data, const char *path, const char *json),
			   void *data, struct rti_error *err)
{
	struct decoder decoder = { .arena = arena, .object = object, .into = into, .flags = flags,
				   .unknown = unknown, .data = data };
	int r = begin(&decoder, size, err);

	if (r == 0)
		r = feed(&decoder, text, size, err);
	if (r == 0)
		r = finish(&decoder, err);
	end(&decoder);
	return r < 0 ? r : 0;
}

int rti_json_read_object(int fd, size_t size_max, const struct rti_object *object, void *into,
			 struct rti_arena *arena, unsigned int flags,
			 void (*unknown)(void *data, const char *path, const char *json),
			 void *data, struct rti_error *err)
{
	struct decoder decoder = { .arena = arena, .object = object, .into = into, .flags = flags,
				   .unknown = unknown, .data = data };
	int r = begin(&decoder, size_max, err);

	if (r == 0)
		r = read_and_feed(&decoder, fd, err);
	end(&decoder);
	return r;
}
