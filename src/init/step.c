/* SPDX-License-Identifier: Apache-2.0 */
#include "init/step.h"

#include "base/log.h"

int steps_run(struct init_context *context, const struct step *steps, size_t count,
	      struct rti_error *err)
{
	for (size_t i = 0; i < count; i++) {
		int r = steps[i].run(context, err);

		if (r < 0) {
			log_debug("init failed at step \"%s\"", steps[i].name);
			return r;
		}
	}
	return 0;
}
