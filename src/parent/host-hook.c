/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/host-hook.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/hook.h"
#include "parent/runtime-parent.h"
#include "protocol/process-state.h"

int host_hooks_run(const char *kind, const struct rti_hook_list *hooks,
		   const struct rti_spec_state *state, int init_pidfd, struct rti_error *err)
{
	struct hook_context context = {
		.kind = kind,
		.environment = environ,
		.partner = init_pidfd < 0 ? NULL : "the container's init",
		.partner_fd = init_pidfd,
		.partner_events = POLLIN,
	};
	_cleanup_free_ char *text = NULL;
	int r;

	if (hooks->count == 0)
		return 0;
	if (!state)
		return rti_refuse(err, EINVAL, "%s hooks need the container's state", kind);
	r = rti_spec_state_encode(state, &text, &context.state_size, err);
	if (r < 0)
		return r;
	context.state = text;
	return hook_run_list(&context, hooks, err);
}

int rti_parent_hooks_run(enum rti_parent_hook kind, const struct rti_config *config,
			 const struct rti_spec_state *state, struct rti_error *err)
{
	if (!config->hooks)
		return 0;
	if (kind == RTI_PARENT_HOOK_POSTSTART)
		return host_hooks_run("poststart", &config->hooks->poststart, state, -EBADF,
				      err);
	return host_hooks_run("poststop", &config->hooks->poststop, state, -EBADF, err);
}
