/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The error record: what went wrong, on which object, with which errno, as one line.
 *
 * Every function of this project that can fail for a reason worth telling takes a caller-owned
 * `struct rti_error *err` as its last parameter and returns 0 or a negative errno. The record is
 * filled once, where most is known, and callers on the way up may only put words before it or an
 * explanation behind it. On success it is not touched. Nothing is allocated.
 */
#ifndef RTI_BASE_ERROR_H
#define RTI_BASE_ERROR_H

#include <stdarg.h>
#include <stddef.h>

/* Room for two paths of PATH_MAX bytes and the words around them; longer text is cut. */
#define RTI_ERROR_TEXT_MAX 9216

struct rti_error {
	int errnum; /* positive errno; the class of the error even where the text names none */
	char text[RTI_ERROR_TEXT_MAX];
};

/**
 * rti_fail() - record a failed system call or library call
 * @err:    record to fill; may be NULL
 * @errnum: positive errno (0 is recorded as EIO)
 * @fmt:    step and object, e.g. "open %s"; ": <errno text>" is added
 *
 * Return: -@errnum.
 */
int rti_fail(struct rti_error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * rti_refuse() - record a refusal whose text says everything
 * @err:    record to fill; may be NULL
 * @errnum: positive errno that classifies the refusal; not printed
 * @fmt:    the whole text
 *
 * Return: -@errnum.
 */
int rti_refuse(struct rti_error *err, int errnum, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * rti_prefix() - put "<fmt>: " before a recorded error
 * @err: record filled by rti_fail() or rti_refuse(); may be NULL
 * @ret: the negative errno to hand on, which becomes that of the record
 *
 * Return: @ret, so that a caller can write `return rti_prefix(err, r, "open rootfs")`.
 */
int rti_prefix(struct rti_error *err, int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * rti_explain() - put " (<fmt>)" behind a recorded error
 * @err: record filled by rti_fail() or rti_refuse(); may be NULL
 * @ret: the negative errno to hand on
 *
 * For what the errno alone leaves open: which value, why. What users match on stays as it is.
 *
 * Return: @ret.
 */
int rti_explain(struct rti_error *err, int ret, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * rti_errno_text() - text of an errno as Go prints it
 * @errnum: positive errno
 *
 * runc's users match on texts such as "no such file or directory", so this is the C library's text
 * with a lower-case first letter (kept where the second letter is upper case too, as in "RFS").
 *
 * Return: a pointer into a static buffer, valid until the next call on this thread.
 */
const char *rti_errno_text(int errnum);

#endif
