/* SPDX-License-Identifier: Apache-2.0 */
/* Starting processes in a container, around rti_parent_start(). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "container/namespace.h"
#include "parent/container-private.h"
#include "parent/process.h"

/* What the callbacks of one start work on. rti_parent_start() puts words before their errors. */
struct starting {
	struct rti_container *container;
	const struct rti_string_map *sub_cgroups;
	struct rti_parent_join joins[CGROUP_PATHS_MAX];
	uint64_t oom_kills; /* before the start */
};

static void log_line(void *data, enum rti_parent_level level, const char *message)
{
	struct starting *starting = data;

	container_log(starting->container, level, "%s", message);
}

static int join_new_cgroup(void *data, pid_t pid, struct rti_error *err)
{
	struct starting *starting = data;
	int r = cgroup_apply(&starting->container->cgroup, starting->joins, pid, err);

	if (r < 0)
		return r;
	if (r == CGROUP_E_ROOTLESS && !container_has_private_pidns(starting->container))
		container_log(starting->container, RTI_PARENT_LEVEL_WARNING,
			      "Creating a rootless container with no cgroup and no private pid "
			      "namespace. Such configuration is strongly discouraged (as it is "
			      "impossible to properly kill all container's processes)");
	return 0;
}

static int join_existing_cgroup(void *data, pid_t pid, struct rti_error *err)
{
	struct starting *starting = data;

	return cgroup_join(&starting->container->cgroup, starting->sub_cgroups, starting->joins,
			   pid, (pid_t)starting->container->state.init_pid, err);
}

static int set_limits(void *data, pid_t pid, struct rti_error *err)
{
	struct starting *starting = data;

	(void)pid;
	return cgroup_set(&starting->container->cgroup, err);
}

static bool was_oom_killed(void *data)
{
	struct starting *starting = data;

	return cgroup_get_oom_kills(&starting->container->cgroup) > starting->oom_kills;
}

/* What gmtime(3) says; but that reads the machine's time zone first, which does not matter. */
static void split_day(long long day, int *ret_year, int *ret_month, int *ret_day)
{
	static const int before[] = { 0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337, 366 };
	/* Years begin in March, so that the day that may be missing is the last; from year 0 on. */
	long long days = day + 719468, era = days / 146097, of_era = days % 146097;
	long long year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int of_year = (int)(of_era - (365 * year + year / 4 - year / 100)), month = 0;

	while (of_year >= before[month + 1])
		month++;
	*ret_day = of_year - before[month] + 1;
	*ret_month = month < 10 ? month + 3 : month - 9;
	*ret_year = (int)(year + era * 400 + (*ret_month <= 2));
}

/* RFC 3339 with as many digits of the second as it takes, as Go prints it. */
static const char *timestamp(struct rti_arena *arena)
{
	struct timespec now;
	int year, month, day, second;
	char text[64];
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	split_day(now.tv_sec / 86400, &year, &month, &day);
	second = (int)(now.tv_sec % 86400);
	n = (size_t)snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02d", year, month, day,
			     second / 3600, second / 60 % 60, second % 60);
	if (now.tv_nsec) {
		n += (size_t)snprintf(text + n, sizeof(text) - n, ".%09ld", now.tv_nsec);
		while (text[n - 1] == '0')
			n--;
	}
	snprintf(text + n, sizeof(text) - n, "Z");
	return rti_arena_text(arena, text, strlen(text));
}

/* Fill the parts of the state that exist only now that the init does. */
static int complete_state(struct rti_container *container, const struct rti_parent_child *child,
			  struct rti_error *err)
{
	struct rti_arena *arena = &container->arena;
	struct state *state = &container->state;
	struct process_stat init;
	int r;

