/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Memory that lives and dies together: everything decoded from one message, one configuration.
 */
#ifndef RTI_BASE_ARENA_H
#define RTI_BASE_ARENA_H

#include <stddef.h>

struct rti_arena_chunk;

struct rti_arena {
	struct rti_arena_chunk *chunks; /* newest first */
	size_t used;                    /* bytes handed out, for the limit */
	size_t limit;                   /* 0: none */
};

/**
 * rti_arena_alloc() - zeroed, 16-byte aligned memory
 * @arena: zero-initialised or in use
 * @size:  bytes; 0 gives a valid unique-enough pointer
 *
 * Return: memory owned by @arena, or NULL when the system or the arena's limit has no more.
 */
void *rti_arena_alloc(struct rti_arena *arena, size_t size);

/**
 * rti_arena_array() - rti_arena_alloc(@count * @size) with the product checked
 */
void *rti_arena_array(struct rti_arena *arena, size_t count, size_t size);

/**
 * rti_arena_text() - a NUL-terminated copy of @size bytes at @text; NULL as rti_arena_alloc()
 */
char *rti_arena_text(struct rti_arena *arena, const char *text, size_t size);

/**
 * rti_arena_printf() - formatted text in the arena; NULL as rti_arena_alloc()
 */
char *rti_arena_printf(struct rti_arena *arena, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * rti_arena_done() - free everything; the arena may be used again
 */
void rti_arena_done(struct rti_arena *arena);

#endif
