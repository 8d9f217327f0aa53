/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/bootstrap.h"

static int receive(const char *text, struct rti_pid_message *ret, struct rti_error *err)
{
	int fds[2], r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	assert_int_equal(rti_write_full(fds[0], text, strlen(text)), 0);
	shutdown(fds[0], SHUT_WR);
	r = rti_pid_message_receive(fds[1], ret, err);
	rti_close(fds[0]);
	rti_close(fds[1]);
	return r;
}

static void test_message_has_runcs_bytes(void **state)
{
	const struct rti_pid_message message = { .stage1_pid = 12, .stage2_pid = 345 };
	char text[64] = "";
	struct rti_error err;
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(rti_pid_message_send(fds[1], &message, &err), 0);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "{\"stage1_pid\":12,\"stage2_pid\":345}\n");
	rti_close(fds[0]);
	rti_close(fds[1]);
}

static void test_what_runcs_parent_accepts_is_accepted(void **state)
{
	static const char *const texts[] = {
		"{\"stage1_pid\":12,\"stage2_pid\":345}\n",
		" \n{ \"stage2_pid\" : 345, \"extra\": [{}], \"STAGE1_PID\" : 12 }junk",
	};
	struct rti_pid_message message;
	struct rti_error err;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(receive(texts[i], &message, &err), 0);
		assert_int_equal(message.stage1_pid, 12);
		assert_int_equal(message.stage2_pid, 345);
	}
}

static void assert_refused(const char *text, int errnum, const char *expected)
{
	struct rti_pid_message message;
	struct rti_error err;

	assert_int_equal(receive(text, &message, &err), -errnum);
	assert_string_equal(err.text, expected);
}

static void test_pids_must_be_there_and_valid(void **state)
{
	(void)state;
	assert_refused("", ENODATA, "EOF");
	assert_refused("{\"stage1_pid\":12", ENODATA, "unexpected EOF");
	assert_refused("{\"stage1_pid\":12}", EBADMSG, "pid message has no valid stage2_pid (0)");
	assert_refused("null", EBADMSG, "pid message has no valid stage1_pid (0)");
	assert_refused("{\"stage1_pid\":-1,\"stage2_pid\":2}", EBADMSG,
		       "pid message has no valid stage1_pid (-1)");
	assert_refused("{\"stage1_pid\":1,\"stage2_pid\":4294967298}", EBADMSG,
		       "pid message has no valid stage2_pid (4294967298)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_message_has_runcs_bytes),
		cmocka_unit_test(test_what_runcs_parent_accepts_is_accepted),
		cmocka_unit_test(test_pids_must_be_there_and_valid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
