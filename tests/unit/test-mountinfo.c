/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/mountinfo.h"

struct seen {
	int count;
	int stop_at;
	char last[128];
};

static int note(void *data, const struct rti_mountinfo *info, struct rti_error *err)
{
	struct seen *seen = data;

	snprintf(seen->last, sizeof(seen->last), "%s|%s|%s|%s", info->root, info->mount_point,
		 info->type, info->super_options);
	if (++seen->count < seen->stop_at || seen->stop_at == 0)
		return 0;
	return seen->stop_at == 1 ? 7 : rti_fail(err, EPERM, "look at %s", info->mount_point);
}

static int read_text(const char *text, size_t size, struct seen *seen, struct rti_error *err)
{
	_cleanup_fd_ int fd = memfd_create("mountinfo", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	return rti_mountinfo_each(fd, note, seen, err);
}

static void test_fields_are_found_behind_any_number_of_optional_ones(void **state)
{
	static const char *const texts[] = {
		"36 35 98:0 /r /mnt rw,noatime - ext3 /dev/root rw,errors=continue\n",
		"36 35 98:0 /r /mnt rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n",
		"36 35 98:0 /r /mnt rw shared:3 propagate_from:2 - ext3 - rw,errors=continue\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seen seen = {};

		assert_int_equal(read_text(texts[i], strlen(texts[i]), &seen, NULL), 0);
		assert_int_equal(seen.count, 1);
		assert_string_equal(seen.last, "/r|/mnt|ext3|rw,errors=continue");
	}
}

static void test_escaped_characters_are_decoded(void **state)
{
	static const char text[] = "1 1 0:1 / /a\\040b\\011c\\134d\\8 rw - tmpfs x\\012 rw\n";
	struct seen seen = {};

	(void)state;
	assert_int_equal(read_text(text, strlen(text), &seen, NULL), 0);
	assert_string_equal(seen.last, "/|/a b\tc\\d\\8|tmpfs|rw");
}

static void test_a_long_list_is_read_whole(void **state)
{
	static char text[400 * 100];
	struct seen seen = {};
	size_t size = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		size += (size_t)sprintf(text + size, "%d 1 0:1 / /m%d rw - tmpfs x rw\n", i, i);
	assert_int_equal(read_text(text, size, &seen, NULL), 0);
	assert_int_equal(seen.count, 1000);
	assert_string_equal(seen.last, "/|/m999|tmpfs|rw");
}

static void test_a_visitor_can_stop(void **state)
{
	static const char text[] = "1 1 0:1 / /a rw - t x rw\n1 1 0:1 / /b rw - t x rw\n";
	struct seen first = { .stop_at = 1 };
	struct seen second = { .stop_at = 2 };
	struct rti_error err;

	(void)state;
	assert_int_equal(read_text(text, strlen(text), &first, &err), 7);
	assert_int_equal(first.count, 1);
	assert_int_equal(read_text(text, strlen(text), &second, &err), -EPERM);
	assert_string_equal(err.text, "look at /b: operation not permitted");
}

static void test_lines_without_all_fields_are_refused(void **state)
{
	static const char *const texts[] = {
		"1 1 0:1 / /a rw\n", "1 1 0:1 / /a rw - tmpfs\n", "1 1 0:1 / /a rw - tmpfs x\n",
		"1 1 0:1 / /a rw shared:1\n", "x\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct seen seen = {};
		struct rti_error err;

		assert_int_equal(read_text(texts[i], strlen(texts[i]), &seen, &err), -EBADMSG);
		assert_string_equal(err.text, "mountinfo has a line without all fields");
		assert_int_equal(seen.count, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_are_found_behind_any_number_of_optional_ones),
		cmocka_unit_test(test_escaped_characters_are_decoded),
		cmocka_unit_test(test_a_long_list_is_read_whole),
		cmocka_unit_test(test_a_visitor_can_stop),
		cmocka_unit_test(test_lines_without_all_fields_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
