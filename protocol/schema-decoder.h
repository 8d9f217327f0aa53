/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The state of one decoding, shared by schema-decode.c and schema-value.c.
 */
#ifndef RTI_PROTOCOL_SCHEMA_DECODER_H
#define RTI_PROTOCOL_SCHEMA_DECODER_H

#include "protocol/init-config.h"
#include "protocol/schema.h"

/* Deepest nesting of the tables (not of the text, which may nest deeper where keys are unknown). */
#define FRAMES_MAX 16

#define PATH_SIZE 256 /* key path in texts; longer ones are cut */

/* Every list of init-config.h. */
struct list RTI_LIST(void);

enum frame_kind {
	FRAME_OBJECT,
	FRAME_LIST,
	FRAME_MAP,
};

struct frame {
	enum frame_kind kind;
	const struct rti_object *object; /* of an object, or of a list's or a map's elements */
	void *base;			 /* the structure, or the struct list that is made */
	const struct rti_field *field; /* an object's current key, NULL: unknown; else the list's */
	const char *key;		 /* a map's current key, in the arena */
	char *scratch;			 /* elements so far; kept for the next list of this depth */
	size_t capacity;		 /* bytes of scratch */
	size_t count;			 /* elements so far */
	size_t element_size;
};

struct decoder {
	struct rti_json_reader *reader;
	struct rti_arena *arena;
	unsigned int flags;
	const struct rti_object *object; /* of the whole */
	void *into;
	void (*unknown)(void *data, const char *path, const char *json);
	void *data;
	struct frame frames[FRAMES_MAX];
	size_t depth;		/* frames in use */
	size_t skipped;		/* open objects and arrays of a value that is not decoded */
	bool capturing;		/* its text is wanted */
	const char **raw;	/* where to, or NULL: for the unknown callback */
	struct rti_json_writer capture;
	char unknown_key[64];
};

/* Where one value goes. */
struct slot {
	const struct rti_field *field; /* whose value, or whose element, it is */
	enum rti_field_type type;
	bool element;
	void *member;
};


/**
 * rti_field_element() - what the elements of a list or map are
 * @ret_size: bytes of one in memory
 */
enum rti_field_type rti_field_element(const struct rti_field *field, size_t *ret_size);

/**
 * rti_field_pointee_size() - bytes of what a pointer member of this field points to
 */
size_t rti_field_pointee_size(const struct rti_field *field);

/**
 * rti_slot_is_scalar() - whether the slot takes a single value that is no object, list or map
 */
bool rti_slot_is_scalar(const struct slot *slot);

/**
 * rti_decoder_path() - "config.seccomp.syscalls.action": where decoding stands, as Go names fields
 * @last: a key to add; may be NULL
 */
void rti_decoder_path(const struct decoder *decoder, const char *last, char ret[PATH_SIZE]);

/**
 * rti_decoder_find_field() - the row of a key: the exact one, else one that differs in case only
 *
 * Return: NULL when the object's table has none.
 */
const struct rti_field *rti_decoder_find_field(const struct frame *frame, const char *text,
					       size_t size);

/**
 * rti_decoder_mismatch() - refuse a value of the wrong kind, in Go's words; gives -EBADMSG
 */
int rti_decoder_mismatch(const struct decoder *decoder, const struct rti_json_token *token,
			 const struct slot *slot, struct rti_error *err);

/**
 * rti_decoder_no_memory() - gives -ENOMEM, be it the system's or the arena's limit
 */
int rti_decoder_no_memory(struct rti_error *err);

/**
 * rti_decoder_copy_text() - a string or key into the arena; -EBADMSG when it holds a NUL
 */
int rti_decoder_copy_text(const struct decoder *decoder, const struct rti_json_token *token,
			  const char **ret, struct rti_error *err);

/**
 * rti_decoder_store_scalar() - store a value in a slot for which rti_slot_is_scalar() holds
 */
int rti_decoder_store_scalar(const struct decoder *decoder, const struct rti_json_token *token,
			     const struct slot *slot, struct rti_error *err);

/**
 * rti_decoder_store_null() - null: strings, lists and maps become empty, all else stays as it is
 */
void rti_decoder_store_null(const struct slot *slot);

#endif
