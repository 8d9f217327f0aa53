/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starts the real runtime-init as a parent does, and misbehaves. What the init must do then was
 * observed with runc's. Needs root, else it skips.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/bootstrap.h"

/* Where the init finds its things. */
#define INIT_FD 3
#define SYNC_FD 4
#define LOG_FD	5
#define FIFO_FD 6

#define NOT_STARTED (-1)
#define MINIMAL	    "{\"config\":{},\"args\":[\"/bin/true\"],\"env\":[],\"cwd\":\"/\"}"

static const char *const setns_environment[] = {
	"GOMAXPROCS=", "_LIBCONTAINER_INITPIPE=3", "_LIBCONTAINER_SYNCPIPE=4",
	"_LIBCONTAINER_LOGPIPE=5", "_LIBCONTAINER_LOGLEVEL=4", "_LIBCONTAINER_INITTYPE=setns", NULL,
};

struct script {
	const char *replace;   /* variable to give this value instead, or one more */
	const void *bootstrap; /* NULL: no namespaces, nothing */
	size_t bootstrap_size;
	const char *config; /* NULL: none */
	const char *reply;  /* to procReady; NULL: the socket is closed */
	int stage0_exit;
	int stage2_exit;
	const char *error_message; /* in the init's procError; NULL: none comes */
	const char *log;	   /* part of the log; NULL: it is empty */
	const char *standard_error;
};

struct session {
	pid_t stage0;
	int init_fd;
	int sync_fd;
	int log_fd;
	int error_fd;
	char fifo[64];
};

static char *init_path(void)
{
	static char path[4096];
	const char *folder = getenv("top_builddir");

	snprintf(path, sizeof(path), "%s/runtime-init", folder ? folder : ".");
	return path;
}

static void put_fd(int fd, int number)
{
	if (dup3(fd, number, 0) < 0)
		_exit(99);
}

static void build_environment(const struct script *script, char **ret)
{
	size_t n = 0, name_size = script->replace ? strcspn(script->replace, "=") + 1 : 0;

	for (size_t i = 0; setns_environment[i]; i++)
		if (!name_size || strncmp(setns_environment[i], script->replace, name_size) != 0)
			ret[n++] = strdup(setns_environment[i]);
	if (script->replace)
		ret[n++] = strdup(script->replace);
	ret[n] = NULL;
}

static void start(const struct script *script, struct session *ret)
{
	char *arguments[] = { "anything", "init", NULL }, *environment[16];
	int init[2], sync[2], log[2], error[2], fifo_fd;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, init), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync), 0);
	assert_int_equal(pipe2(log, O_CLOEXEC), 0);
	assert_int_equal(pipe2(error, O_CLOEXEC), 0);
	snprintf(ret->fifo, sizeof(ret->fifo), "/tmp/rti-test-fifo-%d", getpid());
	assert_int_equal(mkfifo(ret->fifo, 0622), 0);
	fifo_fd = open(ret->fifo, O_PATH | O_CLOEXEC);
	build_environment(script, environment);
	ret->stage0 = fork();
	assert_true(ret->stage0 >= 0);
	if (ret->stage0 == 0) {
		/* Out of the way first: any of them may have one of the numbers wanted. */
		int high[] = { fcntl(init[0], F_DUPFD_CLOEXEC, 50),
			       fcntl(sync[0], F_DUPFD_CLOEXEC, 50),
			       fcntl(log[1], F_DUPFD_CLOEXEC, 50),
			       fcntl(fifo_fd, F_DUPFD_CLOEXEC, 50) };

		put_fd(error[1], STDERR_FILENO);
		for (int i = 0; i < 4; i++)
			put_fd(high[i], INIT_FD + i);
		execve(init_path(), arguments, environment);
		_exit(98);
	}
	for (size_t i = 0; environment[i]; i++)
		free(environment[i]);
	rti_close(fifo_fd);
	rti_close(init[0]);
	rti_close(sync[0]);
	rti_close(log[1]);
	rti_close(error[1]);
	ret->init_fd = init[1];
	ret->sync_fd = sync[1];
	ret->log_fd = log[0];
	ret->error_fd = error[0];
}

static void finish(struct session *session)
{
	unlink(session->fifo);
	rti_close(session->init_fd);
	rti_close(session->sync_fd);
	rti_close(session->log_fd);
	rti_close(session->error_fd);
}

