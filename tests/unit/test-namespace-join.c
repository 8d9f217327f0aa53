/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "init/namespace-join.h"

static void assert_refused(const char *text, const char *expected)
{
	struct namespace_list list;
	struct rti_error err = { 0 };

	assert_true(namespace_list_open(&list, text, &err) < 0);
	assert_string_equal(err.text, expected);
	namespace_list_done(&list);
}

static void test_bad_lists_are_refused_with_runcs_texts(void **state)
{
	(void)state;
	assert_refused("", "ns paths are empty");
	assert_refused("net", "failed to parse net");
	assert_refused("bogus:/proc/self/ns/net", "unknown namespace type bogus");
	assert_refused("averyveryverylongname:/x", "unknown namespace type averyveryverylongname");
	assert_refused("net:/nope", "failed to open /nope: No such file or directory");
	assert_refused("net:", "failed to open : No such file or directory");
	assert_refused("net:/proc/self/ns/net,net:/proc/self/ns/net", "two namespaces of type net");
}

static void test_list_is_opened_in_its_order(void **state)
{
	struct namespace_list list;
	struct rti_error err;

	(void)state;
	assert_int_equal(namespace_list_open(&list, "ipc:/proc/self/ns/ipc,net:/proc/self/ns/net",
					     &err),
			 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].kind->proc, "ipc");
	assert_string_equal(list.items[1].path, "/proc/self/ns/net");
	assert_true(fcntl(list.items[1].fd, F_GETFD) & FD_CLOEXEC);
	namespace_list_done(&list);
	assert_int_equal(list.count, 0);
}

static void test_wrong_kind_of_namespace_is_refused(void **state)
{
	struct namespace_list list;
	struct rti_error err;

	(void)state;
	assert_int_equal(namespace_list_open(&list, "net:/proc/self/ns/uts", &err), 0);
	assert_int_equal(namespace_list_join(&list, &err), -EINVAL);
	assert_string_equal(err.text, "failed to setns into net namespace: Invalid argument");
	namespace_list_done(&list);
}

/* Whatever lay in the memory before, no namespace may count as joined that was not. */
static void test_a_fresh_list_has_joined_nothing(void **state)
{
	struct namespace_list list;

	(void)state;
	memset(&list, 0xff, sizeof(list));
	assert_int_equal(namespace_list_open(&list, "net:/proc/self/ns/net", NULL), 0);
	assert_false(list.items[0].joined);
	namespace_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_lists_are_refused_with_runcs_texts),
		cmocka_unit_test(test_list_is_opened_in_its_order),
		cmocka_unit_test(test_a_fresh_list_has_joined_nothing),
		cmocka_unit_test(test_wrong_kind_of_namespace_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
