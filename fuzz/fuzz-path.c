/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths in a root that somebody else changes. The input is a script, a line a step. Steps of the
 * attacker, who owns the tree:
 *
 *   +NAME          makes a directory        <ONE TWO   renames
 *   .NAME          makes a file             ~ONE TWO   exchanges
 *   =NAME TARGET   makes a symbolic link    ^NAME      moves out of the root
 *   -NAME          removes                  vNAME      and in again, to the root
 *
 * and of the one who has to stay inside:
 *
 *   oPATH   opens                   cPATH   makes a file
 *   nPATH   opens, not following    lPATH   makes a symbolic link
 *   rPATH   resolves                uPATH   removes
 *   dPATH   makes a directory       w       goes on without openat2(2), or with it again
 *   pPATH   opens the parent
 *
 * Attacker's steps behind a "!" are not taken in turn: a thread repeats them while the others
 * run. "%" in a target or path is the folder that holds the root, on the host. Whatever is opened
 * is none of what lies outside, what is made is not made there, and while nobody disturbs them
 * both ways of walking find the same.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
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
#include "fuzz/fuzz.h"

#define STEPS_MAX  48
#define LENGTH_MAX 200
#define ROUNDS	   8 /* of the whole script, when there is a race */

/* TOP/root is the root, TOP/canary and TOP/outside must not be reached from there. */
static struct {
	int top_fd;
	int root_fd;
	int outside_fd;
	struct stat forbidden[5];
} world;

struct step {
	char letter;
	char one[LENGTH_MAX + 256];
	char two[LENGTH_MAX + 256];
};

struct script {
	struct step steps[STEPS_MAX];
	size_t count;
	struct step race[STEPS_MAX];
	size_t race_count;
	atomic_bool over;
};

