/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CONTAINER_PERSONALITY_H
#define CONTAINER_PERSONALITY_H

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * personality_apply() - personality(2): PER_LINUX or PER_LINUX32; NULL: nothing is done
 *
 * Return: 0 or a negative errno ("set_personality: ...").
 */
int personality_apply(const struct rti_personality *wanted, struct rti_error *err);

#endif
