/* SPDX-License-Identifier: Apache-2.0 */
/* The half of the launch that happens in runc-with-runtime-init. */
#include "launch/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sealed-copy.h"

static size_t count_of(char **list)
{
	size_t count = 0;

	while (list[count])
		count++;
	return count;
}

static bool is_request(const char *variable)
{
	static const char name[] = LAUNCH_VARIABLE "=";

	return strncmp(variable, name, sizeof(name) - 1) == 0;
}

/* @environment with the request, and without any that is there already. */
static char **add_request(char **environment, char *request)
{
	char **list = calloc(count_of(environment) + 2, sizeof(*list));
	size_t count = 0;

	for (; list && *environment; environment++)
		if (!is_request(*environment))
			list[count++] = *environment;
	if (list)
		list[count] = request;
	return list;
}

static int sealed(int init_fd, struct rti_error *err)
{
	int fd;

	if (!rti_sealed_is(init_fd))
		return rti_sealed_copy(init_fd, "runtime-init", err);
	fd = fcntl(init_fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? rti_fail(err, errno, "dup runtime-init") : fd;
}

int launch_execute(int program_fd, const char *program_path, int init_fd, char **argv,
		   char **environment, struct rti_error *err)
{
	_cleanup_free_ char **list = NULL;
	_cleanup_free_ char *request = NULL;
	_cleanup_fd_ int sealed_fd = -EBADF;
	_cleanup_fd_ int passed_fd = -EBADF;

	sealed_fd = sealed(init_fd, err);
	if (sealed_fd < 0)
		return sealed_fd;
	/* The one fd that must survive the execution; launch_become() closes it. */
	passed_fd = fcntl(program_fd, F_DUPFD, 3);
	if (passed_fd < 0)
		return rti_fail(err, errno, "dup %s", program_path);
	if (asprintf(&request, "%s=%d:%s", LAUNCH_VARIABLE, passed_fd, program_path) < 0) {
		request = NULL;
		return rti_fail(err, ENOMEM, "launch request");
	}
	list = add_request(environment, request);
	if (!list)
		return rti_fail(err, ENOMEM, "environment");
	fexecve(sealed_fd, argv, list);
	return rti_fail(err, errno, "execute the sealed copy of runtime-init");
}
