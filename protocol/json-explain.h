/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Complaints about JSON text in the words of Go's decoder, which users of runc know. Internal.
 */
#ifndef RTI_PROTOCOL_JSON_EXPLAIN_H
#define RTI_PROTOCOL_JSON_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/**
 * rti_json_refuse_byte() - "invalid character 'x' <context>"; gives -EBADMSG
 */
int rti_json_refuse_byte(struct rti_error *err, char byte, const char *context);

/**
 * rti_json_explain() - say what the parser objects to
 * @complaint: the parser's text
 * @in_empty_object: the last token was the beginning of an object
 * @text:      what it was given, @size > 0 bytes
 * @consumed:  how far it got
 *
 * Return: -EBADMSG.
 */
int rti_json_explain(struct rti_error *err, const char *complaint, bool in_empty_object,
		     const char *text, size_t size, size_t consumed);

#endif
