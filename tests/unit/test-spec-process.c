/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The process of a container and of an exec: flags, checks, and what comes from where.
 */
#include "tests/unit/unit.h"

#include <string.h>

#include "protocol/spec-convert.h"
#include "tests/unit/spec-fixture.h"

static const char config[] =
	"{\"root\":{\"path\":\"r\"},\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"env\":[\"A=1\"],"
	"\"user\":{\"uid\":5,\"gid\":6,\"additionalGids\":[7]},\"noNewPrivileges\":true,"
	"\"capabilities\":{\"bounding\":[\"CAP_KILL\"],\"inheritable\":[]}}}";

static struct rti_spec read_config(const char *json)
{
	struct rti_spec spec = {};
	struct rti_error err = {};

	if (rti_spec_read(json, strlen(json), &spec, &err) < 0)
		fail_msg("%s", err.text);
	return spec;
}

static struct rti_strings strings(const char **items)
{
	struct rti_strings list = { items, 0 };

	while (items[list.count])
		list.count++;
	return list;
}

static const char *args[] = { "/bin/true", NULL };

static void test_exec_flags_change_the_process(void **state)
{
	static const char *env[] = { "B=2", NULL };
	static const char *caps[] = { "CAP_CHOWN", NULL };
	static int64_t gids[] = { 8, 9 };
	bool no = false;
	struct rti_exec_options options = {
		.args = strings(args),
		.env = strings(env),
		.caps = strings(caps),
		.additional_gids = { gids, 2 },
		.user = "10:11",
		.cwd = "/tmp",
		.tty = true,
		.no_new_privs = &no,
	};
	struct rti_spec spec = read_config(config);
	struct rti_spec_process *process = spec.process;
	struct rti_error err = {};

	(void)state;
	assert_int_equal(rti_spec_apply_exec_options(&spec, &options, &err), 0);
	assert_string_equal(process->args.items[0], "/bin/true");
	assert_null(process->args.items[1]);
	assert_string_equal(process->env.items[0], "A=1");
	assert_string_equal(process->env.items[1], "B=2");
	assert_null(process->env.items[2]);
	assert_string_equal(process->cwd, "/tmp");
	assert_true(process->terminal);
	assert_false(process->no_new_privileges);
	assert_int_equal(process->user.uid, 10);
	assert_int_equal(process->user.gid, 11);
	assert_int_equal(process->user.additional_gids.count, 3);
	assert_int_equal(process->user.additional_gids.items[2], 9);
	assert_string_equal(process->capabilities->bounding.items[1], "CAP_CHOWN");
	assert_string_equal(process->capabilities->effective.items[0], "CAP_CHOWN");
	/* the list of inheritable ones is there, though empty */
	assert_string_equal(process->capabilities->ambient.items[0], "CAP_CHOWN");
	assert_int_equal(process->capabilities->inheritable.count, 0);
	rti_spec_done(&spec);
}

static void test_exec_without_flags_keeps_the_process(void **state)
{
	struct rti_exec_options options = { .args = strings(args), .user = "12" };
	struct rti_spec spec = read_config(config);
	struct rti_error err = {};

	(void)state;
	assert_int_equal(rti_spec_apply_exec_options(&spec, &options, &err), 0);
	assert_int_equal(spec.process->user.uid, 12);
	assert_int_equal(spec.process->user.gid, 6);
	assert_true(spec.process->no_new_privileges);
	assert_null(spec.process->capabilities->ambient.items);
	rti_spec_done(&spec);
}

