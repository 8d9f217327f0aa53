/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/sync-socket.h"
#include "tests/unit/data-files.h"

struct pair {
	int child_fd;
	int parent_fd;
	size_t fds_before;
};

static int make_pair(void **state)
{
	static struct pair pair;
	int fds[2];

	pair.fds_before = open_fds();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -1;
	pair.child_fd = fds[0];
	pair.parent_fd = fds[1];
	*state = &pair;
	return 0;
}

/* Fds in flight die with the sockets, so the count is as before unless the code leaked one. */
static int end_pair(void **state)
{
	struct pair *pair = *state;

	close(pair->child_fd);
	close(pair->parent_fd);
	return open_fds() == pair->fds_before ? 0 : -1;
}

static void send_fds(int socket_fd, const char *name, const int *fds, size_t count)
{
	union {
		char bytes[CMSG_SPACE(8 * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec vector = { .iov_base = (void *)(uintptr_t)name, .iov_len = strlen(name) };
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&message);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	assert_int_equal(sendmsg(socket_fd, &message, 0), strlen(name));
}

static void say(int socket_fd, const char *packet)
{
	assert_int_equal(send(socket_fd, packet, strlen(packet), 0), strlen(packet));
}

static void test_packets_arrive_whole(void **state)
{
	struct pair *pair = *state;
	size_t size = 150000, got;
	char *big = malloc(size), *packet;

	memset(big, 'x', size);
	assert_int_equal(rti_sync_packet_send(pair->child_fd, big, size, NULL), 0);
	assert_int_equal(rti_sync_packet_receive(pair->parent_fd, &packet, &got, NULL), 0);
	assert_int_equal(got, size);
	assert_memory_equal(packet, big, size);
	free(packet);
	free(big);
}

static void test_an_oversized_packet_is_refused_by_its_size(void **state)
{
	struct pair *pair = *state;
	int room = 2 * RTI_SYNC_PACKET_MAX + 100000;
	size_t size = RTI_SYNC_PACKET_MAX + 1, got;
	char *big = calloc(1, size), *packet;
	struct rti_error err = { 0 };

	setsockopt(pair->child_fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room));
	if (send(pair->child_fd, big, size, 0) != (ssize_t)size) {
		/* Only root may have a buffer of that size; then no peer of ours can send it
		 * either. */
		assert_int_not_equal(geteuid(), 0);
		free(big);
		return;
	}
	say(pair->child_fd, "next");
	assert_int_equal(rti_sync_packet_receive(pair->parent_fd, &packet, &got, &err), -EMSGSIZE);
	assert_non_null(strstr(err.text, "1048577"));
	assert_int_equal(rti_sync_packet_receive(pair->parent_fd, &packet, &got, &err), 0);
	assert_string_equal(packet, "next");
	free(packet);
	free(big);
}

static void test_an_fd_beside_a_message_is_closed_and_refused(void **state)
{
	struct pair *pair = *state;
	char *packet;
	size_t size;

	send_fds(pair->child_fd, "{}", &(int){ 0 }, 1);
	assert_int_equal(rti_sync_packet_receive(pair->parent_fd, &packet, &size, NULL), -EBADMSG);
}

static void test_an_empty_packet_is_the_end(void **state)
{
	struct pair *pair = *state;
	char *packet;
	size_t size;

	assert_int_equal(send(pair->child_fd, "", 0, 0), 0);
	assert_int_equal(rti_sync_packet_receive(pair->parent_fd, &packet, &size, NULL),
			 RTI_SYNC_EOF);
	shutdown(pair->child_fd, SHUT_WR);
	assert_int_equal(rti_sync_packet_receive(pair->parent_fd, &packet, &size, NULL),
			 RTI_SYNC_EOF);
}

static void test_an_fd_travels_close_on_exec_with_its_name(void **state)
{
	struct pair *pair = *state;
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	int fd;

	assert_int_equal(rti_sync_fd_send(pair->parent_fd, 0, "/some/source", NULL), 0);
	assert_int_equal(rti_sync_fd_receive(pair->child_fd, name, sizeof(name), &fd, NULL), 0);
	assert_string_equal(name, "/some/source");
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
}

static void test_other_numbers_of_fds_are_refused_and_closed(void **state)
{
	struct pair *pair = *state;
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	struct rti_error err = { 0 };
	int fd = -1;

	send_fds(pair->parent_fd, "/x", (int[]){ 0, 0 }, 2);
	assert_int_equal(rti_sync_fd_receive(pair->child_fd, name, sizeof(name), &fd, &err),
			 -EBADMSG);
	assert_string_equal(err.text, "recvfd: number of fds is not 1: 2");
	send_fds(pair->parent_fd, "/x", (int[]){ 0, 0, 0, 0, 0 }, 5);
	assert_int_equal(rti_sync_fd_receive(pair->child_fd, name, sizeof(name), &fd, &err),
			 -EBADMSG);
	say(pair->parent_fd, "/x");
	assert_int_equal(rti_sync_fd_receive(pair->child_fd, name, sizeof(name), &fd, &err),
			 -EBADMSG);
	assert_string_equal(err.text, "recvfd: number of SCMs is not 1: 0");
	assert_int_equal(fd, -1);
}

static void test_a_name_that_fills_the_buffer_is_refused(void **state)
{
	struct pair *pair = *state;
	char name[RTI_SYNC_FD_NAME_MAX + 1], long_name[RTI_SYNC_FD_NAME_MAX + 2];
	struct rti_error err = { 0 };
	int fd;

	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(rti_sync_fd_send(pair->parent_fd, 0, long_name, &err), -ENAMETOOLONG);
	assert_string_equal(err.text, "sendfd: filename too long: 4096");
	send_fds(pair->parent_fd, long_name, &(int){ 0 }, 1);
	assert_int_equal(rti_sync_fd_receive(pair->child_fd, name, sizeof(name), &fd, &err),
			 -EBADMSG);
	assert_string_equal(err.text, "recvfile: incorrect number of bytes read (n=4096 oobn=24)");
}

static void test_a_name_that_only_begins_as_asked_is_refused(void **state)
{
	static const char packet[] = "/source\0/other";
	struct pair *pair = *state;
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	struct rti_error err = { 0 };
	size_t before;
	int fd;

	assert_int_equal(rti_send_fd(pair->parent_fd, packet, sizeof(packet) - 1, 0),
			 sizeof(packet) - 1);
	before = open_fds();
	assert_int_equal(rti_sync_fd_receive(pair->child_fd, name, sizeof(name), &fd, &err),
			 -EBADMSG);
	assert_string_equal(err.text, "recvfile: the name contains a nul byte");
	assert_int_equal(open_fds(), before);
}

static struct rti_sync child_in(const struct pair *pair, enum rti_init_type type,
				enum rti_sync_state state)
{
	struct rti_sync sync = { .socket_fd = pair->child_fd };

	rti_sync_start(&sync.machine, type, RTI_SYNC_CHILD);
	sync.machine.state = state;
	return sync;
}

/* What runc's child says to each wrong answer, as captured from a genuine one. */
static void test_child_refuses_wrong_answers_in_the_known_words(void **state)
{
	static const struct {
		const char *packet;
		const char *text;
	} cases[] = {
		{ "{\"type\":\"procHooksDone\",\"flags\":0}",
		  "unexpected synchronisation flag: got \"procHooksDone\", expected \"procRun\"" },
		{ "{\"type\":\"procRun\",\"flags\":0,\"arg\":\"x\"}",
		  "sync procRun had unexpected argument passed: \"\"x\"\"" },
		{ "{\"type\":\"procRun\",\"flags\":1}", "sync procRun had unexpected file passed" },
		{ "nonsense", "unmarshal sync from parent failed: " },
		{ "{\"type\":\"procRun\",\"flags\":0} x", "unmarshal sync from parent failed: " },
		{ "", "EOF" },
	};
	struct pair *pair = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rti_sync sync = child_in(pair, RTI_INIT_SETNS, RTI_SYNC_STATE_READY);
		struct rti_sync_message message;
		struct rti_error err = { 0 };

		send(pair->parent_fd, cases[i].packet, strlen(cases[i].packet), 0);
		if (strstr(cases[i].packet, "\"flags\":1"))
			send_fds(pair->parent_fd, "/f", &(int){ 0 }, 1);
		assert_true(rti_sync_receive(&sync, &message, NULL, NULL, &err) < 0);
		if (!strstr(err.text, cases[i].text))
			fail_msg("'%s' lacks '%s'", err.text, cases[i].text);
		assert_int_equal(sync.machine.state, RTI_SYNC_STATE_CLOSED);
	}
}

