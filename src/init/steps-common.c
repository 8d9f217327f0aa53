/* SPDX-License-Identifier: Apache-2.0 */
#include "init/steps-common.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/guard.h"
#include "base/log.h"
#include "base/procfs.h"
#include "container/console.h"
#include "container/cwd.h"
#include "container/environment.h"
#include "container/exec-path.h"
#include "container/memory-policy.h"
#include "container/personality.h"
#include "container/prctl.h"
#include "container/rlimit.h"
#include "container/scheduler.h"
#include "container/user.h"
#include "init/pidfd-socket.h"

int step_send_pidfd(struct init_context *context, struct rti_error *err)
{
	struct inherited *inherited = &context->inherited;
	int r;

	if (inherited->pidfd_socket_fd < 0)
		return 0;
	r = pidfd_socket_send(inherited->pidfd_socket_fd, inherited->value[INHERITED_INITTYPE],
			      err);
	inherited->pidfd_socket_fd = rti_close(inherited->pidfd_socket_fd);
	return r < 0 ? rti_prefix(err, r, "failed to setup pidfd") : 0;
}

int set_up_console(struct init_context *context, bool bind_dev_console, struct rti_error *err)
{
	const struct rti_init_config *init = &context->init;
	int *socket_fd = &context->inherited.console_fd;
	int r;

	if (!init->create_console)
		return 0;
	r = console_setup(*socket_fd, init->console_width, init->console_height, bind_dev_console,
			  err);
	*socket_fd = rti_close(*socket_fd);
	return r;
}

int step_apply_scheduler(struct init_context *context, struct rti_error *err)
{
	const char *cpuset = context->init.config->cgroups.cpuset_cpus;

	return scheduler_apply(context->init.scheduler, cpuset && *cpuset, err);
}

int step_apply_io_priority(struct init_context *context, struct rti_error *err)
{
	return ioprio_apply(context->init.io_priority, err);
}

int step_apply_personality(struct init_context *context, struct rti_error *err)
{
	return personality_apply(context->init.config->personality, err);
}

int step_apply_memory_policy(struct init_context *context, struct rti_error *err)
{
	return memory_policy_apply(context->init.config->memory_policy, err);
}

int step_wait_for_run(struct init_context *context, struct rti_error *err)
{
	rlimit_prepare_stack(&context->init.rlimits);
	return sync_dialog_ready(&context->dialog, err);
}

int step_compile_seccomp(struct init_context *context, struct rti_error *err)
{
	const struct rti_seccomp *seccomp = context->init.config->seccomp;
	int r = 0;

	if (!seccomp)
		return 0;
	if (!context->seccomp.filter)
		r = seccomp_program_compile(seccomp, &context->seccomp, err);
	if (r < 0)
		return context->init.no_new_privileges ?
			       rti_prefix(err, r, "unable to init seccomp") : r;
	log_debug("seccomp filter flags: %u", context->seccomp.flags);
	return 0;
}

int step_build_environment(struct init_context *context, struct rti_error *err)
{
	return environment_build(&context->init, &context->arena, &context->environment,
				 &context->search_path, err);
}

int step_plan_capabilities(struct init_context *context, struct rti_error *err)
{
	(void)err;
	capability_plan(&context->init, &context->capabilities);
	return 0;
}

int step_prepare_procfs(struct init_context *context, struct rti_error *err)
{
	(void)context;
	return rti_procfs_prepare(err);
}

/* Where namespaces are shared there may be others who could make use of it. */
static bool has_only_new_namespaces(const struct rti_namespaces *namespaces)
{
	for (size_t i = 0; i < namespaces->count; i++)
		if (namespaces->items[i].path && *namespaces->items[i].path)
			return false;
	return true;
}

