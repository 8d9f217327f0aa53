/* SPDX-License-Identifier: Apache-2.0 */
#include "container/personality.h"

#include <errno.h>
#include <sys/personality.h>

int personality_apply(const struct rti_personality *wanted, struct rti_error *err)
{
	if (wanted && personality((unsigned long)wanted->domain) < 0)
		return rti_fail(err, errno, "set_personality");
	return 0;
}
