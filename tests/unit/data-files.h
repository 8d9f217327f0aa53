/* SPDX-License-Identifier: Apache-2.0 */
/* The captured conversations and configurations below tests/unit/data. */
#ifndef TESTS_UNIT_DATA_FILES_H
#define TESTS_UNIT_DATA_FILES_H

#include <stddef.h>

/**
 * data_read() - the whole of a file below tests/unit/data; fails the test if it cannot be read
 *
 * Return: malloc()ed bytes with a NUL behind them; the caller frees them.
 */
char *data_read(const char *name, size_t *ret_size);

/**
 * data_each() - call @visit for every entry of a folder below tests/unit/data whose name ends so
 * @folder: "wire", "config"
 * @ending: "" for all
 * @visit:  gets the entry's name; sorted, so that runs are alike
 *
 * Return: how many there were.
 */
size_t data_each(const char *folder, const char *ending,
		 void (*visit)(const char *name, void *data), void *data);

/**
 * open_fds() - how many file descriptors this process holds
 */
size_t open_fds(void);

#endif