static void test_tolerated_spellings_of_an_answer(void **state)
{
	static const char *const packets[] = {
		"{\"type\":\"procRun\",\"flags\":0}",
		" {\"TYPE\":\"procRun\"}\n",
		"{\"flags\":null,\"arg\":null,\"extra\":{\"type\":\"procError\"},\"type\":"
		"\"procRun\"}",
	};
	struct pair *pair = *state;

	for (size_t i = 0; i < sizeof(packets) / sizeof(packets[0]); i++) {
		struct rti_sync sync = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_READY);
		struct rti_sync_message message;
		struct rti_error err = { 0 };

		say(pair->parent_fd, packets[i]);
		if (rti_sync_receive(&sync, &message, NULL, NULL, &err) != 0)
			fail_msg("%s: %s", packets[i], err.text);
		assert_int_equal(message.type, RTI_SYNC_PROC_RUN);
		assert_null(message.arg);
		rti_sync_message_done(&message);
	}
}

static void test_a_mount_fd_without_its_file_is_refused(void **state)
{
	struct pair *pair = *state;
	struct rti_sync sync = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_MOUNT_ASKED);
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	struct rti_sync_message message;
	struct rti_error err = { 0 };
	int fd = -1;

	say(pair->parent_fd,
	    "{\"type\":\"procMountFd\",\"flags\":0,\"arg\":{\"type\":\"plain-open\"}}");
	assert_int_equal(rti_sync_receive(&sync, &message, &fd, name, &err), -ENODATA);
	assert_non_null(strstr(err.text, "response missing attached fd"));
	assert_int_equal(fd, -1);
}

