/* SPDX-License-Identifier: Apache-2.0 */
/* `exec`: one more process in a container. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "cmd/runtime-parent/runner.h"

enum {
	CONSOLE_SOCKET,
	PIDFD_SOCKET,
	CWD,
	ENV,
	TTY,
	USER,
	ADDITIONAL_GIDS,
	PROCESS,
	DETACH,
	PID_FILE,
	PROCESS_LABEL,
	APPARMOR,
	NO_NEW_PRIVS,
	CAP,
	PRESERVE_FDS,
	CGROUP,
	IGNORE_PAUSED,
};

static const struct option_spec options[] = {
	[CONSOLE_SOCKET] = { "console-socket", 0, OPTION_TEXT,
			     "AF_UNIX socket that gets the master end of the process's terminal" },
	[PIDFD_SOCKET] = { "pidfd-socket", 0, OPTION_TEXT,
			   "AF_UNIX socket that gets a pidfd of the process" },
	[CWD] = { "cwd", 0, OPTION_TEXT, "current working directory in the container" },
	[ENV] = { "env", 'e', OPTION_LIST, "set an environment variable (may be repeated)" },
	[TTY] = { "tty", 't', OPTION_BOOL, "allocate a pseudo-terminal" },
	[USER] = { "user", 'u', OPTION_TEXT, "UID or UID:GID" },
	[ADDITIONAL_GIDS] = { "additional-gids", 'g', OPTION_LIST,
			      "additional group (may be repeated)" },
	[PROCESS] = { "process", 'p', OPTION_TEXT, "path to the process.json" },
	[DETACH] = { "detach", 'd', OPTION_BOOL, "do not stay with the process" },
	[PID_FILE] = { "pid-file", 0, OPTION_TEXT, "file to write the process id to" },
	[PROCESS_LABEL] = { "process-label", 0, OPTION_TEXT, "SELinux label of the process" },
	[APPARMOR] = { "apparmor", 0, OPTION_TEXT, "AppArmor profile of the process" },
	[NO_NEW_PRIVS] = { "no-new-privs", 0, OPTION_BOOL, "set no_new_privs" },
	[CAP] = { "cap", 'c', OPTION_LIST, "add a capability (may be repeated)" },
	[PRESERVE_FDS] = { "preserve-fds", 0, OPTION_NUMBER,
			   "pass N more file descriptors on (stdio + N in total)" },
	[CGROUP] = { "cgroup", 0, OPTION_LIST,
		     "run in an existing sub-cgroup, [<controller>:]<cgroup> (may be repeated)" },
	[IGNORE_PAUSED] = { "ignore-paused", 0, OPTION_BOOL, "allow exec in a paused container" },
	{ .name = NULL },
};

static int add_sub_cgroup(struct rti_string_map *subs, struct rti_arena *arena, const char *text,
			  size_t length, const char *path, struct rti_error *err)
{
	const char *controller = rti_arena_text(arena, text, length);

	if (!controller)
		return rti_fail(err, ENOMEM, "read --cgroup");
	for (size_t i = 0; i < subs->count; i++) {
		if (strcmp(subs->items[i].key, controller) == 0)
			return rti_refuse(err, EINVAL,
					  "invalid --cgroup argument(s): controller %s "
					  "specified multiple times",
					  controller);
	}
	subs->items[subs->count++] = (struct rti_string_pair){ controller, path };
	return 0;
}

/* "PATH" alone, or any number of "CONTROLLER[,CONTROLLER]:PATH". */
static int read_sub_cgroups(const struct option_value *value, struct rti_arena *arena,
			    struct rti_string_map *ret, struct rti_error *err)
{
	struct rti_string_map subs = { 0 };
	size_t room = 1;

	for (size_t i = 0; i < value->count; i++)
		room += strlen(value->list[i]); /* no more controllers than letters */
	subs.items = rti_arena_array(arena, room, sizeof(*subs.items));
	if (!subs.items)
		return rti_fail(err, ENOMEM, "read --cgroup");
	for (size_t i = 0; i < value->count; i++) {
		const char *text = value->list[i], *colon = strchr(text, ':'), *next = text;
		int r;

		if (!colon && value->count != 1)
			return rti_refuse(err, EINVAL,
					  "invalid --cgroup argument: %s (missing "
					  "<controller>: prefix)",
					  text);
		while (colon && next <= colon) {
			size_t length = strcspn(next, ",:");

			if (length == 0)
				return rti_refuse(err, EINVAL,
						  "invalid --cgroup argument: %s (empty "
						  "<controller> prefix)",
						  text);
			r = add_sub_cgroup(&subs, arena, next, length, colon + 1, err);
			if (r < 0)
				return r;
			next += length + 1;
		}
		if (!colon)
			subs.items[subs.count++] = (struct rti_string_pair){ "", text };
	}
	*ret = subs;
	return 0;
}

static int read_gids(const struct option_value *value, struct rti_arena *arena,
		     struct rti_numbers *ret, struct rti_error *err)
{
	ret->items = rti_arena_array(arena, value->count + 1, sizeof(*ret->items));
	if (!ret->items)
		return rti_fail(err, ENOMEM, "read --additional-gids");
	for (ret->count = 0; ret->count < value->count; ret->count++) {
		const char *text = value->list[ret->count];

		if (!rti_number_i64(text, INT32_MIN, UINT32_MAX, &ret->items[ret->count]))
			return rti_refuse(err, EINVAL,
					  "invalid value \"%s\" for flag "
					  "-additional-gids: parse error",
					  text);
		if (ret->items[ret->count] < 0)
			return rti_refuse(err, EINVAL,
					  "additional-gids must be a positive number %s", text);
	}
	return 0;
}

