/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/cgroup-tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/cgroup-file.h"

/*
 * What is still to do, the next thing last: a name is to be entered. The name of a cgroup that has
 * been entered stays, with an empty one above it that says where its end is.
 */
struct walk {
	const char *path;
	int dir_fd;
	char **names;
	size_t count;
	size_t room;
};

static int push(struct walk *walk, const char *name, struct rti_error *err)
{
	if (walk->count == walk->room) {
		size_t room = walk->room ? walk->room * 2 : 64;
		char **names = reallocarray(walk->names, room, sizeof(*names));

		if (!names)
			return rti_fail(err, ENOMEM, "list cgroups below %s", walk->path);
		walk->names = names;
		walk->room = room;
	}
	walk->names[walk->count] = strdup(name);
	/* analyzer: no leak, cgroup_tree_walk() frees what is left in the list */
	if (!walk->names[walk->count])
		return rti_fail(err, ENOMEM, "list cgroups below %s", walk->path);
	walk->count++;
	return 0;
}

static void pop(struct walk *walk)
{
	free(walk->names[--walk->count]);
}

static int push_children(struct walk *walk, struct rti_error *err)
{
	int fd = openat(walk->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = errno == ENOENT ? 0 : rti_fail(err, errno, "list cgroups below %s", walk->path);
		rti_close(fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir))) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			r = push(walk, entry->d_name, err);
	}
	closedir(dir);
	return r;
}

static int enter(struct walk *walk, const struct cgroup_tree_visitor *visitor,
		 struct rti_error *err)
{
	int r = visitor->enter ? visitor->enter(visitor->data, walk->dir_fd, err) : 0;

	return r < 0 ? r : push_children(walk, err);
}

/* Goes into the cgroup whose name is the last one. */
static int go_down(struct walk *walk, const struct cgroup_tree_visitor *visitor,
		   struct rti_error *err)
{
	int fd = openat(walk->dir_fd, walk->names[walk->count - 1],
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (fd < 0 && errno == ENOENT) {
		pop(walk);
		return 0;
	}
	if (fd < 0)
		return rti_fail(err, errno, "open cgroup %s below %s", walk->names[walk->count - 1],
				walk->path);
	rti_close(walk->dir_fd);
	walk->dir_fd = fd;
	r = push(walk, "", err);
	return r < 0 ? r : enter(walk, visitor, err);
}

/* A cgroup cannot be moved below another one, so ".." is where the walk came from. */
static int go_up(struct walk *walk, const struct cgroup_tree_visitor *visitor,
		 struct rti_error *err)
{
	int fd = openat(walk->dir_fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return rti_fail(err, errno, "go up in cgroup %s", walk->path);
	rti_close(walk->dir_fd);
	walk->dir_fd = fd;
	pop(walk);
	if (visitor->leave)
		r = visitor->leave(visitor->data, fd, walk->names[walk->count - 1], err);
	pop(walk);
	return r;
}

int cgroup_tree_walk(const char *path, const struct cgroup_tree_visitor *visitor,
		     struct rti_error *err)
{
	struct walk walk = { .path = path };
	int r;

	walk.dir_fd = cgroup_file_open(path, "", O_PATH | O_DIRECTORY, err);
	if (walk.dir_fd < 0)
		return walk.dir_fd;
	r = enter(&walk, visitor, err);
	while (r == 0 && walk.count > 0) {
		if (*walk.names[walk.count - 1])
			r = go_down(&walk, visitor, err);
		else
			r = go_up(&walk, visitor, err);
	}
	while (walk.count > 0)
		pop(&walk);
	free(walk.names);
	rti_close(walk.dir_fd);
	return r;
}
