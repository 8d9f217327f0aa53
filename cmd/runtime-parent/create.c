/* SPDX-License-Identifier: Apache-2.0 */
/* `create` and `run`: a new container. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/notify.h"
#include "cmd/runtime-parent/runner.h"

#define ID_HELP                                                                                    \
	"\"<container-id>\" is your name for the instance of the container that you are "          \
	"starting.\n"                                                                              \
	"It must be unique on your host."

/* The options of both; those of create come first, in the same order. */
enum {
	BUNDLE,
	CONSOLE_SOCKET,
	PIDFD_SOCKET,
	PID_FILE,
	NO_PIVOT,
	NO_NEW_KEYRING,
	PRESERVE_FDS,
	DETACH,
	KEEP,
	NO_SUBREAPER,
};

/* clang-format off */
#define COMMON_OPTIONS \
	{ "bundle", 'b', OPTION_TEXT, \
	  "the bundle's directory (default: the current directory)" }, \
	{ "console-socket", 0, OPTION_TEXT, \
	  "AF_UNIX socket that gets the master end of the container's terminal" }, \
	{ "pidfd-socket", 0, OPTION_TEXT, \
	  "AF_UNIX socket that gets a pidfd of the init" }, \
	{ "pid-file", 0, OPTION_TEXT, \
	  "file to write the process id to" }, \
	{ "no-pivot", 0, OPTION_BOOL, \
	  "do not use pivot_root; for a root file system on a ramdisk" }, \
	{ "no-new-keyring", 0, OPTION_BOOL, \
	  "keep the caller's session keyring" }, \
	{ "preserve-fds", 0, OPTION_NUMBER, \
	  "pass N more file descriptors on (stdio + $LISTEN_FDS + N in total)" }
/* clang-format on */

static const struct option_spec create_options[] = { COMMON_OPTIONS, { .name = NULL } };

static const struct option_spec run_options[] = {
	COMMON_OPTIONS,
	{ "detach", 'd', OPTION_BOOL, "do not stay with the container" },
	{ "keep", 0, OPTION_BOOL, "do not delete the container after it exits" },
	{ "no-subreaper", 0, OPTION_BOOL, "do not reap the container's orphaned processes" },
	{ .name = NULL },
};

static int add_notify_socket(const struct call *call, struct rti_spec *spec, const char *id,
			     struct rti_error *err)
{
	struct rti_arena arena = { 0 };
	const char *directory =
		rti_arena_printf(&arena, "%s/%s/" NOTIFY_DIRECTORY, call->globals->root, id);
	int r = directory ? rti_spec_add_notify_socket(spec, directory, err)
			  : rti_fail(err, ENOMEM, "notify socket");

	rti_arena_done(&arena);
	return r;
}

static int start_container(const struct call *call, struct rti_spec *spec, const char *pid_file,
			   const struct rti_convert_environment *environment, struct rti_error *err)
{
	bool run = call->command == &command_run;
	const struct option_value *options = call->options;
	_cleanup_(rti_parent_program_done) struct rti_parent_program program =
		RTI_PARENT_PROGRAM_EMPTY;
	_cleanup_container_ struct rti_container *container = NULL;
	struct rti_container_log log = call_log(call);
	const char *notify_host = getenv("NOTIFY_SOCKET");
	struct runner runner = {
		.call = call,
		.environment = environment,
		.program = &program,
		.annotations = &spec->annotations,
		.init = true,
		.create = !run,
		.detach = run && options[DETACH].flag,
		.keep = run && options[KEEP].flag,
		.subreaper = !run || !options[NO_SUBREAPER].flag,
		.console_socket = options[CONSOLE_SOCKET].text,
		.pidfd_socket = options[PIDFD_SOCKET].text,
		.pid_file = pid_file,
		.preserve_fds = options[PRESERVE_FDS].number,
		.notify_host = notify_host && *notify_host ? notify_host : NULL,
	};
	int r = 0;

	if (runner.notify_host)
		r = add_notify_socket(call, spec, environment->container_id, err);
	if (r == 0)
		r = call_open_program(call, &program, err);
	if (r == 0)
		r = rti_container_create(call->globals->root, spec, environment, program.dialect,
					 &log, &container, err);
	if (r < 0)
		return r;
	runner.process = spec->process;
	runner.container = container;
	return runner_run(&runner, err);
}

static int create_or_run(const struct call *call, struct rti_error *err)
{
	const struct option_value *options = call->options;
	struct rti_convert_environment environment;
	char pid_file[PATH_MAX], bundle[PATH_MAX];
	_cleanup_(rti_spec_done) struct rti_spec spec = { 0 };
	int r;

	r = absolute_path(options[PID_FILE].text, pid_file, err);
	if (r == 0 && *options[BUNDLE].text && chdir(options[BUNDLE].text) < 0)
		r = rti_fail(err, errno, "chdir %s", options[BUNDLE].text);
	if (r == 0)
		r = call_environment(call, call->argv[0], bundle, &environment, err);
	if (r == 0) {
		environment.no_pivot_root = options[NO_PIVOT].flag;
		environment.no_new_keyring = options[NO_NEW_KEYRING].flag;
		r = bundle_load(&spec, environment.selinux, err);
	}
	if (r == 0 && !*call->argv[0])
		r = rti_refuse(err, EINVAL, "container id cannot be empty");
	if (r == 0)
		r = start_container(call, &spec, pid_file, &environment, err);
	return r < 0 ? rti_prefix(err, r, "runtime-parent %s failed", call->command->name) : r;
}

const struct command command_create = {
	.name = "create",
	.arguments = "<container-id>",
	.purpose = "create a container",
	.help = ID_HELP "\n\nThe program waits until `start` lets it go on.",
	.options = create_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.exit_code = 1,
	.run = create_or_run,
};

const struct command command_run = {
	.name = "run",
	.arguments = "<container-id>",
	.purpose = "create and run a container",
	.help = ID_HELP,
	.options = run_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.exit_code = 1,
	.run = create_or_run,
};
