/* SPDX-License-Identifier: Apache-2.0 */
/* The other side's packets are put into the socket ahead of time; then the init's side runs. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "init/sync-dialog.h"

struct talk {
	struct sync_dialog dialog;
	int parent_fd;
	struct rti_error err;
};

static void begin(struct talk *talk, enum rti_init_type type)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	sync_dialog_start(&talk->dialog, fds[0], type);
	talk->parent_fd = fds[1];
	talk->err.text[0] = '\0';
}

static void end(struct talk *talk)
{
	sync_dialog_close(&talk->dialog);
	rti_close(talk->parent_fd);
}

static void queue(struct talk *talk, const char *packet)
{
	assert_int_equal(rti_sync_packet_send(talk->parent_fd, packet, strlen(packet), &talk->err),
			 0);
}

static void queue_fd(struct talk *talk, const char *name)
{
	assert_int_equal(rti_sync_fd_send(talk->parent_fd, STDIN_FILENO, name, &talk->err), 0);
}

static void assert_sent(struct talk *talk, const char *expected)
{
	char *packet;
	size_t size;

	assert_int_equal(rti_sync_packet_receive(talk->parent_fd, &packet, &size, &talk->err), 0);
	assert_string_equal(packet, expected);
	free(packet);
}

static const struct rti_mount mount = {
	.source = "/a\"<b>",
	.destination = "/mnt",
	.device = "bind",
	.flags = 4096,
};

static int ask_mount(struct talk *talk, struct mount_source *ret)
{
	return sync_dialog_request_mount(&talk->dialog, &mount, ret, &talk->err);
}

static void test_mount_source_comes_with_its_fd(void **state)
{
	struct mount_source source;
	struct talk talk;

	(void)state;
	begin(&talk, RTI_INIT_STANDARD);
	queue(&talk, "{\"type\":\"procMountFd\",\"flags\":1,\"arg\":{\"type\":\"plain-open\"}}");
	queue_fd(&talk, mount.source);
	assert_int_equal(ask_mount(&talk, &source), 0);
	assert_false(source.detached);
	assert_true(fcntl(source.fd, F_GETFD) & FD_CLOEXEC);
	rti_close(source.fd);
	assert_sent(&talk,
		    "{\"type\":\"procMountPlease\",\"flags\":0,\"arg\":{\"source\":\"/a\\\"\\u003cb"
		    "\\u003e\",\"destination\":\"/mnt\",\"device\":\"bind\",\"flags\":4096}}");

	queue(&talk, "{\"type\":\"procMountFd\",\"flags\":1,\"arg\":{\"type\":\"open_tree\"}}");
	queue_fd(&talk, mount.source);
	assert_int_equal(ask_mount(&talk, &source), 0);
	assert_true(source.detached);
	rti_close(source.fd);
	end(&talk);
}

static void assert_mount_refused(const char *packet, const char *fd_name, const char *text)
{
	struct mount_source source = { .fd = -EBADF };
	struct talk talk;

	begin(&talk, RTI_INIT_STANDARD);
	queue(&talk, packet);
	if (fd_name)
		queue_fd(&talk, fd_name);
	assert_true(ask_mount(&talk, &source) < 0);
	assert_int_equal(source.fd, -EBADF);
	assert_string_equal(talk.err.text, text);
	end(&talk);
}

static void test_wrong_mount_sources_are_refused_with_runcs_texts(void **state)
{
	(void)state;
	assert_mount_refused(
		"{\"type\":\"procMountFd\",\"flags\":0,\"arg\":{\"type\":\"plain-open\"}}", NULL,
		"mountfd request for \"/a\\\"<b>\": response missing attached fd");
	assert_mount_refused(
		"{\"type\":\"procMountFd\",\"flags\":1,\"arg\":{\"type\":\"plain-open\"}}",
		"/other",
		"returned mountfd for \"/a\\\"<b>\" doesn't match requested mount "
		"configuration: mountfd path is \"/other\"");
	assert_mount_refused("{\"type\":\"procMountFd\",\"flags\":1}", mount.source,
			     "sync \"procMountFd\" is missing an argument");
	assert_mount_refused(
		"{\"type\":\"procRun\",\"flags\":0}", NULL,
		"mountfd request for \"/a\\\"<b>\" failed: unexpected synchronisation flag: "
		"got \"procRun\", expected \"procMountFd\"");
}

static void test_ready_and_hooks_wait_for_their_answers(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, RTI_INIT_STANDARD);
	queue(&talk, "{\"type\":\"procHooksDone\",\"flags\":0}");
	queue(&talk, "{\"type\":\"procRun\",\"flags\":0}");
	assert_int_equal(sync_dialog_run_hooks(&talk.dialog, &talk.err), 0);
	assert_int_equal(sync_dialog_ready(&talk.dialog, &talk.err), 0);
	assert_sent(&talk, "{\"type\":\"procHooks\",\"flags\":0}");
	assert_sent(&talk, "{\"type\":\"procReady\",\"flags\":0}");
	end(&talk);
}

static void test_parents_error_is_ours_verbatim(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, RTI_INIT_STANDARD);
	queue(&talk, "{\"type\":\"procError\",\"flags\":0,\"arg\":{\"message\":\"no <way>\"}}");
	assert_true(sync_dialog_run_hooks(&talk.dialog, &talk.err) < 0);
	assert_string_equal(talk.err.text, "no <way>");
	end(&talk);
}

static void test_a_parent_that_is_gone_ends_the_dialog(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, RTI_INIT_SETNS);
	shutdown(talk.parent_fd, SHUT_WR);
	assert_true(sync_dialog_ready(&talk.dialog, &talk.err) < 0);
	assert_memory_equal(talk.err.text, "sync ready: ", strlen("sync ready: "));
	end(&talk);
}

static void test_listener_is_passed_by_number(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, RTI_INIT_SETNS);
	queue(&talk, "{\"type\":\"procRun\",\"flags\":0}");
	queue(&talk, "{\"type\":\"procSeccompDone\",\"flags\":0}");
	assert_int_equal(sync_dialog_ready(&talk.dialog, &talk.err), 0);
	assert_int_equal(sync_dialog_pass_listener(&talk.dialog, 10, &talk.err), 0);
	assert_sent(&talk, "{\"type\":\"procReady\",\"flags\":0}");
	assert_sent(&talk, "{\"type\":\"procSeccomp\",\"flags\":0,\"arg\":10}");
	end(&talk);
}

static void test_failure_can_be_reported_in_every_state(void **state)
{
	struct talk talk;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	begin(&talk, RTI_INIT_STANDARD);
	queue(&talk, "{\"type\":\"procRun\",\"flags\":0}");
	assert_true(sync_dialog_run_hooks(&talk.dialog, &talk.err) < 0);
	assert_int_equal(sync_dialog_report(&talk.dialog, "a \"b\"", &talk.err), 0);
	assert_sent(&talk, "{\"type\":\"procHooks\",\"flags\":0}");
	assert_sent(&talk,
		    "{\"type\":\"procError\",\"flags\":0,\"arg\":{\"message\":\"a \\\"b\\\"\"}}");
	talk.parent_fd = rti_close(talk.parent_fd);
	assert_true(sync_dialog_report(&talk.dialog, "a", &talk.err) < 0);
	assert_string_equal(talk.err.text, "writing sync procError: write sync: broken pipe");
	end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mount_source_comes_with_its_fd),
		cmocka_unit_test(test_wrong_mount_sources_are_refused_with_runcs_texts),
		cmocka_unit_test(test_ready_and_hooks_wait_for_their_answers),
		cmocka_unit_test(test_parents_error_is_ours_verbatim),
		cmocka_unit_test(test_a_parent_that_is_gone_ends_the_dialog),
		cmocka_unit_test(test_listener_is_passed_by_number),
		cmocka_unit_test(test_failure_can_be_reported_in_every_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
