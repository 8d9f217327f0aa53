/* SPDX-License-Identifier: Apache-2.0 */
/**
 * DOC: Theory of Operation
 *
 * A setns init is a further process in a running container: the namespaces are joined, the root
 * file system is there, so all that is left is to make the process one of the container's. Nothing
 * in the container can be trusted, and others run in it already. AppArmor comes after the change of
 * user, because the profile is for the program and might forbid the change.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "container/keyring.h"
#include "container/lsm.h"
#include "container/prctl.h"
#include "init/step.h"
#include "init/steps-common.h"

static int step_join_keyring(struct init_context *context, struct rti_error *err)
{
	const struct rti_init_config *init = &context->init;

	if (init->config->no_new_keyring)
		return 0;
	/* The keyring is the container's; its first process has set the permissions. */
	return keyring_join(init->container_id, init->process_label, false,
			    rti_config_has_namespace(init->config, "NEWUSER"), err);
}

static int step_set_up_console(struct init_context *context, struct rti_error *err)
{
	return set_up_console(context, false, err);
}

static int step_set_no_new_privs(struct init_context *context, struct rti_error *err)
{
	return context->init.no_new_privileges ? no_new_privs_set(err) : 0;
}

static int step_set_umask(struct init_context *context, struct rti_error *err)
{
	(void)err;
	if (context->init.config->umask)
		umask((mode_t)*context->init.config->umask);
	return 0;
}

static int step_label_program(struct init_context *context, struct rti_error *err)
{
	return lsm_selinux_exec(context->init.process_label, err);
}

static int step_confine_program(struct init_context *context, struct rti_error *err)
{
	return lsm_apparmor_exec(context->init.apparmor_profile, err);
}

static int step_close_log(struct init_context *context, struct rti_error *err)
{
	int r;

	(void)context;
	log_debug("setns_init: about to exec");
	r = log_close();
	return r < 0 ? rti_fail(err, -r, "close log pipe") : 0;
}

static const struct step steps[] = {
	{ "join keyring", step_join_keyring },
	{ "set up console", step_set_up_console },
	{ "send pidfd", step_send_pidfd },
	{ "set no_new_privs", step_set_no_new_privs },
	{ "set umask", step_set_umask },
	{ "apply scheduler", step_apply_scheduler },
	{ "apply I/O priority", step_apply_io_priority },
	{ "apply personality", step_apply_personality },
	{ "apply memory policy", step_apply_memory_policy },
	{ "wait for procRun", step_wait_for_run },
	{ "label program", step_label_program },
	{ "compile seccomp", step_compile_seccomp },
	{ "build environment", step_build_environment },
	{ "plan capabilities", step_plan_capabilities },
	{ "prepare procfs", step_prepare_procfs },
	{ "load seccomp (privileged)", step_load_seccomp_early },
	{ "mark fds", step_mark_fds },
	{ "enter cwd", step_enter_cwd },
	{ "drop bounding set", step_drop_bounding },
	{ "switch user", step_switch_user },
	{ "enter cwd as user", step_enter_cwd_again },
	{ "apply capabilities", step_apply_capabilities },
	{ "confine program", step_confine_program },
	{ "find program", step_find_program },
	{ "load seccomp", step_load_seccomp_late },
	{ "close sync socket", step_close_sync },
	{ "close log pipe", step_close_log },
	{ "execute", step_execute },
};

int init_setns_run(struct init_context *context, struct rti_error *err)
{
	return steps_run(context, steps, sizeof(steps) / sizeof(steps[0]), err);
}
