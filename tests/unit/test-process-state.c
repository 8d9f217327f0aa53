/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "protocol/process-state.h"

static struct rti_string_pair pairs[] = { { "z", "<1>" }, { "an", "x" } };

static const struct rti_spec_state full = {
	.oci_version = "1.3.0",
	.id = "wa-q151-seccomp",
	.status = "creating",
	.pid = 31351,
	.bundle = "/b",
	.annotations = { pairs, 2 },
};

#define FULL                                                                                       \
	"{\"ociVersion\":\"1.3.0\",\"id\":\"wa-q151-seccomp\",\"status\":\"creating\","            \
	"\"pid\":31351,"                                                                           \
	"\"bundle\":\"/b\",\"annotations\":{\"an\":\"x\",\"z\":\"\\u003c1\\u003e\"}}"

static void test_a_state_is_encoded_as_hooks_of_runc_read_it(void **state)
{
	struct rti_spec_state stopped = { .oci_version = "1.3.0", .id = "x", .status = "stopped",
					  .bundle = "/b" };
	_cleanup_free_ char *text = NULL, *short_text = NULL;
	struct rti_error err;
	size_t size;

	(void)state;
	assert_int_equal(rti_spec_state_encode(&full, &text, &size, &err), 0);
	assert_string_equal(text, FULL);
	assert_int_equal(size, strlen(FULL));
	assert_int_equal(rti_spec_state_encode(&stopped, &short_text, &size, &err), 0);
	assert_string_equal(short_text, "{\"ociVersion\":\"1.3.0\",\"id\":\"x\",\"status\":"
					"\"stopped\",\"bundle\":\"/b\"}");
}

static void test_a_state_is_decoded(void **state)
{
	struct rti_arena arena = { 0 };
	struct rti_spec_state decoded;
	_cleanup_free_ char *text = NULL;
	struct rti_error err;
	size_t size;

	(void)state;
	assert_int_equal(rti_spec_state_decode(FULL "\n", strlen(FULL) + 1, &arena, &decoded, &err),
			 0);
	assert_int_equal(decoded.pid, 31351);
	assert_int_equal(rti_spec_state_encode(&decoded, &text, &size, &err), 0);
	assert_string_equal(text, FULL);
	assert_int_equal(rti_spec_state_decode("{}x", 3, &arena, &decoded, &err), -EBADMSG);
	rti_arena_done(&arena);
}

static void test_a_seccomp_agent_gets_what_runc_sends(void **state)
{
	const char *fds[] = { "seccompFd", NULL };
	struct rti_process_state process = { .oci_version = "1.3.0", .fds = { fds, 1 },
					     .pid = 31351, .metadata = "meta<&>data",
					     .state = full };
	_cleanup_free_ char *text = NULL;
	struct rti_error err;
	size_t size;

	(void)state;
	assert_int_equal(rti_process_state_encode(&process, &text, &size, &err), 0);
	assert_string_equal(text, "{\"ociVersion\":\"1.3.0\",\"fds\":[\"seccompFd\"],\"pid\":31351,"
				  "\"metadata\":\"meta\\u003c\\u0026\\u003edata\",\"state\":" FULL
				  "}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_state_is_encoded_as_hooks_of_runc_read_it),
		cmocka_unit_test(test_a_state_is_decoded),
		cmocka_unit_test(test_a_seccomp_agent_gets_what_runc_sends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
