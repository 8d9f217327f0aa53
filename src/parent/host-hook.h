/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PARENT_HOST_HOOK_H
#define PARENT_HOST_HOOK_H

#include "base/error.h"
#include "protocol/init-config.h"

/**
 * host_hooks_run() - run one list of hooks in the runtime's namespaces
 * @kind:  for error texts: "createRuntime", ...
 * @hooks: in order, until one fails
 * @state: what they get on standard input; NULL only where @hooks is empty
 * @init_pidfd: the init that they are run for, whose end ends them; -EBADF: none
 *
 * They start in the caller's working directory; one that has no environment of its own gets the
 * caller's.
 *
 * Return: 0 or a negative errno ("error running <kind> hook #0: ...").
 */
int host_hooks_run(const char *kind, const struct rti_hook_list *hooks,
		   const struct rti_spec_state *state, int init_pidfd, struct rti_error *err);

#endif
