/* SPDX-License-Identifier: Apache-2.0 */
/* Stage-0: stays outside, and does for stage-1 what must be done from outside. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/procfs.h"
#include "init/id-map.h"
#include "init/stage-sync.h"
#include "init/stage.h"

static void write_maps(struct staging *staging)
{
	const struct rti_bootstrap *bootstrap = staging->bootstrap;
	struct rti_error err = { 0 };
	pid_t pid = staging->stage1_pid;
	char path[64];

	log_debug("stage-1 requested userns mappings");
	/* A caller who is not root may map groups only when it gives up setgroups(2). */
	if (bootstrap->rootless_euid && !bootstrap->setgroups &&
	    id_map_deny_setgroups(pid, &err) < 0)
		stage_fail(staging, 0, "%s", err.text);
	if (id_map_write(pid, "uid", bootstrap->uid_map, bootstrap->newuidmap, &err) < 0 ||
	    id_map_write(pid, "gid", bootstrap->gid_map, bootstrap->newgidmap, &err) < 0)
		stage_fail(staging, 0, "%s", err.text);
	/*
	 * Later stage-1 is root of its namespace and not dumpable, and this file out of reach for
	 * an unprivileged stage-0. Where it can be opened later only, write_time_offsets() will do
	 * it.
	 */
	if (bootstrap->time_offsets && staging->needs_dumpable) {
		snprintf(path, sizeof(path), "%d/timens_offsets", pid);
		staging->time_offsets_fd = rti_procfs_open(RTI_PROCFS_ROOT, path, O_WRONLY, NULL);
	}
	stage_send(staging, staging->child.parent_fd, STAGE_USERMAP_ACK, "stage-1",
		   "SYNC_USERMAP_ACK");
}

static void write_time_offsets(struct staging *staging)
{
	const char *offsets = staging->bootstrap->time_offsets;
	int fd = rti_take_fd(&staging->time_offsets_fd);
	char path[64];
	int r = fd;

	log_debug("stage-1 requested timens offsets to be configured");
	if (!offsets)
		stage_fail(staging, 0, "unexpected sync value: %d", STAGE_TIMEOFFSETS_PLS);
	snprintf(path, sizeof(path), "%d/timens_offsets", staging->stage1_pid);
	log_debug("update /proc/%s to '%s'", path, offsets);
	if (fd < 0)
		r = fd = rti_procfs_open(RTI_PROCFS_ROOT, path, O_WRONLY, NULL);
	if (fd >= 0)
		r = (int)rti_retry(write(fd, offsets, strlen(offsets)));
	if (r < 0)
		stage_fail(staging, -r, "failed to update /proc/%s", path);
	rti_close(fd);
	stage_send(staging, staging->child.parent_fd, STAGE_TIMEOFFSETS_ACK, "child",
		   "SYNC_TIMEOFFSETS_ACK");
}

static void forward_pids(struct staging *staging)
{
	int fd = staging->child.parent_fd;
	struct rti_pid_message message;
	struct rti_error err = { 0 };

	log_debug("stage-1 requested pid to be forwarded");
	staging->stage2_pid = stage_receive(staging, fd, "stage-1", "read(stage2_pid)");
	stage_send(staging, fd, STAGE_RECVPID_ACK, "stage-1", "SYNC_RECVPID_ACK");
	log_debug("forward stage-1 (%d) and stage-2 (%d) pids to runc", staging->stage1_pid,
		  staging->stage2_pid);
	message.stage1_pid = staging->stage1_pid;
	message.stage2_pid = staging->stage2_pid;
	if (rti_pid_message_send(staging->init_fd, &message, &err) < 0)
		stage_fail(staging, err.errnum, "failed to sync with runc: write(pid-JSON)");
}

static void serve_child(struct staging *staging)
{
	log_debug("-> stage-1 synchronisation loop");
	for (;;) {
		int number =
			stage_receive(staging, staging->child.parent_fd, "stage-1", "next state");

		switch (number) {
		case STAGE_USERMAP_PLS:
			write_maps(staging);
			break;
		case STAGE_TIMEOFFSETS_PLS:
			write_time_offsets(staging);
			break;
		case STAGE_RECVPID_PLS:
			forward_pids(staging);
			break;
		case STAGE_CHILD_FINISH:
			log_debug("stage-1 complete");
			log_debug("<- stage-1 synchronisation loop");
			/* It exits by itself, and its pid may soon be another's. */
			staging->stage1_pid = 0;
			return;
		default:
			stage_fail(staging, 0, "unexpected sync value: %d", number);
		}
	}
}

void stage_parent_run(struct staging *staging)
{
	int fd = staging->init.parent_fd;
	int number;

	staging->child.stage_fd = rti_close(staging->child.stage_fd);
	staging->init.stage_fd = rti_close(staging->init.stage_fd);
	serve_child(staging);

	log_debug("-> stage-2 synchronisation loop");
	log_debug("signalling stage-2 to run");
	stage_send(staging, fd, STAGE_GRANDCHILD, "child", "SYNC_GRANDCHILD");
	number = stage_receive(staging, fd, "child", "next state");
	if (number != STAGE_CHILD_FINISH)
		stage_fail(staging, 0, "unexpected sync value: %d", number);
	log_debug("stage-2 complete");
	log_debug("<- stage-2 synchronisation loop");
	log_debug("<~ nsexec stage-0");
	_exit(0);
}
