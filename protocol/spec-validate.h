/* SPDX-License-Identifier: Apache-2.0 */
/**
 * libcontainer's rules for a container's configuration, in libcontainer's order and words.
 */
#ifndef RTI_PROTOCOL_SPEC_VALIDATE_H
#define RTI_PROTOCOL_SPEC_VALIDATE_H

#include "base/error.h"
#include "protocol/dialect.h"
#include "protocol/init-config.h"
#include "protocol/spec-convert.h"

/**
 * rti_container_id_check() - whether a container may be called so: letters, digits, "_+-." and
 * neither "." nor ".."
 *
 * Return: 0 or -EINVAL with "invalid container ID format".
 */
int rti_container_id_check(const char *id, struct rti_error *err);

/**
 * rti_spec_validate() - refuse what libcontainer would refuse
 * @config:      from rti_spec_convert()
 * @environment: the machine part and its callbacks are read; warnings go to its warn()
 * @dialect:     rules that came with a release are left out for earlier ones
 *
 * The container id of @environment is checked first, as libcontainer does.
 *
 * Return: 0; -EINVAL with runc's text; what a callback gave.
 */
int rti_spec_validate(const struct rti_config *config,
		      const struct rti_convert_environment *environment, enum rti_dialect dialect,
		      struct rti_error *err);

#endif
