/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/sealed-copy.h"
#include "container/seccomp-cache.h"
#include "container/seccomp.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct rti_seccomp_arg even[] = { { .index = 1, .value = 1, .value_two = 0, .op = 6 } };
static struct rti_seccomp_syscall calls[] = {
	{ .name = "mkdir", .action = RTI_SECCOMP_ERRNO },
	{ .name = "rmdir", .action = RTI_SECCOMP_ALLOW, .args = { even, 1 } },
};
static const struct rti_seccomp profile = {
	.default_action = RTI_SECCOMP_ALLOW,
	.syscalls = { calls, COUNT(calls) },
};

static const struct rti_seccomp other_profile = { .default_action = RTI_SECCOMP_ERRNO };

/* A folder for each test; without root there is no cache. */
struct fixture {
	char path[64];
};

static int set_up(void **state)
{
	struct fixture *fixture = test_calloc(1, sizeof(*fixture));

	strcpy(fixture->path, "/tmp/rti-seccomp-cache.XXXXXX");
	if (!mkdtemp(fixture->path))
		return -1;
	seccomp_cache_use_folder(fixture->path);
	*state = fixture;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", fixture->path);
	test_free(fixture);
	return system(command);
}

static void need_root(void)
{
	if (geteuid() != 0)
		skip();
}

/* Number of kept programs, and the path of the last one. */
static size_t list_files(const struct fixture *fixture, char *path, size_t size)
{
	char folder[128];
	struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%s/seccomp", fixture->path);
	dir = opendir(folder);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		count++;
		assert_true(snprintf(path, size, "%s/%s", folder, entry->d_name) < (int)size);
	}
	if (dir)
		closedir(dir);
	return count;
}

static void assert_same(const struct seccomp_program *a, const struct seccomp_program *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->flags, b->flags);
	assert_int_equal(a->notify, b->notify);
	assert_memory_equal(a->filter, b->filter, a->count * sizeof(a->filter[0]));
}

static void test_what_is_kept_is_what_is_compiled(void **state)
{
	struct seccomp_program kept = { NULL }, fresh = { NULL };
	char path[512];
	int fd;

	need_root();
	fd = seccomp_cache_prepare(&profile);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(seccomp_cache_read(fd, &profile, &kept), 0);
	assert_int_equal(seccomp_program_compile(&profile, &fresh, NULL), 0);
	assert_same(&kept, &fresh);
	assert_int_equal(list_files(*state, path, sizeof(path)), 1);
	seccomp_program_done(&kept);
	seccomp_program_done(&fresh);
	close(fd);
}

/* Who sees the process can reopen its fds, and write what O_RDONLY forbids. */
static void test_what_is_handed_out_cannot_be_changed(void **state)
{
	struct stat file, copy;
	char path[512];
	int fd, again_fd;

	need_root();
	for (int i = 0; i < 2; i++) { /* fresh, and kept */
		fd = seccomp_cache_prepare(&profile);
		assert_true(rti_sealed_is(fd));
		assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
		assert_int_equal(list_files(*state, path, sizeof(path)), 1);
		assert_int_equal(stat(path, &file), 0);
		assert_int_equal(fstat(fd, &copy), 0);
		assert_true(file.st_dev != copy.st_dev || file.st_ino != copy.st_ino);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		again_fd = open(path, O_RDWR | O_CLOEXEC);
		assert_int_equal(pwrite(again_fd, "x", 1, 0), -1);
		rti_close(again_fd);
		close(fd);
	}
}

static void test_a_full_folder_is_emptied(void **state)
{
	const struct fixture *fixture = *state;
	char path[512];

	need_root();
	close(seccomp_cache_prepare(&profile));
	assert_int_equal(list_files(fixture, path, sizeof(path)), 1);
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 63; i++) {
		snprintf(path, sizeof(path), "%s/seccomp/%d", fixture->path, i);
		close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0400));
	}
	close(seccomp_cache_prepare(&profile));
	assert_int_equal(list_files(fixture, path, sizeof(path)), 64);
	/* What is there is used, however full it is. */
	close(seccomp_cache_prepare(&profile));
	assert_int_equal(list_files(fixture, path, sizeof(path)), 64);
	close(seccomp_cache_prepare(&other_profile));
	assert_int_equal(list_files(fixture, path, sizeof(path)), 1);
}

static void test_a_profile_is_compiled_once(void **state)
{
	struct seccomp_program first = { NULL }, second = { NULL };
	struct stat before, after;
	char path[512];

	need_root();
	assert_int_equal(seccomp_cache_compile(&profile, &first, NULL), 0);
	assert_int_equal(list_files(*state, path, sizeof(path)), 1);
	assert_int_equal(stat(path, &before), 0);
	assert_int_equal(seccomp_cache_compile(&profile, &second, NULL), 0);
	assert_same(&first, &second);
	assert_int_equal(list_files(*state, path, sizeof(path)), 1);
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	seccomp_program_done(&first);
	seccomp_program_done(&second);
}

