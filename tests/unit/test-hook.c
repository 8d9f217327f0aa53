/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "container/hook.h"
#include "tests/unit/data-files.h"

static char *const environment[] = { "WHO=caller", "PATH=/usr/bin:/bin", NULL };

static struct hook_context context = {
	.kind = "prestart",
	.state = "{\"id\":\"x\"}",
	.state_size = 10,
	.environment = environment,
};

/* Runs a shell script as a hook; gives "" or the error. Checks that no fd is left behind. */
static const char *run_script(const char *script, struct rti_hook hook, int expected)
{
	static struct rti_error err;
	const char *args[] = { "sh", "-c", script, NULL };
	size_t fds = open_fds();

	err.text[0] = '\0';
	hook.path = "/bin/sh";
	hook.args = (struct rti_strings){ args, 3 };
	assert_int_equal(hook_run(&context, &hook, 2, &err), expected);
	assert_int_equal(open_fds(), fds);
	return err.text;
}

static void test_state_is_on_stdin_and_ends(void **state)
{
	(void)state;
	run_script("test \"$(cat)\" = '{\"id\":\"x\"}'", (struct rti_hook){ 0 }, 0);
}

static void test_failure_tells_status_and_output(void **state)
{
	(void)state;
	assert_string_equal(
		run_script("echo O; echo E >&2; exit 3", (struct rti_hook){ 0 }, -ECHILD),
		"error running prestart hook #2: exit status 3, stdout: O\n, stderr: E\n");
	assert_string_equal(run_script("kill -9 $$", (struct rti_hook){ 0 }, -ECHILD),
			    "error running prestart hook #2: signal: killed, stdout: , stderr: ");
	assert_string_equal(
		run_script("kill -TERM $$", (struct rti_hook){ 0 }, -ECHILD),
		"error running prestart hook #2: signal: terminated, stdout: , stderr: ");
}