static void test_bad_exec_flags_are_refused(void **state)
{
	static int64_t gids[] = { -1 };
	const struct {
		struct rti_exec_options options;
		const char *text;
	} rows[] = {
		{ {}, "exec args cannot be empty" },
		{ { .args = strings(args), .user = "x" },
		  "bad uid: strconv.Atoi: parsing \"x\": invalid syntax" },
		{ { .args = strings(args), .user = "1:" },
		  "bad gid: strconv.Atoi: parsing \"\": invalid syntax" },
		{ { .args = strings(args), .user = "4294967296" },
		  "bad uid: strconv.Atoi: parsing \"4294967296\": value out of range" },
		{ { .args = strings(args), .user = "1:-4294967296" },
		  "bad gid: strconv.Atoi: parsing \"-4294967296\": value out of range" },
		{ { .args = strings(args), .user = "+-1" },
		  "bad uid: strconv.Atoi: parsing \"+-1\": invalid syntax" },
		{ { .args = strings(args), .additional_gids = { gids, 1 } },
		  "additional-gids must be a positive number -1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct rti_spec spec = read_config(config);
		struct rti_error err = {};

		assert_true(rti_spec_apply_exec_options(&spec, &rows[i].options, &err) < 0);
		assert_string_equal(err.text, rows[i].text);
		rti_spec_done(&spec);
	}
}

static void test_configuration_without_process_is_refused(void **state)
{
	struct rti_exec_options options = { .args = strings(args) };
	struct rti_spec spec = read_config("{}");
	struct rti_error err = {};

	(void)state;
	assert_true(rti_spec_apply_exec_options(&spec, &options, &err) < 0);
	assert_string_equal(err.text, "process property must not be empty");
	assert_true(rti_spec_add_notify_socket(&spec, "/x", &err) < 0);
	assert_int_equal(spec.mounts.count, 0);
	rti_spec_done(&spec);
}

static void test_terminal_and_console_socket_go_together(void **state)
{
	struct rti_spec_process process = { .terminal = true };
	struct rti_error err = {};

	(void)state;
	assert_int_equal(rti_spec_check_terminal(&process, false, false, &err), 0);
	assert_int_equal(rti_spec_check_terminal(&process, true, true, &err), 0);
	assert_true(rti_spec_check_terminal(&process, true, false, &err) < 0);
	assert_string_equal(
		err.text,
		"cannot allocate tty if runc will detach without setting console socket");
	assert_true(rti_spec_check_terminal(&process, false, true, &err) < 0);
	assert_string_equal(
		err.text, "cannot use console socket if runc will not detach or allocate tty");
	process.terminal = false;
	assert_int_equal(rti_spec_check_terminal(&process, true, false, &err), 0);
	assert_true(rti_spec_check_terminal(&process, true, true, &err) < 0);
}

static void test_notify_socket_adds_mount_and_variable(void **state)
{
	struct rti_spec spec = read_config(config);
	struct rti_error err = {};
	const struct rti_spec_mount *mount;

	(void)state;
	assert_int_equal(rti_spec_add_notify_socket(&spec, "/run/x/c1/notify", &err), 0);
	assert_int_equal(spec.mounts.count, 1);
	mount = &spec.mounts.items[0];
	assert_string_equal(mount->destination, "/run/notify");
	assert_string_equal(mount->source, "/run/x/c1/notify");
	assert_int_equal(mount->options.count, 5);
	assert_string_equal(spec.process->env.items[1], "NOTIFY_SOCKET=/run/notify/notify.sock");
	rti_spec_done(&spec);
}

static void test_process_wins_over_container(void **state)
{
	static const char container[] =
		"{\"root\":{\"path\":\"r\"},\"process\":{"
		"\"capabilities\":{\"bounding\":[\"CAP_A\"]},"
		"\"scheduler\":{\"policy\":\"SCHED_RR\"},\"ioPriority\":{\"class\":\"C\"},"
		"\"execCPUAffinity\":{\"initial\":\"1\"},\"selinuxLabel\":\"l\"}}";
	static const char own[] =
		"{\"capabilities\":{},\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"nice\":-3},"
		"\"execCPUAffinity\":{\"final\":\"2\"},"
		"\"consoleSize\":{\"height\":65537,\"width\":80}}";
	const struct rti_process_options options = { .exec = true, .listen_fds = 2,
						     .preserve_fds = 3 };
	struct fixture fixture;
	struct rti_convert_environment environment = fixture_environment(&fixture, "/b", "c1");
	struct rti_spec spec = read_config(container);
	struct rti_spec process = {};
	struct rti_init_config init = {};
	struct rti_error err = {};

	(void)state;
	assert_int_equal(rti_spec_convert(&spec, &environment, RTI_DIALECT_OWN, &init, &err), 0);
	assert_int_equal(rti_spec_read_process(own, strlen(own), &process, &err), 0);
	assert_int_equal(rti_spec_convert_process(process.process, &options, &environment,
						  RTI_DIALECT_OWN, NULL, &init, &err),
			 0);
	assert_non_null(init.capabilities);
	assert_int_equal(init.capabilities->bounding.count, 0);
	assert_string_equal(init.scheduler->policy, "SCHED_FIFO");
	assert_int_equal(init.scheduler->nice, -3);
	assert_string_equal(init.io_priority->class_name, "C");
	assert_null(init.cpu_affinity->initial.items);
	assert_int_equal(init.cpu_affinity->final.items[0], 4);
	assert_string_equal(init.process_label, "l");
	assert_int_equal(init.console_height, 1); /* cut to 16 bits, as runc does */
	assert_int_equal(init.passed_files_count, 5);
	assert_string_equal(init.env.items[0], "LISTEN_FDS=2");
	assert_string_equal(init.env.items[1], "LISTEN_PID=1");
	assert_null(init.spec_state);
	rti_init_config_done(&init);
	rti_spec_done(&process);
	rti_spec_done(&spec);
}

static void test_refused_process_leaves_the_container(void **state)
{
	struct rti_process_options options = {};
	struct fixture fixture;
	struct rti_convert_environment environment = fixture_environment(&fixture, "/b", "c1");
	struct rti_spec spec = read_config(config);
	struct rti_init_config init = {};
	struct rti_error err = {};

	(void)state;
	environment.rootless_euid = true;
	assert_int_equal(rti_spec_convert(&spec, &environment, RTI_DIALECT_OWN, &init, &err), 0);
	assert_true(rti_spec_convert_process(spec.process, &options, &environment, RTI_DIALECT_OWN,
					     NULL, &init, &err) < 0);
	assert_string_equal(err.text, "cannot set any additional groups in a rootless container");
	assert_non_null(init.config);
	assert_null(init.args.items);
	rti_init_config_done(&init);
	rti_spec_done(&spec);
}

static void test_null_process_is_an_empty_one(void **state)
{
	struct rti_spec spec = {};
	struct rti_error err = {};

	(void)state;
	assert_int_equal(rti_spec_read_process("null", 4, &spec, &err), 0);
	assert_true(rti_spec_check_process(spec.process, false, &err) < 0);
	assert_string_equal(err.text, "Cwd property must not be empty");
	rti_spec_done(&spec);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exec_flags_change_the_process),
		cmocka_unit_test(test_exec_without_flags_keeps_the_process),
		cmocka_unit_test(test_bad_exec_flags_are_refused),
		cmocka_unit_test(test_configuration_without_process_is_refused),
		cmocka_unit_test(test_terminal_and_console_socket_go_together),
		cmocka_unit_test(test_notify_socket_adds_mount_and_variable),
		cmocka_unit_test(test_process_wins_over_container),
		cmocka_unit_test(test_refused_process_leaves_the_container),
		cmocka_unit_test(test_null_process_is_an_empty_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