int open_to_rootless_parent(const struct init_context *context, bool open, struct rti_error *err)
{
	const struct rti_config *config = context->init.config;
	int r;

	if (!config->rootless_euid || context->inherited.type != RTI_INIT_STANDARD ||
	    !has_only_new_namespaces(&config->namespaces))
		return 0;
	r = dumpable_set(open);
	return r < 0 ? rti_fail(err, -r, "prctl(PR_SET_DUMPABLE)") : 0;
}

int step_open_to_rootless_parent(struct init_context *context, struct rti_error *err)
{
	return open_to_rootless_parent(context, true, err);
}

static int load_seccomp(struct init_context *context, struct rti_error *err)
{
	_cleanup_fd_ int listener_fd = -EBADF;
	int r;

	r = context->seccomp.notify ? open_to_rootless_parent(context, true, err) : 0;
	if (r < 0)
		return r;
	r = seccomp_program_load(&context->seccomp, &listener_fd, err);
	if (r < 0 || listener_fd < 0)
		return r;
	return sync_dialog_pass_listener(&context->dialog, listener_fd, err);
}

int step_load_seccomp_early(struct init_context *context, struct rti_error *err)
{
	if (!context->init.config->seccomp || context->init.no_new_privileges)
		return 0;
	return load_seccomp(context, err);
}

int step_load_seccomp_late(struct init_context *context, struct rti_error *err)
{
	int r;

	if (!context->init.config->seccomp || !context->init.no_new_privileges)
		return 0;
	r = load_seccomp(context, err);
	return r < 0 ? rti_prefix(err, r, "unable to init seccomp") : 0;
}

int step_mark_fds(struct init_context *context, struct rti_error *err)
{
	int first = STDERR_FILENO + 1 + (int)context->init.passed_files_count;
	int r = guard(FDS_MARKED) ? rti_cloexec_from(first) : 0;

	for (int fd = STDERR_FILENO + 1; r == 0 && fd < first; fd++)
		r = rti_cloexec(fd, false);
	return r < 0 ? rti_fail(err, -r, "error closing exec fds") : 0;
}

int step_enter_cwd(struct init_context *context, struct rti_error *err)
{
	return cwd_enter(context->init.cwd, &context->cwd_again, err);
}

int step_drop_bounding(struct init_context *context, struct rti_error *err)
{
	return capability_drop_bounding(&context->capabilities, err);
}

int step_switch_user(struct init_context *context, struct rti_error *err)
{
	int r = capability_keep(&context->capabilities, true, err);

	return r < 0 ? r : user_switch(&context->init, err);
}

int step_enter_cwd_again(struct init_context *context, struct rti_error *err)
{
	int r = context->cwd_again ? cwd_enter(context->init.cwd, NULL, err) : 0;

	/* Not only after chdir(2): a parent may have started us outside of the root. */
	return r < 0 ? r : cwd_verify(err);
}

int step_apply_capabilities(struct init_context *context, struct rti_error *err)
{
	int r = capability_keep(&context->capabilities, false, err);

	if (r == 0)
		r = capability_apply(&context->capabilities, err);
	if (r < 0)
		return r;
	/* What setuid(2) left behind depends on fs.suid_dumpable. */
	r = dumpable_set(false);
	return r < 0 ? rti_fail(err, -r, "prctl(PR_SET_DUMPABLE)") : 0;
}

int step_find_program(struct init_context *context, struct rti_error *err)
{
	const struct rti_strings *args = &context->init.args;

	if (args->count == 0)
		return rti_refuse(err, EINVAL, "no program to execute: args is empty");
	return exec_path_find(args->items[0], context->search_path, &context->arena,
			      &context->program, err);
}

int step_close_sync(struct init_context *context, struct rti_error *err)
{
	(void)err;
	sync_dialog_close(&context->dialog);
	return 0;
}

int step_execute(struct init_context *context, struct rti_error *err)
{
	char *const *args = (char *const *)context->init.args.items;

	return rti_fail(err, (int)-rti_retry(execve(context->program, args, context->environment)),
			"exec %s", context->program);
}
