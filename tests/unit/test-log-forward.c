/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/log-forward.h"

static char seen[8192];

static void keep(void *data, enum rti_parent_level level, const char *message)
{
	size_t used = strlen(seen);

	(void)data;
	snprintf(seen + used, sizeof(seen) - used, "%d:%s\n", level, message);
}

struct fixture {
	struct log_forward forward;
	int write_fd;
};

static int setup(void **state)
{
	struct fixture *fixture;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -1;
	fixture = calloc(1, sizeof(*fixture));
	if (!fixture)
		return -1;
	seen[0] = '\0';
	fixture->forward.log = keep;
	fixture->forward.collect_fatal = true;
	fixture->write_fd = ends[1];
	*state = fixture;
	return log_forward_init(&fixture->forward, ends[0], NULL);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	rti_close(fixture->write_fd);
	log_forward_done(&fixture->forward);
	free(fixture);
	return 0;
}

static void put(struct fixture *fixture, const char *text)
{
	assert_int_equal(rti_write_full(fixture->write_fd, text, strlen(text)), 0);
	log_forward_pump(&fixture->forward);
}

static void test_lines_of_both_forms(void **state)
{
	put(*state, "{\"level\":\"debug\", \"msg\": \"nsexec-0[1]: \\\"a\\\"\"}\n");
	put(*state, "{\"level\":\"info\",\"msg\":\"b\",\"time\":\"2026\",\"error\":{\"x\":[1]}}\n");
	assert_string_equal(seen, "5:nsexec-0[1]: \"a\"\n4:b\n");
}

static void test_a_line_may_come_in_pieces(void **state)
{
	put(*state, "{\"level\":\"warn\",");
	assert_string_equal(seen, "");
	put(*state, "\"msg\":\"a\"}\n\n\r\n{\"level\":\"WARNING\",\"msg\":\"b\"}");
	assert_string_equal(seen, "3:a\n");
}

static void test_the_last_line_needs_no_newline(void **state)
{
	struct fixture *fixture = *state;

	put(fixture, "{\"level\":\"trace\",\"msg\":\"a\"}");
	fixture->write_fd = rti_close(fixture->write_fd);
	log_forward_pump(&fixture->forward);
	assert_string_equal(seen, "6:a\n");
	assert_int_equal(fixture->forward.fd, -EBADF);
	log_forward_pump(&fixture->forward);
}

static void test_a_line_without_level_is_an_error_not_a_panic(void **state)
{
	put(*state, "{\"msg\":\"a\"}\n{\"level\":\"\",\"msg\":\"b\"}\n{}\n");
	assert_string_equal(seen, "2:a\n2:b\n2:\n");
}

static void test_what_cannot_be_decoded_is_reported(void **state)
{
	put(*state, "hello\n{\"level\":\"bogus\",\"msg\":\"m\"}\n{\"level\":1}\n");
	assert_non_null(strstr(seen, "2:failed to decode \"hello\" to json: "));
	assert_non_null(
		strstr(seen, "2:failed to decode \"{\"level\":\"bogus\",\"msg\":\"m\"}\" to json: "
			     "not a valid logrus Level\n"));
	assert_non_null(strstr(seen, "2:failed to decode \"{\"level\":1}\" to json: "));
}

static void test_fatal_lines_are_collected(void **state)
{
	struct fixture *fixture = *state;

	put(fixture,
	    "{\"level\":\"fatal\",\"msg\":\"F1\"}\n{\"level\":\"fatal\",\"msg\":\"F2\"}\n");
	assert_string_equal(seen, "");
	assert_string_equal(fixture->forward.fatal, "F1; F2");
}

static void test_collected_text_is_bounded(void **state)
{
	struct fixture *fixture = *state;

	for (int i = 0; i < 10000; i++)
		log_forward_line(&fixture->forward, "{\"level\":\"fatal\",\"msg\":\"0123456789\"}",
				 36);
	assert_true(strlen(fixture->forward.fatal) < 8192);
}

static void test_before_1_4_fatal_lines_are_logged(void **state)
{
	struct fixture *fixture = *state;

	fixture->forward.collect_fatal = false;
	put(fixture, "{\"level\":\"fatal\",\"msg\":\"F1\"}\n");
	assert_string_equal(seen, "1:F1\n");
	assert_null(fixture->forward.fatal);
}

static void test_too_long_a_line_ends_forwarding_only(void **state)
{
	struct fixture *fixture = *state;
	char chunk[4097];

	memset(chunk, 'a', 4096);
	chunk[4096] = '\0';
	for (int i = 0; i < 40; i++)
		put(fixture, chunk);
	put(fixture, "\n{\"level\":\"info\",\"msg\":\"late\"}\n");
	fixture->write_fd = rti_close(fixture->write_fd);
	log_forward_pump(&fixture->forward);
	assert_string_equal(seen,
			    "2:error reading from log source: bufio.Scanner: token too long\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_lines_of_both_forms),
		TEST(test_a_line_may_come_in_pieces),
		TEST(test_the_last_line_needs_no_newline),
		TEST(test_a_line_without_level_is_an_error_not_a_panic),
		TEST(test_what_cannot_be_decoded_is_reported),
		TEST(test_fatal_lines_are_collected),
		TEST(test_collected_text_is_bounded),
		TEST(test_before_1_4_fatal_lines_are_logged),
		TEST(test_too_long_a_line_ends_forwarding_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
