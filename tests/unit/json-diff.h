/* SPDX-License-Identifier: Apache-2.0 */
/* Comparison of JSON texts as values. */
#ifndef TESTS_UNIT_JSON_DIFF_H
#define TESTS_UNIT_JSON_DIFF_H

#include <stdbool.h>
#include <stddef.h>

/**
 * json_is_same() - whether two JSON texts have the same value
 * @unordered:  key of lists whose order does not matter ("labels"); may be NULL
 * @difference: on false, where the first difference is and what it is
 * @size:       bytes of @difference
 *
 * Numbers are compared as they are written, the order of keys does not matter.
 */
bool json_is_same(const char *a, const char *b, const char *unordered, char *difference,
		  size_t size);

#endif
