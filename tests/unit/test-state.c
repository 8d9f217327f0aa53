/* SPDX-License-Identifier: Apache-2.0 */
/* state.json, and telling a process from another one with its pid. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/process.h"
#include "parent/state.h"

struct fixture {
	char path[64];
	int dir_fd;
	struct rti_arena arena;
};

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	strcpy(fixture->path, "/tmp/test-state.XXXXXX");
	assert_non_null(mkdtemp(fixture->path));
	fixture->dir_fd = open(fixture->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fixture->dir_fd >= 0);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	unlinkat(fixture->dir_fd, STATE_FILE, 0);
	rti_close(fixture->dir_fd);
	assert_int_equal(rmdir(fixture->path), 0); /* no temporary file is left */
	rti_arena_done(&fixture->arena);
	free(fixture);
	return 0;
}

static void put(struct fixture *fixture, const char *text)
{
	int fd = openat(fixture->dir_fd, STATE_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	assert_int_equal(rti_write_full(fd, text, strlen(text)), 0);
	rti_close(fd);
}

static void test_what_is_written_is_read(void **state)
{
	struct fixture *fixture = *state;
	struct rti_string_pair cgroups[] = { { "", "/sys/fs/cgroup/x" }, { "pids", "/p<&>" } };
	struct rti_config config = { .rootfs = "/rootfs" };
	struct state out = { .id = "one",
			     .init_pid = 77,
			     .init_start = UINT64_MAX,
			     .created = "2026-11-22T00:00:00Z",
			     .config = &config,
			     .cgroup_paths = { cgroups, 2 } },
		     in;
	struct rti_error err;
	struct stat st;

	assert_int_equal(state_write(fixture->dir_fd, &out, RTI_DIALECT_OWN, &err), 0);
	assert_int_equal(fstatat(fixture->dir_fd, STATE_FILE, &st, 0), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(state_read(fixture->dir_fd, &fixture->arena, &in, &err), 0);
	assert_string_equal(in.id, "one");
	assert_int_equal(in.init_pid, 77);
	assert_true(in.init_start == UINT64_MAX);
	assert_string_equal(in.config->rootfs, "/rootfs");
	assert_int_equal(in.cgroup_paths.count, 2);
	assert_string_equal(in.cgroup_paths.items[1].value, "/p<&>");
}

static void test_a_second_write_replaces(void **state)
{
	struct fixture *fixture = *state;
	struct rti_config config = { .rootfs = "/" };
	struct state out = { .id = "one", .config = &config }, in;

	assert_int_equal(state_write(fixture->dir_fd, &out, RTI_DIALECT_OWN, NULL), 0);
	out.init_pid = 5;
	assert_int_equal(state_write(fixture->dir_fd, &out, RTI_DIALECT_RUNC_1_2, NULL), 0);
	assert_int_equal(state_read(fixture->dir_fd, &fixture->arena, &in, NULL), 0);
	assert_int_equal(in.init_pid, 5);
}

static void test_no_container(void **state)
{
	struct fixture *fixture = *state;
	struct rti_error err;
	struct state in;

	assert_int_equal(state_read(fixture->dir_fd, &fixture->arena, &in, &err), -ENOENT);
	assert_string_equal(err.text, "container does not exist");
}

static void test_broken_states_are_refused(void **state)
{
	static const char *const texts[] = {
		"", "{", "[]", "null", "{}", "{\"id\":\"x\"}", "{\"id\":\"x\",\"config\":null}"
	};
	struct fixture *fixture = *state;
	struct rti_error err;
	struct state in;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		put(fixture, texts[i]);
		assert_true(state_read(fixture->dir_fd, &fixture->arena, &in, &err) < 0);
		unlinkat(fixture->dir_fd, STATE_FILE, 0);
	}
}

static void test_a_process_is_known_by_its_start(void **state)
{
	struct process_stat self, child;
	int status;
	pid_t pid;

	(void)state;
	assert_int_equal(process_stat_read(getpid(), &self), 0);
	assert_true(process_is_alive(getpid(), self.start_time));
	assert_false(process_is_alive(getpid(), self.start_time + 1));
	assert_false(process_is_alive(0, 0));
	assert_false(process_is_alive(-1, 0));
	pid = fork();
	if (pid == 0)
		_exit(0);
	do
		assert_int_equal(process_stat_read(pid, &child), 0);
	while (child.state != 'Z');
	assert_false(process_is_alive(pid, child.start_time)); /* a zombie */
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(process_stat_read(pid, &child) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_written_is_read, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_second_write_replaces, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_container, setup, teardown),
		cmocka_unit_test_setup_teardown(test_broken_states_are_refused, setup, teardown),
		cmocka_unit_test(test_a_process_is_known_by_its_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