static void test_hooks_that_cannot_be_started(void **state)
{
	struct rti_hook missing = { .path = "/nonexistent/hook" };
	struct rti_hook directory = { .path = "/tmp" };
	struct rti_hook none = { .path = "" };
	struct rti_error err;
	size_t fds = open_fds();

	(void)state;
	assert_int_equal(hook_run(&context, &missing, 0, &err), -ENOENT);
	assert_string_equal(err.text,
			    "error running prestart hook #0: fork/exec /nonexistent/hook: no "
			    "such file or directory");
	assert_int_equal(hook_run(&context, &directory, 0, &err), -EACCES);
	assert_string_equal(err.text,
			    "error running prestart hook #0: fork/exec /tmp: permission denied");
	assert_true(hook_run(&context, &none, 1, &err) < 0);
	assert_string_equal(err.text, "error running prestart hook #1: exec: no command");
	assert_int_equal(open_fds(), fds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nobody is left to reap */
}

static void test_timeout_kills_the_hook(void **state)
{
	int64_t timeout = 200000000;
	time_t before = time(NULL);

	(void)state;
	assert_string_equal(
		run_script("sleep 30", (struct rti_hook){ .timeout = &timeout }, -ETIMEDOUT),
		"error running prestart hook #2: hook ran past specified timeout of 0.2s");
	/* A grandchild that keeps the output open does not make the timeout longer. */
	run_script("sleep 30 & sleep 30", (struct rti_hook){ .timeout = &timeout }, -ETIMEDOUT);
	run_script("sleep 4 & exit 0", (struct rti_hook){ .timeout = &timeout }, -ETIMEDOUT);
	timeout = 0;
	run_script("sleep 30", (struct rti_hook){ .timeout = &timeout }, -ETIMEDOUT);
	assert_true(time(NULL) - before < 10);
	timeout = INT64_MAX;
	run_script("exit 0", (struct rti_hook){ .timeout = &timeout }, 0);
}

static void test_large_output_neither_hangs_nor_overruns(void **state)
{
	const char *text =
		run_script("yes out | head -c 1000000; yes err | head -c 1000000 >&2; exit 1",
			   (struct rti_hook){ 0 }, -ECHILD);

	(void)state;
	assert_non_null(strstr(text, "stderr: err\nerr\n"));
	assert_true(strlen(text) < 2 * HOOK_OUTPUT_MAX + 200);
}

static void test_hook_need_not_read_a_large_state(void **state)
{
	static char large[300000];
	struct hook_context saved = context;

	(void)state;
	memset(large, 'a', sizeof(large));
	context.state = large;
	context.state_size = sizeof(large);
	run_script("exit 0", (struct rti_hook){ 0 }, 0);
	run_script("exec <&-; exit 0", (struct rti_hook){ 0 }, 0);
	run_script("test $(head -c 5 | wc -c) = 5", (struct rti_hook){ 0 }, 0);
	run_script("test $(wc -c) = 300000", (struct rti_hook){ 0 }, 0);
	/* Reading and writing at once must not block either side. */
	run_script("tee /dev/stderr", (struct rti_hook){ 0 }, 0);
	context = saved;
}

static void test_environment_is_the_hooks_or_the_callers(void **state)
{
	const char *own[] = { "WHO=first", "A=1", "WHO=hook", NULL };
	const char *empty[] = { NULL };
	struct rti_hook hook = { 0 };

	(void)state;
	run_script("test \"$WHO\" = caller", hook, 0);
	hook.env = (struct rti_strings){ own, 3 };
	run_script("test \"$WHO$A\" = hook1", hook, 0);
	hook.env = (struct rti_strings){ empty, 0 };
	run_script("test -z \"$WHO\"", hook, 0);
	context.environment_for_empty = true;
	run_script("test \"$WHO\" = caller", hook, 0);
	context.environment_for_empty = false;
}

static void test_no_fd_leaks_but_the_passed_ones(void **state)
{
	int fds[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_true((fds[i] = open("/dev/null", O_RDONLY)) >= 0); /* not close-on-exec */
	run_script("for n in 3 4 5 6 7 8 9; do ! test -e /proc/$$/fd/$n || exit 1; done",
		   (struct rti_hook){ 0 }, 0);
	assert_int_equal(dup2(fds[0], 3), 3);
	assert_int_equal(dup2(fds[0], 4), 4);
	context.passed_fds = 1;
	run_script("test -e /proc/$$/fd/3 && ! test -e /proc/$$/fd/4", (struct rti_hook){ 0 }, 0);
	context.passed_fds = 0;
	for (int i = 0; i < 4; i++)
		close(fds[i]);
	close(3);
	close(4);
}

static void on_signal(int number)
{
	(void)number;
}

static void test_signals_are_as_a_new_program_wants_them(void **state)
{
	sigset_t mask, saved;

	(void)state;
	sigfillset(&mask);
	sigprocmask(SIG_BLOCK, &mask, &saved);
	signal(SIGUSR1, on_signal);
	signal(SIGPIPE, SIG_IGN);
	run_script("cat /proc/self/status | grep -q 'SigBlk:.0000000000000000'",
		   (struct rti_hook){ 0 }, 0);
	run_script("cat /proc/self/status | grep -q 'SigCgt:.0000000000000000'",
		   (struct rti_hook){ 0 }, 0);
	/* Others may be ignored by whoever runs the tests. */
	run_script("i=0x$(sed -n 's/SigIgn:.//p' /proc/self/status); test $((i & 0x1000)) = 0",
		   (struct rti_hook){ 0 }, 0);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &saved, NULL);
}

static void test_works_without_standard_fds(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	if (pid == 0) {
		const char *args[] = { "sh", "-c", "read x; test -n \"$x\" || exit 4; echo O",
				       NULL };
		struct rti_hook hook = { .path = "/bin/sh", .args = { args, 3 } };

		close(0);
		close(1);
		close(2);
		context.state = "line\n";
		context.state_size = 5;
		_exit(hook_run(&context, &hook, 0, NULL) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void *run_many(void *data)
{
	struct rti_hook hook = { .path = "/bin/true" };

	for (int i = 0; i < 50; i++)
		if (hook_run(&context, &hook, 0, NULL) < 0)
			return data;
	return NULL;
}

static void test_threads_may_run_hooks_at_once(void **state)
{
	pthread_t threads[4];
	void *result;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, run_many, threads), 0);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_null(result);
	}
}

static void test_list_stops_at_the_first_failure(void **state)
{
	struct rti_hook hooks[] = { { .path = "/bin/true" },
				    { .path = "/bin/false" },
				    { .path = "/nonexistent" } };
	struct rti_hook_list list = { hooks, 3 };
	struct rti_error err;

	(void)state;
	assert_int_equal(hook_run_list(&context, &list, &err), -ECHILD);
	assert_string_equal(err.text,
			    "error running prestart hook #1: exit status 1, stdout: , stderr: ");
}

/* Runs a script for a partner who ends after 50 ms; gives the error, and how long it took. */
static const char *run_for_a_mortal(const char *script, int64_t *timeout, int64_t *ret_ms)
{
	struct hook_context saved = context;
	struct timespec begun, ended;
	const char *text;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	if (fork() == 0) {
		usleep(50 * 1000);
		_exit(0);
	}
	close(ends[1]);
	context.partner = "the partner";
	context.partner_fd = ends[0];
	context.partner_events = POLLIN;
	clock_gettime(CLOCK_MONOTONIC, &begun);
	text = run_script(script, (struct rti_hook){ .timeout = timeout }, -ECONNRESET);
	clock_gettime(CLOCK_MONOTONIC, &ended);
	context = saved;
	close(ends[0]);
	wait(NULL);
	*ret_ms = (ended.tv_sec - begun.tv_sec) * 1000 +
		  (ended.tv_nsec - begun.tv_nsec) / 1000000;
	return text;
}

static void test_the_end_of_the_partner_ends_the_hook(void **state)
{
	int64_t ms;

	(void)state;
	assert_string_equal(run_for_a_mortal("exec sleep 5", NULL, &ms),
			    "error running prestart hook #2: cut short, as the partner has ended");
	assert_true(ms < 2000);
	/* What has the output still open is not waited for. */
	run_for_a_mortal("sleep 5 & wait", NULL, &ms);
	assert_true(ms < 2000);
}

/* 300 ms and not less: what the hook does on SIGTERM is done to its end. */
static void test_the_end_of_the_partner_leaves_time_to_clean_up(void **state)
{
	int64_t ms, timeout = 1000 * 1000 * 1000;

	(void)state;
	run_for_a_mortal("trap 'sleep 0.3; exit 0' TERM; sleep 20 & wait", NULL, &ms);
	assert_in_range(ms, 300, 2000);
	/* But not for ever, and not longer than the hook would have had anyway. */
	run_for_a_mortal("trap '' TERM; exec sleep 20", &timeout, &ms);
	assert_in_range(ms, 900, 3000);
	run_for_a_mortal("trap '' TERM; exec sleep 20", NULL, &ms);
	assert_in_range(ms, 5000, 8000);
}

/* The caller is a process of its own here, and is killed while the hook sleeps. */
static void test_the_end_of_the_caller_ends_the_hook(void **state)
{
	struct pollfd hook = { .events = POLLIN };
	int ends[2], status;
	pid_t caller;
	char byte;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	caller = fork();
	if (caller == 0) {
		close(ends[0]);
		dup2(ends[1], 9);
		close(ends[1]);
		context.passed_fds = 7;
		context.partner = "nobody";
		context.partner_fd = -1;
		/* The pipe's last holder is the hook when its caller is dead. */
		run_script("echo >&9; exec sleep 5 2>/dev/null", (struct rti_hook){ 0 }, 0);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	kill(caller, SIGKILL);
	waitpid(caller, &status, 0);
	hook.fd = ends[0];
	assert_int_equal(poll(&hook, 1, 2000), 1);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	close(ends[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_state_is_on_stdin_and_ends),
		cmocka_unit_test(test_failure_tells_status_and_output),
		cmocka_unit_test(test_hooks_that_cannot_be_started),
		cmocka_unit_test(test_timeout_kills_the_hook),
		cmocka_unit_test(test_large_output_neither_hangs_nor_overruns),
		cmocka_unit_test(test_hook_need_not_read_a_large_state),
		cmocka_unit_test(test_environment_is_the_hooks_or_the_callers),
		cmocka_unit_test(test_no_fd_leaks_but_the_passed_ones),
		cmocka_unit_test(test_signals_are_as_a_new_program_wants_them),
		cmocka_unit_test(test_works_without_standard_fds),
		cmocka_unit_test(test_threads_may_run_hooks_at_once),
		cmocka_unit_test(test_list_stops_at_the_first_failure),
		cmocka_unit_test(test_the_end_of_the_partner_ends_the_hook),
		cmocka_unit_test(test_the_end_of_the_partner_leaves_time_to_clean_up),
		cmocka_unit_test(test_the_end_of_the_caller_ends_the_hook),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
