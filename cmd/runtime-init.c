/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that an OCI runtime starts in place of `runc init`. It takes no options: what it
 * needs comes by environment and file descriptors. The launcher executes the same file with a
 * request to become runc, so that runc finds this program when it looks for its own.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/build-id.h"
#include "base/fd.h"
#include "base/guard.h"
#include "base/identity.h"
#include "container/prctl.h"
#include "init/init.h"
#include "launch/launch.h"
#include "protocol/dialect.h"

RTI_IDENTITY_NOTE;

static const char usage[] =
	"Usage: runtime-init init        as started by an OCI runtime such as runc\n"
	"       runtime-init --version\n"
	"       runtime-init --help\n"
	"\n"
	"Sets up a container process and becomes its program. A runtime starts it with\n"
	"sockets whose numbers are in _LIBCONTAINER_* environment variables; by hand it\n"
	"does nothing. To run containers use runtime-parent, or runc-with-runtime-init\n"
	"for an unmodified runc. PROTOCOL.md describes the conversation.\n";

static int print_version(void)
{
	char build_id[BUILD_ID_TEXT_MAX];

	printf("runtime-init version %s\n", PACKAGE_VERSION);
	build_id_format(build_id);
	printf("build: %s\n", build_id);
	printf("protocol: runc");
	for (int dialect = RTI_DIALECT_RUNC_1_2; dialect <= RTI_DIALECT_RUNC_MAIN; dialect++)
		printf(" %s", rti_dialect_name((enum rti_dialect)dialect));
	printf("\n");
	return 0;
}

static int explain(void)
{
	fputs("runtime-init: this is the init that an OCI runtime starts in a container; "
	      "it cannot be started by hand (see runtime-init --help)\n",
	      stderr);
	return INIT_EXIT_FAILURE;
}

static int become_runc(int argc, char **argv, char **environment)
{
	static struct rti_error err;

	launch_become(argc, argv, environment, &err);
	fprintf(stderr, "runc-with-runtime-init: %s\n", err.text);
	return 1;
}

int main(int argc, char **argv, char **environment)
{
	if (launch_is_requested(environment))
		return become_runc(argc, argv, environment);

	/* Nobody may attach to a process on its way into a container, or read its descriptors. */
	if (dumpable_set(false) < 0 ||
	    (guard(FDS_MARKED) && rti_cloexec_from(STDERR_FILENO + 1) < 0)) {
		perror("runtime-init: cannot protect the process");
		return INIT_EXIT_FAILURE;
	}
	if (argc == 2 && strcmp(argv[1], "init") == 0 && init_was_started_by_parent(environment))
		return init_main(environment);
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return print_version();
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		return 0;
	}
	return explain();
}
