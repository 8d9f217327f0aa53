/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The release lines of runc whose wire formats are known. What differs between them is data in
 * tables that name a dialect; nothing else in the project tests for a version.
 */
#ifndef RTI_PROTOCOL_DIALECT_H
#define RTI_PROTOCOL_DIALECT_H

enum rti_dialect {
	RTI_DIALECT_RUNC_1_2,
	RTI_DIALECT_RUNC_1_3,
	RTI_DIALECT_RUNC_1_4,
	RTI_DIALECT_RUNC_1_5,
	RTI_DIALECT_RUNC_MAIN,
};

/* What our own parent speaks to our own init. */
#define RTI_DIALECT_OWN RTI_DIALECT_RUNC_1_5

/**
 * rti_dialect_from_version() - the dialect of a runc release
 * @version: as printed by `runc --version`: "1.3.6", "1.5.1+dev", "1.1.5+ds1"
 * @ret:     the dialect; untouched on failure
 *
 * Releases after the newest known line count as RTI_DIALECT_RUNC_MAIN.
 *
 * Return: 0; -EINVAL if @version is no version; -EPROTONOSUPPORT for releases before 1.2, which
 * speak another protocol.
 */
int rti_dialect_from_version(const char *version, enum rti_dialect *ret);

/**
 * rti_dialect_name() - the release line as people write it: "1.5", "main"
 */
const char *rti_dialect_name(enum rti_dialect dialect);

#endif
