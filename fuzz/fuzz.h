/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the fuzz targets share. A target is one file with LLVMFuzzerTestOneInput(): libFuzzer,
 * AFL++ and replay.c all call that. README.md says how to run them.
 */
#ifndef FUZZ_FUZZ_H
#define FUZZ_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * LLVMFuzzerTestOneInput() - the target, on one input
 *
 * Return: 0. What must not happen ends the program by abort(3), which the engines record.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/**
 * fuzz_expect() - end the program unless @condition holds; the rest is the message for printf(3)
 */
#define fuzz_expect(condition, ...)                                                                \
	do {                                                                                       \
		if (!(condition))                                                                  \
			fuzz_fail(__FILE__, __LINE__, __VA_ARGS__);                                \
	} while (0)

void fuzz_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((noreturn, format(printf, 3, 4)));

/* What of an input has not been used yet. Every function below works on an empty one. */
struct fuzz_input {
	const uint8_t *at;
	size_t left;
};

/**
 * fuzz_byte() - the next byte; 0 at the end
 */
uint8_t fuzz_byte(struct fuzz_input *input);

/**
 * fuzz_number() - a number from the next bytes, least byte first
 * @size: how many bytes, up to 8
 */
uint64_t fuzz_number(struct fuzz_input *input, size_t size);

/**
 * fuzz_line() - the next line, without its newline
 * @ret_size: its bytes; 0 at the end
 *
 * A newline after a backslash belongs to the line, and its backslash does not.
 *
 * Return: malloc()ed bytes with a NUL behind them, which the caller frees; NULL at the end.
 */
char *fuzz_line(struct fuzz_input *input, size_t *ret_size);

/* Which of the first fds of this process are open. */
struct fuzz_fds {
	uint64_t open;
};

/**
 * fuzz_fds_note() - take down which fds are open
 */
struct fuzz_fds fuzz_fds_note(void);

/**
 * fuzz_fds_expect() - end the program unless the same fds are open as were then
 */
void fuzz_fds_expect(struct fuzz_fds then);

/**
 * fuzz_file() - an anonymous file with these bytes, at its beginning; the caller closes it
 */
int fuzz_file(const void *bytes, size_t size);

/**
 * fuzz_folder() - the path of a folder of this process, in $TMPDIR or /tmp
 *
 * There is one; it is removed, with what is in it, when the program ends as it should.
 */
const char *fuzz_folder(void);

#endif
