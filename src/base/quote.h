/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Names in error texts, quoted as Go's %q quotes them, because runc's texts carry such quotes and
 * people and tests match on them.
 */
#ifndef RTI_BASE_QUOTE_H
#define RTI_BASE_QUOTE_H

#include <stddef.h>

/* Room for any name that makes sense in an error text; longer ones are cut. */
#define RTI_QUOTE_MAX 4608

/**
 * rti_quote() - text in double quotes with escapes
 * @text: the text; bytes that are not UTF-8 are written as \xNN
 * @ret:  receives the quoted text, NUL-terminated and with both quotes even when cut
 * @size: room at @ret, at least 3
 *
 * Characters that Go regards as not printable are written as \u or \U escapes. What counts as such
 * is decided by ranges (controls, spaces, formatting, private use, surrogates, noncharacters),
 * without Unicode's table of unassigned code points.
 *
 * Return: @ret.
 */
char *rti_quote(const char *text, char *ret, size_t size);

#endif
