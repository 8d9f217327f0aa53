/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing the texts of configurations again and again. */
#ifndef FUZZ_TEXT_H
#define FUZZ_TEXT_H

#include "protocol/init-config.h"

/**
 * text_of_config() - the init configuration as a parent of this dialect writes it; to be freed
 */
char *text_of_config(const struct rti_init_config *config, enum rti_dialect dialect);

/**
 * text_expect_stable() - what is encoded and decoded again encodes to the same text
 * @config: decoded from some parent's text, or converted
 *
 * Where a dialect cannot say what another one can, the second text may lose something, and the
 * third must be the second.
 */
void text_expect_stable(const struct rti_init_config *config, enum rti_dialect dialect);

#endif