static void test_every_difference_is_another_program(void **state)
{
	struct rti_seccomp_arg odd[] = { { .index = 1, .value = 1, .value_two = 1, .op = 6 } };
	struct rti_seccomp_syscall other_calls[] = { calls[0], calls[1] };
	const char *native[] = { "amd64" };
	uint64_t number = 38;
	struct rti_seccomp other = { .default_action = RTI_SECCOMP_ALLOW,
				     .syscalls = { other_calls, COUNT(other_calls) } };
	struct seccomp_program program = { NULL };
	int fd;

	(void)state;
	need_root();
	fd = seccomp_cache_prepare(&profile);
	assert_true(fd >= 0);
	other_calls[0].errno_ret = &number;
	assert_int_equal(seccomp_cache_read(fd, &other, &program), -ESTALE);
	other_calls[0] = calls[0];
	other_calls[1].args.items = odd;
	assert_int_equal(seccomp_cache_read(fd, &other, &program), -ESTALE);
	other_calls[1] = calls[0];
	other_calls[0] = calls[1];
	assert_int_equal(seccomp_cache_read(fd, &other, &program), -ESTALE);
	other.syscalls = profile.syscalls;
	other.default_errno_ret = &number;
	assert_int_equal(seccomp_cache_read(fd, &other, &program), -ESTALE);
	other.default_errno_ret = NULL;
	other.architectures.items = native;
	other.architectures.count = 1;
	assert_int_equal(seccomp_cache_read(fd, &other, &program), -ESTALE);
	other.architectures.count = 0;
	assert_int_equal(seccomp_cache_read(fd, &other, &program), 0);
	seccomp_program_done(&program);
	close(fd);
}

/* Changes the file at @path, which nobody may write to, by making it anew. */
static void damage(const char *path, off_t cut, off_t flipped)
{
	static char bytes[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t size = rti_read_full(fd, bytes, sizeof(bytes));

	close(fd);
	assert_true(size > cut && size > flipped);
	if (flipped)
		bytes[size - flipped] ^= 1;
	assert_int_equal(unlink(path), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	assert_int_equal(rti_write_full(fd, bytes, (size_t)(size - cut)), 0);
	close(fd);
}

static void test_a_damaged_file_is_not_used_and_replaced(void **state)
{
	static const struct {
		off_t cut;
		off_t flipped;
	} damages[] = { { 1, 0 }, { 40, 0 }, { 0, 1 }, { 0, 60 } };
	struct seccomp_program fresh = { NULL };
	char path[512];

	need_root();
	assert_int_equal(seccomp_program_compile(&profile, &fresh, NULL), 0);
	close(seccomp_cache_prepare(&profile));
	for (size_t i = 0; i < COUNT(damages); i++) {
		struct seccomp_program program = { NULL };
		int fd;

		assert_int_equal(list_files(*state, path, sizeof(path)), 1);
		damage(path, damages[i].cut, damages[i].flipped);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_int_equal(seccomp_cache_read(fd, &profile, &program), -ESTALE);
		close(fd);
		assert_int_equal(seccomp_cache_compile(&profile, &program, NULL), 0);
		assert_same(&program, &fresh);
		seccomp_program_done(&program);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		assert_int_equal(seccomp_cache_read(fd, &profile, &program), 0);
		close(fd);
		seccomp_program_done(&program);
	}
	seccomp_program_done(&fresh);
}

static void test_a_folder_that_others_can_use_is_not_used(void **state)
{
	const struct fixture *fixture = *state;
	struct seccomp_program program = { NULL };
	char path[512], folder[128];

	need_root();
	snprintf(folder, sizeof(folder), "%s/seccomp", fixture->path);
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_int_equal(chmod(folder, 0750), 0);
	assert_int_equal(seccomp_cache_prepare(&profile), -EPERM);
	assert_int_equal(chmod(folder, 0700), 0);
	assert_int_equal(chown(folder, 1000, 0), 0);
	assert_int_equal(seccomp_cache_prepare(&profile), -EPERM);
	assert_int_equal(seccomp_cache_compile(&profile, &program, NULL), 0);
	assert_int_equal(list_files(fixture, path, sizeof(path)), 0);
	assert_int_equal(rmdir(folder), 0);
	assert_int_equal(symlink("/tmp", folder), 0);
	assert_true(seccomp_cache_prepare(&profile) < 0);
	seccomp_program_done(&program);
}

static void test_a_bad_profile_is_refused_and_not_kept(void **state)
{
	struct rti_seccomp bad = { .default_action = 99 };
	struct seccomp_program program = { NULL };
	struct rti_error err = { 0 };
	char path[512];

	need_root();
	assert_int_equal(seccomp_cache_prepare(&bad), -EINVAL);
	assert_int_equal(seccomp_cache_compile(&bad, &program, &err), -EINVAL);
	assert_string_equal(err.text, "error initializing seccomp - invalid default action");
	assert_int_equal(list_files(*state, path, sizeof(path)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_is_kept_is_what_is_compiled, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_handed_out_cannot_be_changed, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_full_folder_is_emptied, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_profile_is_compiled_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_every_difference_is_another_program, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(test_a_damaged_file_is_not_used_and_replaced,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_folder_that_others_can_use_is_not_used,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_bad_profile_is_refused_and_not_kept, set_up,
						tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
