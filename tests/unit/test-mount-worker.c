/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/idmap-userns.h"
#include "parent/mount-worker.h"

static struct rti_id_map map[] = { { 0, 100000, 1000 }, { 1000, 200000, 10 } };
static struct rti_id_map reversed[] = { { 1000, 200000, 10 }, { 0, 100000, 1000 } };
static const struct rti_id_maps maps = { .items = map, .count = 2 };
static const struct rti_id_maps same_maps = { .items = reversed, .count = 2 };

/* A process in a mount namespace of its own, with a tmpfs on /mnt that holds "file" and "dir". */
struct fixture {
	pid_t pid;
	int pidfd;
	struct mount_worker *worker;
};

static int setup(void **state)
{
	struct fixture *fixture;
	int ends[2];
	char byte;

	if (geteuid() != 0)
		return 0; /* the tests skip themselves */
	if (pipe(ends) < 0)
		return -1;
	fixture = calloc(1, sizeof(*fixture));
	if (!fixture)
		return -1;
	fixture->pid = fork();
	if (fixture->pid < 0) {
		free(fixture);
		return -1;
	}
	*state = fixture;
	if (fixture->pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("t", "/mnt", "tmpfs", 0, NULL) < 0 || mkdir("/mnt/dir", 0755) < 0)
			_exit(1);
		close(open("/mnt/file", O_CREAT | O_WRONLY, 0644));
		(void)!write(ends[1], "x", 1);
		pause();
		_exit(0);
	}
	close(ends[1]);
	if (read(ends[0], &byte, 1) != 1)
		return -1;
	close(ends[0]);
	fixture->pidfd = (int)syscall(SYS_pidfd_open, fixture->pid, 0);
	return mount_worker_start(fixture->pidfd, fixture->pid, &fixture->worker, NULL);
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	if (!fixture)
		return 0;
	mount_worker_stop(fixture->worker);
	kill(fixture->pid, SIGKILL);
	waitpid(fixture->pid, NULL, 0);
	close(fixture->pidfd);
	free(fixture);
	return 0;
}

static int ask(struct mount_worker *worker, const struct rti_mount *mount, struct mount_answer *ret,
	       struct rti_error *err)
{
	struct pollfd poll_fd = { .fd = mount_worker_fd(worker), .events = POLLIN };

	assert_int_equal(mount_worker_ask(worker, mount, err), 0);
	assert_int_equal(poll(&poll_fd, 1, 10000), 1);
	return mount_worker_take(worker, ret, err);
}

#define NEEDS_ROOT()                                                                               \
	do {                                                                                       \
		if (!*state)                                                                       \
			skip();                                                                    \
	} while (0)

static void test_a_source_is_opened_in_the_other_mount_namespace(void **state)
{
	struct fixture *fixture = *state;
	struct rti_mount mount = { .source = "/mnt/file", .flags = MS_BIND };
	struct mount_answer answer;

	NEEDS_ROOT();
	assert_int_equal(access("/mnt/file", F_OK), -1);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ask(fixture->worker, &mount, &answer, NULL), 0);
		assert_false(answer.detached);
		assert_true(fcntl(answer.fd, F_GETFL) & O_PATH);
		assert_true(fcntl(answer.fd, F_GETFD) & FD_CLOEXEC);
		close(answer.fd);
	}
}

static void test_a_missing_source_is_said_as_runc_does(void **state)
{
	struct fixture *fixture = *state;
	struct rti_mount mount = { .source = "/mnt/nothing", .flags = MS_BIND };
	struct rti_mount_id_mapping mapping = { .uid_mappings = maps, .gid_mappings = maps };
	struct mount_answer answer;
	struct rti_error err;

	NEEDS_ROOT();
	assert_int_equal(ask(fixture->worker, &mount, &answer, &err), -ENOENT);
	assert_string_equal(err.text, "open /mnt/nothing: no such file or directory");
	mount.id_mapping = &mapping;
	assert_int_equal(ask(fixture->worker, &mount, &answer, &err), -ENOENT);
	assert_string_equal(err.text,
			    "open_tree(OPEN_TREE_CLONE) /mnt/nothing: no such file or directory");
	mount.source = "/mnt/dir";
	mapping.userns_path = "/no/userns";
	assert_int_equal(ask(fixture->worker, &mount, &answer, &err), -ENOENT);
	assert_string_equal(err.text,
			    "failed to open existing userns for /mnt/dir id-mapping: open "
			    "/no/userns: no such file or directory");
}

static void test_ids_are_mapped(void **state)
{
	struct fixture *fixture = *state;
	struct rti_mount_id_mapping mapping = { .uid_mappings = maps, .gid_mappings = maps };
	struct rti_mount mount = { .source = "/mnt/dir", .flags = MS_BIND | MS_REC,
				   .id_mapping = &mapping };
	struct mount_answer answer;
	struct rti_error err;
	struct stat st;
	int r;

	NEEDS_ROOT();
	r = ask(fixture->worker, &mount, &answer, &err);
	if (r == -EINVAL) /* tmpfs can since Linux 6.3 */
		skip();
	assert_int_equal(r, 0);
	assert_true(answer.detached);
	assert_int_equal(fstatat(answer.fd, "", &st, AT_EMPTY_PATH), 0);
	assert_int_equal(st.st_uid, 100000);
	close(answer.fd);
}