static void test_a_mount_source_is_asked_and_answered(void **state)
{
	struct pair *pair = *state;
	struct rti_sync child = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_SETUP);
	struct rti_sync parent = { .socket_fd = pair->parent_fd };
	struct rti_mount mount = {
		.source = "/a<b", .destination = "/d", .device = "bind", .flags = 4096
	};
	struct rti_mount asked;
	struct rti_sync_message message;
	char name[RTI_SYNC_FD_NAME_MAX + 1], *arg;
	bool detached = false;
	int fd;

	rti_sync_start(&parent.machine, RTI_INIT_STANDARD, RTI_SYNC_PARENT);
	assert_int_equal(rti_sync_mount_encode(&mount, RTI_DIALECT_RUNC_1_5, &arg, NULL), 0);
	assert_string_equal(arg,
			    "{\"source\":\"/a\\u003cb\",\"destination\":\"/d\",\"device\":\"bind\","
			    "\"flags\":4096}");
	assert_int_equal(rti_sync_send(&child, RTI_SYNC_PROC_MOUNT_PLEASE, arg, -EBADF, NULL, NULL),
			 0);
	free(arg);
	assert_int_equal(rti_sync_receive(&parent, &message, NULL, NULL, NULL), 0);
	assert_int_equal(rti_sync_mount_decode(&message, &message.arena, &asked, NULL), 0);
	assert_string_equal(asked.source, "/a<b");
	assert_int_equal(asked.flags, 4096);
	rti_sync_message_done(&message);
	assert_int_equal(rti_sync_send(&parent, RTI_SYNC_PROC_MOUNT_FD, RTI_SYNC_MOUNT_FD_OPEN_TREE,
				       0, "/a<b", NULL),
			 0);
	assert_int_equal(rti_sync_receive(&child, &message, &fd, name, NULL), 0);
	assert_int_equal(rti_sync_mount_fd_decode(&message, "/a<b", &detached, NULL), 0);
	assert_true(detached);
	assert_string_equal(name, "/a<b");
	rti_sync_message_done(&message);
	close(fd);
}

