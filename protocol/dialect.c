/* SPDX-License-Identifier: Apache-2.0 */
#include "protocol/dialect.h"

#include <errno.h>
#include <stdio.h>

int rti_dialect_from_version(const char *version, enum rti_dialect *ret)
{
	unsigned int major, minor;

	if (sscanf(version, "%3u.%3u", &major, &minor) != 2)
		return -EINVAL;
	if (major < 1 || (major == 1 && minor < 2))
		return -EPROTONOSUPPORT;
	if (major > 1 || minor > 5)
		*ret = RTI_DIALECT_RUNC_MAIN;
	else
		*ret = (enum rti_dialect)(RTI_DIALECT_RUNC_1_2 + (minor - 2));
	return 0;
}

const char *rti_dialect_name(enum rti_dialect dialect)
{
	static const char *const names[] = {
		[RTI_DIALECT_RUNC_1_2] = "1.2",	  [RTI_DIALECT_RUNC_1_3] = "1.3",
		[RTI_DIALECT_RUNC_1_4] = "1.4",	  [RTI_DIALECT_RUNC_1_5] = "1.5",
		[RTI_DIALECT_RUNC_MAIN] = "main",
	};

	return names[dialect];
}