	r = process_stat_read(child->pid, &init);
	if (r < 0)
		return rti_fail(err, -r, "read /proc/%d/stat", child->pid);
	state->init_pid = child->pid;
	state->init_start = init.start_time;
	state->created = timestamp(arena);
	state->namespace_paths.items =
		rti_arena_array(arena, NAMESPACE_KINDS, sizeof(struct rti_string_pair));
	state->external_descriptors.items = rti_arena_array(arena, 4, sizeof(char *));
	if (!state->created || !state->namespace_paths.items || !state->external_descriptors.items)
		return rti_fail(err, ENOMEM, "container state");
	r = container_note_cgroup(container, err);
	if (r < 0)
		return r;
	state->namespace_paths.count = 0;
	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		const char *path = rti_arena_printf(arena, "/proc/%d/ns/%s", child->pid,
						    namespace_kinds[i].proc);

		if (!path)
			return rti_fail(err, ENOMEM, "container state");
		if (access(path, F_OK) < 0 && errno == ENOENT)
			continue; /* a kernel without this kind */
		state->namespace_paths.items[state->namespace_paths.count++] =
			(struct rti_string_pair){ namespace_kinds[i].wire, path };
	}
	state->external_descriptors.count = 3;
	for (size_t i = 0; i < 3; i++) {
		const char *text = child->stdio[i] ? child->stdio[i] : "";

		state->external_descriptors.items[i] = rti_arena_text(arena, text, strlen(text));
		if (!state->external_descriptors.items[i])
			return rti_fail(err, ENOMEM, "container state");
	}
	return 0;
}

static int store_state(void *data, const struct rti_parent_child *child, struct rti_error *err)
{
	struct rti_container *container = ((struct starting *)data)->container;
	int r;

	r = complete_state(container, child, err);
	return r < 0 ? r
		     : state_write(container->dir_fd, &container->state, container->dialect, err);
}

static const struct rti_parent_ops init_ops = {
	.log = log_line,
	.join_cgroup = join_new_cgroup,
	.set_limits = set_limits,
	.ready = store_state,
	.was_oom_killed = was_oom_killed,
};

static const struct rti_parent_ops exec_ops = {
	.log = log_line,
	.join_cgroup = join_existing_cgroup,
	.was_oom_killed = was_oom_killed,
};

/* The part of a start that every process has. */
static struct rti_parent_start base_start(const struct rti_container_process *process)
{
	struct rti_parent_start start = RTI_PARENT_START_EMPTY;

	start.program = process->program;
	memcpy(start.stdio_fds, process->stdio_fds, sizeof(start.stdio_fds));
	start.passed_fds = process->passed_fds;
	start.passed_count = process->listen_count + process->preserve_count;
	start.console_fd = process->console_fd;
	start.pidfd_socket_fd = process->pidfd_socket_fd;
	start.seccomp_fd = process->seccomp_fd;
	start.log_level = process->log_level;
	start.debug = process->debug;
	start.signal_mask = process->signal_mask;
	return start;
}

static int convert_process(struct rti_container *container,
			   const struct rti_container_process *process, bool exec,
			   struct rti_init_config *init, struct rti_error *err)
{
	struct rti_process_options options = {
		.exec = exec,
		.create_console = process->console_fd >= 0,
		.listen_fds = (uint32_t)process->listen_count,
		.preserve_fds = (uint32_t)process->preserve_count,
		.cgroup2_path =
			container->cgroup.unified ? cgroup_path(&container->cgroup, "") : NULL,
	};

	return rti_spec_convert_process(process->process, &options, process->environment,
					container->dialect, exec ? NULL : process->annotations,
					init, err);
}

int rti_container_start(struct rti_container *container,
			const struct rti_container_process *process, struct rti_parent_child *ret,
			struct rti_error *err)
{
	struct starting starting = { .container = container };
	struct rti_parent_start start = base_start(process);
	struct rti_spec_state state;
	_cleanup_fd_ int fifo_fd = -EBADF;
	uid_t uid;
	gid_t gid;
	int r;

