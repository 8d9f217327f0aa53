/* SPDX-License-Identifier: Apache-2.0 */
/**
 * OCI hooks: programs that get the container's state on standard input.
 *
 * Usable by the init (createContainer, startContainer) and, with threads around, by the parent
 * (prestart, createRuntime, poststart, poststop).
 */
#ifndef CONTAINER_HOOK_H
#define CONTAINER_HOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "protocol/init-config.h"

struct hook_context {
	const char *kind;	    /* "createRuntime", ...; for error texts */
	const char *state;	    /* OCI state as JSON */
	size_t state_size;	    /* bytes at @state */
	char *const *environment;   /* NULL-terminated; for hooks whose own is null. NULL: empty */
	bool environment_for_empty; /* also for hooks whose own is [] (startContainer) */
	int passed_fds;		    /* fds 3 to 3 + n - 1 are inherited as they are; usually 0 */
	const char *partner;	    /* without whom the hook is in vain; NULL: nobody */
	int partner_fd;		    /* poll(2) tells his end by: */
	short partner_events;
};

/**
 * hook_run() - run one hook and wait for it
 * @context: what all hooks of this kind share; borrowed
 * @hook:    the hook; its @dir is ignored, as in runc
 * @index:   position in its list, for the error text
 * @err:     on failure "error running <kind> hook #<index>: <why>", with the hook's output
 *
 * The hook starts with the caller's working directory, credentials and limits, an empty signal
 * mask, default actions for SIGPIPE and signals that are caught here, and no fds but 0 to 2 and the
 * passed ones. It need not read its input. Its output is kept up to HOOK_OUTPUT_MAX bytes each and
 * the rest dropped; reading goes on until the hook and everybody who inherited its output has
 * closed it. When its timeout ends, the hook alone gets SIGKILL and nothing is waited for any
 * longer. When the partner ends, if there is one, the hook gets SIGTERM and, after five seconds or
 * when its timeout ends, SIGKILL; then its end alone is waited for. With a partner there is, the
 * caller's end kills it too, at once.
 *
 * Context: any thread; signals and other children of the caller are left alone. The caller must not
 * reap all children at once (waitpid(-1)), nor ignore SIGCHLD, while this runs.
 *
 * Return: 0 when the hook exits with 0; -ETIMEDOUT; -ECHILD when it failed; other negative errno
 * when it could not be run.
 */
int hook_run(const struct hook_context *context, const struct rti_hook *hook, size_t index,
	     struct rti_error *err);

/**
 * hook_run_list() - run hooks in order until one fails; as hook_run()
 */
int hook_run_list(const struct hook_context *context, const struct rti_hook_list *hooks,
		  struct rti_error *err);

/* Output of a hook kept for its error text, bytes per stream. Chosen: both fit into an rti_error.
 */
#define HOOK_OUTPUT_MAX 4000

#endif
