/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/idmap-userns.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/syscall.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

struct idmap_cache_entry {
	char *key;
	int fd;
};

static int compare_maps(const void *left, const void *right)
{
	const struct rti_id_map *a = left, *b = right;

	if (a->container_id != b->container_id)
		return a->container_id < b->container_id ? -1 : 1;
	if (a->host_id != b->host_id)
		return a->host_id < b->host_id ? -1 : 1;
	return (a->size > b->size) - (a->size < b->size);
}

static void print_maps(FILE *out, const char *name, struct rti_id_map *sorted, size_t count)
{
	qsort(sorted, count, sizeof(*sorted), compare_maps);
	fprintf(out, "%s=", name);
	for (size_t i = 0; i < count; i++)
		fprintf(out, "%s%" PRId64 ":%" PRId64 ":%" PRId64, i ? "," : "",
			sorted[i].container_id, sorted[i].host_id, sorted[i].size);
}

char *idmap_userns_key(const struct rti_id_maps *uids, const struct rti_id_maps *gids)
{
	size_t most = uids->count > gids->count ? uids->count : gids->count, size;
	_cleanup_free_ struct rti_id_map *sorted = calloc(most + 1, sizeof(*sorted));
	char *text = NULL;
	FILE *out;

	if (!sorted)
		return NULL;
	out = open_memstream(&text, &size);
	if (!out)
		/* cppcheck-suppress memleak ; sorted is freed by its attribute */
		return NULL;
	if (uids->count)
		memcpy(sorted, uids->items, uids->count * sizeof(*sorted));
	print_maps(out, "uid", sorted, uids->count);
	fputc(';', out);
	if (gids->count)
		memcpy(sorted, gids->items, gids->count * sizeof(*sorted));
	print_maps(out, "gid", sorted, gids->count);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

/* The text of a uid_map file: "container host size\n" for each entry. */
static char *map_text(const struct rti_id_maps *maps)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	for (size_t i = 0; i < maps->count; i++)
		fprintf(out, "%" PRId64 " %" PRId64 " %" PRId64 "\n", maps->items[i].container_id,
			maps->items[i].host_id, maps->items[i].size);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static int open_proc(int proc_fd, pid_t pid, const char *file, int flags, struct rti_error *err)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%d/%s", pid, file);
	fd = openat(proc_fd, path, flags | O_CLOEXEC);
	return fd < 0 ? rti_fail(err, errno, "open /proc/%s", path) : fd;
}

static int write_proc(int proc_fd, pid_t pid, const char *file, const char *text,
		      struct rti_error *err)
{
	_cleanup_fd_ int fd = -EBADF;

	if (!text)
		return rti_fail(err, ENOMEM, "%s", file);
	if (!text[0])
		return 0;
	fd = open_proc(proc_fd, pid, file, O_WRONLY, err);
	if (fd < 0)
		return fd;
	/* The kernel takes a map in one write or not at all. */
	if (write(fd, text, strlen(text)) < 0)
		return rti_fail(err, errno, "write /proc/%d/%s", pid, file);
	return 0;
}

/*
 * A process in a new user namespace that waits to be killed. It has a copy of the caller's memory
 * and makes only raw system calls. With no exit signal, the embedder's own wait(2) never sees it.
 */
__attribute__((no_sanitize("address", "thread", "undefined")))
static pid_t make_process(int *ret_pidfd)
{
	struct clone_args args = {
		.flags = CLONE_NEWUSER | CLONE_PIDFD,
		.pidfd = (uintptr_t)ret_pidfd,
	};
	pid_t parent = getpid();
	long pid = sys_clone3(&args);

	if (pid < 0)
		return -errno;
	if (pid > 0)
		return (pid_t)pid;
	syscall(SYS_prctl, PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L);
	/* The parent may have died before the kernel knew. */
	while (syscall(SYS_getppid) == parent)
		syscall(SYS_ppoll, NULL, 0L, NULL, NULL, 0L);
	for (;;)
		syscall(SYS_exit_group, 0L);
}

/* By its pid where a filter forbids the other call: nobody else reaps it. */
static void end_process(pid_t pid, int pidfd)
{
	siginfo_t info;

	if (syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0) < 0 && kill(pid, SIGKILL) < 0)
		return;
	(void)rti_retry(syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | __WALL, NULL));
}

static int map_process(const struct rti_id_maps *uids, const struct rti_id_maps *gids, int proc_fd,
		       pid_t pid, struct rti_error *err)
{
	_cleanup_free_ char *uid_text = map_text(uids), *gid_text = map_text(gids);
	int r;

	r = write_proc(proc_fd, pid, "uid_map", uid_text, err);
	if (r < 0)
		return r;
	r = write_proc(proc_fd, pid, "setgroups", "deny", err);
	if (r < 0)
		return r;
	return write_proc(proc_fd, pid, "gid_map", gid_text, err);
}

int idmap_userns_create(const struct rti_id_maps *uids, const struct rti_id_maps *gids, int proc_fd,
			struct rti_error *err)
{
	_cleanup_free_ char *key = idmap_userns_key(uids, gids);
	_cleanup_fd_ int pidfd = -EBADF;
	pid_t pid = make_process(&pidfd);
	int r;

	if (pid < 0)
		return rti_fail(err, -pid, "failed to spawn dummy process for map %s",
				key ? key : "");
	r = map_process(uids, gids, proc_fd, pid, err);
	if (r == 0)
		r = open_proc(proc_fd, pid, "ns/user", O_RDONLY, err);
	end_process(pid, pidfd);
	if (r < 0)
		return rti_prefix(err, r, "failed to spawn dummy process for map %s",
				  key ? key : "");
	return r;
}

int idmap_cache_get(struct idmap_cache *cache, const struct rti_id_maps *uids,
		    const struct rti_id_maps *gids, int proc_fd, struct rti_error *err)
{
	_cleanup_free_ char *key = idmap_userns_key(uids, gids);
	struct idmap_cache_entry *entries;
	int fd;

	if (!key)
		return rti_fail(err, ENOMEM, "id mapping");
	for (size_t i = 0; i < cache->count; i++)
		if (strcmp(cache->entries[i].key, key) == 0)
			return cache->entries[i].fd;
	entries = realloc(cache->entries, (cache->count + 1) * sizeof(*entries));
	if (!entries)
		return rti_fail(err, ENOMEM, "id mapping");
	cache->entries = entries;
	fd = idmap_userns_create(uids, gids, proc_fd, err);
	if (fd < 0)
		return fd;
	entries[cache->count++] = (struct idmap_cache_entry){ .key = key, .fd = fd };
	key = NULL;
	return fd;
}

void idmap_cache_done(struct idmap_cache *cache)
{
	for (size_t i = 0; i < cache->count; i++) {
		rti_close(cache->entries[i].fd);
		free(cache->entries[i].key);
	}
	free(cache->entries);
	*cache = (struct idmap_cache){ 0 };
}
