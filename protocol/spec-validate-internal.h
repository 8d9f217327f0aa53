/* SPDX-License-Identifier: Apache-2.0 */
/**
 * What the files of the validation share. Internal to the protocol library.
 */
#ifndef RTI_PROTOCOL_SPEC_VALIDATE_INTERNAL_H
#define RTI_PROTOCOL_SPEC_VALIDATE_INTERNAL_H

#include "protocol/spec-convert-internal.h"
#include "protocol/spec-validate.h"

struct spec_validation {
	const struct rti_config *config;
	const struct rti_convert_environment *environment;
	enum rti_dialect dialect;
};

/**
 * spec_refuse_quoted() - refuse with "<before>"<text>"<after>", the text quoted as Go does with %q
 */
int spec_refuse_quoted(struct rti_error *err, const char *before, const char *text,
		       const char *after);

/* The longer rules; 0 or a negative errno with runc's text. */
int spec_validate_sysctl(const struct spec_validation *validation, struct rti_error *err);
int spec_validate_rootless(const struct spec_validation *validation, struct rti_error *err);
int spec_validate_mounts(const struct spec_validation *validation, struct rti_error *err);

/**
 * spec_warn_mounts() - warn of what mounts may still have and will not be able to have for ever
 */
void spec_warn_mounts(const struct spec_validation *validation);

#endif
