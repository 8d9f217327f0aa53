/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What Go reads differently from the JSON parser: bytes that are not UTF-8, and halves of surrogate
 * pairs. Internal to the reader.
 */
#ifndef RTI_PROTOCOL_JSON_CLEAN_H
#define RTI_PROTOCOL_JSON_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

/**
 * rti_json_clean() - one JSON string, as it stands in the text, with U+FFFD where Go reads U+FFFD
 * @text: a whole string token; the quotes may be part of it
 * @ret:  room for the result, at most three times @size; NULL: only count
 *
 * Malformed escapes are left to the parser, which refuses them.
 *
 * Return: bytes of the result; equal to @size for a string that needs no change (a replaced byte
 * grows to three, a replaced escape shrinks from six to three; see @ret_changed).
 */
size_t rti_json_clean(const char *text, size_t size, char *ret, bool *ret_changed);

#endif
