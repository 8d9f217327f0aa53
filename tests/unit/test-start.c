/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parent against scripted inits: good ones, and every way of being a bad one that we know.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/identity.h"
#include "parent/runtime-parent.h"
#include "tests/unit/data-files.h"
#include "tests/unit/scripted-init.h"

#define HOOKS	  "S{\"type\":\"procHooks\",\"flags\":0} R{\"type\":\"procHooksDone\",\"flags\":0} "
#define READY	  "S{\"type\":\"procReady\",\"flags\":0} R{\"type\":\"procRun\",\"flags\":0} "
#define UP	  "b s p|c "
#define MOUNT(arg) "S{\"type\":\"procMountPlease\",\"flags\":0,\"arg\":" arg "} "
#define SECCOMP	  "S{\"type\":\"procSeccomp\",\"flags\":0,\"arg\":0} "
#define SECCOMP_DONE "R{\"type\":\"procSeccompDone\",\"flags\":0} "
#define PREFIX	  "unable to start container process: "
#define DURING	  PREFIX "error during container init: "

/* Generous, for slow machines with sanitizers; an init that is waited for in vain takes for ever.
 */
#define TIME_LIMIT_MS 10000

/* This program poses as the init. */
RTI_IDENTITY_NOTE;

static char dir[] = "/tmp/rti-test-start-XXXXXX";
static char calls[4096]; /* what the callbacks have seen */

/* ---- the embedder ---- */

static void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *fmt, ...)
{
	size_t used = strlen(calls);
	va_list args;

	va_start(args, fmt);
	vsnprintf(calls + used, sizeof(calls) - used, fmt, args);
	va_end(args);
}

static const char *failing; /* the callback that shall fail */

static int callback(const char *name, struct rti_error *err)
{
	note("%s ", name);
	if (failing && strcmp(failing, name) == 0)
		return rti_refuse(err, EPERM, "not today");
	return 0;
}

static void on_log(void *data, enum rti_parent_level level, const char *message)
{
	(void)data;
	if (level != RTI_PARENT_LEVEL_DEBUG)
		note("log%d:%s ", level, message);
}

static int on_join(void *data, pid_t pid, struct rti_error *err)
{
	(void)data;
	assert_int_equal(kill(pid, 0), 0);
	return callback("join", err);
}

static int on_limits(void *data, pid_t pid, struct rti_error *err)
{
	(void)data;
	assert_int_equal(kill(pid, 0), 0);
	return callback("limits", err);
}

static int on_ready(void *data, const struct rti_parent_child *child, struct rti_error *err)
{
	(void)data;
	assert_true(child->pid > 0 && child->pidfd >= 0);
	assert_string_equal(child->stdio[0], "/dev/null");
	return callback("ready", err);
}

static bool oom_killed;

static bool on_oom(void *data)
{
	(void)data;
	return oom_killed;
}

static const struct rti_parent_ops ops = {
	.log = on_log,
	.join_cgroup = on_join,
	.set_limits = on_limits,
	.ready = on_ready,
	.was_oom_killed = on_oom,
};

/* ---- one start ---- */

struct attempt {
	struct rti_parent_program program;
	struct rti_parent_start start;
	struct rti_config container;
	struct rti_init_config config;
	struct rti_spec_state state;
	struct rti_namespace namespace;
	struct rti_namespaces join;
	struct rti_parent_child child;
	struct rti_error err;
	size_t fds_before;
	int dir_fd;
};

static int setup(void **state)
{
	struct attempt *attempt = calloc(1, sizeof(*attempt));
	struct rti_parent_start start = RTI_PARENT_START_EMPTY;

	attempt->fds_before = open_fds();
	calls[0] = '\0';
	failing = NULL;
	oom_killed = false;
	if (rti_parent_program_open("/proc/self/exe", &attempt->program, NULL) < 0)
		return -1;
	attempt->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	attempt->start = start;
	if (rti_parent_fifo_create(attempt->dir_fd, geteuid(), getegid(), &attempt->start.fifo_fd,
				   NULL) < 0)
		return -1;
	attempt->container.rootfs = "/tmp";
	attempt->config.config = &attempt->container;
	attempt->config.container_id = "c";
	attempt->state =
		(struct rti_spec_state){ .oci_version = "1.3.0", .id = "c", .bundle = "/b" };
	attempt->namespace =
		(struct rti_namespace){ .type = "NEWNET", .path = "/proc/self/ns/net" };
	attempt->join.items = &attempt->namespace;
	attempt->join.count = 1;
	attempt->start.program = &attempt->program;
	attempt->start.config = &attempt->config;
	attempt->start.join = &attempt->join;
	attempt->start.state = &attempt->state;
	attempt->start.log_level = RTI_PARENT_LEVEL_DEBUG;
	attempt->start.stdio_fds[2] = 2;
	attempt->start.ops = &ops;
	attempt->child.pidfd = -EBADF;
	*state = attempt;
	return 0;
}

