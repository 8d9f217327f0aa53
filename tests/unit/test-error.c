/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

static void test_fail_adds_errno_text_as_go_prints_it(void **state)
{
	struct rti_error err;

	(void)state;
	assert_int_equal(rti_fail(&err, ENOENT, "open %s", "/x"), -ENOENT);
	assert_string_equal(err.text, "open /x: no such file or directory");
	assert_int_equal(err.errnum, ENOENT);
}

static void test_prefix_goes_before(void **state)
{
	struct rti_error err;
	int r = rti_refuse(&err, EPROTO, "got a");

	(void)state;
	assert_int_equal(rti_prefix(&err, r, "step %d", 1), -EPROTO);
	assert_string_equal(err.text, "step 1: got a");
	assert_int_equal(err.errnum, EPROTO);
	rti_prefix(&err, -EBADMSG, "step");
	assert_int_equal(err.errnum, EBADMSG);
}

static void test_long_text_is_cut_not_overrun(void **state)
{
	static char path[2 * RTI_ERROR_TEXT_MAX];
	struct rti_error err;

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	rti_fail(&err, EPERM, "open %s", path);
	assert_int_equal(strlen(err.text), RTI_ERROR_TEXT_MAX - 1);
	rti_prefix(&err, -EPERM, "step");
	assert_int_equal(strlen(err.text), RTI_ERROR_TEXT_MAX - 1);
	assert_memory_equal(err.text, "step: open a", 12);
}

static void test_explanation_goes_behind(void **state)
{
	struct rti_error err;

	(void)state;
	assert_int_equal(rti_explain(&err, rti_fail(&err, EINVAL, "step"), "value %d", 7), -EINVAL);
	assert_string_equal(err.text, "step: invalid argument (value 7)");
	assert_int_equal(rti_explain(NULL, -EPERM, "why"), -EPERM);
	/* Where there is no room it is cut, or left out. */
	memset(err.text, 'a', sizeof(err.text));
	for (size_t room = 1; room < 8; room++) {
		err.text[sizeof(err.text) - room] = '\0';
		rti_explain(&err, -EPERM, "why");
		assert_true(strlen(err.text) < sizeof(err.text));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fail_adds_errno_text_as_go_prints_it),
		cmocka_unit_test(test_prefix_goes_before),
		cmocka_unit_test(test_explanation_goes_behind),
		cmocka_unit_test(test_long_text_is_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
