/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz/text.h"

#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "fuzz/fuzz.h"

char *text_of_config(const struct rti_init_config *config, enum rti_dialect dialect)
{
	struct rti_error err;
	char *text;

	fuzz_expect(rti_init_config_encode(config, dialect, &text, NULL, &err) == 0, "%s",
		    err.text);
	return text;
}

/* The text that comes of decoding and encoding one. */
static char *again(const char *text, enum rti_dialect dialect)
{
	struct rti_init_config config;
	struct rti_error err;
	char *next;

	fuzz_expect(rti_init_config_decode(text, strlen(text), NULL, NULL, &config, &err) == 0,
		    "%s\n%s", err.text, text);
	next = text_of_config(&config, dialect);
	rti_init_config_done(&config);
	return next;
}

void text_expect_stable(const struct rti_init_config *config, enum rti_dialect dialect)
{
	_cleanup_free_ char *first = text_of_config(config, dialect);
	_cleanup_free_ char *second = again(first, dialect);
	_cleanup_free_ char *third = NULL;

	if (strcmp(first, second) == 0)
		return;
	/* Only the oldest dialect has members that mean something else than they say. */
	fuzz_expect(dialect == RTI_DIALECT_RUNC_1_2, "%s:\n%s\n%s", rti_dialect_name(dialect),
		    first, second);
	third = again(second, dialect);
	fuzz_expect(strcmp(second, third) == 0, "%s:\n%s\n%s", rti_dialect_name(dialect), second,
		    third);
}
