/* SPDX-License-Identifier: Apache-2.0 */
#include "init/init.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/procfs.h"
#include "container/prctl.h"
#include "container/seccomp-cache.h"
#include "init/context.h"
#include "init/inherited.h"
#include "init/signals.h"
#include "init/stage.h"
#include "init/step.h"
#include "protocol/bootstrap.h"

/* The kernel's largest CPU mask, which is what sched_getaffinity(2) wants room for. */
#define CPU_MASK_SIZE 8192

/* How long an init without a parent waits for room on standard error. Chosen. */
#define COMPLAINT_MS 50

/* There is nobody but the log, or stderr, to tell before the stages are through. */
static int fail_early(const struct rti_error *err)
{
	log_msg(LOG_LEVEL_FATAL, "%s", err->text);
	return INIT_EXIT_STAGE;
}

/* Shows a parent's user whether the init got its CPUs; runc's tests look for the line. */
static void log_affinity(void)
{
	unsigned char mask[CPU_MASK_SIZE] = { 0 };
	uint64_t first = 0;

	if (!log_is_enabled(LOG_LEVEL_DEBUG))
		return;
	if (sched_getaffinity(0, sizeof(mask), (cpu_set_t *)mask) < 0) {
		log_debug("sched_getaffinity: %s", strerror(errno));
		return;
	}
	memcpy(&first, mask, sizeof(first));
	log_debug("affinity: 0x%llx", (unsigned long long)first);
}

/*
 * The file belongs to root as long as the process is not dumpable. An unprivileged init has to be
 * so for the one open(2); it is still alone in the namespaces of its parent then.
 */
static int open_oom_score_adj(void)
{
	int fd = rti_procfs_open(RTI_PROCFS_SELF, "oom_score_adj", O_WRONLY, NULL);

	if (fd != -EACCES)
		return fd;
	dumpable_set(true);
	fd = rti_procfs_open(RTI_PROCFS_SELF, "oom_score_adj", O_WRONLY, NULL);
	dumpable_set(false);
	return fd;
}

static int set_oom_score_adj(const char *text, struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;
	int r;

	log_debug("update /proc/self/oom_score_adj to '%s'", text);
	r = fd = open_oom_score_adj();
	if (fd >= 0)
		r = rti_write_full(fd, text, strlen(text));
	if (r < 0)
		return rti_refuse(err, -r, "failed to update /proc/self/oom_score_adj: %s",
				  strerror(-r));
	return 0;
}

/* Up to the moment where there is a process in the right namespaces; returns in that process. */
static int run_stages(struct inherited *inherited, struct rti_error *err)
{
	struct rti_bootstrap bootstrap;
	int r;

	/* A wrong level is something to be logged. */
	r = inherited_open_log(inherited, err);
	if (inherited->log_fd >= 0)
		log_open(inherited->log_fd, inherited->log_level);
	log_set_stage("nsexec");
	if (r == 0)
		r = inherited_check_parent(inherited, err);
	if (r == 0)
		r = inherited_open_init(inherited, err);
	if (r < 0)
		return r;

	log_debug("=> nsexec container setup");
	log_affinity();
	r = rti_bootstrap_receive(inherited->init_fd, &bootstrap, err);
	if (r < 0)
		return r;
	if (bootstrap.oom_score_adj)
		r = set_oom_score_adj(bootstrap.oom_score_adj, err);
	if (r == 0)
		stages_run(inherited->init_fd, &bootstrap);
	rti_bootstrap_done(&bootstrap);
	return r;
}

/* Whether a parent that sends this wants anything: a newer runc may write keys it does not use. */
static bool asks_for_something(const char *json)
{
	static const char *const nothing[] = { "null", "false", "0", "\"\"", "[]", "{}" };

	for (size_t i = 0; i < sizeof(nothing) / sizeof(nothing[0]); i++)
		if (strcmp(json, nothing[i]) == 0)
			return false;
	return true;
}

static void warn_of_unknown_key(void *data, const char *path, const char *json)
{
	(void)data;
	if (!asks_for_something(json))
		return;
	log_warn("init configuration has an unknown key, ignoring it: %s: %s", path, json);
}

/*
 * The user's fds keep their numbers, 3 and up, until the program has them. Where the parent's count
 * does not fit what is there, a descriptor of ours could get such a number and reach the container.
 */
