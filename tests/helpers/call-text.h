/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What a system call of a traced process is about, as text.
 */
#ifndef RTI_TESTS_HELPERS_CALL_TEXT_H
#define RTI_TESTS_HELPERS_CALL_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/**
 * call_text_print() - the arguments that tell what a call is for: paths, what fds are of, flags
 * @pid: a process in a ptrace stop at the entry of the call
 *
 * Writes at most @size bytes with the zero; nothing for a call that is not in the table. A path
 * that cannot be read becomes "?".
 */
void call_text_print(pid_t pid, uint64_t number, const uint64_t arguments[6], char *text,
		     size_t size);

#endif
