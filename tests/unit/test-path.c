/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/path-walk.h"
#include "base/path.h"
#include "base/syscall.h"

struct tree { /* a directory with the root in it and a canary beside it */
	char path[64];
	int top_fd;
	int root_fd;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tree_setup(void **state)
{
	static const char *const directories[] = { "canary", "root",	    "root/a",	"root/a/b",
						   "root/a/b/c", "root/etc", "root/dev" };
	static const struct {
		const char *target;
		const char *path;
	} links[] = {
		{ "/", "root/to-root" },
		{ "..", "root/up" },
		{ "../../../../..", "root/a/b/far-up" },
		{ "/../../../../canary", "root/escape" },
		{ "../canary", "root/escape-relative" },
		{ "a/b", "root/to-b" },
		{ "/a/b", "root/to-b-absolute" },
		{ "../../etc/passwd", "root/a/b/to-passwd" },
		{ "missing/deep", "root/dangling" },
		{ "../etc/made", "root/a/dangling-file" },
		{ "/missing/../deep", "root/dangling-up" },
		{ "loop2", "root/loop1" },
		{ "loop1", "root/loop2" },
		{ "self", "root/self" },
		{ "to-b/../..", "root/chain" },
		{ "etc/passwd/", "root/file-as-directory" },
		{ "a/", "root/slash" },
		{ ".", "root/dot" },
		{ "to-b/to-passwd", "root/two-links" },
	};
	struct tree *tree = calloc(1, sizeof(*tree));
	size_t i;
	int fd;

	if (!tree)
		return -1;
	strcpy(tree->path, "/tmp/test-path-XXXXXX");
	assert_non_null(mkdtemp(tree->path));
	tree->top_fd = open(tree->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (i = 0; i < sizeof(directories) / sizeof(directories[0]); i++)
		assert_int_equal(mkdirat(tree->top_fd, directories[i], 0755), 0);
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		assert_int_equal(symlinkat(links[i].target, tree->top_fd, links[i].path), 0);
	fd = openat(tree->top_fd, "root/etc/passwd", O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	close(fd);
	tree->root_fd = openat(tree->top_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(tree->root_fd >= 0);
	*state = tree;
	return 0;
}

static int tree_teardown(void **state)
{
	struct tree *tree = *state;

	close(tree->root_fd);
	close(tree->top_fd);
	nftw(tree->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(tree);
	rti_path_force_walk(false);
	return 0;
}

static bool is_same(int one_fd, int other_fd)
{
	struct stat one;
	struct stat other;

	return fstat(one_fd, &one) == 0 && fstat(other_fd, &other) == 0 &&
	       one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static bool canary_is_empty(struct tree *tree)
{
	char path[128];

	/* rmdir() of a directory succeeds only if it is empty. */
	snprintf(path, sizeof(path), "%s/canary", tree->path);
	return rmdir(path) == 0 && mkdir(path, 0755) == 0;
}

static void test_clean_works_like_go(void **state)
{
	static const char *const rows[][2] = {
		{ "", "." },		 { "/", "/" },		{ "//", "/" },
		{ ".", "." },		 { "..", ".." },	{ "/..", "/" },
		{ "/../..", "/" },	 { "../..", "../.." },	{ "a/..", "." },
		{ "a/../..", ".." },	 { "a//b/", "a/b" },	{ "/a/./b", "/a/b" },
		{ "/a/b/../c", "/a/c" }, { "a/b/../../c", "c" }, { "/a/..", "/" },
		{ "../a/../..", "../.." }, { "/a/b/..", "/a" }, { "...", "..." },
	};
	char ret[PATH_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(rti_path_clean(rows[i][0], ret), 0);
		assert_string_equal(ret, rows[i][1]);
	}
}

static void test_clean_refuses_what_does_not_fit(void **state)
{
	static char path[PATH_MAX + 100];
	char ret[PATH_MAX] = "untouched";

	(void)state;
	memset(path, 'a', sizeof(path) - 1);
	assert_int_equal(rti_path_clean(path, ret), -ENAMETOOLONG);
	assert_string_equal(ret, "untouched");
}

static void test_strip_root_takes_the_root_off_once(void **state)
{
	static const char *const rows[][3] = {
		{ "/a/b", "/a/b/c", "/c" },
		{ "/a/b", "/a/b", "/" },
		{ "/a/b", "/a/c/b", "/a/c/b" },
		{ "/", "/a/b/c", "/a/b/c" },
		{ "/foo/bar", "/foo/barSAME", "/foo/barSAME" },
		{ "/foo/bar", "/foo/bar/foo/bar/baz", "/foo/bar/baz" },
		{ "/foo/bar", "/foo/bar/../baz", "/foo/baz" },
		{ "/foo/bar", "../../../foo/bar/baz", "/baz" },
		{ "/foo/bar", "proc", "/proc" },
		{ "/foo/bar", "../../etc", "/etc" },
		{ "/foo/bar", "", "/" },
	};
	char ret[PATH_MAX];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(rti_path_strip_root(rows[i][0], rows[i][1], ret), 0);
		assert_string_equal(ret, rows[i][2]);
	}
}

static void test_is_inside_compares_whole_names(void **state)
{
	(void)state;
	assert_true(rti_path_is_inside("/a/b", "/a/b"));
	assert_true(rti_path_is_inside("/a/b/", "/a/b/c"));
	assert_true(rti_path_is_inside("/", "/x"));
	assert_false(rti_path_is_inside("/a/b", "/a/bc"));
	assert_false(rti_path_is_inside("/a/b", "/a"));
}

/* Every path of up to three names out of a set, through both resolvers. */
static void test_both_resolvers_agree(void **state)
{
	static const char *const names[] = {
		"a",	    "b",	"..",	    ".",	     "etc",	  "passwd",
		"to-root",  "up",	"far-up",   "escape",	     "to-b",	  "loop1",
		"self",	    "chain",	"slash",    "dangling",	     "missing",	  "dot",
		"",	    "to-passwd", "two-links", "to-b-absolute", "escape-relative",
		"file-as-directory",
	};
	static const int flags[] = { 0, O_NOFOLLOW, O_DIRECTORY, O_NOFOLLOW | O_DIRECTORY };
	const size_t n = sizeof(names) / sizeof(names[0]);
	struct tree *tree = *state;
	unsigned long agreed = 0;
	size_t i;

	for (i = 0; i < n * n * n * 4; i++) {
		char path[128];
		int kernel_fd;
		int walk_fd = -EBADF;
		int r;

		snprintf(path, sizeof(path), "/%s/%s/%s", names[i / 4 % n], names[i / 4 / n % n],
			 names[i / 4 / n / n]);
		do /* a rename anywhere on the machine disturbs it */
			kernel_fd = sys_openat2(tree->root_fd, path,
						(uint64_t)(O_PATH | O_CLOEXEC | flags[i % 4]), 0,
						RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
		while (kernel_fd < 0 && errno == EAGAIN);
		if (kernel_fd < 0 && errno == ENOSYS)
			skip();
		if (kernel_fd < 0)
			kernel_fd = -errno;
		r = rti_path_walk(tree->root_fd, path, flags[i % 4], false, NULL, &walk_fd);
		if (kernel_fd < 0 ? r != kernel_fd : r != 0 || !is_same(kernel_fd, walk_fd))
			fail_msg("%s with flags %#x: openat2 %d, walk %d", path, flags[i % 4],
				 kernel_fd, r);
		agreed += kernel_fd >= 0;
		rti_close(kernel_fd);
		rti_close(walk_fd);
	}
	assert_true(agreed > 1000);
}

static void test_both_resolvers_refuse_magic_links(void **state)
{
	static const char *const magic[] = { "self/fd/0", "self/root", "self/cwd/etc",
					     "thread-self/exe", "self/ns/mnt" };
	static const char *const plain[] = { "self", "mounts", "self/status", "thread-self/comm" };
	_cleanup_fd_ int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	size_t i;
	int walk;

	(void)state;
	for (walk = 0; walk < 2; walk++) {
		rti_path_force_walk(walk);
		for (i = 0; i < sizeof(magic) / sizeof(magic[0]); i++)
			assert_int_equal(rti_path_open(proc_fd, magic[i], 0, NULL), -ELOOP);
		for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
			int fd = rti_path_open(proc_fd, plain[i], 0, NULL);

			assert_true(fd >= 0);
			close(fd);
		}
	}
}

static void test_resolve_keeps_missing_names(void **state)
{
	static const char *const rows[][2] = {
		{ "/", "/" },
		{ "", "/" },
		{ "/a/b", "/a/b" },
		{ "/to-b-absolute/c", "/a/b/c" },
		{ "/nothing/at/all", "/nothing/at/all" },
		{ "/dangling/x", "/missing/deep/x" },
		{ "/dangling-up", "/deep" },
		{ "/dangling/../../a/up", "/a/up" },
		{ "/escape/x", "/canary/x" },
		{ "/escape-relative/x", "/canary/x" },
		{ "/nothing/../to-b/new", "/a/b/new" },
	};
	struct tree *tree = *state;
	char ret[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(rti_path_resolve(tree->root_fd, rows[i][0], ret, NULL), 0);
		assert_string_equal(ret, rows[i][1]);
	}
	assert_int_equal(rti_path_resolve(tree->root_fd, "/loop1/x", ret, NULL), -ELOOP);
	assert_int_equal(rti_path_resolve(tree->root_fd, "/etc/passwd/x", ret, NULL), -ENOTDIR);
}

static void test_creation_stays_in_the_root(void **state)
{
	struct tree *tree = *state;
	struct rti_error err;
	struct stat st;
	char text[64];
	ssize_t size;
	int fd;

	fd = rti_path_mkdir(tree->root_fd, "/escape/one/two", 0755, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(fstatat(tree->root_fd, "canary/one/two", &st, 0), 0);
	fd = rti_path_create(tree->root_fd, "/dangling/file", 0644, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(fstatat(tree->root_fd, "missing/deep/file", &st, 0), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(rti_path_create(tree->root_fd, "/dangling/file", 0644, &err), -EEXIST);
	fd = rti_path_create(tree->root_fd, "/a/dangling-file", 0644, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(fstatat(tree->root_fd, "etc/made", &st, 0), 0);
	assert_int_equal(rti_path_symlink("pts/ptmx", tree->root_fd, "/dev/ptmx", &err), 0);
	size = readlinkat(tree->root_fd, "dev/ptmx", text, sizeof(text));
	assert_int_equal(size, 8);
	assert_int_equal(rti_path_unlink(tree->root_fd, "/dev/ptmx", &err), 0);
	assert_int_equal(rti_path_unlink(tree->root_fd, "/dev/ptmx", &err), -ENOENT);
	assert_int_equal(rti_path_unlink(tree->root_fd, "/escape", &err), 0);
	assert_true(canary_is_empty(tree));
}

static void test_creation_errors_name_the_place(void **state)
{
	struct tree *tree = *state;
	struct rti_error err;
	char expected[128];

	assert_int_equal(rti_path_mkdir(tree->root_fd, "/etc/passwd/x", 0755, &err), -ENOTDIR);
	assert_int_equal(rti_path_open(tree->root_fd, "/etc/passwd/x", 0, &err), -ENOTDIR);
	assert_string_equal(err.text, "openat2 /etc/passwd/x: not a directory");
	assert_int_equal(rti_path_create(tree->root_fd, "/up/..", 0644, &err), -EINVAL);
	assert_string_equal(err.text, "split path \"/\" for mkdir parent: root subpath \"/\" has "
				      "bad trailing component \"\"");
	assert_int_equal(rti_path_symlink("x", tree->root_fd, "/etc", &err), -EEXIST);
	snprintf(expected, sizeof(expected), "symlinkat %s/root/etc: file exists", tree->path);
	assert_string_equal(err.text, expected);
}

static void test_mkdir_plain_is_mkdir_p(void **state)
{
	struct tree *tree = *state;
	struct rti_error err;
	char path[128];
	char expected[256];
	struct stat st;

	snprintf(path, sizeof(path), "%s/root/x//y/z/", tree->path);
	assert_int_equal(rti_path_mkdir_plain(path, 0755, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(rti_path_mkdir_plain(path, 0755, &err), 0);
	assert_int_equal(rti_path_mkdir_plain("/", 0755, &err), 0);
	snprintf(path, sizeof(path), "%s/root/etc/passwd/x", tree->path);
	assert_int_equal(rti_path_mkdir_plain(path, 0755, &err), -ENOTDIR);
	snprintf(expected, sizeof(expected), "mkdir %s/root/etc/passwd: not a directory",
		 tree->path);
	assert_string_equal(err.text, expected);
}

struct racer {
	int root_fd;
	atomic_bool stop;
};

/* Swaps a directory with a link out of the root, as fast as it can. */
static void *race(void *data)
{
	struct racer *racer = data;

	while (!atomic_load(&racer->stop))
		renameat2(racer->root_fd, "target", racer->root_fd, "link", RENAME_EXCHANGE);
	return NULL;
}

static void run_race(struct tree *tree, int rounds)
{
	struct racer racer = { .root_fd = tree->root_fd };
	pthread_t thread;
	int i;

	assert_int_equal(mkdirat(tree->root_fd, "target", 0755), 0);
	assert_int_equal(symlinkat("../canary", tree->root_fd, "link"), 0);
	assert_int_equal(pthread_create(&thread, NULL, race, &racer), 0);
	for (i = 0; i < rounds; i++) {
		char path[64];
		int fd;

		snprintf(path, sizeof(path), "/target/%d/%d", i % 7, i);
		rti_close(rti_path_mkdir(tree->root_fd, path, 0755, NULL));
		snprintf(path, sizeof(path), "/link/file%d", i);
		rti_close(rti_path_create(tree->root_fd, path, 0644, NULL));
		fd = rti_path_open(tree->root_fd, "/target/../link/.././target", 0, NULL);
		if (fd >= 0) {
			_cleanup_fd_ int canary_fd =
				openat(tree->top_fd, "canary", O_PATH | O_CLOEXEC);

			assert_false(is_same(fd, canary_fd));
			close(fd);
		}
		rti_path_unlink(tree->root_fd, "/target/canary", NULL);
	}
	atomic_store(&racer.stop, true);
	pthread_join(thread, NULL);
	assert_true(canary_is_empty(tree));
}

static void test_racing_links_never_lead_out(void **state)
{
	run_race(*state, 10000);
}

static void test_racing_links_never_lead_the_walk_out(void **state)
{
	rti_path_force_walk(true);
	run_race(*state, 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clean_works_like_go),
		cmocka_unit_test(test_clean_refuses_what_does_not_fit),
		cmocka_unit_test(test_strip_root_takes_the_root_off_once),
		cmocka_unit_test(test_is_inside_compares_whole_names),
#define TREE_TEST(test) cmocka_unit_test_setup_teardown(test, tree_setup, tree_teardown)
		TREE_TEST(test_both_resolvers_agree),
		TREE_TEST(test_both_resolvers_refuse_magic_links),
		TREE_TEST(test_resolve_keeps_missing_names),
		TREE_TEST(test_creation_stays_in_the_root),
		TREE_TEST(test_creation_errors_name_the_place),
		TREE_TEST(test_mkdir_plain_is_mkdir_p),
		TREE_TEST(test_racing_links_never_lead_out),
		TREE_TEST(test_racing_links_never_lead_the_walk_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
