/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "protocol/bootstrap.h"
#include "tests/unit/data-files.h"

static void check_capture(const char *name, void *data)
{
	struct rti_bootstrap bootstrap;
	struct rti_error err = { 0 };
	size_t size, encoded_size;
	char path[256], *bytes;
	void *encoded;

	(void)data;
	/* runc 1.1 spoke another protocol; without a bootstrap message there is nothing to check.
	 */
	if (strstr(name, "115-") || strcmp(name, "n151-badns2") == 0 || strchr(name, '.') ||
	    strcmp(name, "probes") == 0)
		return;
	snprintf(path, sizeof(path), "wire/%s/bootstrap.bin", name);
	bytes = data_read(path, &size);
	if (rti_bootstrap_decode(bytes, size, &bootstrap, &err) < 0)
		fail_msg("%s: %s", name, err.text);
	assert_int_equal(rti_bootstrap_encode(&bootstrap, &encoded, &encoded_size, &err), 0);
	assert_int_equal(encoded_size, size);
	assert_memory_equal(encoded, bytes, size);
	rti_bootstrap_done(&bootstrap);
	free(encoded);
	free(bytes);
}

static void test_captures_encode_to_the_same_bytes(void **state)
{
	(void)state;
	assert_true(data_each("wire", "", check_capture, NULL) > 80);
}

static void test_capture_has_the_members_that_were_asked_for(void **state)
{
	struct rti_bootstrap b;
	size_t size;
	char *bytes = data_read("wire/s151-userns/bootstrap.bin", &size);

	(void)state;
	assert_int_equal(rti_bootstrap_decode(bytes, size, &b, NULL), 0);
	assert_int_equal(b.clone_flags, 0x7e020080);
	assert_string_equal(b.uid_map, "0 100000 1000\n1000 105000 64536\n");
	assert_string_equal(b.gid_map, "0 100000 65536\n");
	assert_true(b.setgroups);
	assert_string_equal(b.oom_score_adj, "123");
	assert_false(b.rootless_euid);
	assert_null(b.ns_paths);
	assert_null(b.newuidmap);
	rti_bootstrap_done(&b);
	free(bytes);
}

static void test_every_truncation_is_refused_without_a_trace(void **state)
{
	size_t size;
	char *bytes = data_read("wire/s151-userns/bootstrap.bin", &size);

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		struct rti_bootstrap b = { .clone_flags = 7 };
		struct rti_error err = { 0 };
		/* an exact copy, so that a sanitizer sees any read beyond it */
		char *part = malloc(cut ? cut : 1);

		memcpy(part, bytes, cut);
		assert_int_equal(rti_bootstrap_decode(part, cut, &b, &err), -EBADMSG);
		assert_int_equal(b.clone_flags, 7);
		assert_true(err.text[0] != '\0');
		if (cut >= 16) { /* with a header that agrees with the cut size */
			uint32_t length = (uint32_t)cut;

			memcpy(part, &length, sizeof(length));
			if (rti_bootstrap_decode(part, cut, &b, &err) == 0)
				rti_bootstrap_done(&b);
			else
				assert_int_equal(b.clone_flags, 7);
			b.clone_flags = 7;
		}
		free(part);
	}
	free(bytes);
}

struct raw {
	uint32_t length;
	uint16_t type, flags;
	uint32_t sequence, port;
	unsigned char payload[64];
};

static int decode_raw(const unsigned char *payload, size_t size, struct rti_error *err)
{
	struct raw raw = { .length = (uint32_t)(16 + size), .type = RTI_BOOTSTRAP_MESSAGE_TYPE };
	struct rti_bootstrap b;
	int r;

	memcpy(raw.payload, payload, size);
	r = rti_bootstrap_decode(&raw, 16 + size, &b, err);
	if (r == 0)
		rti_bootstrap_done(&b);
	return r;
}

