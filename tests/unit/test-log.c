/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

static void assert_line(const char *expected, enum log_level level, const char *stage, int pid,
			long long time_s, const char *text)
{
	char line[LOG_LINE_MAX];
	size_t size = log_format_line(level, stage, pid, time_s, text, line);

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(line, expected, size);
}

static void test_stage_line_has_the_form_of_runcs_stages(void **state)
{
	(void)state;
	assert_line("{\"level\":\"debug\", \"msg\": \"nsexec-1[7]: ~> nsexec stage-1\"}\n",
		    LOG_LEVEL_DEBUG, "nsexec-1", 7, 0, "~> nsexec stage-1");
}

static void test_line_without_stage_has_a_time(void **state)
{
	(void)state;
	assert_line("{\"level\":\"warning\",\"msg\":\"a\",\"time\":\"2026-11-22T00:54:06Z\"}\n",
		    LOG_LEVEL_WARNING, NULL, 7, 1795308846, "a");
}

static void test_dates_around_leap_days(void **state)
{
	(void)state;
	assert_line("{\"level\":\"info\",\"msg\":\"\",\"time\":\"1970-01-01T00:00:00Z\"}\n",
		    LOG_LEVEL_INFO, NULL, 1, 0, "");
	assert_line("{\"level\":\"info\",\"msg\":\"\",\"time\":\"2000-02-29T23:59:59Z\"}\n",
		    LOG_LEVEL_INFO, NULL, 1, 951868799, "");
	assert_line("{\"level\":\"info\",\"msg\":\"\",\"time\":\"2000-03-01T00:00:00Z\"}\n",
		    LOG_LEVEL_INFO, NULL, 1, 951868800, "");
	assert_line("{\"level\":\"info\",\"msg\":\"\",\"time\":\"2023-12-31T23:59:59Z\"}\n",
		    LOG_LEVEL_INFO, NULL, 1, 1704067199, "");
	assert_line("{\"level\":\"info\",\"msg\":\"\",\"time\":\"2100-03-01T00:00:00Z\"}\n",
		    LOG_LEVEL_INFO, NULL, 1, 4107542400, "");
}

static void test_control_characters_and_quotes_are_escaped(void **state)
{
	(void)state;
	assert_line("{\"level\":\"fatal\", \"msg\": \"nsexec[1]: "
		    "\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u007f<\xc3\xa9\"}\n",
		    LOG_LEVEL_FATAL, "nsexec", 1, 0, "\"\\\b\f\n\r\t\x01\x7f<\xc3\xa9");
}

static void test_long_text_is_cut_and_the_line_stays_whole(void **state)
{
	static char text[3 * LOG_LINE_MAX];
	char line[LOG_LINE_MAX];
	size_t size;

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	size = log_format_line(LOG_LEVEL_ERROR, NULL, 1, 0, text, line);
	assert_true(size <= LOG_LINE_MAX && size > LOG_LINE_MAX - 2);
	assert_memory_equal(line + size - 33, "\",\"time\":\"1970-01-01T00:00:00Z\"}\n", 33);
	assert_memory_equal(line + size - 35, "\\n", 2);
}

static void test_level_is_honoured_and_a_full_or_closed_pipe_does_no_harm(void **state)
{
	int fds[2];
	char line[LOG_LINE_MAX];
	ssize_t size;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	log_open(fds[1], LOG_LEVEL_INFO);
	log_set_stage("nsexec");
	log_debug("not wanted");
	errno = EXDEV;
	log_warn("wanted %d", 1);
	assert_int_equal(errno, EXDEV);
	size = read(fds[0], line, sizeof(line));
	assert_true(size > 20);
	assert_memory_equal(line, "{\"level\":\"warning\", ", 20);
	assert_memory_equal(line + size - 11, "wanted 1\"}\n", 11);
	close(fds[0]);
	log_warn("to nobody");
	assert_int_equal(log_close(), 0);
	log_warn("dropped");
	assert_int_equal(log_close(), 0);
}

static int unread_bytes(int fd)
{
	int size = -1;

	assert_int_equal(ioctl(fd, FIONREAD, &size), 0);
	return size;
}

static void test_waits_until_the_lines_are_read_and_not_for_ever(void **state)
{
	char line[LOG_LINE_MAX];
	int fds[2];
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	log_open(fds[1], LOG_LEVEL_INFO);
	log_error("last words");
	log_wait_until_read(5);
	assert_true(unread_bytes(fds[0]) > 0);
	pid = fork();
	if (pid == 0) {
		usleep(50000);
		_exit(read(fds[0], line, sizeof(line)) > 0 ? 0 : 1);
	}
	log_wait_until_read(60000);
	assert_int_equal(unread_bytes(fds[0]), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);

	log_error("to nobody");
	close(fds[0]);
	log_wait_until_read(INT_MAX);
	log_close();
	log_wait_until_read(INT_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stage_line_has_the_form_of_runcs_stages),
		cmocka_unit_test(test_line_without_stage_has_a_time),
		cmocka_unit_test(test_dates_around_leap_days),
		cmocka_unit_test(test_control_characters_and_quotes_are_escaped),
		cmocka_unit_test(test_long_text_is_cut_and_the_line_stays_whole),
		cmocka_unit_test(test_level_is_honoured_and_a_full_or_closed_pipe_does_no_harm),
		cmocka_unit_test(test_waits_until_the_lines_are_read_and_not_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
