/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Theory of Operation
 *
 * A standard init is the first process of a container and builds it around itself. The table below
 * is the order, and most of it cannot be changed:
 *
 * - The keyring and the network come first, while nothing of the container is reachable.
 * - The root file system is prepared from outside of it, through a descriptor. Then the parent
 *   runs its hooks, which may still change it, then the createContainer hooks run, and only then is
 *   it entered.
 * - What needs the container's /dev and /proc follows; then they are made read-only and hidden.
 * - procReady tells the parent that the container stands. Its answer, procRun, comes when limits
 *   are set and the state is stored; after that this process gives up what it may do, piece by
 *   piece.
 * - The seccomp filter is loaded late, so that it need not allow what happens before. What happens
 *   after it stays within what profiles written for runc allow.
 * - The end of the sync socket is success. Then the init waits on the exec fifo for "start".
 */
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "container/hook.h"
#include "container/keyring.h"
#include "container/lsm.h"
#include "container/mask.h"
#include "container/network.h"
#include "container/prctl.h"
#include "container/sysctl.h"
#include "container/uts.h"
#include "init/exec-fifo.h"
#include "init/step.h"
#include "init/steps-common.h"
#include "protocol/process-state.h"

/* More than the deepest step takes; chosen. */
#define STACK_USED_MAX (256u * 1024)

static int step_join_keyring(struct init_context *context, struct rti_error *err)
{
	const struct rti_init_config *init = &context->init;

	if (init->config->no_new_keyring)
		return 0;
	return keyring_join(init->container_id, init->process_label, true,
			    rti_config_has_namespace(init->config, "NEWUSER"), err);
}

static int step_set_up_network(struct init_context *context, struct rti_error *err)
{
	return network_up(&context->init.network, &context->init.config->routes, err);
}

static int step_prepare_rootfs(struct init_context *context, struct rti_error *err)
{
	const struct mount_source_ops sources = {
		.request = sync_dialog_request_mount,
		.data = &context->dialog,
	};

	return rootfs_prepare(&context->rootfs, &context->init, &sources, err);
}

static int step_wait_for_hooks(struct init_context *context, struct rti_error *err)
{
	int r = open_to_rootless_parent(context, true, err);

	if (r == 0)
		r = sync_dialog_run_hooks(&context->dialog, err);
	return r < 0 ? r : open_to_rootless_parent(context, false, err);
}

static int step_enter_rootfs(struct init_context *context, struct rti_error *err)
{
	return rootfs_chdir(&context->rootfs, err);
}

/* The state that the parent sent, with what only this process knows. */
static int make_hook_state(const struct init_context *context, const char *status,
			   struct hook_state *ret, struct rti_error *err)
{
	struct rti_spec_state state = *context->init.spec_state;

	state.pid = getpid();
	state.status = status;
	return rti_spec_state_encode(&state, &ret->text, &ret->size, err);
}

static int step_run_create_container_hooks(struct init_context *context, struct rti_error *err)
{
	const struct rti_hooks *hooks = context->init.config->hooks;
	struct hook_state state = { 0 };
	struct hook_context hook = {
		.kind = "createContainer",
		.partner = "the parent",
		.partner_fd = context->dialog.sync.socket_fd,
		.partner_events = POLLRDHUP,
	};
	int r;

	/* Without a state from the parent there is nothing that hooks could be told. */
	if (!hooks || hooks->create_container.count == 0 || !context->init.spec_state)
		return 0;
	r = make_hook_state(context, "creating", &state, err);
	if (r < 0)
		return r;
	hook.state = state.text;
	hook.state_size = state.size;
	r = hook_run_list(&hook, &hooks->create_container, err);
	free(state.text);
	return r;
}

static int step_switch_root(struct init_context *context, struct rti_error *err)
{
	return rootfs_switch(&context->rootfs, err);
}

static int step_set_up_console(struct init_context *context, struct rti_error *err)
{
	return set_up_console(context, true, err);
}

static int step_lock_down_rootfs(struct init_context *context, struct rti_error *err)
{
	int r = rootfs_lock_down(&context->rootfs, err);

	rootfs_done(&context->rootfs);
	return r;
}

static int step_set_hostname(struct init_context *context, struct rti_error *err)
{
	return uts_set(context->init.config->hostname, context->init.config->domainname, err);
}

static int step_confine_program(struct init_context *context, struct rti_error *err)
{
	int r = lsm_apparmor_exec(context->init.apparmor_profile, err);

	return r < 0 ? rti_prefix(err, r, "unable to apply apparmor profile") : 0;
}

static int step_apply_sysctls(struct init_context *context, struct rti_error *err)
{
	return sysctl_apply(&context->init.config->sysctl, err);
}

static int step_make_paths_readonly(struct init_context *context, struct rti_error *err)
{
	return mask_make_readonly(&context->init.config->readonly_paths, err);
}

static int step_hide_paths(struct init_context *context, struct rti_error *err)
{
	return mask_hide(&context->init.config->mask_paths, context->init.config->mount_label, err);
}

static int step_save_pdeathsig(struct init_context *context, struct rti_error *err)
{
	return pdeathsig_save(&context->pdeathsig, err);
}

static int step_set_no_new_privs(struct init_context *context, struct rti_error *err)
{
	int r = context->init.no_new_privileges ? no_new_privs_set(err) : 0;

	return r < 0 ? rti_prefix(err, r, "prctl(SET_NO_NEW_PRIVS)") : 0;
}

