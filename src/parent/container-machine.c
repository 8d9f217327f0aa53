/* SPDX-License-Identifier: Apache-2.0 */
/* Facts about the machine that conversion asks for. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/cgroup-driver.h"
#include "parent/runtime-container.h"

bool rti_container_is_rootful(void)
{
	return geteuid() == 0 && !cgroup_running_in_userns();
}

static int read_map(pid_t pid, const char *file, struct rti_arena *arena, struct rti_id_maps *ret,
		    struct rti_error *err)
{
	/* The kernel takes 340 lines at most. */
	struct rti_id_map *items = rti_arena_array(arena, 340, sizeof(*items));
	long long inside, outside, size;
	char path[64];
	FILE *stream;
	size_t n = 0;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	stream = items ? fopen(path, "re") : NULL;
	if (!stream)
		return rti_fail(err, items ? errno : ENOMEM, "open %s", path);
	while (n < 340 && fscanf(stream, "%lld %lld %lld", &inside, &outside, &size) == 3)
		items[n++] = (struct rti_id_map){ inside, outside, size };
	if (ferror(stream))
		r = rti_fail(err, errno, "read %s", path);
	fclose(stream);
	if (r < 0)
		return r;
	ret->items = items;
	ret->count = n;
	return 0;
}

/* A process that joins the namespace, says so with a byte, and stays until it gets one. */
static pid_t spawn_sitter(int namespace_fd, const int ends[2])
{
	pid_t pid = fork();
	char byte = 0;

	if (pid != 0)
		return pid;
	rti_close(ends[0]);
	if (setns(namespace_fd, CLONE_NEWUSER) < 0)
		byte = (char)errno;
	if (send(ends[1], &byte, 1, MSG_NOSIGNAL) == 1)
		rti_read_full(ends[1], &byte, 1);
	_exit(0);
}

int rti_container_read_id_maps(void *data, const char *path, struct rti_arena *arena,
			       struct rti_id_maps *ret_uid, struct rti_id_maps *ret_gid,
			       struct rti_error *err)
{
	static const char what[] = "userns spawn";
	_cleanup_fd_ int namespace_fd = open(path, O_RDONLY | O_CLOEXEC);
	int ends[2], r = 0;
	char byte = 0;
	pid_t pid;

	(void)data;
	if (namespace_fd < 0)
		return rti_refuse(err, errno, "%s: open userns path %s failed: %s", what, path,
				  strerror(errno));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return rti_fail(err, errno, "%s: socketpair", what);
	pid = spawn_sitter(namespace_fd, ends);
	if (pid < 0)
		r = rti_fail(err, errno, "%s: fork", what);
	rti_close(ends[1]);
	if (pid > 0) {
		ssize_t size = rti_read_full(ends[0], &byte, 1);

		if (size < 0)
			r = rti_fail(err, (int)-size, "%s: join %s: read", what, path);
		else if (size == 0)
			r = rti_refuse(err, ECHILD, "%s: the process that joins %s has ended", what,
				       path);
		else if (byte)
			r = rti_refuse(err, byte, "%s: setns %s failed: %s", what, path,
				       strerror(byte));
		if (r == 0)
			r = read_map(pid, "uid_map", arena, ret_uid, err);
		if (r == 0)
			r = read_map(pid, "gid_map", arena, ret_gid, err);
		/* Not only by closing: another thread's sitter may have a copy of the end. */
		send(ends[0], &byte, 1, MSG_NOSIGNAL);
	}
	rti_close(ends[0]);
	if (pid > 0)
		rti_retry(waitpid(pid, NULL, 0));
	return r;
}
