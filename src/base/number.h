/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The one way a number is read from text: all of it, decimal, in range, or not at all.
 */
#ifndef RTI_BASE_NUMBER_H
#define RTI_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/**
 * rti_number_i64() - read a signed decimal number
 * @text: the whole text; an optional '-' and digits only (no blanks, no '+', no "0x")
 * @min:  smallest value accepted
 * @max:  largest value accepted
 * @ret:  the number; untouched on failure
 *
 * Return: whether @text is such a number.
 */
bool rti_number_i64(const char *text, int64_t min, int64_t max, int64_t *ret);

/**
 * rti_number_u64() - read an unsigned decimal number, digits only; as rti_number_i64()
 */
bool rti_number_u64(const char *text, uint64_t max, uint64_t *ret);

#endif
