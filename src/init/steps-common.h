/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Steps that both kinds of init have. Order is the business of the two tables.
 */
#ifndef INIT_STEPS_COMMON_H
#define INIT_STEPS_COMMON_H

#include "init/step.h"

/**
 * set_up_console() - make the terminal, if the process gets one, and hand its master on
 * @bind_dev_console: also as /dev/console of the container
 */
int set_up_console(struct init_context *context, bool bind_dev_console, struct rti_error *err);

int step_send_pidfd(struct init_context *context, struct rti_error *err);
int step_apply_scheduler(struct init_context *context, struct rti_error *err);
int step_apply_io_priority(struct init_context *context, struct rti_error *err);
int step_apply_personality(struct init_context *context, struct rti_error *err);
int step_apply_memory_policy(struct init_context *context, struct rti_error *err);

/* procReady, procRun: the parent sets resource limits and stores the container's state. */
int step_wait_for_run(struct init_context *context, struct rti_error *err);

/*
 * Everything that allocates or reads files for what comes after the seccomp filter: the filter
 * itself, the environment, the capability sets, and the handle on /proc.
 */
int step_compile_seccomp(struct init_context *context, struct rti_error *err);
int step_build_environment(struct init_context *context, struct rti_error *err);
int step_plan_capabilities(struct init_context *context, struct rti_error *err);
int step_prepare_procfs(struct init_context *context, struct rti_error *err);

/* Without no_new_privs only a privileged process may load a filter, so it comes before the user. */
int step_load_seccomp_early(struct init_context *context, struct rti_error *err);

/**
 * open_to_rootless_parent() - let an unprivileged parent look into this process, or no longer
 *
 * The kernel lets an unprivileged parent enter this process's namespaces, which its hooks and
 * "exec" into a created container do, or take the seccomp listener, only as long as it is dumpable.
 * So the first process of a rootless container is, while it waits for the parent's hooks, hands
 * over the listener, and waits to be started; but not if any of its namespaces is shared. For a
 * privileged parent nothing is done.
 *
 * Return: 0 or a negative errno.
 */
int open_to_rootless_parent(const struct init_context *context, bool open, struct rti_error *err);

int step_mark_fds(struct init_context *context, struct rti_error *err);
int step_enter_cwd(struct init_context *context, struct rti_error *err);
int step_drop_bounding(struct init_context *context, struct rti_error *err);
int step_switch_user(struct init_context *context, struct rti_error *err);
int step_enter_cwd_again(struct init_context *context, struct rti_error *err);
int step_apply_capabilities(struct init_context *context, struct rti_error *err);

int step_find_program(struct init_context *context, struct rti_error *err);

/* For the time until the start; done before the seccomp filter, which need not allow it. */
int step_open_to_rootless_parent(struct init_context *context, struct rti_error *err);

/* With no_new_privs the filter comes as late as can be: it need not allow the steps before. */
int step_load_seccomp_late(struct init_context *context, struct rti_error *err);

/* To the parent the end of the conversation is success; errors go to stderr from here on. */
int step_close_sync(struct init_context *context, struct rti_error *err);

/* Returns on failure only. */
int step_execute(struct init_context *context, struct rti_error *err);

#endif
