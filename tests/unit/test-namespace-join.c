/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "init/namespace-join.h"

static int list_open(struct namespace_list *ret, const char *text, struct rti_error *err)
{
	int r = namespace_list_parse(ret, text, err);

	return r < 0 ? r : namespace_list_open(ret, err);
}

static void assert_refused(const char *text, const char *expected)
{
	struct namespace_list list;
	struct rti_error err = { 0 };

	assert_true(list_open(&list, text, &err) < 0);
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
	assert_refused("user:/,ipc:/,uts:/,net:/,pid:/,mnt:/,cgroup:/,time:/,uts:/",
		       "two namespaces of type uts");
}

static void test_list_is_opened_in_its_order(void **state)
{
	struct namespace_list list;
	struct rti_error err;

	(void)state;
	assert_int_equal(list_open(&list, "ipc:/proc/self/ns/ipc,net:/proc/self/ns/net",
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
	assert_int_equal(list_open(&list, "net:/proc/self/ns/uts", &err), 0);
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
	assert_int_equal(list_open(&list, "net:/proc/self/ns/net", NULL), 0);
	assert_false(list.items[0].joined);
	namespace_list_done(&list);
}

/* A process with a host name and message queues of its own, until its pipe is closed. */
struct holder {
	pid_t pid;
	int pipe_fd;
};

static int start_holder(void **state)
{
	static struct holder holder;
	int ready[2], end[2];
	char byte;

	if (geteuid() != 0)
		return 0;
	assert_int_equal(pipe2(ready, O_CLOEXEC) | pipe2(end, O_CLOEXEC), 0);
	holder.pid = fork();
	if (holder.pid == 0) {
		close(end[1]);
		if (unshare(CLONE_NEWUTS | CLONE_NEWIPC) == 0)
			(void)!write(ready[1], "", 1);
		(void)!read(end[0], &byte, 1);
		_exit(0);
	}
	close(ready[1]);
	close(end[0]);
	holder.pipe_fd = end[1];
	*state = &holder;
	return read(ready[0], &byte, 1) == 1 && close(ready[0]) == 0 ? 0 : -1;
}

static int stop_holder(void **state)
{
	struct holder *holder = *state;

	if (!holder)
		return 0;
	close(holder->pipe_fd);
	return waitpid(holder->pid, NULL, 0) == holder->pid ? 0 : -1;
}

static bool shares(pid_t pid, const char *kind)
{
	char own_path[64], path[64];
	struct stat own, other;

	snprintf(own_path, sizeof(own_path), "/proc/self/ns/%s", kind);
	snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, kind);
	return stat(own_path, &own) == 0 && stat(path, &other) == 0 && own.st_ino == other.st_ino;
}

static void put_pid(const char *text, pid_t pid, char *ret, size_t size)
{
	size_t used = 0;

	for (; *text && used < size; text++)
		used += (size_t)(*text == '@' ? snprintf(ret + used, size - used, "%d", pid)
					      : snprintf(ret + used, size - used, "%c", *text));
}

/* In a child: tries the list, with the holder's pid for each @, and says whether it was joined. */
static void assert_joins(void **state, const char *list_text, int expected)
{
	struct holder *holder = *state;
	pid_t child;
	int status;

	if (!holder)
		skip();
	child = fork();
	if (child == 0) {
		struct namespace_list list;
		char text[256];
		int r;

		put_pid(list_text, holder->pid, text, sizeof(text));
		r = namespace_list_parse(&list, text, NULL);
		if (r == 0)
			r = namespace_list_join_process(&list, NULL);
		_exit(r != expected || shares(holder->pid, "uts") != (expected == 1) ||
		      shares(holder->pid, "ipc") != (expected == 1) ||
		      list.items[0].joined != (expected == 1));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void test_namespaces_of_one_process_are_joined_at_once(void **state)
{
	int fd = (int)syscall(SYS_pidfd_open, getpid(), 0);

	/* Linux 5.8: before, setns(2) takes no pidfd, and says so. */
	if (fd < 0 || (setns(fd, 0) < 0 && errno == EBADF))
		skip();
	close(fd);
	assert_joins(state, "ipc:/proc/@/ns/ipc,uts:/proc/@/ns/uts", 1);
}

static void test_other_paths_are_not_taken_for_those_of_a_process(void **state)
{
	assert_joins(state, "uts:/proc/@/ns/uts", 0); /* not worth it */
	assert_joins(state, "uts:/proc/@/ns/uts,ipc:/proc/1/ns/ipc", 0);
	assert_joins(state, "uts:/proc/@/ns/ipc,ipc:/proc/@/ns/uts", 0);
	assert_joins(state, "uts:/proc/0@/ns/uts,ipc:/proc/0@/ns/ipc", 0);
	assert_joins(state, "uts:/proc/@/ns/uts,ipc:/proc/@/ns/../ns/ipc", 0);
	assert_joins(state, "uts:/proc/self/ns/uts,ipc:/proc/self/ns/ipc", 0);
	assert_joins(state, "uts:/proc//ns/uts,ipc:/proc//ns/ipc", 0);
	assert_joins(state, "uts:/proc/99999999999999999999/ns/uts,ipc:/proc/@/ns/ipc", 0);
	assert_joins(state, "uts:uts,ipc:ipc", 0);
}

/* A process is in its user namespace already, which the kernel refuses to join again. */
static void test_what_cannot_be_joined_at_once_is_not_joined_at_all(void **state)
{
	assert_joins(state, "user:/proc/@/ns/user,ipc:/proc/@/ns/ipc,uts:/proc/@/ns/uts", 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_lists_are_refused_with_runcs_texts),
		cmocka_unit_test(test_list_is_opened_in_its_order),
		cmocka_unit_test(test_a_fresh_list_has_joined_nothing),
		cmocka_unit_test(test_wrong_kind_of_namespace_is_refused),
		cmocka_unit_test(test_namespaces_of_one_process_are_joined_at_once),
		cmocka_unit_test(test_other_paths_are_not_taken_for_those_of_a_process),
		cmocka_unit_test(test_what_cannot_be_joined_at_once_is_not_joined_at_all),
	};

	return cmocka_run_group_tests(tests, start_holder, stop_holder);
}