static void test_bad_attributes_are_refused_by_name(void **state)
{
	static const struct {
		unsigned char payload[24];
		size_t size;
		const char *text;
	} cases[] = {
		{ { 8, 0, 0x9b, 0x6a, 0, 0, 0, 0 }, 8, "unknown netlink message type 27291" },
		{ { 3, 0, 0x91, 0x6a, 0, 0, 0, 0 }, 8, "bootstrap attribute 27281 claims 3 bytes" },
		{ { 0, 0, 0x91, 0x6a, 0, 0, 0, 0 }, 8, "bootstrap attribute 27281 claims 0 bytes" },
		{ { 9, 0, 0x91, 0x6a, 0, 0, 0, 0 }, 8, "claims 9 bytes, 8 are there" },
		{ { 255, 255, 0x93, 0x6a, 0, 0, 0, 0 }, 8, "claims 65535 bytes" },
		{ { 6, 0, 0x91, 0x6a, 0, 0, 0, 0 }, 8, "has 2 bytes, not 4" },
		{ { 12, 0, 0x91, 0x6a, 0, 0, 0, 0, 0, 0, 0, 0 }, 12, "has 8 bytes, not 4" },
		{ { 6, 0, 0x93, 0x6a, '0', '0', 0, 0 }, 8, "is not a NUL-terminated text" },
		{ { 7, 0, 0x93, 0x6a, '0', 0, 0, 0 }, 8, "is not a NUL-terminated text" },
		{ { 4, 0, 0x93, 0x6a }, 4, "is not a NUL-terminated text" },
		{ { 8, 0, 0x91, 0x6a, 0, 0, 0, 0, 1, 2 }, 10, "2 stray bytes" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct rti_error err = { 0 };

		assert_int_equal(decode_raw(cases[i].payload, cases[i].size, &err), -EBADMSG);
		if (!strstr(err.text, cases[i].text))
			fail_msg("case %zu: '%s' lacks '%s'", i, err.text, cases[i].text);
	}
}

static void test_last_of_repeated_attributes_counts(void **state)
{
	static const unsigned char payload[] = { 8, 0, 0x91, 0x6a, 1, 0, 0, 0,
						 8, 0, 0x91, 0x6a, 2, 0, 0, 0 };
	struct raw raw = {
		.length = 32, .type = RTI_BOOTSTRAP_MESSAGE_TYPE, .flags = 99, .sequence = 5
	};
	struct rti_bootstrap b;

	(void)state;
	memcpy(raw.payload, payload, sizeof(payload));
	assert_int_equal(rti_bootstrap_decode(&raw, 32, &b, NULL), 0);
	assert_int_equal(b.clone_flags, 2);
	rti_bootstrap_done(&b);
}

static void test_bad_headers_are_refused(void **state)
{
	struct raw raw = { .length = 16, .type = 2 };
	struct rti_bootstrap b;
	struct rti_error err = { 0 };

	(void)state;
	assert_int_equal(rti_bootstrap_decode(&raw, 16, &b, &err), -EBADMSG);
	assert_string_equal(err.text, "failed to read netlink message");
	raw.type = 61999;
	assert_int_equal(rti_bootstrap_decode(&raw, 16, &b, &err), -EBADMSG);
	assert_string_equal(err.text, "unexpected msg type 61999");
	raw.type = RTI_BOOTSTRAP_MESSAGE_TYPE;
	raw.length = UINT32_MAX;
	assert_int_equal(rti_bootstrap_decode(&raw, 16, &b, &err), -EBADMSG);
	assert_string_equal(err.text, "invalid netlink message length 4294967295");
	raw.length = 15;
	assert_int_equal(rti_bootstrap_decode(&raw, 16, &b, &err), -EBADMSG);
}

static void test_a_text_too_long_for_its_attribute_is_not_encoded(void **state)
{
	char *map = malloc(70000);
	struct rti_bootstrap b = { .gid_map = map };
	struct rti_error err = { 0 };
	void *bytes = NULL;
	size_t size;

	(void)state;
	memset(map, '1', 69999);
	map[69999] = '\0';
	assert_int_equal(rti_bootstrap_encode(&b, &bytes, &size, &err), -E2BIG);
	assert_string_equal(
		err.text,
		"netlink: cannot serialize bytemsg of length 70004 (larger than UINT16_MAX)");
	map[UINT16_MAX - 5] = '\0';
	assert_int_equal(rti_bootstrap_encode(&b, &bytes, &size, &err), 0);
	free(bytes);
	free(map);
}

static void test_receive_leaves_what_follows_on_the_pipe(void **state)
{
	size_t size;
	char *bytes = data_read("wire/s151-min/bootstrap.bin", &size), next;
	struct rti_bootstrap b;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(write(pair[0], bytes, size), size);
	assert_int_equal(write(pair[0], "{", 1), 1);
	assert_int_equal(rti_bootstrap_receive(pair[1], &b, NULL), 0);
	assert_int_equal(read(pair[1], &next, 1), 1);
	assert_int_equal(next, '{');
	rti_bootstrap_done(&b);
	close(pair[0]);
	close(pair[1]);
	free(bytes);
}

static void test_receive_names_a_parent_that_died(void **state)
{
	struct rti_error err = { 0 };
	struct rti_bootstrap b;
	int pair[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(write(pair[0], "\x20\0\0\0", 4), 4);
	close(pair[0]);
	assert_int_equal(rti_bootstrap_receive(pair[1], &b, &err), -EBADMSG);
	assert_string_equal(err.text, "failed to read netlink header (got 4 of 16 bytes)");
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_captures_encode_to_the_same_bytes),
		cmocka_unit_test(test_capture_has_the_members_that_were_asked_for),
		cmocka_unit_test(test_every_truncation_is_refused_without_a_trace),
		cmocka_unit_test(test_bad_attributes_are_refused_by_name),
		cmocka_unit_test(test_last_of_repeated_attributes_counts),
		cmocka_unit_test(test_bad_headers_are_refused),
		cmocka_unit_test(test_a_text_too_long_for_its_attribute_is_not_encoded),
		cmocka_unit_test(test_receive_leaves_what_follows_on_the_pipe),
		cmocka_unit_test(test_receive_names_a_parent_that_died),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