static void begin_world(void)
{
	static const char *const places[] = { ".", "canary", "canary/secret", "outside", "/" };
	int fd;

	if (world.top_fd)
		return;
	world.top_fd = open(fuzz_folder(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	mkdirat(world.top_fd, "root", 0755);
	mkdirat(world.top_fd, "canary", 0755);
	mkdirat(world.top_fd, "outside", 0755);
	fd = openat(world.top_fd, "canary/secret", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	rti_close(fd);
	world.root_fd = openat(world.top_fd, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	world.outside_fd = openat(world.top_fd, "outside", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fuzz_expect(fd >= 0 && world.root_fd >= 0 && world.outside_fd >= 0, "%s: %s", fuzz_folder(),
		    strerror(errno));
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		fuzz_expect(fstatat(world.top_fd, places[i], &world.forbidden[i], 0) == 0, "stat");
}

/* ---- the attacker ---- */

/*
 * The directory that holds a name, as an fd, and the name itself. Links are not followed: the
 * attacker must not be led out of the tree himself.
 */
static int open_holder(const char *path, const char **ret_name)
{
	const char *slash = strrchr(path, '/');
	char holder[LENGTH_MAX + 256];

	*ret_name = slash ? slash + 1 : path;
	if (!**ret_name || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0)
		return -EINVAL;
	snprintf(holder, sizeof(holder), "./%.*s", slash ? (int)(slash - path) : 0, path);
	return sys_openat2(world.root_fd, holder, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static void change_tree(const struct step *step)
{
	const char *one, *two;
	_cleanup_fd_ int one_fd = open_holder(step->one, &one);
	_cleanup_fd_ int two_fd = -EBADF;

	if (one_fd < 0)
		return;
	switch (step->letter) {
	case '+':
		mkdirat(one_fd, one, 0755);
		break;
	case '.':
		rti_close(openat(one_fd, one, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0644));
		break;
	case '=':
		(void)!symlinkat(step->two, one_fd, one);
		break;
	case '-':
		if (unlinkat(one_fd, one, 0) < 0)
			unlinkat(one_fd, one, AT_REMOVEDIR);
		break;
	case '^':
		renameat(one_fd, one, world.outside_fd, one);
		break;
	case 'v':
		renameat(world.outside_fd, one, world.root_fd, one);
		break;
	case '<':
	case '~':
		two_fd = open_holder(step->two, &two);
		if (two_fd >= 0)
			renameat2(one_fd, one, two_fd, two,
				  step->letter == '~' ? RENAME_EXCHANGE : 0);
		break;
	}
}

static void *race(void *data)
{
	struct script *script = data;

	while (!atomic_load(&script->over))
		for (size_t i = 0; i < script->race_count; i++)
			change_tree(&script->race[i]);
	return NULL;
}

/* ---- the one who has to stay inside ---- */

/* @fd is taken over; negative: nothing was opened. */
static void expect_inside(int fd, const struct step *step)
{
	struct stat st;

	if (fd < 0)
		return;
	fuzz_expect(fstat(fd, &st) == 0, "fstat: %s", strerror(errno));
	fuzz_expect(fcntl(fd, F_GETFD) == FD_CLOEXEC, "not close-on-exec");
	for (size_t i = 0; i < sizeof(world.forbidden) / sizeof(*world.forbidden); i++)
		fuzz_expect(st.st_dev != world.forbidden[i].st_dev ||
				    st.st_ino != world.forbidden[i].st_ino,
			    "%c%s leads out of the root, to place %zu", step->letter, step->one, i);
	close(fd);
}

/* Without a race: what openat2(2) says and what the walk says. */
static void expect_agreement(const char *path, int flags)
{
	uint64_t open_flags = (uint64_t)(O_PATH | O_CLOEXEC | flags);
	struct stat kernel = { 0 }, walk = { 0 };
	int kernel_fd, walk_fd = -EBADF, r;

	if (!*path)
		return;
	do /* a rename anywhere on the machine disturbs it */
		kernel_fd = sys_openat2(world.root_fd, path, open_flags, 0,
					RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
	while (kernel_fd < 0 && errno == EAGAIN);
	if (kernel_fd < 0)
		kernel_fd = -errno;
	r = rti_path_walk(world.root_fd, path, flags, false, NULL, &walk_fd);
	fuzz_expect(kernel_fd < 0 ? r == kernel_fd : r == 0, "%s: openat2 %d, walk %d", path,
		    kernel_fd, r);
	if (r == 0)
		fuzz_expect(fstat(kernel_fd, &kernel) == 0 && fstat(walk_fd, &walk) == 0 &&
				    kernel.st_ino == walk.st_ino,
			    "%s: two places", path);
	rti_close(kernel_fd);
	rti_close(walk_fd);
}

static void resolve(const struct step *step)
{
	char resolved[PATH_MAX], clean[PATH_MAX];

	if (rti_path_resolve(world.root_fd, step->one, resolved, NULL) < 0)
		return;
	fuzz_expect(rti_path_clean(resolved, clean) == 0 && *resolved == '/' &&
			    strcmp(resolved, clean) == 0,
		    "%s becomes %s", step->one, resolved);
}

static void open_parent(const struct step *step)
{
	char name[NAME_MAX + 1];
	int fd = rti_path_open_parent(world.root_fd, step->one, 0755, name, NULL);

	if (fd >= 0)
		fuzz_expect(*name && !strchr(name, '/') && strcmp(name, ".") != 0 &&
				    strcmp(name, "..") != 0,
			    "%s ends in %s", step->one, name);
	expect_inside(fd, step);
}

static void use_tree(const struct step *step, bool *walk)
{
	switch (step->letter) {
	case 'w':
		*walk = !*walk;
		rti_path_force_walk(*walk);
		break;
	case 'o':
		expect_inside(rti_path_open(world.root_fd, step->one, 0, NULL), step);
		break;
	case 'n':
		expect_inside(rti_path_open(world.root_fd, step->one, O_NOFOLLOW, NULL), step);
		break;
	case 'r':
		resolve(step);
		break;
	case 'd':
		expect_inside(rti_path_mkdir(world.root_fd, step->one, 0755, NULL), step);
		break;
	case 'p':
		open_parent(step);
		break;
	case 'c':
		expect_inside(rti_path_create(world.root_fd, step->one, 0644, NULL), step);
		break;
	case 'l':
		rti_path_symlink("../canary", world.root_fd, step->one, NULL);
		break;
	case 'u':
		rti_path_unlink(world.root_fd, step->one, NULL);
		break;
	}
}

/* ---- the script ---- */

/* "%" becomes the folder of the root. */
static void copy_path(char *ret, size_t size, const char *from, size_t length)
{
	size_t used = 0;

	for (size_t i = 0; i < length && used + 1 < size; i++)
		if (from[i] == '%')
			used += (size_t)snprintf(ret + used, size - used, "%s", fuzz_folder());
		else
			ret[used++] = from[i];
	ret[used < size ? used : size - 1] = '\0';
}

static void read_step(const char *line, size_t size, struct step *ret)
{
	const char *blank = memchr(line, ' ', size);
	size_t one = blank ? (size_t)(blank - line) : size;

	ret->letter = *line;
	copy_path(ret->one, sizeof(ret->one), line + 1, one - 1);
	copy_path(ret->two, sizeof(ret->two), blank ? blank + 1 : "", blank ? size - one - 1 : 0);
}

static void read_script(struct fuzz_input *input, struct script *ret)
{
	size_t size;
	char *line;

	while ((line = fuzz_line(input, &size))) {
		bool racing = *line == '!';

		if (size > LENGTH_MAX)
			size = LENGTH_MAX;
		if (racing && size > 1 && *line && ret->race_count < STEPS_MAX && line[1] != ' ')
			read_step(line + 1, size - 1, &ret->race[ret->race_count++]);
		else if (!racing && size > 0 && *line != ' ' && ret->count < STEPS_MAX)
			read_step(line, size, &ret->steps[ret->count++]);
		free(line);
	}
}

static void run_script(const struct script *script)
{
	bool walk = false;

	for (size_t i = 0; i < script->count; i++) {
		const struct step *step = &script->steps[i];

		if (strchr("+.=-<~^v", step->letter))
			change_tree(step);
		else
			use_tree(step, &walk);
		if (step->letter == 'o' && !script->race_count)
			expect_agreement(step->one, 0);
		if (step->letter == 'n' && !script->race_count)
			expect_agreement(step->one, O_NOFOLLOW);
	}
	rti_path_force_walk(false);
}

static int remove_inner(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	if (ftw->level > 0)
		remove(path);
	return 0;
}

static size_t count_entries(const char *name)
{
	_cleanup_fd_ int fd = openat(world.top_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t count = 0;
	DIR *dir = fdopendir(rti_take_fd(&fd));

	fuzz_expect(dir, "%s: %s", name, strerror(errno));
	while (readdir(dir))
		count++;
	closedir(dir);
	return count - 2;
}

/* Nothing was made or removed outside; empties the root for the next run. */
static void end_run(void)
{
	static const char *const places[] = { "root", "outside" };
	char path[PATH_MAX];
	struct stat st;

	fuzz_expect(count_entries(".") == 3, "made or removed beside the root");
	fuzz_expect(count_entries("canary") == 1 &&
			    fstatat(world.top_fd, "canary/secret", &st, 0) == 0 && st.st_nlink == 1,
		    "changed the canary");
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), places[i]);
		nftw(path, remove_inner, 16, FTW_DEPTH | FTW_PHYS);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct script script;
	struct fuzz_input input = { data, size };
	struct fuzz_fds fds;
	pthread_t thread;

	begin_world();
	fds = fuzz_fds_note();
	script = (struct script){ .count = 0 };
	read_script(&input, &script);
	if (!script.race_count) {
		run_script(&script);
	} else {
		fuzz_expect(pthread_create(&thread, NULL, race, &script) == 0, "no thread");
		for (int i = 0; i < ROUNDS; i++)
			run_script(&script);
		atomic_store(&script.over, true);
		pthread_join(thread, NULL);
	}
	end_run();
	fuzz_fds_expect(fds);
	return 0;
}
