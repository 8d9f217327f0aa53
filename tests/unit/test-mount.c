/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "base/fd.h"
#include "container/mount.h"

static void test_flags_have_the_kernels_names_in_its_order(void **state)
{
	char text[MOUNT_FLAGS_TEXT_MAX];

	(void)state;
	assert_string_equal(mount_flags_text(0, text), "");
	assert_string_equal(mount_flags_text(MS_BIND | MS_RDONLY | MS_REC, text),
			    "MS_RDONLY|MS_BIND|MS_REC");
	assert_string_equal(mount_flags_text(1ul << 9 | MS_NOEXEC, text), "MS_NOEXEC|0x200");
	assert_string_equal(mount_flags_text(1ul << 8 | 1ul << 25, text),
			    "MS_NOSYMFOLLOW|MS_LAZYTIME");
}

static void test_all_flags_fit(void **state)
{
	char text[MOUNT_FLAGS_TEXT_MAX];

	(void)state;
	mount_flags_text(~0ul, text);
	assert_memory_equal(text, "MS_RDONLY|", 10);
	assert_non_null(strstr(text, "|MS_LAZYTIME|0x"));
	assert_in_range(strlen(text), 1, MOUNT_FLAGS_TEXT_MAX - 2);
}

static void test_errors_leave_out_what_is_empty(void **state)
{
	struct mount_call call = { MOUNT_CALL_NO_FDS, .source = "tmpfs", .target = "/x" };
	struct rti_error err;

	(void)state;
	assert_int_equal(mount_fail(&call, "mount", EPERM, &err), -EPERM);
	assert_string_equal(err.text, "mount src=tmpfs, dst=/x: operation not permitted");
	call.target_fd = 7;
	call.source_fd = 8;
	call.flags = MS_BIND;
	call.data = "a=b";
	mount_fail(&call, "mount", EINVAL, &err);
	assert_string_equal(err.text,
			    "mount src=tmpfs, srcType=plain-open, srcFd=8, dst=/x, "
			    "dstFd=/proc/thread-self/fd/7, flags=MS_BIND, data=a=b: invalid "
			    "argument");
	call.source = "";
	mount_fail(&call, "move_mount", EINVAL, &err);
	assert_string_equal(err.text, "move_mount dst=/x, dstFd=/proc/thread-self/fd/7, "
				      "flags=MS_BIND, data=a=b: invalid argument");
}

static void test_label_follows_the_data(void **state)
{
	static const struct {
		const char *data;
		const char *label;
		const char *expected;
	} rows[] = {
		{ NULL, NULL, "" },
		{ "size=1", "", "size=1" },
		{ "", "u:r:t:s0", "context=\"u:r:t:s0\"" },
		{ "size=1", "u:r:t:s0:c1,c2", "size=1,context=\"u:r:t:s0:c1,c2\"" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		_cleanup_free_ char *text = NULL;

		assert_int_equal(mount_data_with_label(rows[i].data, rows[i].label, &text), 0);
		assert_string_equal(text, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flags_have_the_kernels_names_in_its_order),
		cmocka_unit_test(test_all_flags_fit),
		cmocka_unit_test(test_errors_leave_out_what_is_empty),
		cmocka_unit_test(test_label_follows_the_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