static int teardown(void **state)
{
	struct attempt *attempt = *state;

	rti_parent_child_done(&attempt->child);
	rti_close(attempt->start.fifo_fd);
	rti_parent_fifo_remove(attempt->dir_fd);
	rti_close(attempt->dir_fd);
	rti_parent_program_done(&attempt->program);
	assert_int_equal(open_fds(), attempt->fds_before);
	free(attempt);
	return 0;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Starts the script in a moment, and afterwards nothing but the result is there. */
static int run(struct attempt *attempt, const char *script)
{
	int64_t began = now_ms();
	int r;

	attempt->start.argv0 = script;
	r = rti_parent_start(&attempt->start, &attempt->child, &attempt->err);
	assert_true(now_ms() - began < TIME_LIMIT_MS);
	if (r < 0) {
		assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
		assert_int_equal(attempt->child.pidfd, -EBADF);
	}
	return r;
}

static void end_child(struct attempt *attempt)
{
	assert_int_equal(rti_parent_child_kill(&attempt->child, NULL), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	rti_parent_child_done(&attempt->child);
}

static void assert_starts(struct attempt *attempt, const char *script)
{
	int r = run(attempt, script);

	if (r < 0)
		fail_msg("script '%s' failed: %s", script, attempt->err.text);
	end_child(attempt);
}

static void assert_fails(struct attempt *attempt, const char *script, const char *text)
{
	int r = run(attempt, script);

	if (r >= 0)
		fail_msg("script '%s' started", script);
	if (!strstr(attempt->err.text, text))
		fail_msg("script '%s': got '%s', expected '%s'", script, attempt->err.text, text);
}

struct bad_init {
	const char *script;
	const char *text; /* part of the error */
};

static void assert_all_fail(struct attempt *attempt, const struct bad_init *inits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_fails(attempt, inits[i].script, inits[i].text);
}

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* ---- good inits ---- */

static void test_a_standard_init_starts(void **state)
{
	struct attempt *attempt = *state;

	assert_starts(attempt, UP HOOKS READY "C l H");
	assert_string_equal(calls, "join limits ready ");
}

static void test_a_setns_init_starts(void **state)
{
	struct attempt *attempt = *state;

	attempt->start.type = RTI_INIT_SETNS;
	assert_starts(attempt, UP READY "C l H");
	assert_string_equal(calls, "join ");
}

/* Environment and fds of an init with everything, as captured from runc, but for the program's fd.
 */
static void test_the_init_finds_runc_s_environment(void **state)
{
	struct attempt *attempt = *state;
	int passed[] = { attempt->dir_fd, attempt->dir_fd }, ends[2], pair[2];
	char text[2048];
	ssize_t size;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	unsetenv("GOMAXPROCS");
	attempt->start.stdio_fds[1] = ends[1];
	attempt->start.passed_fds = passed;
	attempt->start.passed_count = 2;
	attempt->start.console_fd = pair[0];
	attempt->start.pidfd_socket_fd = pair[1];
	attempt->start.log_level = RTI_PARENT_LEVEL_INFO;
	assert_starts(attempt, "e " UP HOOKS READY "C l H");
	size = read(ends[0], text, sizeof(text) - 1);
	assert_true(size > 0);
	text[size] = '\0';
	assert_string_equal(text, "GOMAXPROCS=\n"
				  "_LIBCONTAINER_CONSOLE=5\n"
				  "_LIBCONTAINER_INITPIPE=6\n"
				  "_LIBCONTAINER_SYNCPIPE=7\n"
				  "_LIBCONTAINER_LOGPIPE=8\n"
				  "_LIBCONTAINER_LOGLEVEL=4\n"
				  "_LIBCONTAINER_PIDFD_SOCK=9\n"
				  "_LIBCONTAINER_FIFOFD=10\n"
				  "_LIBCONTAINER_INITTYPE=standard\n"
				  "0 1 2 3 4 5 6 7 8 9 10 \n"
				  "/tmp\n");
	setenv("GOMAXPROCS", "3", 1);
	attempt->start.passed_count = 0;
	attempt->start.console_fd = attempt->start.pidfd_socket_fd = -EBADF;
	attempt->start.log_level = -1;
	attempt->start.type = RTI_INIT_SETNS;
	assert_starts(attempt, "e " UP READY "C l H");
	size = read(ends[0], text, sizeof(text) - 1);
	assert_true(size > 0);
	text[size] = '\0';
	assert_string_equal(text, "GOMAXPROCS=3\n"
				  "_LIBCONTAINER_INITPIPE=3\n"
				  "_LIBCONTAINER_SYNCPIPE=4\n"
				  "_LIBCONTAINER_LOGPIPE=5\n"
				  "_LIBCONTAINER_INITTYPE=setns\n"
				  "0 1 2 3 4 5 \n"
				  "/tmp\n");
	unsetenv("GOMAXPROCS");
	for (int i = 0; i < 2; i++) {
		close(ends[i]);
		close(pair[i]);
	}
}

/* ---- two at once ---- */

static void *start_some(void *data)
{
	struct attempt *attempt = data;
	struct rti_parent_child child;
	intptr_t failures = 0;

	for (int i = 0; i < 20; i++) {
		if (rti_parent_start(&attempt->start, &child, NULL) < 0) {
			failures++;
			continue;
		}
		rti_parent_child_kill(&child, NULL);
		rti_parent_child_done(&child);
	}
	return (void *)failures;
}

static void test_threads_start_independently(void **state)
{
	struct attempt *attempt = *state;
	pthread_t threads[3];
	void *failures;

	attempt->start.ops = NULL;
	attempt->start.argv0 = UP HOOKS READY "C l H";
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, start_some, attempt), 0);
	for (int i = 0; i < 3; i++) {
		pthread_join(threads[i], &failures);
		assert_ptr_equal(failures, NULL);
	}
	attempt->start.argv0 = UP "x1";
	assert_int_equal(pthread_create(&threads[0], NULL, start_some, attempt), 0);
	pthread_join(threads[0], &failures);
	assert_int_equal((intptr_t)failures, 20);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void test_callbacks_are_optional(void **state)
{
	struct attempt *attempt = *state;

	attempt->start.ops = NULL;
	assert_starts(attempt, UP HOOKS READY "C l H");
}

static void test_the_pid_message_may_look_different(void **state)
{
	assert_starts(*state, "b s p P~~garbage|c " HOOKS READY "C l H");
}

static void test_much_log_blocks_nobody(void **state)
{
	struct attempt *attempt = *state;

	assert_starts(attempt,
		      "D300 b D300 s D300 p|D300 c D300 " HOOKS "D300 " READY "D300 C D300 l H");
	assert_fails(attempt, "D300 b D300 x1", "");
}

static void test_a_large_configuration_gets_through(void **state)
{
	struct attempt *attempt = *state;
	char *argument = malloc(3 * 1024 * 1024);
	const char *args[] = { argument, NULL };

	memset(argument, 'a', 3 * 1024 * 1024 - 1);
	argument[3 * 1024 * 1024 - 1] = '\0';
	attempt->config.args.items = args;
	attempt->config.args.count = 1;
	assert_starts(attempt, UP HOOKS READY "C l H");
	/* An init that dies instead of reading it is noticed. */
	assert_fails(attempt, "b s p|w x1",
		     PREFIX "error sending config to init process: write init-p: ");
	/* What it said before is told. */
	assert_fails(attempt,
		     "b s p|w S{\"type\":\"procError\",\"flags\":0,"
		     "\"arg\":{\"message\":\"stuffed\"}} x1",
		     DURING "stuffed");
	free(argument);
}

static void test_rlimits_are_set_before_it_runs(void **state)
{
	struct rti_rlimit items[] = { { .type = RLIMIT_CORE, .hard = 4096, .soft = 1024 } };
	struct attempt *attempt = *state;
	struct rlimit limit;

	attempt->config.rlimits.items = items;
	attempt->config.rlimits.count = 1;
	assert_int_equal(run(attempt, UP HOOKS READY "C l H"), 0);
	assert_int_equal(prlimit(attempt->child.pid, RLIMIT_CORE, NULL, &limit), 0);
	assert_int_equal(limit.rlim_cur, 1024);
	assert_int_equal(limit.rlim_max, 4096);
	end_child(attempt);
	items[0].type = 99;
	assert_fails(attempt, UP HOOKS READY "C l H",
		     DURING
		     "error setting rlimits for ready process: error setting rlimit type 99: "
		     "invalid argument");
}

/* ---- bad inits ---- */

static void test_the_handshake_of_a_standard_init_can_fail(void **state)
{
	static const struct bad_init inits[] = {
		{ "x1", PREFIX "can't" },
		{ "b x0", PREFIX "can't get final child's PID from pipe: EOF" },
		{ "b k", PREFIX "can't get final child's PID from pipe: EOF" },
		{ "b Pgarbage H", PREFIX "can't get final child's PID from pipe: " },
		{ "b P{\"stage1_pid\":1}", PREFIX "can't get final child's PID from pipe: " },
		{ "b P{\"stage1_pid\":1,\"stage2_pid\":1} H", "pid 1 is no stage of this init" },
		{ "b P{\"stage1_pid\":1,\"stage2_pid\":4000000} H", "is no stage of this init" },
		{ "b s p x3|c", PREFIX "error waiting for our first child to exit: exit status 3" },
		{ "b s p k|H", PREFIX "error waiting for our first child to exit: signal: killed" },
		{ "b s x1|H", PREFIX "can't get final child's PID from pipe: EOF" },
		{ "b h x1|H", PREFIX "can't get final child's PID from pipe: EOF" },
		{ "Lone Ltwo~three x1", "; runc init error(s): one; two three" },
	};

	assert_all_fail(*state, inits, COUNT(inits));
}

static void test_the_handshake_of_a_setns_init_can_fail(void **state)
{
	static const struct bad_init inits[] = {
		{ "b x1", PREFIX "error executing setns process: exit status 1" },
		{ "b x0",
		  PREFIX "error executing setns process: error reading pid from init pipe: EOF" },
		{ "b Pgarbage",
		  PREFIX "error executing setns process: error reading pid from init pipe: " },
		{ "b s p x2|H", PREFIX "error executing setns process: exit status 2" },
		{ "b h|H",
		  PREFIX "error executing setns process: error reading pid from init pipe: EOF" },
	};
	struct attempt *attempt = *state;

	attempt->start.type = RTI_INIT_SETNS;
	assert_all_fail(attempt, inits, COUNT(inits));
}

static void test_everything_but_the_order_is_refused(void **state)
{
	static const struct bad_init inits[] = {
		/* the end of the conversation before its time */
		{ UP "C l H", DURING "procReady not received" },
		{ UP "x1", DURING "procReady not received" },
		{ UP "k", DURING "procReady not received" },
		{ UP "Z H", DURING "procReady not received" },
		{ UP HOOKS "C H", DURING "procReady not received" },
		{ UP HOOKS "x1", DURING "procReady not received" },
		{ UP "O x1", DURING "procReady not received" },
		/* the wrong thing at the wrong time */
		{ UP READY "C H",
		  DURING "invalid JSON payload from child: got \"procReady\" in state 'setup'" },
		{ UP HOOKS HOOKS "H",
		  "got \"procHooks\" in state 'hooks done', expected procReady" },
		{ UP HOOKS READY READY "H",
		  "got \"procReady\" in state 'run', expected procSeccomp" },
		{ UP HOOKS READY HOOKS "H", "got \"procHooks\" in state 'run'" },
		{ UP HOOKS MOUNT("{}") "H", "got \"procMountPlease\" in state 'hooks done'" },
		{ UP SECCOMP "H", "got \"procSeccomp\" in state 'setup'" },
		{ UP HOOKS SECCOMP "H", "got \"procSeccomp\" in state 'hooks done'" },
		{ UP "S{\"type\":\"procRun\",\"flags\":0} H",
		  "invalid JSON payload from child: got \"procRun\"" },
		{ UP "S{\"type\":\"procHooksDone\",\"flags\":0} H", "got \"procHooksDone\"" },
		{ UP "S{\"type\":\"procMountFd\",\"flags\":0} H", "got \"procMountFd\"" },
		{ UP "S{\"type\":\"procSeccompDone\",\"flags\":0} H", "got \"procSeccompDone\"" },
		{ UP "S{\"type\":\"bogus\",\"flags\":0} H", "got \"bogus\"" },
		{ UP "Snull H", DURING "invalid JSON payload from child" },
		/* what is no message */
		{ UP "Shello H", DURING "unmarshal sync from parent failed: " },
		{ UP "S[] H", DURING "unmarshal sync from parent failed: " },
		{ UP "S{\"type\":\"procHooks\",\"flags\":0}{} H",
		  DURING "unmarshal sync from parent failed: " },
		{ UP "S{\"type\":\"procHooks\",\"flags\":\"x\"} H",
		  DURING "unmarshal sync from parent failed: " },
		{ UP "S{\"type\":\"procHooks\",\"flags\":1} H",
		  DURING "sync procHooks had unexpected file passed" },
		{ UP "S{\"type\":\"procHooks\",\"flags\":0,\"arg\":1} H", "procHooks" },
		/* an init that says what is wrong */
		{ UP "S{\"type\":\"procError\",\"flags\":0,\"arg\":{\"message\":\"a~"
		     "\\u003cb\\u003e\"}} H",
		  DURING "a <b>" },
		{ UP "S{\"type\":\"procError\",\"flags\":0} H",
		  DURING "procError missing error payload" },
		{ UP HOOKS READY
		  "S{\"type\":\"procError\",\"flags\":0,\"arg\":{\"message\":\"late\"}} H",
		  DURING "late" },
		{ UP "LF1 LF2 S{\"type\":\"procError\",\"flags\":0,\"arg\":{\"message\":\"E\"}} x1",
		  DURING "E; runc init error(s): F1; F2" },
	};

	assert_all_fail(*state, inits, COUNT(inits));
}

static void test_a_setns_init_may_only_get_ready(void **state)
{
	static const struct bad_init inits[] = {
		{ UP "C H", PREFIX "procReady not received" },
		{ UP HOOKS "H",
		  PREFIX "invalid JSON payload from child: got \"procHooks\" in state 'setup', "
			 "expected procReady" },
		{ UP MOUNT("{}") "H", "got \"procMountPlease\" in state 'setup'" },
		{ UP "S{\"type\":\"procError\",\"flags\":0,\"arg\":{\"message\":\"E\"}} H",
		  PREFIX "E" },
	};
	struct attempt *attempt = *state;

	attempt->start.type = RTI_INIT_SETNS;
	assert_all_fail(attempt, inits, COUNT(inits));
}

static void test_a_fatal_line_fails_a_start_that_succeeded(void **state)
{
	struct attempt *attempt = *state;

	assert_fails(attempt, UP "LF1 " HOOKS READY "C l H", "runc init error(s): F1");
	assert_int_equal(strncmp(attempt->err.text, "runc init", 9), 0);
}

static void test_an_init_that_closes_sync_but_not_log_is_awaited(void **state)
{
	struct attempt *attempt = *state;

	/* It ends without closing the log pipe itself; that is seen, even with the pipe held
	 * elsewhere. */
	assert_starts(attempt, UP HOOKS READY "C x0");
	assert_starts(attempt, UP HOOKS READY "O C x0");
}

/* ---- the embedder's part ---- */

static void test_a_callback_can_stop_the_start(void **state)
{
	static const char *const texts[][2] = {
		{ "join", PREFIX "unable to apply cgroup configuration: not today" },
		{ "limits", DURING "error setting cgroup config for procHooks process: not today" },
		{ "ready", DURING "unable to store init state: not today" },
	};

	for (size_t i = 0; i < COUNT(texts); i++) {
		failing = texts[i][0];
		assert_fails(*state, UP HOOKS READY "C l H", texts[i][1]);
	}
}

static void test_the_oom_killer_explains_failures(void **state)
{
	struct attempt *attempt = *state;

	oom_killed = true;
	assert_fails(attempt, UP "k",
		     PREFIX "container init was OOM-killed (memory limit too low?)");
	assert_null(strstr(attempt->err.text, "procReady"));
	attempt->start.debug = true;
	assert_fails(attempt, UP "k",
		     PREFIX "container init was OOM-killed (memory limit too low?): error during");
	attempt->start.type = RTI_INIT_SETNS;
	assert_fails(attempt, UP "x1", " (possibly OOM-killed)");
}

static void test_bad_starts_are_refused_without_starting(void **state)
{
	struct attempt *attempt = *state;
	int fifo_fd = attempt->start.fifo_fd;
	char path[64];

	attempt->start.fifo_fd = -EBADF;
	assert_fails(attempt, "x0", "a standard init needs an exec fifo");
	attempt->start.fifo_fd = fifo_fd;
	attempt->start.type = RTI_INIT_SETNS;
	attempt->start.join = NULL;
	assert_fails(attempt, "x0", "a setns init needs namespaces to join");
	attempt->start.type = RTI_INIT_STANDARD;
	attempt->container.rootfs = "/no/such/rootfs";
	assert_fails(attempt, "x0",
		     PREFIX
		     "unable to start init: chdir /no/such/rootfs: no such file or directory");
	attempt->container.rootfs = "/tmp";
	attempt->container.namespaces.items = &attempt->namespace;
	attempt->container.namespaces.count = 1;
	attempt->namespace.path = "/no/such/ns";
	assert_fails(
		attempt, "b H",
		"unable to create new parent process: namespace path: lstat /no/such/ns: no such "
		"file or directory");
	snprintf(path, sizeof(path), "%s/a,b", dir);
	close(open(path, O_CREAT | O_RDONLY | O_CLOEXEC, 0600));
	attempt->namespace.path = path;
	assert_fails(attempt, "b H",
		     "unable to create new parent process: invalid namespace path /tmp/");
	unlink(path);
	assert_string_equal(calls, "");
}

/* ---- mount sources ---- */

#define MOUNT_A                                                                                    \
	"{\"source\":\"/etc/passwd\",\"destination\":\"/a\",\"device\":\"bind\",\"flags\":4096}"

static void test_mount_sources_are_served_from_the_configuration(void **state)
{
	static const char fd_packet[] = "R{\"type\":\"procMountFd\",\"flags\":1,\"arg\":{\"type\":"
					"\"plain-open\"}} F/etc/passwd ";
	struct rti_mount items[] = {
		{ .source = "/etc/passwd",
		  .destination = "/a",
		  .device = "bind",
		  .flags = MS_BIND },
		{ .source = "/no/src", .destination = "/b", .device = "bind", .flags = MS_BIND },
	};
	static const struct bad_init inits[] = {
		{ UP MOUNT("{\"source\":\"/etc/shadow\",\"destination\":\"/"
			   "a\",\"device\":\"bind\",\"flags\":4096}") "H",
		  DURING "failed to fulfil mount request: the container has no such mount of "
			 "\"/etc/shadow\" on \"/a\"" },
		{ UP MOUNT("{\"source\":\"/etc/passwd\",\"destination\":\"/"
			   "a\",\"device\":\"bind\",\"flags\":4097}") "H",
		  "the container has no such mount" },
		{ UP MOUNT("{\"source\":\"/etc/passwd\",\"destination\":\"/"
			   "a\",\"device\":\"tmpfs\",\"flags\":0}") "H",
		  DURING
		  "failed to fulfil mount request: new mount api: only bind-mounts are supported" },
		{ UP MOUNT("{\"source\":\"/no/src\",\"destination\":\"/"
			   "b\",\"device\":\"bind\",\"flags\":4096}") "H",
		  DURING
		  "failed to fulfil mount request: open /no/src: no such file or directory" },
		{ UP MOUNT("\"x\"") "H", "sync \"procMountPlease\" passed invalid mount arg: " },
		{ UP "S{\"type\":\"procMountPlease\",\"flags\":0} H",
		  DURING "sync \"procMountPlease\" is missing an argument" },
		/* an init that asks and goes */
		{ UP MOUNT(MOUNT_A) "x1", DURING },
	};
	struct attempt *attempt = *state;
	char script[2048];

	if (geteuid() != 0)
		skip();
	attempt->container.mounts.items = items;
	attempt->container.mounts.count = COUNT(items);
	snprintf(script, sizeof(script), "%s%s%s%s%s%s", UP, MOUNT(MOUNT_A), fd_packet,
		 MOUNT(MOUNT_A), fd_packet, HOOKS READY "C l H");
	assert_starts(attempt, script);
	assert_all_fail(attempt, inits, COUNT(inits));
	attempt->container.rootless_euid = true;
	assert_fails(attempt, UP MOUNT(MOUNT_A) "H",
		     DURING "cannot fulfil mount requests as a rootless user");
}

/* ---- hooks ---- */

static void test_hooks_run_between_limits_and_ready(void **state)
{
	const char *args[] = { "sh", "-c", "cat > $OUT; pwd >> $OUT", NULL };
	const char *env[] = { NULL, NULL };
	struct rti_hook hook = { .path = "/bin/sh", .args = { .items = args, .count = 3 },
				 .env = { .items = env, .count = 1 } };
	struct rti_hooks hooks = { .create_runtime = { .items = &hook, .count = 1 } };
	char out[64], text[512] = "", expected[512];
	struct attempt *attempt = *state;
	int fd, pid;

	snprintf(out, sizeof(out), "OUT=%s/hook-out", dir);
	env[0] = out;
	attempt->container.hooks = &hooks;
	assert_int_equal(run(attempt, UP HOOKS READY "C l H"), 0);
	pid = attempt->child.pid;
	end_child(attempt);
	fd = open(out + 4, O_RDONLY | O_CLOEXEC);
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	unlink(out + 4);
	snprintf(expected, sizeof(expected),
		 "{\"ociVersion\":\"1.3.0\",\"id\":\"c\",\"status\":\"creating\",\"pid\":%d,"
		 "\"bundle\":\"/b\"}",
		 pid);
	assert_int_equal(strncmp(text, expected, strlen(expected)), 0);

	args[2] = "echo O; echo E >&2; exit 3";
	calls[0] = '\0';
	assert_fails(
		attempt, UP HOOKS READY "C l H",
		DURING
		"error running createRuntime hook #0: exit status 3, stdout: O\n, stderr: E\n");
	assert_string_equal(calls, "join limits ");
}

/* ---- seccomp ---- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void receive_listener(int listen_fd, char *text, size_t size)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov = { .iov_base = text, .iov_len = size - 1 };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
				  .msg_controllen = sizeof(control) };
	int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC), listener_fd;
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	assert_true(n > 0);
	text[n] = '\0';
	assert_non_null(CMSG_FIRSTHDR(&message));
	memcpy(&listener_fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(int));
	close(listener_fd);
	close(fd);
}

static void test_a_listener_goes_to_the_agent(void **state)
{
	struct rti_seccomp seccomp = { .listener_metadata = "m<" };
	struct attempt *attempt = *state;
	char path[64], text[512], expected[512];
	int listen_fd, pid;

	snprintf(path, sizeof(path), "%s/agent", dir);
	seccomp.listener_path = path;
	attempt->container.seccomp = &seccomp;
	assert_fails(attempt, UP HOOKS READY SECCOMP SECCOMP_DONE "C l H",
		     "failed to connect with seccomp agent specified in the seccomp profile: dial "
		     "unix ");
	listen_fd = listen_at(path);
	assert_int_equal(run(attempt, UP HOOKS READY SECCOMP SECCOMP_DONE "C l H"), 0);
	pid = attempt->child.pid;
	end_child(attempt);
	receive_listener(listen_fd, text, sizeof(text));
	snprintf(expected, sizeof(expected),
		 "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":%d,\"metadata\":"
		 "\"m\\u003c\","
		 "\"state\":{\"ociVersion\":\"1.3.0\",\"id\":\"c\",\"status\":\"creating\",\"pid\":"
		 "%d,"
		 "\"bundle\":\"/b\"}}",
		 pid, pid);
	assert_string_equal(text, expected);
	close(listen_fd);
	unlink(path);
}

static void test_a_listener_without_need_is_refused(void **state)
{
	struct rti_seccomp seccomp = { .listener_path = "" };
	struct attempt *attempt = *state;

	assert_fails(attempt, UP HOOKS READY SECCOMP "H", DURING "seccomp listenerPath is not set");
	attempt->container.seccomp = &seccomp;
	assert_fails(attempt, UP HOOKS READY SECCOMP "H", DURING "seccomp listenerPath is not set");
	seccomp.listener_path = "/tmp/agent";
	assert_fails(
		attempt, UP HOOKS READY "S{\"type\":\"procSeccomp\",\"flags\":0,\"arg\":999} H",
		DURING "sync \"procSeccomp\" get fd 999 from child failed: pidfd_getfd: bad file "
		       "descriptor");
	assert_fails(attempt,
		     UP HOOKS READY "S{\"type\":\"procSeccomp\",\"flags\":0,\"arg\":\"x\"} H",
		     DURING "sync \"procSeccomp\" passed invalid fd arg: ");
	assert_fails(attempt, UP HOOKS READY "S{\"type\":\"procSeccomp\",\"flags\":0} H",
		     DURING "sync \"procSeccomp\" is missing an argument");
}

/* ---- the exec fifo ---- */

static int release(struct attempt *attempt, pid_t pid)
{
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0), r;

	r = rti_parent_fifo_release(attempt->dir_fd, pidfd, &attempt->err);
	close(pidfd);
	return r;
}

