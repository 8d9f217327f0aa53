/* SPDX-License-Identifier: Apache-2.0 */
#include "base/number.h"

#include <stddef.h>

bool rti_number_u64(const char *text, uint64_t max, uint64_t *ret)
{
	uint64_t value = 0;

	if (!text || *text == '\0')
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		if (__builtin_mul_overflow(value, (uint64_t)10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	if (value > max)
		return false;
	*ret = value;
	return true;
}

bool rti_number_i64(const char *text, int64_t min, int64_t max, int64_t *ret)
{
	bool negative = text && *text == '-';
	uint64_t size;
	int64_t value;

	if (!rti_number_u64(negative ? text + 1 : text,
			    negative ? (uint64_t)INT64_MAX + 1 : INT64_MAX, &size))
		return false;
	value = negative ? (int64_t)(0 - size) : (int64_t)size;
	if (value < min || value > max)
		return false;
	*ret = value;
	return true;
}
