/* SPDX-License-Identifier: Apache-2.0 */
/* Stage-1: joins the namespaces that exist and makes those that do not. */
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "init/namespace-join.h"
#include "init/stage-sync.h"
#include "init/stage.h"

/* Old kernels now and then refuse a correct call with EINVAL; runc has always tried again. */
#define UNSHARE_TRIES 5

static void try_unshare(const struct staging *staging, int flags, const char *what)
{
	int r = 0;

	log_debug("unshare %s", what);
	for (int i = 0; i < UNSHARE_TRIES; i++) {
		if (unshare(flags) == 0)
			return;
		r = errno;
		if (r != EINVAL)
			break;
	}
	stage_fail(staging, r, "failed to unshare %s", what);
}

/* Root of the user namespace it is in, which owns whatever is made next. */
static void become_root(struct staging *staging)
{
	if (setresuid(0, 0, 0) < 0)
		stage_fail(staging, errno, "failed to become root in user namespace");
	stage_set_dumpable(staging, false);
}

static void join_namespaces(struct staging *staging)
{
	struct namespace_list list;
	struct rti_error err = { 0 };
	int r = namespace_list_parse(&list, staging->bootstrap->ns_paths, &err);

	if (r == 0)
		r = namespace_list_join_process(&list, &err);
	if (r == 0)
		r = namespace_list_open(&list, &err);
	if (r == 0)
		r = namespace_list_join(&list, &err);
	if (r < 0)
		stage_fail(staging, 0, "%s", err.text);
	namespace_list_done(&list);
}

static void make_user_namespace(struct staging *staging)
{
	int fd = staging->child.stage_fd;

	try_unshare(staging, CLONE_NEWUSER, "user namespace");
	if (staging->needs_dumpable)
		stage_set_dumpable(staging, true);
	log_debug("request stage-0 to map user namespace");
	stage_send(staging, fd, STAGE_USERMAP_PLS, "parent", "SYNC_USERMAP_PLS");
	log_debug("waiting stage-0 to complete the mapping of user namespace");
	stage_expect(staging, fd, STAGE_USERMAP_ACK, "parent", "SYNC_USERMAP_ACK");
	stage_set_dumpable(staging, false);
	become_root(staging);
}

static void spawn_init(struct staging *staging)
{
	int fd = staging->child.stage_fd;
	pid_t pid;

	log_debug("spawn stage-2");
	pid = stage_clone();
	if (pid < 0)
		stage_fail(staging, -pid, "unable to spawn stage-2");
	if (pid == 0)
		return;
	staging->stage2_pid = pid;
	staging->init.stage_fd = rti_close(staging->init.stage_fd);

	log_debug("request stage-0 to forward stage-2 pid (%d)", pid);
	stage_send(staging, fd, STAGE_RECVPID_PLS, "parent", "SYNC_RECVPID_PLS");
	stage_send(staging, fd, pid, "parent", "stage2_pid");
	stage_expect(staging, fd, STAGE_RECVPID_ACK, "parent", "SYNC_RECVPID_ACK");
	log_debug("signal completion to stage-0");
	stage_send(staging, fd, STAGE_CHILD_FINISH, "parent", "SYNC_CHILD_FINISH");
	log_debug("<~ nsexec stage-1");
	_exit(0);
}

void stage_child_run(struct staging *staging)
{
	const struct rti_bootstrap *bootstrap = staging->bootstrap;
	uint32_t flags = bootstrap->clone_flags;

	staging->child.parent_fd = rti_close(staging->child.parent_fd);
	staging->init.parent_fd = rti_close(staging->init.parent_fd);
	log_set_stage("nsexec-1");
	stage_set_name("runc:[1:CHILD]");
	log_debug("~> nsexec stage-1");

	if (bootstrap->ns_paths)
		join_namespaces(staging);
	if (flags & CLONE_NEWUSER)
		make_user_namespace(staging);
	try_unshare(staging, (int)(flags & ~(uint32_t)CLONE_NEWUSER), "remaining namespaces");
	if (bootstrap->time_offsets) {
		log_debug("request stage-0 to write timens offsets");
		stage_send(staging, staging->child.stage_fd, STAGE_TIMEOFFSETS_PLS, "parent",
			   "SYNC_TIMEOFFSETS_PLS");
		stage_expect(staging, staging->child.stage_fd, STAGE_TIMEOFFSETS_ACK, "parent",
			     "SYNC_TIMEOFFSETS_ACK");
	}
	spawn_init(staging);
}
