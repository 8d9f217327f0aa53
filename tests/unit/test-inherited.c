/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sealed-copy.h"
#include "init/inherited.h"

/* Strings that may be written to, as those of a real environment. */
static void take(struct inherited *ret, const char *first, const char *second, const char *third)
{
	static char strings[3][256];
	char *environment[4] = { NULL };
	const char *given[] = { first, second, third };

	for (int i = 0; i < 3 && given[i]; i++) {
		snprintf(strings[i], sizeof(strings[i]), "%s", given[i]);
		environment[i] = strings[i];
	}
	inherited_take(environment, ret);
	assert_null(environment[0]);
	for (int i = 0; i < 3 && given[i]; i++)
		assert_string_equal(strings[i], "");
}

static void take_number(struct inherited *ret, const char *name, int number)
{
	char entry[128];

	snprintf(entry, sizeof(entry), "%s=%d", name, number);
	take(ret, entry, NULL, NULL);
}

static void test_values_are_kept_and_the_environment_is_wiped(void **state)
{
	struct inherited inherited;

	(void)state;
	take(&inherited, "_LIBCONTAINER_INITPIPE=3", "_LIBCONTAINER_INITTYPE=setns", "GOMAXPROCS=");
	assert_string_equal(inherited.value[INHERITED_INITPIPE], "3");
	assert_string_equal(inherited.value[INHERITED_INITTYPE], "setns");
	assert_string_equal(inherited.value[INHERITED_LOGPIPE], "");
}

static void test_a_longer_name_is_another_variable(void **state)
{
	struct inherited inherited;

	(void)state;
	take(&inherited, "_LIBCONTAINER_INITPIPE2=3", "X_LIBCONTAINER_INITPIPE=4", NULL);
	assert_string_equal(inherited.value[INHERITED_INITPIPE], "");
}

static void test_has_needs_a_value(void **state)
{
	char empty[] = "_LIBCONTAINER_INITPIPE=", set[] = "_LIBCONTAINER_INITPIPE=3";
	char *without[] = { empty, NULL }, *with[] = { empty, set, NULL };

	(void)state;
	assert_false(inherited_has(without, INHERITED_INITPIPE));
	assert_true(inherited_has(with, INHERITED_INITPIPE));
}

static void assert_early_error(const char *entry, const char *text)
{
	struct inherited inherited;
	struct rti_error err = { 0 };
	int r;

	take(&inherited, entry, NULL, NULL);
	r = inherited_open_log(&inherited, &err);
	if (r == 0)
		r = inherited_open_init(&inherited, &err);
	assert_true(r < 0);
	assert_string_equal(err.text, text);
}

static void test_a_parent_of_the_old_protocol_is_named(void **state)
{
	struct inherited inherited;
	struct rti_error err = { 0 };

	(void)state;
	take(&inherited, "_LIBCONTAINER_STATEDIR=/run/runc/x", "_LIBCONTAINER_INITPIPE=3", NULL);
	assert_int_equal(inherited_check_parent(&inherited, &err), -EPROTONOSUPPORT);
	assert_non_null(strstr(err.text, "runc 1.1 or older"));
	take(&inherited, "_LIBCONTAINER_INITPIPE=3", NULL, NULL);
	assert_int_equal(inherited_check_parent(&inherited, &err), 0);
}

static void test_early_numbers_are_strict_and_speak_as_runcs_stages(void **state)
{
	(void)state;
	assert_early_error("_LIBCONTAINER_INITPIPE=abc",
			   "unable to parse _LIBCONTAINER_INITPIPE=abc: Success");
	assert_early_error("_LIBCONTAINER_INITPIPE=-1",
			   "bad value for _LIBCONTAINER_INITPIPE=-1 (-1): Success");
	assert_early_error("_LIBCONTAINER_LOGPIPE=x",
			   "unable to parse _LIBCONTAINER_LOGPIPE=x: Success");
	assert_early_error("_LIBCONTAINER_LOGLEVEL= 4",
			   "unable to parse _LIBCONTAINER_LOGLEVEL= 4: Success");
	assert_early_error("_LIBCONTAINER_LOGLEVEL=0x4",
			   "unable to parse _LIBCONTAINER_LOGLEVEL=0x4: Success");
	assert_early_error("_LIBCONTAINER_INITPIPE=4294967299",
			   "unable to parse _LIBCONTAINER_INITPIPE=4294967299: Success");
	assert_early_error("_LIBCONTAINER_INITPIPE=2",
			   "_LIBCONTAINER_INITPIPE=2 names a standard stream");
}

static void assert_late_error(const char *first, const char *second, const char *text)
{
	struct inherited inherited;
	struct rti_error err = { 0 };

	take(&inherited, first, second, NULL);
	inherited.log_fd = 99;
	assert_true(inherited_open_rest(&inherited, &err) < 0);
	assert_string_equal(err.text, text);
}

static void test_late_numbers_are_strict_and_speak_as_go(void **state)
{
	(void)state;
	assert_late_error("_LIBCONTAINER_INITTYPE=standard", NULL,
			  "unable to convert _LIBCONTAINER_FIFOFD: strconv.Atoi: parsing \"\": "
			  "invalid syntax");
	assert_late_error("_LIBCONTAINER_CONSOLE=z", NULL,
			  "unable to convert _LIBCONTAINER_CONSOLE: strconv.Atoi: parsing \"z\": "
			  "invalid syntax");
	assert_late_error("_LIBCONTAINER_PIDFD_SOCK=99999999999999999999", NULL,
			  "unable to convert _LIBCONTAINER_PIDFD_SOCK: strconv.Atoi: parsing "
			  "\"99999999999999999999\": value out of range");
}