static void test_an_error_travels_verbatim(void **state)
{
	struct pair *pair = *state;
	struct rti_sync child = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_SETUP);
	struct rti_sync parent = { .socket_fd = pair->parent_fd };
	struct rti_sync_message message;
	struct rti_error err = { 0 };
	char *arg;

	rti_sync_start(&parent.machine, RTI_INIT_STANDARD, RTI_SYNC_PARENT);
	assert_int_equal(rti_sync_error_encode("exec: \"/no<such>\": \xff \xe2\x80\xa8", &arg,
					       NULL),
			 0);
	assert_string_equal(
		arg, "{\"message\":\"exec: \\\"/no\\u003csuch\\u003e\\\": \xef\xbf\xbd \\u2028\"}");
	assert_int_equal(rti_sync_send(&child, RTI_SYNC_PROC_ERROR, arg, -EBADF, NULL, NULL), 0);
	free(arg);
	assert_int_equal(rti_sync_receive(&parent, &message, NULL, NULL, NULL), 0);
	assert_int_equal(rti_sync_error_decode(&message, &err), -ECANCELED);
	assert_string_equal(err.text, "exec: \"/no<such>\": \xef\xbf\xbd \xe2\x80\xa8");
	rti_sync_message_done(&message);
}

static void test_small_exchange(void **state)
{
	struct pair *pair = *state;
	struct rti_sync sync = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_RUN);
	struct rti_error err = { 0 };
	char packet[128] = { 0 };

	say(pair->parent_fd, "{\"type\":\"procSeccompDone\",\"flags\":0}");
	assert_int_equal(rti_sync_exchange_small(&sync, RTI_SYNC_PROC_SECCOMP, 10, &err), 0);
	assert_true(recv(pair->parent_fd, packet, sizeof(packet) - 1, 0) > 0);
	assert_string_equal(packet, "{\"type\":\"procSeccomp\",\"flags\":0,\"arg\":10}");
	assert_int_equal(sync.machine.state, RTI_SYNC_STATE_SECCOMP_DONE);

	sync = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_RUN);
	say(pair->parent_fd, "{\"type\":\"procRun\",\"flags\":0}");
	assert_int_equal(rti_sync_exchange_small(&sync, RTI_SYNC_PROC_SECCOMP, 10, &err), -EPROTO);
	assert_string_equal(err.text, "unexpected synchronisation flag: got \"procRun\", expected "
				      "\"procSeccompDone\"");

	sync = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_RUN);
	shutdown(pair->parent_fd, SHUT_WR);
	assert_int_equal(rti_sync_exchange_small(&sync, RTI_SYNC_PROC_SECCOMP, 10, &err),
			 -ECONNRESET);
}

/* Each captured packet decodes, and encodes to the very bytes again. */
static void check_packet(const char *packet, size_t size, const char *where)
{
	struct rti_sync_message message;
	struct rti_error err = { 0 };
	char *again;
	size_t again_size;

	if (rti_sync_decode(packet, size, &message, &err) < 0)
		fail_msg("%s: %s: %s", where, packet, err.text);
	assert_int_not_equal(message.type, RTI_SYNC_NONE);
	assert_int_equal(rti_sync_encode(message.type, message.arg, &again, &again_size, NULL), 0);
	assert_string_equal(again, packet);
	rti_sync_message_done(&message);
	free(again);
}

/* The packet's bytes of an event line, NUL-terminated; NULL for other events and for fd packets. */
static char *packet_of(const char *line, size_t *ret_size)
{
	const char *hex = strstr(line, "\"hex\": \"");
	size_t size;
	char *packet;

	if (!hex || !strstr(line, "\"chan\": \"sync\"") || strstr(line, "scm_rights"))
		return NULL;
	hex += strlen("\"hex\": \"");
	size = strcspn(hex, "\"") / 2;
	packet = calloc(1, size + 1);
	for (size_t i = 0; i < size; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		packet[i] = (char)byte;
	}
	*ret_size = size;
	return packet;
}

static void check_capture(const char *name, void *data)
{
	size_t *packets = data, size;
	char path[256], *text, *line, *save = NULL;

	if (strchr(name, '.') || strcmp(name, "probes") == 0 || strstr(name, "115-"))
		return;
	snprintf(path, sizeof(path), "wire/%s/sync.jsonl", name);
	text = data_read(path, &size);
	for (line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *packet = packet_of(line, &size);

		if (packet) {
			check_packet(packet, size, name);
			(*packets)++;
		}
		free(packet);
	}
	free(text);
}

