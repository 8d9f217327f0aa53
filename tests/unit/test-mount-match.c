/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <string.h>
#include <sys/mount.h>

#include "parent/mount-match.h"

static struct rti_id_map map = { 0, 100000, 65536 };
static int64_t propagation[] = { MS_PRIVATE };

static struct rti_mount_id_mapping base_mapping(void)
{
	return (struct rti_mount_id_mapping){
		.recursive = true,
		.userns_path = "/proc/1/ns/user",
		.uid_mappings = { .items = &map, .count = 1 },
		.gid_mappings = { .items = &map, .count = 1 },
	};
}

static struct rti_mount base_mount(struct rti_mount_attr *attr,
				   struct rti_mount_id_mapping *mapping)
{
	*mapping = base_mapping();
	*attr = (struct rti_mount_attr){ .attr_set = 1 };
	return (struct rti_mount){
		.source = "/src",
		.destination = "/dst",
		.device = "bind",
		.flags = MS_BIND | MS_REC,
		.cleared_flags = MS_RDONLY,
		.propagation_flags = { .items = propagation, .count = 1 },
		.data = "x",
		.rec_attr = attr,
		.extensions = 1,
		.id_mapping = mapping,
	};
}

static void test_equal_content_is_equal(void **state)
{
	struct rti_mount_id_mapping mapping_a, mapping_b;
	struct rti_mount_attr attr_a, attr_b;
	struct rti_mount a = base_mount(&attr_a, &mapping_a), b = base_mount(&attr_b, &mapping_b);

	(void)state;
	assert_true(mount_is_equal(&a, &b));
}

static void test_absent_and_empty_are_the_same(void **state)
{
	struct rti_mount_attr zero = { 0 };
	struct rti_mount a = { .source = "/src", .data = "", .rec_attr = &zero };
	struct rti_mount b = { .source = "/src", .device = "" };

	(void)state;
	assert_true(mount_is_equal(&a, &b));
}

#define DIFFERS(change)                                                                            \
	do {                                                                                       \
		struct rti_mount_id_mapping mapping_a, mapping_b;                                  \
		struct rti_mount_attr attr_a, attr_b;                                              \
		struct rti_mount a = base_mount(&attr_a, &mapping_a),                              \
				 b = base_mount(&attr_b, &mapping_b);                              \
		struct rti_id_map other = map;                                                     \
		int64_t other_propagation[] = { MS_SHARED };                                       \
                                                                                                   \
		(void)other;                                                                       \
		(void)other_propagation;                                                           \
		change;                                                                            \
		if (mount_is_equal(&a, &b))                                                        \
			fail_msg("equal in spite of: %s", #change);                                \
	} while (0)

static void test_every_member_counts(void **state)
{
	(void)state;
	DIFFERS(b.source = "/src2");
	DIFFERS(b.source = NULL);
	DIFFERS(b.destination = "/dst2");
	DIFFERS(b.device = "tmpfs");
	DIFFERS(b.flags |= MS_NOSUID);
	DIFFERS(b.cleared_flags = 0);
	DIFFERS(b.propagation_flags.count = 0);
	DIFFERS(b.propagation_flags.items = other_propagation);
	DIFFERS(b.data = "y");
	DIFFERS(attr_b.attr_set = 2);
	DIFFERS(attr_b.attr_clr = 1);
	DIFFERS(attr_b.propagation = 1);
	DIFFERS(attr_b.userns_fd = 1);
	DIFFERS(b.rec_attr = NULL);
	DIFFERS(b.extensions = 0);
	DIFFERS(b.id_mapping = NULL);
	DIFFERS(mapping_b.recursive = false);
	DIFFERS(mapping_b.userns_path = NULL);
	DIFFERS(mapping_b.uid_mappings.count = 0);
	DIFFERS(mapping_b.gid_mappings.count = 0);
	DIFFERS({
		other.host_id = 0;
		mapping_b.uid_mappings.items = &other;
	});
	DIFFERS({
		other.container_id = 1;
		mapping_b.gid_mappings.items = &other;
	});
	DIFFERS({
		other.size++;
		mapping_b.gid_mappings.items = &other;
	});
}

static void test_find_gives_the_configuration_s_own(void **state)
{
	struct rti_mount items[] = { { .source = "/a" }, { .source = "/b" } };
	struct rti_mounts mounts = { .items = items, .count = 2 };
	struct rti_mount request = { .source = "/b" };

	(void)state;
	assert_ptr_equal(mount_find(&mounts, &request), &items[1]);
	request.destination = "/elsewhere";
	assert_null(mount_find(&mounts, &request));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equal_content_is_equal),
		cmocka_unit_test(test_absent_and_empty_are_the_same),
		cmocka_unit_test(test_every_member_counts),
		cmocka_unit_test(test_find_gives_the_configuration_s_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
