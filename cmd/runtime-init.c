/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "launch/launch.h"

int main(int argc, char **argv, char **environment)
{
	static struct rti_error err;

	if (launch_is_requested(environment)) {
		launch_become(argc, argv, environment, &err);
		fprintf(stderr, "runc-with-runtime-init: %s\n", err.text);
		return 1;
	}
	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("runtime-init version %s\n", PACKAGE_VERSION);
		return 0;
	}
	fputs("runtime-init: started by an OCI runtime as its container init, not by hand\n", stderr);
	return 1;
}
