/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/json-diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_tree.h>

struct comparison {
	const char *unordered;
	char path[512];
	char *difference;
	size_t size;
};

static bool differ(struct comparison *comparison, const char *what, const char *a, const char *b)
{
	snprintf(comparison->difference, comparison->size, "%s: %s: %s | %s", comparison->path,
		 what, a ? a : "-", b ? b : "-");
	return false;
}

static bool same_value(struct comparison *comparison, yajl_val a, yajl_val b);

/* Compare below @step, which is put behind the path meanwhile. */
static bool same_member(struct comparison *comparison, const char *step, yajl_val a, yajl_val b)
{
	size_t length = strlen(comparison->path);
	bool same;

	snprintf(comparison->path + length, sizeof(comparison->path) - length, "%s", step);
	same = same_value(comparison, a, b);
	if (same)
		comparison->path[length] = '\0';
	return same;
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp((*(const yajl_val *)a)->u.string, (*(const yajl_val *)b)->u.string);
}

static bool is_unordered(const struct comparison *comparison)
{
	const char *last = strrchr(comparison->path, '.');

	return comparison->unordered && last && !strcmp(last + 1, comparison->unordered);
}

static bool same_array(struct comparison *comparison, yajl_val a, yajl_val b)
{
	if (a->u.array.len != b->u.array.len)
		return differ(comparison, "lists of different length", "", "");
	if (is_unordered(comparison)) {
		qsort(a->u.array.values, a->u.array.len, sizeof(yajl_val), compare_strings);
		qsort(b->u.array.values, b->u.array.len, sizeof(yajl_val), compare_strings);
	}
	for (size_t i = 0; i < a->u.array.len; i++) {
		char step[32];

		snprintf(step, sizeof(step), "[%zu]", i);
		if (!same_member(comparison, step, a->u.array.values[i], b->u.array.values[i]))
			return false;
	}
	return true;
}

static yajl_val find_key(yajl_val object, const char *key)
{
	for (size_t i = 0; i < object->u.object.len; i++)
		if (!strcmp(object->u.object.keys[i], key))
			return object->u.object.values[i];
	return NULL;
}

static bool same_object(struct comparison *comparison, yajl_val a, yajl_val b)
{
	for (size_t i = 0; i < b->u.object.len; i++)
		if (!find_key(a, b->u.object.keys[i]))
			return differ(comparison, "key of one only", NULL, b->u.object.keys[i]);
	for (size_t i = 0; i < a->u.object.len; i++) {
		const char *key = a->u.object.keys[i];
		yajl_val other = find_key(b, key);
		char step[128];

		if (!other)
			return differ(comparison, "key of one only", key, NULL);
		snprintf(step, sizeof(step), ".%s", key);
		if (!same_member(comparison, step, a->u.object.values[i], other))
			return false;
	}
	return true;
}

static bool same_value(struct comparison *comparison, yajl_val a, yajl_val b)
{
	static const char *const kinds[] = { [yajl_t_string] = "string", [yajl_t_number] = "number",
					     [yajl_t_object] = "object", [yajl_t_array] = "array",
					     [yajl_t_true] = "true",	 [yajl_t_false] = "false",
					     [yajl_t_null] = "null" };

	if (a->type != b->type)
		return differ(comparison, "different kinds", kinds[a->type], kinds[b->type]);
	if (YAJL_IS_STRING(a) && strcmp(a->u.string, b->u.string) != 0)
		return differ(comparison, "strings", a->u.string, b->u.string);
	if (YAJL_IS_NUMBER(a) && strcmp(a->u.number.r, b->u.number.r) != 0)
		return differ(comparison, "numbers", a->u.number.r, b->u.number.r);
	if (YAJL_IS_ARRAY(a))
		return same_array(comparison, a, b);
	return YAJL_IS_OBJECT(a) ? same_object(comparison, a, b) : true;
}

bool json_is_same(const char *a, const char *b, const char *unordered, char *difference,
		  size_t size)
{
	struct comparison comparison = {
		.unordered = unordered,
		.difference = difference,
		.size = size,
	};
	char error[256] = "";
	yajl_val a_tree = yajl_tree_parse(a, error, sizeof(error));
	yajl_val b_tree = a_tree ? yajl_tree_parse(b, error, sizeof(error)) : NULL;
	bool same;

	if (a_tree && b_tree)
		same = same_value(&comparison, a_tree, b_tree);
	else
		same = differ(&comparison, a_tree ? "second is no JSON" : "first is no JSON", error,
			      "");
	yajl_tree_free(b_tree);
	yajl_tree_free(a_tree);
	return same;
}
