/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Validation of configurations that our own conversion does not make, but a state file or another
 * user of the library may hold: each breaks one rule.
 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "protocol/spec-validate.h"
#include "tests/unit/spec-fixture.h"

enum machine { ORDINARY, UNIFIED, OLD_KERNEL, RDT_ALONE };

static const struct {
	const char *config; /* without the rootfs */
	const char *text;
	enum machine machine;
} rows[] = {
	{ "\"no_pivot_root\":false", "", ORDINARY },
	{ "\"cgroups\":{\"memory\":-5,\"memory_swap\":7}", "invalid memory value: -5", UNIFIED },
	{ "\"cgroups\":{\"name\":\"n\",\"path\":\"/p\"}",
	  "cgroup: either Path or Name and Parent should be used, got &{Name:n Parent: Path:/p}",
	  ORDINARY },
	{ "\"networks\":[{\"type\":\"loopback\"}]",
	  "unable to apply network settings without a private NET namespace", ORDINARY },
	{ "\"netDevices\":{\"eth0\":{}}", "unable to move network devices without a NET namespace",
	  ORDINARY },
	{ "\"netDevices\":{\"eth0\":{}},\"rootless_cgroups\":true,"
	  "\"namespaces\":[{\"type\":\"NEWNET\"}]",
	  "network devices are not supported for rootless containers", ORDINARY },
	{ "\"mask_paths\":[\"/x\"]",
	  "unable to restrict sys entries without a private MNT namespace", ORDINARY },
	{ "\"gid_mappings\":[]",
	  "user namespace mappings specified, but user namespace isn't enabled in the config",
	  ORDINARY },
	{ "\"namespaces\":[{\"type\":\"NEWUSER\"}],\"uid_mappings\":[]",
	  "user namespaces aren't enabled in the kernel", OLD_KERNEL },
	{ "\"namespaces\":[{\"type\":\"NEWUSER\"}]",
	  "user namespaces enabled, but no namespace path to join nor mappings to apply specified",
	  ORDINARY },
	{ "\"namespaces\":[{\"type\":\"NEWCGROUP\"}]",
	  "cgroup namespaces aren't enabled in the kernel", OLD_KERNEL },
	{ "\"namespaces\":[{\"type\":\"NEWTIME\"}]", "time namespaces aren't enabled in the kernel",
	  OLD_KERNEL },
	{ "\"time_offsets\":{\"boottime\":{\"secs\":1}}",
	  "time namespace offsets specified, but time namespace isn't enabled in the config",
	  ORDINARY },
	{ "\"intel_rdt\":{\"closID\":\"..\"}", "invalid intelRdt.ClosID \"..\"", RDT_ALONE },
	{ "\"intel_rdt\":{\"l3_cache_schema\":\"L3:0=f\"}",
	  "intelRdt.l3CacheSchema is specified in config, but Intel RDT/CAT is not enabled",
	  RDT_ALONE },
	{ "\"intel_rdt\":{\"memBwSchema\":\"MB:0=10\"}",
	  "intelRdt.memBwSchema is specified in config, but Intel RDT/MBA is not enabled",
	  RDT_ALONE },
	{ "\"memory_policy\":{\"mode\":7}", "invalid memory policy mode: 7", ORDINARY },
	{ "\"rootless_euid\":true,\"uid_mappings\":[],\"namespaces\":[{\"type\":\"NEWUSER\"}]",
	  "rootless containers requires at least one UID mapping", ORDINARY },
	{ "\"rootless_euid\":true,\"namespaces\":[{\"type\":\"NEWUSER\"}],"
	  "\"uid_mappings\":[{\"container_id\":0,\"host_id\":1,\"size\":1}]",
	  "rootless containers requires at least one GID mapping", ORDINARY },
};

static void test_each_broken_rule_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct fixture fixture;
		struct rti_convert_environment environment =
			fixture_environment(&fixture, "/bundle", "c1");
		struct rti_init_config init;
		struct rti_error err = { 0 };
		char json[512];
		int r;

		environment.cgroup_unified = rows[i].machine == UNIFIED;
		environment.rdt = rows[i].machine == RDT_ALONE;
		environment.user_namespaces = environment.cgroup_namespaces =
			environment.time_namespaces = rows[i].machine != OLD_KERNEL;
		snprintf(json, sizeof(json), "{\"config\":{\"rootfs\":\"/r\",%s}}", rows[i].config);
		if (rti_init_config_decode(json, strlen(json), NULL, NULL, &init, &err) < 0)
			fail_msg("%s: %s", json, err.text);
		r = rti_spec_validate(init.config, &environment, RTI_DIALECT_OWN, &err);
		if (strcmp(err.text, rows[i].text) != 0)
			fail_msg("%s: %s", json, err.text);
		assert_int_equal(r, rows[i].text[0] ? -EINVAL : 0);
		rti_init_config_done(&init);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_broken_rule_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