static int exit_code(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void read_text(int fd, char *ret, size_t size)
{
	ssize_t n = rti_read_full(fd, ret, size - 1);

	assert_true(n >= 0);
	ret[n] = '\0';
}

static void send_bootstrap(const struct script *script, const struct session *session)
{
	const struct rti_bootstrap nothing = { 0 };
	struct rti_error err;
	size_t size;
	void *bytes;

	if (script->bootstrap) {
		send(session->init_fd, script->bootstrap, script->bootstrap_size, MSG_NOSIGNAL);
		return;
	}
	assert_int_equal(rti_bootstrap_encode(&nothing, &bytes, &size, &err), 0);
	send(session->init_fd, bytes, size, MSG_NOSIGNAL);
	free(bytes);
}

/* Answers procReady, and keeps the packet that came last. */
static void converse(const struct script *script, const struct session *session, char *ret,
		     size_t size)
{
	char packet[4096];
	ssize_t n;

	ret[0] = '\0';
	while ((n = recv(session->sync_fd, packet, sizeof(packet) - 1, 0)) > 0) {
		packet[n] = '\0';
		snprintf(ret, size, "%s", packet);
		if (strcmp(packet, "{\"type\":\"procReady\",\"flags\":0}") != 0)
			continue;
		if (script->reply)
			send(session->sync_fd, script->reply, strlen(script->reply), MSG_NOSIGNAL);
		else
			shutdown(session->sync_fd, SHUT_WR);
	}
}

static void play(const struct script *script)
{
	struct rti_pid_message pids = { .stage2_pid = NOT_STARTED };
	char packet[4096], expected[4096], log[8192], text[4096];
	struct session session = { 0 };
	struct rti_error err;

	start(script, &session);
	send_bootstrap(script, &session);
	if (script->bootstrap)
		shutdown(session.init_fd, SHUT_WR);
	if (rti_pid_message_receive(session.init_fd, &pids, &err) == 0) {
		if (script->config)
			send(session.init_fd, script->config, strlen(script->config), MSG_NOSIGNAL);
		shutdown(session.init_fd, SHUT_WR);
		assert_int_equal(exit_code(pids.stage1_pid), 0);
	}
	assert_int_equal(exit_code(session.stage0), script->stage0_exit);
	converse(script, &session, packet, sizeof(packet));
	read_text(session.log_fd, log, sizeof(log));
	read_text(session.error_fd, text, sizeof(text));
	if (pids.stage2_pid > 0)
		assert_int_equal(exit_code(pids.stage2_pid), script->stage2_exit);
	else
		assert_int_equal(NOT_STARTED, script->stage2_exit);
	while (waitpid(-1, NULL, 0) > 0)
		;
	finish(&session);

	if (script->error_message) {
		snprintf(expected, sizeof(expected),
			 "{\"type\":\"procError\",\"flags\":0,\"arg\":{\"message\":\"%s\"}}",
			 script->error_message);
		assert_string_equal(packet, expected);
	} else {
		assert_null(strstr(packet, "procError"));
	}
	if (script->log && !strstr(log, script->log))
		print_error("log is: %s\n", log);
	assert_true(script->log ? strstr(log, script->log) != NULL : log[0] == '\0');
	assert_string_equal(text, script->standard_error ? script->standard_error : "");
}

static void play_all(const struct script *scripts, size_t count)
{
	if (geteuid() != 0) {
		print_message("needs root\n");
		skip();
	}
	for (size_t i = 0; i < count; i++)
		play(&scripts[i]);
}

#define PLAY(scripts) play_all(scripts, sizeof(scripts) / sizeof((scripts)[0]))

static void test_a_program_is_executed(void **state)
{
	static const struct script scripts[] = {
		{ .config = MINIMAL, .reply = "{\"type\":\"procRun\",\"flags\":0}" },
		{ .config = " \n{\"CONFIG\":{},\"args\":[\"/bin/sh\",\"-c\",\"exit 7\"],"
			    "\"env\":null,"
			    "\"cwd\":\"/\"}trailing",
		  .reply = " {\"flags\":0,\"Type\":\"procRun\",\"new\":[1],\"arg\":null} ",
		  .stage2_exit = 7 },
		{ .config = "{\"config\":{},\"args\":[\"/bin/true\"],\"env\":[],"
			    "\"later\":{\"x\":1}}",
		  .reply = "{\"type\":\"procRun\",\"flags\":0}",
		  .log = "{\"level\":\"warning\",\"msg\":\"init configuration has an unknown key, "
			 "ignoring it: later: {\\\"x\\\":1}\",\"time\":" },
		{ .config = "{\"config\":{\"mounts\":[{\"new_flag\":true}],\"namespaces\":null},"
			    "\"args\":[\"/bin/true\"],\"env\":[]}",
		  .reply = "{\"type\":\"procRun\",\"flags\":0}",
		  .log = "ignoring it: config.mounts.new_flag: true\"" },
		/* Keys that a newer parent has, but does not use: no log at all. */
		{ .config = "{\"config\":{\"n\":null,\"f\":false,\"z\":0,\"e\":\"\",\"l\":[],"
			    "\"o\":{}},"
			    "\"args\":[\"/bin/true\"],\"env\":[]}",
		  .reply = "{\"type\":\"procRun\",\"flags\":0}" },
	};

	(void)state;
	PLAY(scripts);
}

static void test_variables_for_the_stages_are_checked_first(void **state)
{
	static const struct script scripts[] = {
		{ "_LIBCONTAINER_INITPIPE=abc", .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .log = ": unable to parse _LIBCONTAINER_INITPIPE=abc: Success\"}" },
		{ "_LIBCONTAINER_INITPIPE=-1", .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .log = ": bad value for _LIBCONTAINER_INITPIPE=-1 (-1): Success\"}" },
		{ "_LIBCONTAINER_INITPIPE=77", .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .log = "{\"level\":\"fatal\", \"msg\": \"nsexec[" },
		{ "_LIBCONTAINER_INITPIPE=4", .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .log = "_LIBCONTAINER_INITPIPE=4 is not a unix stream socket" },
		{ "_LIBCONTAINER_LOGPIPE=x", .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .standard_error = "FATAL: unable to parse _LIBCONTAINER_LOGPIPE=x: Success\n" },
		{ "_LIBCONTAINER_LOGLEVEL=x", .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .log = ": unable to parse _LIBCONTAINER_LOGLEVEL=x: Success\"}" },
		{ "_LIBCONTAINER_INITPIPE=", .stage0_exit = 255, .stage2_exit = NOT_STARTED,
		  .standard_error = "runtime-init: this is the init that an OCI runtime starts in "
				    "a container; it cannot be started by hand (see "
				    "runtime-init --help)\n" },
	};

	(void)state;
	PLAY(scripts);
}

static void test_variables_for_the_init_are_checked_in_stage_2(void **state)
{
	static const struct script scripts[] = {
		{ "_LIBCONTAINER_SYNCPIPE=", .stage2_exit = 255,
		  .standard_error = "unable to convert _LIBCONTAINER_SYNCPIPE: "
				    "strconv.Atoi: parsing \"\": invalid syntax\n" },
		{ "_LIBCONTAINER_INITTYPE=standard", .stage2_exit = 255,
		  .error_message = "unable to convert _LIBCONTAINER_FIFOFD: strconv.Atoi: parsing "
				   "\\\"\\\": invalid syntax" },
		{ "_LIBCONTAINER_CONSOLE=z", .stage2_exit = 255,
		  .error_message = "unable to convert _LIBCONTAINER_CONSOLE: strconv.Atoi: parsing "
				   "\\\"z\\\": invalid syntax" },
		{ "_LIBCONTAINER_PIDFD_SOCK=z", .stage2_exit = 255,
		  .error_message = "unable to convert _LIBCONTAINER_PIDFD_SOCK: "
				   "strconv.Atoi: parsing \\\"z\\\": invalid syntax" },
		{ "_LIBCONTAINER_INITTYPE=bogus", .config = MINIMAL, .stage2_exit = 255,
		  .error_message = "unknown init type \\\"bogus\\\"" },
		{ "_LIBCONTAINER_INITTYPE=", .config = MINIMAL, .stage2_exit = 255,
		  .error_message = "unknown init type \\\"\\\"" },
	};

	(void)state;
	PLAY(scripts);
}

static void test_bad_bootstrap_data_ends_stage_0(void **state)
{
#define BYTES(text) .bootstrap = text, .bootstrap_size = sizeof(text) - 1
#define HEADER(size, type) size "\0\0\0" type "\1\0\1\0\0\0\0\0\0\0"
#define BOOTSTRAP	   "\x30\xf2"
	static const struct script scripts[] = {
		{ BYTES(""), .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .log = ": failed to read netlink header (got 0 of 16 bytes)\"}" },
		{ BYTES("\x20\0\0\0\x30\xf2\1"), .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .log = ": failed to read netlink header (got 7 of 16 bytes)\"}" },
		{ BYTES(HEADER("\x20", "\xd2\x04")), .stage0_exit = 1, .stage2_exit = NOT_STARTED,
		  .log = ": unexpected msg type 1234" },
		{ BYTES(HEADER("\x20", BOOTSTRAP) "12345678"), .stage0_exit = 1,
		  .stage2_exit = NOT_STARTED,
		  .log = ": failed to read netlink payload (got 8 of 16 bytes)\"}" },
		{ BYTES(HEADER("\x18", BOOTSTRAP) "\x08\0\x30\x75\0\0\0\0"), .stage0_exit = 1,
		  .stage2_exit = NOT_STARTED, .log = ": unknown netlink message type 30000" },
		/* Namespaces that cannot be joined, so stage-1 fails, and stage-0 notices. */
		{ BYTES(HEADER("\x1c", BOOTSTRAP) "\x0c\0\x92\x6a" "net:/no\0"), .stage0_exit = 1,
		  .stage2_exit = NOT_STARTED,
		  .log = ": failed to open /no: No such file or directory\"}" },
		/* An oom_score_adj that is no number. */
		{ BYTES(HEADER("\x18", BOOTSTRAP) "\x08\0\x96\x6a" "abc\0"), .stage0_exit = 1,
		  .stage2_exit = NOT_STARTED,
		  .log = ": failed to update /proc/self/oom_score_adj: Invalid argument\"}" },
	};

	(void)state;
	PLAY(scripts);
}

static void test_bad_configuration_is_reported(void **state)
{
	static const struct script scripts[] = {
		{ .stage2_exit = 255, .error_message = "EOF" },
		{ .config = "{\"config\":", .stage2_exit = 255, .error_message = "unexpected EOF" },
		{ .config = "{\"config\":{},\"passed_files_count\":1}", .stage2_exit = 255,
		  .error_message = "passed file descriptor 3 is the parent's own" },
		{ .config = "{\"config\":{},\"passed_files_count\":-1}", .stage2_exit = 255,
		  .error_message = "invalid passed_files_count -1" },
	};

	(void)state;
	PLAY(scripts);
}

static void test_a_parent_that_breaks_the_dialog_is_told(void **state)
{
	static const struct script scripts[] = {
		{ .config = MINIMAL, .reply = "{\"type\":\"procHooksDone\",\"flags\":0}",
		  .stage2_exit = 255,
		  .error_message = "sync ready: unexpected synchronisation flag: got "
				   "\\\"procHooksDone\\\", expected \\\"procRun\\\"" },
		{ .config = MINIMAL, .reply = "{\"type\":\"procRun\",\"flags\":0,\"arg\":1}",
		  .stage2_exit = 255,
		  .error_message = "sync ready: sync procRun had unexpected argument passed: "
				   "\\\"1\\\"" },
		{ .config = MINIMAL,
		  .reply = "{\"type\":\"procError\",\"flags\":0,\"arg\":{\"message\":\"no\"}}",
		  .stage2_exit = 255, .error_message = "sync ready: no" },
	};

	(void)state;
	PLAY(scripts);
}

static void test_a_program_that_cannot_be_found_is_reported(void **state)
{
	static const struct script scripts[] = {
		{ .config = "{\"config\":{},\"args\":[\"/bin\"],\"env\":[]}",
		  .reply = "{\"type\":\"procRun\",\"flags\":0}", .stage2_exit = 255,
		  .error_message = "exec: \\\"/bin\\\": is a directory" },
		{ .config = "{\"config\":{},\"args\":[],\"env\":[]}",
		  .reply = "{\"type\":\"procRun\",\"flags\":0}", .stage2_exit = 255,
		  .error_message = "no program to execute: args is empty" },
	};

	(void)state;
	PLAY(scripts);
}

static void test_after_the_dialog_errors_go_to_stderr(void **state)
{
	char path[] = "/tmp/rti-test-XXXXXX", config[256], expected[256];
	struct script script = {
		.config = config,
		.reply = "{\"type\":\"procRun\",\"flags\":0}",
		.stage2_exit = 255,
		.standard_error = expected,
	};
	int fd = mkostemp(path, O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(rti_write_full(fd, "no program\n", 11), 0);
	assert_int_equal(fchmod(fd, 0755), 0);
	rti_close(fd);
	snprintf(config, sizeof(config), "{\"config\":{},\"args\":[\"%s\"],\"env\":[]}", path);
	snprintf(expected, sizeof(expected), "exec %s: exec format error\n", path);
	play_all(&script, 1);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_program_is_executed),
		cmocka_unit_test(test_variables_for_the_stages_are_checked_first),
		cmocka_unit_test(test_variables_for_the_init_are_checked_in_stage_2),
		cmocka_unit_test(test_bad_bootstrap_data_ends_stage_0),
		cmocka_unit_test(test_bad_configuration_is_reported),
		cmocka_unit_test(test_a_parent_that_breaks_the_dialog_is_told),
		cmocka_unit_test(test_a_program_that_cannot_be_found_is_reported),
		cmocka_unit_test(test_after_the_dialog_errors_go_to_stderr),
	};

	alarm(120); /* an init that hangs is a failure too */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
