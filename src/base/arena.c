/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Chosen: an ordinary init configuration decodes into one chunk. */
#define CHUNK_SIZE (size_t)(16 * 1024)
#define ALIGNMENT  (size_t)16

struct rti_arena_chunk {
	struct rti_arena_chunk *next;
	size_t size;
	size_t used;
	_Alignas(16) unsigned char bytes[];
};

static struct rti_arena_chunk *add_chunk(struct rti_arena *arena, size_t at_least)
{
	size_t size = at_least > CHUNK_SIZE ? at_least : CHUNK_SIZE;
	struct rti_arena_chunk *chunk = malloc(sizeof(*chunk) + size);

	if (!chunk)
		return NULL;
	chunk->size = size;
	chunk->used = 0;
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

void *rti_arena_alloc(struct rti_arena *arena, size_t size)
{
	struct rti_arena_chunk *chunk = arena->chunks;
	void *memory;

	if (size > SIZE_MAX / 4)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (arena->limit && (arena->used > arena->limit || size > arena->limit - arena->used))
		return NULL;
	if (!chunk || size > chunk->size - chunk->used)
		chunk = add_chunk(arena, size);
	if (!chunk)
		return NULL;
	memory = chunk->bytes + chunk->used;
	chunk->used += size;
	arena->used += size;
	/* Not the whole chunk at once: pages that nobody asks for are not to be touched. */
	return memset(memory, 0, size);
}

void *rti_arena_array(struct rti_arena *arena, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	return rti_arena_alloc(arena, bytes);
}

char *rti_arena_text(struct rti_arena *arena, const char *text, size_t size)
{
	char *copy;

	if (size == SIZE_MAX)
		return NULL;
	copy = rti_arena_alloc(arena, size + 1);
	if (copy && size)
		memcpy(copy, text, size);
	return copy;
}

char *rti_arena_printf(struct rti_arena *arena, const char *fmt, ...)
{
	va_list args;
	char *text;
	int size;

	va_start(args, fmt);
	size = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (size < 0)
		return NULL;
	text = rti_arena_alloc(arena, (size_t)size + 1);
	if (!text)
		return NULL;
	va_start(args, fmt);
	vsnprintf(text, (size_t)size + 1, fmt, args);
	va_end(args);
	return text;
}

void rti_arena_done(struct rti_arena *arena)
{
	struct rti_arena_chunk *chunk = arena->chunks;

	while (chunk) {
		struct rti_arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	arena->chunks = NULL;
	arena->used = 0;
}
