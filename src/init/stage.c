/* SPDX-License-Identifier: Apache-2.0 */
#include "init/stage.h"

#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/procfs.h"
#include "container/prctl.h"
#include "init/init.h"

/* Chosen: many times what a parent needs to wake up on a busy machine. */
#define LAST_LINE_WAIT_MS 50

void stage_fail(const struct staging *staging, int errnum, const char *fmt, ...)
{
	char text[RTI_ERROR_TEXT_MAX];
	va_list args;

	if (staging->stage1_pid > 0)
		kill(staging->stage1_pid, SIGKILL);
	if (staging->stage2_pid > 0)
		kill(staging->stage2_pid, SIGKILL);
	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (errnum)
		log_msg(LOG_LEVEL_FATAL, "%s: %s", text, strerror(errnum));
	else
		log_msg(LOG_LEVEL_FATAL, "%s", text);
	log_wait_until_read(LAST_LINE_WAIT_MS);
	_exit(INIT_EXIT_STAGE);
}

pid_t stage_clone(void)
{
	const unsigned long flags = CLONE_PARENT | SIGCHLD;
	long pid;

	/* Without a stack of its own the new process goes on with a copy of this one's, as with
	 * fork. */
#if defined(__s390__) || defined(__CRIS__)
	pid = syscall(SYS_clone, NULL, flags, NULL, NULL, 0UL);
#else
	pid = syscall(SYS_clone, flags, NULL, NULL, NULL, 0UL);
#endif
	return pid < 0 ? -errno : (pid_t)pid;
}

void stage_set_name(const char *name)
{
	prctl(PR_SET_NAME, (unsigned long)name, 0UL, 0UL, 0UL);
}

void stage_set_dumpable(struct staging *staging, bool dumpable)
{
	int r = dumpable_set(dumpable);

	if (r < 0)
		stage_fail(staging, -r, "failed to set process as %s",
			   dumpable ? "dumpable" : "non-dumpable");
}

/*
 * The files of a process that is not dumpable belong to root, so without this capability a stage-0
 * that is not root cannot open the id maps of stage-1, even though the kernel would take what it
 * writes.
 */
static bool can_write_files_of_root(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[CAP_TO_INDEX(CAP_DAC_OVERRIDE)].effective & CAP_TO_MASK(CAP_DAC_OVERRIDE);
}

static void make_link(const struct staging *staging, struct stage_link *ret, const char *what)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		stage_fail(staging, errno, "failed to setup sync pipe between parent and %s", what);
	ret->stage_fd = fds[0];
	ret->parent_fd = fds[1];
}

void stages_run(int init_fd, const struct rti_bootstrap *bootstrap)
{
	struct staging staging = {
		.init_fd = init_fd,
		.bootstrap = bootstrap,
		.child = { -EBADF, -EBADF },
		.init = { -EBADF, -EBADF },
		.time_offsets_fd = -EBADF,
		.needs_dumpable = !can_write_files_of_root(),
	};
	pid_t pid;

	make_link(&staging, &staging.child, "child");
	make_link(&staging, &staging.init, "grandchild");

	log_set_stage("nsexec-0");
	log_debug("~> nsexec stage-0");
	stage_set_name("runc:[0:PARENT]");
	log_debug("spawn stage-1");
	pid = stage_clone();
	if (pid < 0)
		stage_fail(&staging, -pid, "unable to spawn stage-1");
	if (pid > 0) {
		staging.stage1_pid = pid;
		stage_parent_run(&staging);
	}
	stage_child_run(&staging);
	stage_init_run(&staging);
	/* A procfs handle that the earlier stages may have made shows their pid namespace. */
	rti_procfs_forget();
}
