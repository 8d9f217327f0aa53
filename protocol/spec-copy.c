/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "protocol/spec-convert-internal.h"

const struct spec_word *spec_word_find(const struct spec_word *table, const char *word)
{
	for (; table->word; table++)
		if (!strcmp(table->word, spec_text(word)))
			return table;
	return NULL;
}

int spec_no_memory(struct rti_error *err)
{
	return rti_refuse(err, ENOMEM, "cannot allocate memory");
}

int spec_copy_text(struct rti_arena *arena, const char *from, const char **ret)
{
	const char *copy = "";

	if (!spec_is_empty(from))
		copy = rti_arena_text(arena, from, strlen(from));
	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

int spec_copy_strings(struct rti_arena *arena, const struct rti_strings *from,
		      struct rti_strings *ret)
{
	struct rti_strings copy = {};

	if (from->items) {
		copy.count = from->count;
		copy.items = rti_arena_array(arena, from->count + 1, sizeof(*copy.items));
		if (!copy.items)
			return -ENOMEM;
	}
	for (size_t i = 0; i < copy.count; i++)
		if (spec_copy_text(arena, from->items[i], &copy.items[i]) < 0)
			return -ENOMEM;
	*ret = copy;
	return 0;
}

int spec_strings_append(struct rti_arena *arena, struct rti_strings *list, const char *text)
{
	const char **items = rti_arena_array(arena, list->count + 2, sizeof(*items));

	if (!items || spec_copy_text(arena, text, &items[list->count]) < 0)
		return -ENOMEM;
	if (list->count)
		memcpy(items, list->items, list->count * sizeof(*items));
	list->items = items;
	list->count++;
	return 0;
}

int spec_copy_string_map(struct rti_arena *arena, const struct rti_string_map *from,
			 struct rti_string_map *ret)
{
	struct rti_string_map copy = {};

	if (from->items) {
		copy.count = from->count;
		copy.items = rti_arena_array(arena, from->count + 1, sizeof(*copy.items));
		if (!copy.items)
			return -ENOMEM;
	}
	for (size_t i = 0; i < copy.count; i++)
		if (spec_copy_text(arena, from->items[i].key, &copy.items[i].key) < 0 ||
		    spec_copy_text(arena, from->items[i].value, &copy.items[i].value) < 0)
			return -ENOMEM;
	*ret = copy;
	return 0;
}

int spec_copy_capabilities(struct rti_arena *arena, const struct rti_capabilities *from,
			   struct rti_capabilities **ret)
{
	struct rti_capabilities *copy = NULL;

	if (from) {
		copy = rti_arena_alloc(arena, sizeof(*copy));
		if (!copy || spec_copy_strings(arena, &from->bounding, &copy->bounding) < 0 ||
		    spec_copy_strings(arena, &from->effective, &copy->effective) < 0 ||
		    spec_copy_strings(arena, &from->inheritable, &copy->inheritable) < 0 ||
		    spec_copy_strings(arena, &from->permitted, &copy->permitted) < 0 ||
		    spec_copy_strings(arena, &from->ambient, &copy->ambient) < 0)
			return -ENOMEM;
	}
	*ret = copy;
	return 0;
}

int spec_copy_id_maps(struct rti_arena *arena, const struct rti_spec_id_maps *from,
		      struct rti_id_maps *ret)
{
	struct rti_id_maps copy = {};

	if (from->items) {
		copy.count = from->count;
		copy.items = rti_arena_array(arena, from->count + 1, sizeof(*copy.items));
		if (!copy.items)
			return -ENOMEM;
	}
	for (size_t i = 0; i < copy.count; i++)
		copy.items[i] = (struct rti_id_map){
			.container_id = from->items[i].container_id,
			.host_id = from->items[i].host_id,
			.size = from->items[i].size,
		};
	*ret = copy;
	return 0;
}

/* A copy of @size bytes, or NULL for NULL; false for want of memory. */
static bool copy_value(struct rti_arena *arena, const void *from, size_t size, void **ret)
{
	void *copy = NULL;

	if (from) {
		copy = rti_arena_alloc(arena, size);
		if (!copy)
			return false;
		memcpy(copy, from, size);
	}
	*ret = copy;
	return true;
}

int spec_copy_i64(struct rti_arena *arena, const int64_t *from, int64_t **ret)
{
	return copy_value(arena, from, sizeof(*from), (void **)ret) ? 0 : -ENOMEM;
}

int spec_copy_u64(struct rti_arena *arena, const uint64_t *from, uint64_t **ret)
{
	return copy_value(arena, from, sizeof(*from), (void **)ret) ? 0 : -ENOMEM;
}

int spec_copy_u32(struct rti_arena *arena, const uint32_t *from, uint32_t **ret)
{
	return copy_value(arena, from, sizeof(*from), (void **)ret) ? 0 : -ENOMEM;
}

int spec_copy_scheduler(struct rti_arena *arena, const struct rti_spec_scheduler *from,
			struct rti_scheduler **ret)
{
	struct rti_scheduler *copy = NULL;

	if (from) {
		copy = rti_arena_alloc(arena, sizeof(*copy));
		if (!copy || spec_copy_text(arena, from->policy, &copy->policy) < 0 ||
		    spec_copy_strings(arena, &from->flags, &copy->flags) < 0)
			return -ENOMEM;
		copy->nice = from->nice;
		copy->priority = from->priority;
		copy->runtime = from->runtime;
		copy->deadline = from->deadline;
		copy->period = from->period;
	}
	*ret = copy;
	return 0;
}

int spec_copy_io_priority(struct rti_arena *arena, const struct rti_io_priority *from,
			  struct rti_io_priority **ret)
{
	struct rti_io_priority *copy = NULL;

	if (!copy_value(arena, from, sizeof(*from), (void **)&copy))
		return -ENOMEM;
	if (copy && spec_copy_text(arena, from->class_name, &copy->class_name) < 0)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

void spec_warn(const struct rti_convert_environment *environment, const char *fmt, ...)
{
	char text[RTI_ERROR_TEXT_MAX];
	va_list args;

	if (!environment->warn)
		return;
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	environment->warn(environment->data, text);
}