static void test_a_dead_process_is_an_error_of_every_request(void **state)
{
	struct fixture *fixture = *state;
	struct rti_mount mount = { .source = "/mnt/file", .flags = MS_BIND };
	struct mount_worker *worker;
	struct mount_answer answer;
	struct rti_error err;

	NEEDS_ROOT();
	/* An answer shows that the fixture's worker has joined. */
	assert_int_equal(ask(fixture->worker, &mount, &answer, &err), 0);
	close(answer.fd);
	kill(fixture->pid, SIGKILL);
	waitpid(fixture->pid, NULL, 0);
	assert_int_equal(mount_worker_start(fixture->pidfd, fixture->pid, &worker, NULL), 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(worker, &mount, &answer, &err), -ESRCH);
		assert_string_equal(err.text, "join container mntns: setns: no such process");
	}
	mount_worker_stop(worker);
	/* The one that had joined before goes on. */
	assert_int_equal(ask(fixture->worker, &mount, &answer, &err), 0);
	close(answer.fd);
}

static void test_an_answer_that_nobody_takes_is_closed(void **state)
{
	struct fixture *fixture = *state;
	struct rti_mount mount = { .source = "/mnt/file", .flags = MS_BIND };

	NEEDS_ROOT();
	assert_int_equal(mount_worker_ask(fixture->worker, &mount, NULL), 0);
}

static void test_a_source_that_blocks_does_not_hold_the_owner(void **state)
{
	struct fixture *fixture = *state;
	struct rti_mount mount = { .source = "/mnt/fifo", .flags = MS_BIND };
	struct rti_mount_id_mapping mapping = { .userns_path = "/mnt/fifo" };
	struct mount_worker *worker;
	char path[64];
	int fd;

	NEEDS_ROOT();
	snprintf(path, sizeof(path), "/proc/%d/root/mnt/fifo", fixture->pid);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(mount_worker_start(fixture->pidfd, fixture->pid, &worker, NULL), 0);
	/* Opening a fifo for reading waits for a writer. */
	mount.id_mapping = &mapping;
	assert_int_equal(mount_worker_ask(worker, &mount, NULL), 0);
	usleep(200000);
	mount_worker_stop(worker);
	/* The abandoned thread is still there, and comes to its end now. */
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	assert_true(fd >= 0);
	usleep(200000);
	close(fd);
	assert_int_equal(open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC), -1);
}

static void test_one_key_for_every_order(void **state)
{
	char *one = idmap_userns_key(&maps, &same_maps), *two = idmap_userns_key(&same_maps, &maps);

	(void)state;
	assert_string_equal(one,
			    "uid=0:100000:1000,1000:200000:10;gid=0:100000:1000,1000:200000:10");
	assert_string_equal(one, two);
	free(one);
	free(two);
}

static void test_the_same_mapping_is_made_once(void **state)
{
	struct idmap_cache cache = { 0 };
	struct rti_id_maps first = { .items = map, .count = 1 };
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC), fd;

	NEEDS_ROOT();
	fd = idmap_cache_get(&cache, &maps, &maps, proc_fd, NULL);
	assert_true(fd >= 0);
	assert_int_equal(idmap_cache_get(&cache, &same_maps, &same_maps, proc_fd, NULL), fd);
	assert_int_not_equal(idmap_cache_get(&cache, &first, &maps, proc_fd, NULL), fd);
	assert_int_equal(cache.count, 2);
	idmap_cache_done(&cache);
	close(proc_fd);
}

static void test_a_bad_mapping_is_refused_and_leaves_no_process(void **state)
{
	struct rti_id_map overlapping[] = { { 0, 0, 10 }, { 5, 100, 10 } };
	struct rti_id_maps bad = { .items = overlapping, .count = 2 };
	int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct rti_error err;

	NEEDS_ROOT();
	assert_int_equal(idmap_userns_create(&bad, &bad, proc_fd, &err), -EINVAL);
	assert_non_null(
		strstr(err.text, "failed to spawn dummy process for map uid=0:0:10,5:100:10;gid="));
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), 0); /* only the fixture's */
	close(proc_fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_source_is_opened_in_the_other_mount_namespace),
		TEST(test_a_missing_source_is_said_as_runc_does),
		TEST(test_ids_are_mapped),
		TEST(test_a_dead_process_is_an_error_of_every_request),
		TEST(test_an_answer_that_nobody_takes_is_closed),
		TEST(test_a_source_that_blocks_does_not_hold_the_owner),
		TEST(test_one_key_for_every_order),
		TEST(test_the_same_mapping_is_made_once),
		TEST(test_a_bad_mapping_is_refused_and_leaves_no_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
