/* SPDX-License-Identifier: Apache-2.0 */
/* The machine that the captured configurations were made on, for the conversion to ask. */
#ifndef TESTS_UNIT_SPEC_FIXTURE_H
#define TESTS_UNIT_SPEC_FIXTURE_H

#include "protocol/spec-convert.h"

struct fixture {
	char warnings[4096]; /* one a line */
};

/**
 * fixture_environment() - root as the caller, cgroup v1, no SELinux, no RDT, libseccomp 2.5.4
 * @fixture: collects warnings; its address is kept
 * @bundle:  kept, as the container id is
 *
 * Every user namespace maps 0 to 100000, 65536 ids; every path is a directory and no link. But
 * what begins with /nonexistent does not exist, and /bundles/err-rootfs-link leads to
 * /bundles/err-rootfs. /proc/self/ns/net is the caller's network namespace.
 */
struct rti_convert_environment fixture_environment(struct fixture *fixture, const char *bundle,
						   const char *id);

#endif
