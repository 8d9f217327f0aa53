/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The captured init configurations under tests/unit/data, as a list.
 */
#ifndef TESTS_UNIT_WIRE_DATA_H
#define TESTS_UNIT_WIRE_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "protocol/dialect.h"

struct wire_file {
	char name[96]; /* "minimal.wire.1.2.9.json" or "s151-min" */
	char test_case[96]; /* "minimal"; "" for those of whole conversations */
	enum rti_dialect dialect;
	char *text;
	size_t size;
};

/**
 * wire_files() - every captured init configuration that runc 1.2 or later wrote
 * @ret_count: how many
 *
 * Return: a list that lives as long as the program, made once; it fails the test when there are no
 * captures.
 */
struct wire_file *wire_files(size_t *ret_count);

/**
 * read_whole_file() - contents, NUL-terminated, to be freed; NULL when there is no such file
 */
char *read_whole_file(const char *path, size_t *ret_size);

#endif