	r = convert_process(container, process, false, &container->init, err);
	if (r == 0)
		r = rti_container_root_ids(container, &uid, &gid, err);
	if (r == 0)
		r = container_spec_state(container, "creating", 0, &state, err);
	if (r == 0)
		r = rti_parent_fifo_create(container->dir_fd, uid, gid, &fifo_fd, err);
	if (r < 0)
		return r;
	start.type = RTI_INIT_STANDARD;
	start.config = &container->init;
	start.state = &state;
	start.fifo_fd = fifo_fd;
	start.ops = &init_ops;
	start.data = &starting;
	cgroup_prepare(&container->cgroup, starting.joins);
	start.joins = starting.joins;
	start.join_count = container->cgroup.path_count;
	r = rti_parent_start(&start, ret, err);
	cgroup_joins_done(starting.joins);
	if (r < 0)
		rti_parent_fifo_remove(container->dir_fd);
	return r;
}

/* The namespaces that the init is in, in the order of joining. */
static int namespaces_to_join(struct rti_container *container, struct rti_namespaces *ret,
			      struct rti_error *err)
{
	const struct rti_config *config = container->state.config;
	const struct rti_string_map *paths = &container->state.namespace_paths;
	struct rti_namespaces join = { 0 };

	join.items = rti_arena_array(&container->arena, NAMESPACE_KINDS, sizeof(*join.items));
	if (!join.items)
		return rti_fail(err, ENOMEM, "container namespaces");
	for (size_t i = 0; i < NAMESPACE_KINDS; i++) {
		const char *type = namespace_kinds[i].wire;

		if (!rti_config_has_namespace(config, type))
			continue;
		for (size_t k = 0; k < paths->count; k++) {
			if (strcmp(paths->items[k].key, type) == 0)
				join.items[join.count++] =
					(struct rti_namespace){ type, paths->items[k].value };
		}
	}
	*ret = join;
	return 0;
}

int rti_container_exec(struct rti_container *container, const struct rti_container_process *process,
		       struct rti_parent_child *ret, struct rti_error *err)
{
	struct starting starting = { .container = container,
				     .sub_cgroups = process->sub_cgroups,
				     .oom_kills = cgroup_get_oom_kills(&container->cgroup) };
	struct rti_parent_start start = base_start(process);
	struct rti_init_config init = { .config = container->state.config };
	pid_t init_pid = (pid_t)container->state.init_pid;
	_cleanup_fd_ int init_pidfd =
		container_open_init(container, "cannot exec in a stopped container", err);
	struct rti_namespaces join;
	struct rti_spec_state state;
	int r;

	if (init_pidfd < 0)
		return init_pidfd;
	container->dialect = process->program->dialect;
	r = namespaces_to_join(container, &join, err);
	if (r == 0)
		r = container_spec_state(container, "running", init_pid, &state, err);
	if (r == 0)
		r = convert_process(container, process, true, &init, err);
	if (r == 0) {
		cgroup_prepare_join(&container->cgroup, process->sub_cgroups, init_pid,
				    starting.joins);
		start.joins = starting.joins;
		start.join_count = container->cgroup.path_count;
		start.type = RTI_INIT_SETNS;
		start.config = &init;
		start.join = &join;
		start.joined_pidfd = init_pidfd;
		start.state = &state;
		start.ops = &exec_ops;
		start.data = &starting;
		r = rti_parent_start(&start, ret, err);
		cgroup_joins_done(starting.joins);
	}
	init.config = NULL; /* the container's */
	rti_init_config_done(&init);
	return r;
}

int rti_container_release(struct rti_container *container, struct rti_error *err)
{
	const struct state *state = &container->state;
	_cleanup_fd_ int pidfd =
		container_open_init(container, "container process is already dead", err);
	struct rti_spec_state spec_state;
	int r;

	if (pidfd < 0)
		return pidfd;
	r = rti_parent_fifo_release(container->dir_fd, pidfd, err);
	if (r < 0 || !state->config->hooks || !state->config->hooks->poststart.count)
		return r;
	r = container_spec_state(container, "running", state->init_pid, &spec_state, err);
	if (r == 0)
		r = rti_parent_hooks_run(RTI_PARENT_HOOK_POSTSTART, state->config, &spec_state,
					 err);
	if (r < 0)
		syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
	return r;
}