static void test_unknown_type_is_refused(void **state)
{
	struct inherited inherited;
	struct rti_error err;

	(void)state;
	take(&inherited, "_LIBCONTAINER_INITTYPE=bogus", NULL, NULL);
	assert_int_equal(inherited_check_type(&inherited, &err), -EINVAL);
	assert_string_equal(err.text, "unknown init type \"bogus\"");
}

static void test_fds_must_be_what_they_are_for(void **state)
{
	int stream[2], packet[2], tube[2];
	struct inherited inherited;
	struct rti_error err;
	char text[128];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, packet), 0);
	assert_int_equal(pipe2(tube, O_CLOEXEC), 0);

	take_number(&inherited, "_LIBCONTAINER_INITPIPE", stream[0]);
	assert_int_equal(inherited_open_init(&inherited, &err), 0);
	assert_int_equal(inherited.init_fd, stream[0]);
	take_number(&inherited, "_LIBCONTAINER_INITPIPE", packet[0]);
	assert_int_equal(inherited_open_init(&inherited, &err), -EBADF);
	snprintf(text, sizeof(text), "_LIBCONTAINER_INITPIPE=%d is not a unix stream socket",
		 packet[0]);
	assert_string_equal(err.text, text);

	take_number(&inherited, "_LIBCONTAINER_SYNCPIPE", packet[0]);
	assert_int_equal(inherited_open_sync(&inherited, &err), 0);
	take_number(&inherited, "_LIBCONTAINER_SYNCPIPE", stream[0]);
	assert_int_equal(inherited_open_sync(&inherited, &err), -EBADF);
	take_number(&inherited, "_LIBCONTAINER_SYNCPIPE", 999);
	assert_int_equal(inherited_open_sync(&inherited, &err), -EBADF);

	take_number(&inherited, "_LIBCONTAINER_LOGPIPE", tube[1]);
	assert_int_equal(inherited_open_log(&inherited, &err), 0);
	assert_int_equal(inherited.log_fd, tube[1]);
	take_number(&inherited, "_LIBCONTAINER_LOGPIPE", tube[0]);
	assert_int_equal(inherited_open_log(&inherited, &err), -EBADF);
	take_number(&inherited, "_LIBCONTAINER_LOGPIPE", stream[0]);
	assert_int_equal(inherited_open_log(&inherited, &err), -EBADF);

	for (int i = 0; i < 2; i++) {
		rti_close(stream[i]);
		rti_close(packet[i]);
		rti_close(tube[i]);
	}
}

/* The container that is joined could change another one through /proc. */
static void test_a_seccomp_program_must_be_sealed(void **state)
{
	int unsealed = memfd_create("unsealed", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	int file = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0400);
	int sealed = rti_sealed_copy(unsealed, "sealed", NULL);
	const int three = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW; /* without F_SEAL_WRITE */
	const int refused[] = { unsealed, file, 999 };
	char variable[64], text[128];
	struct inherited inherited;
	struct rti_error err;

	(void)state;
	assert_true(unsealed >= 0 && file >= 0 && sealed >= 0);
	assert_int_equal(fcntl(unsealed, F_ADD_SEALS, three), 0);
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(variable, sizeof(variable), "_RUNTIME_INIT_SECCOMP=%d", refused[i]);
		take(&inherited, "_LIBCONTAINER_LOGPIPE=5", variable, NULL);
		assert_int_equal(inherited_open_rest(&inherited, &err), -EBADF);
		snprintf(text, sizeof(text), "%s is not a sealed memory file", variable);
		assert_string_equal(err.text, text);
		assert_int_equal(inherited.seccomp_fd, -EBADF);
	}
	snprintf(variable, sizeof(variable), "_RUNTIME_INIT_SECCOMP=%d", sealed);
	take(&inherited, "_LIBCONTAINER_LOGPIPE=5", variable, NULL);
	assert_int_equal(inherited_open_rest(&inherited, &err), 0);
	assert_int_equal(inherited.seccomp_fd, sealed);
	rti_close(unsealed);
	rti_close(file);
	rti_close(sealed);
}

static void test_a_level_beyond_the_last_counts_as_the_last(void **state)
{
	struct inherited inherited;

	(void)state;
	take_number(&inherited, "_LIBCONTAINER_LOGLEVEL", 77);
	assert_int_equal(inherited_open_log(&inherited, NULL), 0);
	assert_true(inherited.has_log_level);
	assert_int_equal(inherited.log_level, LOG_LEVEL_TRACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values_are_kept_and_the_environment_is_wiped),
		cmocka_unit_test(test_a_longer_name_is_another_variable),
		cmocka_unit_test(test_has_needs_a_value),
		cmocka_unit_test(test_a_parent_of_the_old_protocol_is_named),
		cmocka_unit_test(test_early_numbers_are_strict_and_speak_as_runcs_stages),
		cmocka_unit_test(test_late_numbers_are_strict_and_speak_as_go),
		cmocka_unit_test(test_unknown_type_is_refused),
		cmocka_unit_test(test_fds_must_be_what_they_are_for),
		cmocka_unit_test(test_a_seccomp_program_must_be_sealed),
		cmocka_unit_test(test_a_level_beyond_the_last_counts_as_the_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
