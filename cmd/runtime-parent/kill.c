/* SPDX-License-Identifier: Apache-2.0 */
/* `kill`, `pause`, `resume`, `delete`: what ends or halts a container. */
#include <ctype.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/number.h"
#include "cmd/runtime-parent/command.h"

enum { ALL };

static const struct option_spec kill_options[] = {
	/* For old callers: a container that does not run is no error then. */
	[ALL] = { "all", 'a', OPTION_BOOL, NULL },
	{ .name = NULL },
};

enum { FORCE };

static const struct option_spec delete_options[] = {
	[FORCE] = { "force", 'f', OPTION_BOOL,
		    "delete the container even if it is still running (uses SIGKILL)" },
	{ .name = NULL },
};

static const struct option_spec no_options[] = { { .name = NULL } };

/* A number, or a name with or without "SIG" in either case. */
static int parse_signal(const char *text, int *ret, struct rti_error *err)
{
	static const struct {
		const char *name;
		int number;
	} aliases[] = { { "IOT", SIGIOT }, { "CLD", SIGCHLD }, { "IO", SIGIO } };
	const char *name = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	int64_t number;

	if (rti_number_i64(text, INT32_MIN, INT32_MAX, &number)) {
		*ret = (int)number;
		return 0;
	}
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *known = sigabbrev_np(i);

		if (known && strcasecmp(known, name) == 0) {
			*ret = i;
			return 0;
		}
	}
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++) {
		if (strcasecmp(aliases[i].name, name) == 0) {
			*ret = aliases[i].number;
			return 0;
		}
	}
	return rti_refuse(err, EINVAL, "unknown signal \"%s\"", text);
}

static int kill_container(const struct call *call, struct rti_error *err)
{
	_cleanup_container_ struct rti_container *container = NULL;
	int signal = SIGTERM, r;

	r = call_load_container(call, &container, err);
	if (r == 0 && call->argc > 1 && *call->argv[1])
		r = parse_signal(call->argv[1], &signal, err);
	if (r == 0)
		r = rti_container_signal(container, signal, err);
	return container && r == -ESRCH && call->options[ALL].flag ? 0 : r;
}

static int pause_or_resume(const struct call *call, struct rti_error *err)
{
	_cleanup_container_ struct rti_container *container = NULL;
	int r = call_load_container(call, &container, err);

	return r < 0 ? r : rti_container_pause(container, call->command == &command_pause, err);
}

static int delete_unfinished(const struct call *call, struct rti_error *err)
{
	bool force = call->options[FORCE].flag;
	struct rti_error other;
	int r = rti_container_remove_unfinished(call->globals->root, call->argv[0], force, &other);

	if (r < 0) {
		*err = other;
		return r;
	}
	/* Else the error still says that there is no such container. */
	return force ? 0 : -ENOENT;
}

static int delete_container(const struct call *call, struct rti_error *err)
{
	_cleanup_container_ struct rti_container *container = NULL;
	enum rti_container_status status;
	int r;

	r = call_load_container(call, &container, err);
	if (r == -ENOENT)
		return delete_unfinished(call, err);
	if (r < 0)
		return r;
	/* Also a stopped one may have processes left, if it shares a pid namespace. */
	if (call->options[FORCE].flag)
		return rti_container_kill_and_destroy(container, err);
	r = rti_container_get_status(container, &status, err);
	if (r < 0)
		return r;
	if (status == RTI_CONTAINER_STOPPED)
		return rti_container_destroy(container, err);
	if (status == RTI_CONTAINER_CREATED)
		return rti_container_kill_and_destroy(container, err);
	return rti_refuse(err, EBUSY, "cannot delete container %s that is not stopped: %s",
			  call->argv[0], rti_container_status_name(status));
}

const struct command command_kill = {
	.name = "kill",
	.arguments = "<container-id> [signal]",
	.purpose = "kill sends the specified signal (default: SIGTERM) to the container's init "
		   "process",
	.options = kill_options,
	.arguments_min = 1,
	.arguments_max = 2,
	.exit_code = 1,
	.run = kill_container,
};

const struct command command_pause = {
	.name = "pause",
	.arguments = "<container-id>",
	.purpose = "pause suspends all processes inside the container",
	.options = no_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.exit_code = 1,
	.run = pause_or_resume,
};

const struct command command_resume = {
	.name = "resume",
	.arguments = "<container-id>",
	.purpose = "resumes all processes that have been previously paused",
	.options = no_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.exit_code = 1,
	.run = pause_or_resume,
};

const struct command command_delete = {
	.name = "delete",
	.arguments = "<container-id>",
	.purpose = "delete any resources held by the container",
	.options = delete_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.exit_code = 1,
	.run = delete_container,
};