static int step_label_program(struct init_context *context, struct rti_error *err)
{
	int r = lsm_selinux_exec(context->init.process_label, err);

	return r < 0 ? rti_prefix(err, r, "can't set process label") : 0;
}

static int step_describe_created(struct init_context *context, struct rti_error *err)
{
	const struct rti_hooks *hooks = context->init.config->hooks;

	if (!hooks || hooks->start_container.count == 0 || !context->init.spec_state)
		return 0;
	return make_hook_state(context, "created", &context->created, err);
}

/*
 * A created container may wait for its start for long, and this is all that runs in it. What the
 * steps so far had on the stack and the heap goes back to the kernel: before the limit of memory is
 * set, and once more before a seccomp filter is in force, which need not allow the calls.
 */
static int step_give_back_memory(struct init_context *context, struct rti_error *err)
{
	const uintptr_t page = (uintptr_t)getpagesize();
	/* Below this frame, and the space below it that the ABI lets functions use. */
	uintptr_t end = ((uintptr_t)__builtin_frame_address(0) - page) & ~(page - 1);

	(void)context;
	(void)err;
	/* Fails for what has never been in use, after it has done the rest. */
	(void)madvise((void *)(end - STACK_USED_MAX), STACK_USED_MAX, MADV_DONTNEED);
	malloc_trim(0);
	return 0;
}

static int step_restore_pdeathsig(struct init_context *context, struct rti_error *err)
{
	return pdeathsig_restore(context->pdeathsig, err);
}

/* The parent may have died while the signal for that was not set. */
static int step_check_parent(struct init_context *context, struct rti_error *err)
{
	(void)err;
	if (getppid() != context->parent_pid)
		kill(getpid(), SIGKILL);
	return 0;
}

static int step_close_sync_and_log(struct init_context *context, struct rti_error *err)
{
	int r;

	log_debug("init: closing the pipe to signal completion");
	step_close_sync(context, err);
	log_debug("init: about to wait on exec fifo");
	/* The parent waits for the end of the log before it goes on. */
	r = log_close();
	return r < 0 ? rti_fail(err, -r, "close log pipe") : 0;
}

static int step_wait_for_start(struct init_context *context, struct rti_error *err)
{
	int *fifo_fd = &context->inherited.fifo_fd;
	int r = exec_fifo_wait(*fifo_fd, err);

	*fifo_fd = rti_close(*fifo_fd);
	return r;
}

static int step_run_start_container_hooks(struct init_context *context, struct rti_error *err)
{
	const struct hook_context hook = {
		.kind = "startContainer",
		.state = context->created.text,
		.state_size = context->created.size,
		.environment = context->environment,
		.environment_for_empty = true,
		.passed_fds = (int)context->init.passed_files_count,
	};

	if (!context->created.text)
		return 0;
	return hook_run_list(&hook, &context->init.config->hooks->start_container, err);
}

static const struct step steps[] = {
	{ "join keyring", step_join_keyring },
	{ "set up network", step_set_up_network },
	{ "prepare rootfs", step_prepare_rootfs },
	{ "give back memory (for the hooks)", step_give_back_memory },
	{ "wait for parent's hooks", step_wait_for_hooks },
	{ "enter rootfs", step_enter_rootfs },
	{ "run createContainer hooks", step_run_create_container_hooks },
	{ "switch root", step_switch_root },
	{ "set up console", step_set_up_console },
	{ "send pidfd", step_send_pidfd },
	{ "lock down rootfs", step_lock_down_rootfs },
	{ "set host name", step_set_hostname },
	{ "confine program", step_confine_program },
	{ "apply sysctls", step_apply_sysctls },
	{ "make paths read-only", step_make_paths_readonly },
	{ "hide paths", step_hide_paths },
	{ "save parent-death signal", step_save_pdeathsig },
	{ "set no_new_privs", step_set_no_new_privs },
	{ "apply scheduler", step_apply_scheduler },
	{ "apply I/O priority", step_apply_io_priority },
	{ "apply personality", step_apply_personality },
	{ "apply memory policy", step_apply_memory_policy },
	{ "wait for procRun", step_wait_for_run },
	{ "label program", step_label_program },
	{ "compile seccomp", step_compile_seccomp },
	{ "build environment", step_build_environment },
	{ "plan capabilities", step_plan_capabilities },
	{ "describe created state", step_describe_created },
	{ "prepare procfs", step_prepare_procfs },
	{ "give back memory (for the wait)", step_give_back_memory },
	{ "load seccomp (privileged)", step_load_seccomp_early },
	{ "mark fds", step_mark_fds },
	{ "enter cwd", step_enter_cwd },
	{ "drop bounding set", step_drop_bounding },
	{ "switch user", step_switch_user },
	{ "enter cwd as user", step_enter_cwd_again },
	{ "apply capabilities", step_apply_capabilities },
	{ "restore parent-death signal", step_restore_pdeathsig },
	{ "check parent", step_check_parent },
	{ "find program", step_find_program },
	{ "open to rootless parent", step_open_to_rootless_parent },
	{ "load seccomp", step_load_seccomp_late },
	{ "close sync socket and log pipe", step_close_sync_and_log },
	{ "wait for start", step_wait_for_start },
	{ "run startContainer hooks", step_run_start_container_hooks },
	{ "execute", step_execute },
};

int init_standard_run(struct init_context *context, struct rti_error *err)
{
	return steps_run(context, steps, sizeof(steps) / sizeof(steps[0]), err);
}