static struct rti_strings as_strings(const struct option_value *value)
{
	return (struct rti_strings){ value->list, value->count };
}

static int process_from_file(const char *path, bool selinux, struct rti_spec *ret,
			     struct rti_error *err)
{
	_cleanup_free_ char *text = NULL;
	ssize_t size = file_read(path, &text, err);
	int r;

	if (size < 0)
		return (int)size;
	r = rti_spec_read_process(text, (size_t)size, ret, err);
	return r < 0 ? r : rti_spec_check_process(ret->process, selinux, err);
}

/* The process of config.json, as the options change it; the bundle is the working directory. */
static int process_from_options(const struct call *call, bool selinux, struct rti_arena *arena,
				struct rti_spec *ret, struct rti_error *err)
{
	const struct option_value *values = call->options;
	bool no_new_privs = values[NO_NEW_PRIVS].flag;
	struct rti_exec_options exec = {
		.args = { (const char **)call->argv + 1, (size_t)call->argc - 1 },
		.cwd = values[CWD].text,
		.apparmor = values[APPARMOR].text,
		.process_label = values[PROCESS_LABEL].text,
		.user = values[USER].text,
		.env = as_strings(&values[ENV]),
		.caps = as_strings(&values[CAP]),
		.tty = values[TTY].flag,
		.no_new_privs = values[NO_NEW_PRIVS].set ? &no_new_privs : NULL,
	};
	int r;

	r = bundle_load(ret, selinux, err);
	if (r == 0 && call->argc < 2)
		r = rti_refuse(err, EINVAL, "exec args cannot be empty");
	if (r == 0)
		r = read_gids(&values[ADDITIONAL_GIDS], arena, &exec.additional_gids, err);
	if (r == 0)
		r = rti_spec_apply_exec_options(ret, &exec, err);
	return r < 0 ? r : rti_spec_check_process(ret->process, selinux, err);
}

static int exec_in(const struct call *call, struct rti_container *container, const char *pid_file,
		   struct rti_arena *arena, struct rti_error *err)
{
	const struct option_value *values = call->options;
	_cleanup_(rti_parent_program_done) struct rti_parent_program program =
		RTI_PARENT_PROGRAM_EMPTY;
	_cleanup_(rti_spec_done) struct rti_spec spec = { 0 };
	struct rti_convert_environment environment;
	struct rti_string_map sub_cgroups;
	struct rti_container_report report;
	char bundle[PATH_MAX];
	struct runner runner = {
		.call = call,
		.container = container,
		.program = &program,
		.environment = &environment,
		.sub_cgroups = &sub_cgroups,
		.detach = values[DETACH].flag,
		.console_socket = values[CONSOLE_SOCKET].text,
		.pidfd_socket = values[PIDFD_SOCKET].text,
		.pid_file = pid_file,
		.preserve_fds = values[PRESERVE_FDS].number,
	};
	int r;

	r = rti_container_report(container, &report, err);
	if (r == 0 && !*values[PROCESS].text && chdir(report.bundle) < 0)
		r = rti_fail(err, errno, "chdir %s", report.bundle);
	if (r == 0)
		r = call_environment(call, call->argv[0], bundle, &environment, err);
	if (r == 0 && *values[PROCESS].text)
		r = process_from_file(values[PROCESS].text, environment.selinux, &spec, err);
	else if (r == 0)
		r = process_from_options(call, environment.selinux, arena, &spec, err);
	if (r == 0)
		r = read_sub_cgroups(&values[CGROUP], arena, &sub_cgroups, err);
	if (r == 0)
		r = call_open_program(call, &program, err);
	if (r < 0)
		return r;
	runner.process = spec.process;
	return runner_run(&runner, err);
}

static int exec(const struct call *call, struct rti_error *err)
{
	_cleanup_container_ struct rti_container *container = NULL;
	_cleanup_(rti_arena_done) struct rti_arena arena = { 0 };
	enum rti_container_status status = RTI_CONTAINER_STOPPED;
	char pid_file[PATH_MAX];
	int r;

	r = absolute_path(call->options[PID_FILE].text, pid_file, err);
	if (r == 0)
		r = call_load_container(call, &container, err);
	if (r == 0)
		r = rti_container_get_status(container, &status, err);
	if (r == 0 && status == RTI_CONTAINER_STOPPED)
		r = rti_refuse(err, ESRCH, "cannot exec in a stopped container");
	if (r == 0 && status == RTI_CONTAINER_PAUSED && !call->options[IGNORE_PAUSED].flag)
		r = rti_refuse(err, EBUSY,
			       "cannot exec in a paused container (use --ignore-paused "
			       "to override)");
	if (r == 0)
		r = exec_in(call, container, pid_file, &arena, err);
	return r < 0 ? rti_prefix(err, r, "exec failed") : r;
}

const struct command command_exec = {
	.name = "exec",
	.arguments =
		"<container-id> <command> [command options]  || -p process.json <container-id>",
	.purpose = "execute new process inside the container",
	.options = options,
	.arguments_min = 1,
	.arguments_max = -1,
	.keep_order = true,
	.exit_code = 255,
	.run = exec,
};
