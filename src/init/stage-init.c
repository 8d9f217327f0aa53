/* SPDX-License-Identifier: Apache-2.0 */
/* Stage-2: the process that becomes the container's. */
#include <errno.h>
#include <grp.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "init/stage-sync.h"
#include "init/stage.h"

void stage_init_run(struct staging *staging)
{
	const struct rti_bootstrap *bootstrap = staging->bootstrap;

	log_set_stage("nsexec-2");
	log_debug("~> nsexec stage-2");
	stage_set_name("runc:[2:INIT]");
	staging->child.stage_fd = rti_close(staging->child.stage_fd);

	/* Only now has the parent been told about this process. */
	stage_expect(staging, staging->init.stage_fd, STAGE_GRANDCHILD, "parent",
		     "SYNC_GRANDCHILD");

	if (setsid() < 0)
		stage_fail(staging, errno, "setsid failed");
	if (setuid(0) < 0)
		stage_fail(staging, errno, "setuid failed");
	if (setgid(0) < 0)
		stage_fail(staging, errno, "setgid failed");
	if (!bootstrap->rootless_euid && bootstrap->setgroups && setgroups(0, NULL) < 0)
		stage_fail(staging, errno, "setgroups failed");
	stage_set_dumpable(staging, false);

	log_debug("signal completion to stage-0");
	stage_send(staging, staging->init.stage_fd, STAGE_CHILD_FINISH, "parent",
		   "SYNC_CHILD_FINISH");
	staging->init.stage_fd = rti_close(staging->init.stage_fd);
	log_debug("<= nsexec container setup");
}
