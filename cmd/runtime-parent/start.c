/* SPDX-License-Identifier: Apache-2.0 */
/* `start`: let the program of a created container go on. */
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "cmd/runtime-parent/command.h"
#include "parent/notify.h"

static const struct option_spec no_options[] = { { .name = NULL } };

static int release(const struct call *call, struct rti_container *container, struct rti_error *err)
{
	const char *host = getenv("NOTIFY_SOCKET");
	_cleanup_fd_ int socket_fd = -EBADF, pidfd = -EBADF;
	struct rti_container_report report;
	int r;

	(void)call;
	if (host && *host) {
		socket_fd = notify_listen(rti_container_dir(container), err);
		if (socket_fd < 0)
			return socket_fd;
		r = rti_container_report(container, &report, err);
		if (r < 0)
			return r;
		pidfd = (int)syscall(SYS_pidfd_open, (pid_t)report.pid, 0);
	}
	r = rti_container_release(container, err);
	if (r == 0 && pidfd >= 0)
		notify_wait(socket_fd, host, pidfd, (pid_t)report.pid);
	return r;
}

static int start(const struct call *call, struct rti_error *err)
{
	_cleanup_container_ struct rti_container *container = NULL;
	enum rti_container_status status;
	int r;

	r = call_load_container(call, &container, err);
	if (r == 0)
		r = rti_container_get_status(container, &status, err);
	if (r < 0)
		return r;
	switch (status) {
	case RTI_CONTAINER_CREATED:
		return release(call, container, err);
	case RTI_CONTAINER_STOPPED:
		return rti_refuse(err, ESRCH, "cannot start a container that has stopped");
	case RTI_CONTAINER_RUNNING:
		return rti_refuse(err, EBUSY, "cannot start an already running container");
	default:
		return rti_refuse(err, EBUSY, "cannot start a container in the %s state",
				  rti_container_status_name(status));
	}
}

const struct command command_start = {
	.name = "start",
	.arguments = "<container-id>",
	.purpose = "executes the user defined process in a created container",
	.options = no_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.exit_code = 1,
	.run = start,
};