/* A process that opens the fifo for writing, writes @text, and waits. */
static pid_t make_writer(const char *text)
{
	pid_t pid = fork();
	char path[64];

	if (pid == 0) {
		int fd;

		snprintf(path, sizeof(path), "%s/%s", dir, RTI_PARENT_FIFO_NAME);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		(void)!write(fd, text, strlen(text));
		close(fd);
		pause();
	}
	return pid;
}

static void end_writer(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void test_the_fifo_releases_a_waiting_init(void **state)
{
	struct attempt *attempt = *state;
	struct stat st;
	pid_t pid;

	assert_int_equal(fstatat(attempt->dir_fd, RTI_PARENT_FIFO_NAME, &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFIFO | 0622);
	pid = make_writer("0");
	assert_int_equal(release(attempt, pid), 0);
	assert_int_equal(faccessat(attempt->dir_fd, RTI_PARENT_FIFO_NAME, F_OK, 0), -1);
	assert_int_equal(release(attempt, pid), -ENOENT);
	assert_string_equal(attempt->err.text, "cannot start an already running container");
	end_writer(pid);
}

static void test_the_fifo_tells_a_dead_init(void **state)
{
	struct attempt *attempt = *state;
	pid_t pid = fork();
	siginfo_t info;

	if (pid == 0)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	assert_int_equal(release(attempt, pid), -ESRCH);
	assert_string_equal(attempt->err.text, "container process is already dead");
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	pid = make_writer("");
	assert_int_equal(release(attempt, pid), -EALREADY);
	end_writer(pid);
	assert_int_equal(faccessat(attempt->dir_fd, RTI_PARENT_FIFO_NAME, F_OK, 0), 0);
}

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_standard_init_starts),
		TEST(test_a_setns_init_starts),
		TEST(test_the_init_finds_runc_s_environment),
		TEST(test_threads_start_independently),
		TEST(test_callbacks_are_optional),
		TEST(test_the_pid_message_may_look_different),
		TEST(test_much_log_blocks_nobody),
		TEST(test_a_large_configuration_gets_through),
		TEST(test_rlimits_are_set_before_it_runs),
		TEST(test_the_handshake_of_a_standard_init_can_fail),
		TEST(test_the_handshake_of_a_setns_init_can_fail),
		TEST(test_everything_but_the_order_is_refused),
		TEST(test_a_setns_init_may_only_get_ready),
		TEST(test_a_fatal_line_fails_a_start_that_succeeded),
		TEST(test_an_init_that_closes_sync_but_not_log_is_awaited),
		TEST(test_a_callback_can_stop_the_start),
		TEST(test_the_oom_killer_explains_failures),
		TEST(test_bad_starts_are_refused_without_starting),
		TEST(test_mount_sources_are_served_from_the_configuration),
		TEST(test_hooks_run_between_limits_and_ready),
		TEST(test_a_listener_goes_to_the_agent),
		TEST(test_a_listener_without_need_is_refused),
		TEST(test_the_fifo_releases_a_waiting_init),
		TEST(test_the_fifo_tells_a_dead_init),
	};

	/* Started by the parent, the script is in place of the program's name. */
	if (argc == 2 && strcmp(argv[1], "init") == 0)
		scripted_init_run(argv[0]);
	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
