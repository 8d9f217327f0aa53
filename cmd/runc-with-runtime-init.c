/* SPDX-License-Identifier: Apache-2.0 */
/* Runs an unmodified runc whose init is runtime-init. The command line is runc's. */
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/error.h"
#include "base/fd.h"
#include "base/identity.h"
#include "launch/launch.h"
#include "launch/options.h"

#define CONFIGURATION_FILE SYSCONFDIR "/runc-with-runtime-init.conf"
#define INSTALLED_INIT	   SBINDIR "/runtime-init"

static int run(char **argv, char **environment, struct rti_error *err)
{
	_cleanup_fd_ int runc_fd = -EBADF;
	_cleanup_fd_ int init_fd = -EBADF;
	static struct options options;
	int r;

	/* A set-uid launcher would let its caller choose what runs with its rights. */
	if (getauxval(AT_SECURE))
		return rti_refuse(err, EPERM,
				  "refusing to run set-uid, set-gid or with file capabilities");
	r = options_read(CONFIGURATION_FILE, &options, err);
	if (r < 0)
		return r;
	runc_fd = options_open_runc(&options, err);
	if (runc_fd < 0)
		return runc_fd;
	init_fd = options_open_init(&options, INSTALLED_INIT, err);
	if (init_fd < 0)
		return init_fd;
	/* What does not know the request would run in runc's place. */
	r = rti_identity_check(init_fd, options.init, "runc-with-runtime-init", err);
	if (r < 0)
		return r;
	if (options.show) {
		printf("runc: %s\ninit: %s\n", options.runc, options.init);
		return 0;
	}
	return launch_execute(runc_fd, options.runc, init_fd, argv, environment, err);
}

int main(int argc, char **argv, char **environment)
{
	static struct rti_error err;

	(void)argc;
	if (run(argv, environment, &err) < 0) {
		fprintf(stderr, "runc-with-runtime-init: %s\n", err.text);
		return 1;
	}
	return 0;
}