static int check_passed_fds(const struct init_context *context, struct rti_error *err)
{
	const struct inherited *inherited = &context->inherited;
	const int ours[] = {
		inherited->init_fd, inherited->sync_fd,	   inherited->log_fd,
		inherited->fifo_fd, inherited->console_fd, inherited->pidfd_socket_fd,
		inherited->seccomp_fd,
	};
	int64_t end = STDERR_FILENO + 1 + context->init.passed_files_count;

	if (context->init.passed_files_count < 0 || end > INT16_MAX)
		return rti_refuse(err, EINVAL, "invalid passed_files_count %lld",
				  (long long)context->init.passed_files_count);
	for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		if (ours[i] >= 0 && ours[i] < end)
			return rti_refuse(err, EINVAL,
					  "passed file descriptor %d is the parent's own", ours[i]);
	for (int fd = STDERR_FILENO + 1; fd < end; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			return rti_fail(err, errno, "passed file descriptor %d", fd);
	return 0;
}

/*
 * Whether paths are still the host's, in mounts of our own and with the host's user ids, and no
 * container sees this process: one whose pid namespace was joined could reopen what is open here.
 */
static bool is_alone_on_host(const struct init_context *context)
{
	const struct rti_namespaces *namespaces = &context->init.config->namespaces;
	bool has_own_mounts = false, joins_pids = false;

	if (context->inherited.type != RTI_INIT_STANDARD ||
	    rti_config_has_namespace(context->init.config, "NEWUSER"))
		return false;
	for (size_t i = 0; i < namespaces->count; i++) {
		const struct rti_namespace *item = &namespaces->items[i];
		bool joined = item->path && *item->path;

		if (strcmp(item->type, "NEWNS") == 0)
			has_own_mounts = !joined;
		else if (strcmp(item->type, "NEWPID") == 0)
			joins_pids = joined;
	}
	return has_own_mounts && !joins_pids;
}

/*
 * Before anything else: now no limit of the container's memory is in force. What fails here fails
 * again, and is told, when it is the profile's turn: step_compile_seccomp().
 */
static void take_seccomp(struct init_context *context)
{
	const struct rti_seccomp *seccomp = context->init.config->seccomp;
	int *fd = &context->inherited.seccomp_fd;
	struct rti_error err;

	if (seccomp && *fd >= 0)
		(void)seccomp_cache_read(*fd, seccomp, &context->seccomp);
	else if (seccomp && is_alone_on_host(context))
		(void)seccomp_cache_compile(seccomp, &context->seccomp, &err);
	*fd = rti_close(*fd);
}

static int run_init(struct init_context *context, struct rti_error *err)
{
	struct inherited *inherited = &context->inherited;
	int r;

	r = inherited_open_rest(inherited, err);
	if (r < 0)
		return r;
	sync_dialog_set_type(&context->dialog, inherited->type);
	log_debug("child process in init()");
	r = rti_init_config_read(inherited->init_fd, warn_of_unknown_key, NULL, &context->init,
				 err);
	if (r == 0)
		r = inherited_check_type(inherited, err);
	if (r == 0)
		r = check_passed_fds(context, err);
	if (r == 0)
		take_seccomp(context);
	if (r < 0)
		return r;
	context->parent_pid = getppid();
	if (inherited->type == RTI_INIT_SETNS)
		return init_setns_run(context, err);
	return init_standard_run(context, err);
}

/* With one write(2) and nothing else, because the container's seccomp filter may be in force. */
static void complain(const char *text)
{
	char line[RTI_ERROR_TEXT_MAX + 1];
	int size = snprintf(line, sizeof(line), "%s\n", text);

	(void)rti_retry(write(STDERR_FILENO, line, (size_t)size));
}

/* Whether somebody reads standard error, or has room in it; a lone init must not wait for that. */
static bool can_complain(void)
{
	struct pollfd room = { .fd = STDERR_FILENO, .events = POLLOUT };

	return poll(&room, 1, COMPLAINT_MS) != 0;
}

/* The parent shows its user what it is told; without it there is the container's stderr. */
static int fail_late(struct init_context *context, const struct rti_error *err)
{
	struct rti_error send_err = { 0 };

	if (sync_dialog_is_open(&context->dialog)) {
		if (sync_dialog_report(&context->dialog, err->text, &send_err) == 0)
			return INIT_EXIT_FAILURE;
		if (send_err.errnum == EPIPE)
			rti_prefix(&send_err, -EPIPE, "the parent is gone");
		if (!can_complain())
			return INIT_EXIT_FAILURE;
		complain(send_err.text);
	}
	complain(err->text);
	return INIT_EXIT_FAILURE;
}

int init_main(char **environment)
{
	/* Too large for a comfortable stack, and there is only one. */
	static struct init_context context = {
		.dialog.sync.socket_fd = -EBADF,
		.rootfs = ROOTFS_EMPTY,
	};
	static struct rti_error err;

	signals_prepare();
	inherited_take(environment, &context.inherited);
	if (run_stages(&context.inherited, &err) < 0)
		return fail_early(&err);

	log_set_stage(NULL);
	/* Where no level was given, the stages log everything and the init proper does not. */
	if (!context.inherited.has_log_level)
		log_set_level(LOG_LEVEL_INFO);
	if (inherited_open_sync(&context.inherited, &err) < 0)
		return fail_late(&context, &err);
	sync_dialog_start(&context.dialog, context.inherited.sync_fd, RTI_INIT_STANDARD);
	run_init(&context, &err);
	return fail_late(&context, &err);
}

int init_was_started_by_parent(char **environment)
{
	return inherited_has(environment, INHERITED_INITPIPE);
}