static void test_captured_packets_encode_to_the_same_bytes(void **state)
{
	size_t packets = 0;

	(void)state;
	data_each("wire", "", check_capture, &packets);
	assert_true(packets > 200);
}

#define ON_A_PAIR(test) cmocka_unit_test_setup_teardown(test, make_pair, end_pair)

static void test_small_exchange_takes_no_large_packet_for_a_short_one(void **state)
{
	struct pair *pair = *state;
	struct rti_sync sync = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_RUN);
	char packet[8192];
	struct rti_error err = { 0 };

	memset(packet, ' ', sizeof(packet));
	memcpy(packet, "{\"type\":\"procSeccompDone\",\"flags\":0}", 36);
	packet[sizeof(packet) - 1] = '\0';
	say(pair->parent_fd, packet);
	assert_int_equal(rti_sync_exchange_small(&sync, RTI_SYNC_PROC_SECCOMP, 10, &err),
			 -EMSGSIZE);
	assert_string_equal(err.text, "sync packet of 8191 bytes is larger than 4095");
}

static void test_an_empty_error_is_still_an_error_with_words(void **state)
{
	struct pair *pair = *state;
	struct rti_sync sync = child_in(pair, RTI_INIT_STANDARD, RTI_SYNC_STATE_RUN);
	struct rti_error err = { 0 };

	say(pair->parent_fd, "{\"type\":\"procError\",\"flags\":0,\"arg\":{}}");
	assert_int_equal(rti_sync_exchange_small(&sync, RTI_SYNC_PROC_SECCOMP, 10, &err),
			 -ECANCELED);
	assert_string_equal(err.text, "procError with an empty message");
}

static void test_the_last_word_of_a_peer_is_heard_behind_a_reset(void **state)
{
	struct pair *pair = *state;
	_cleanup_free_ char *packet = NULL;
	struct rti_error err;
	size_t size;

	assert_int_equal(rti_sync_packet_send(pair->parent_fd, "unread", 6, &err), 0);
	assert_int_equal(rti_sync_packet_send(pair->child_fd, "why", 3, &err), 0);
	close(pair->child_fd);
	assert_int_equal(rti_sync_packet_receive(pair->parent_fd, &packet, &size, &err), 0);
	assert_string_equal(packet, "why");
	free(packet);
	packet = NULL;
	assert_int_equal(rti_sync_packet_receive(pair->parent_fd, &packet, &size, &err),
			 RTI_SYNC_EOF);
	pair->child_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_PAIR(test_packets_arrive_whole),
		ON_A_PAIR(test_an_oversized_packet_is_refused_by_its_size),
		ON_A_PAIR(test_an_fd_beside_a_message_is_closed_and_refused),
		ON_A_PAIR(test_an_empty_packet_is_the_end),
		ON_A_PAIR(test_the_last_word_of_a_peer_is_heard_behind_a_reset),
		ON_A_PAIR(test_an_fd_travels_close_on_exec_with_its_name),
		ON_A_PAIR(test_other_numbers_of_fds_are_refused_and_closed),
		ON_A_PAIR(test_a_name_that_fills_the_buffer_is_refused),
		ON_A_PAIR(test_a_name_that_only_begins_as_asked_is_refused),
		ON_A_PAIR(test_child_refuses_wrong_answers_in_the_known_words),
		ON_A_PAIR(test_tolerated_spellings_of_an_answer),
		ON_A_PAIR(test_a_mount_fd_without_its_file_is_refused),
		ON_A_PAIR(test_a_mount_source_is_asked_and_answered),
		ON_A_PAIR(test_an_error_travels_verbatim),
		ON_A_PAIR(test_small_exchange),
		ON_A_PAIR(test_small_exchange_takes_no_large_packet_for_a_short_one),
		ON_A_PAIR(test_an_empty_error_is_still_an_error_with_words),
		cmocka_unit_test(test_captured_packets_encode_to_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
