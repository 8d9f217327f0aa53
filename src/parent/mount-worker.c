/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/mount-worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "parent/idmap-userns.h"

/* Of the thread. Chosen: some error records deep, with room for sanitizers. */
#define STACK_SIZE (512 * 1024)

enum slot {
	SLOT_FREE,
	SLOT_ASKED,    /* the request is the thread's until it answers */
	SLOT_ANSWERED, /* the answer is the owner's until it takes it */
};

struct mount_request { /* what of a mount matters here, copied */
	const char *source;
	bool recursive; /* the mounts below it come along */
	bool idmapped;
	bool idmap_recursive;
	const char *userns_path; /* "": made from the maps */
	struct rti_id_maps uids;
	struct rti_id_maps gids;
	struct rti_arena arena;
};

struct mount_worker {
	pthread_t thread;
	int pidfd; /* the process whose namespace is joined; the worker's own */
	pid_t pid;
	int event_fd;

	pthread_mutex_t mutex; /* for everything below */
	pthread_cond_t changed;
	enum slot slot;
	struct mount_request request;
	struct mount_answer answer;
	int result; /* of the answer */
	struct rti_error err;
	bool stop;	/* the owner wants the thread to end */
	bool done;	/* the thread has ended, or is about to */
	bool abandoned; /* the owner has gone; the thread frees the worker */
};

static void worker_free(struct mount_worker *worker)
{
	if (worker->slot == SLOT_ANSWERED && worker->result == 0)
		rti_close(worker->answer.fd);
	rti_close(worker->event_fd);
	rti_close(worker->pidfd);
	rti_arena_done(&worker->request.arena);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->mutex);
	free(worker);
}

/* ---- the thread ---- */

struct worker_state { /* the thread's own */
	int proc_fd; /* the host's /proc, opened before the mount namespace was left; or -errno */
	struct idmap_cache cache;
};

static int join_mount_namespace(int pidfd, pid_t pid, int proc_fd, struct rti_error *err)
{
	_cleanup_fd_ int ns_fd = -EBADF;
	char path[64];

	if (proc_fd < 0)
		return rti_fail(err, -proc_fd, "mount source thread: open /proc");
	/* Root and working directory are shared between threads, and setns(2) changes both. */
	if (unshare(CLONE_FS) < 0)
		return rti_fail(err, errno, "mount source thread: unshare(CLONE_FS)");
	if (setns(pidfd, CLONE_NEWNS) == 0)
		return 0;
	if (errno != EINVAL)
		return rti_fail(err, errno, "join container mntns: setns");
	snprintf(path, sizeof(path), "%d/ns/mnt", pid);
	ns_fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (ns_fd < 0)
		return rti_fail(err, errno, "open container mntns: open /proc/%s", path);
	if (setns(ns_fd, CLONE_NEWNS) < 0)
		return rti_fail(err, errno, "join container mntns: setns");
	return 0;
}

static int open_userns(struct worker_state *state, const struct mount_request *request,
		       bool *ret_close, struct rti_error *err)
{
	int fd;

	*ret_close = request->userns_path[0] != '\0';
	if (*ret_close) {
		fd = open(request->userns_path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return rti_fail(err, errno,
					"failed to open existing userns for %s id-mapping: open %s",
					request->source, request->userns_path);
		return fd;
	}
	fd = idmap_cache_get(&state->cache, &request->uids, &request->gids, state->proc_fd, err);
	return fd < 0 ? rti_prefix(err, fd, "failed to create userns for %s id-mapping",
				   request->source)
		      : fd;
}

static int serve_idmapped(struct worker_state *state, const struct mount_request *request,
			  struct mount_answer *ret, struct rti_error *err)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_IDMAP };
	_cleanup_fd_ int tree_fd = -EBADF;
	bool close_userns;
	int userns_fd;
	long r;

	tree_fd = (int)syscall(SYS_open_tree, AT_FDCWD, request->source,
			       OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC |
				       (request->recursive ? AT_RECURSIVE : 0));
	if (tree_fd < 0)
		return rti_fail(err, errno, "open_tree(OPEN_TREE_CLONE) %s", request->source);
	userns_fd = open_userns(state, request, &close_userns, err);
	if (userns_fd < 0)
		return userns_fd;
	attr.userns_fd = (uint64_t)userns_fd;
	r = syscall(SYS_mount_setattr, tree_fd, "",
		    AT_EMPTY_PATH | (request->idmap_recursive ? AT_RECURSIVE : 0), &attr,
		    sizeof(attr));
	if (r < 0)
		r = -errno;
	if (close_userns)
		rti_close(userns_fd);
	if (r == -EINVAL)
		return rti_refuse(
			err, EINVAL,
			"failed to set MOUNT_ATTR_IDMAP on %s: %s (maybe the filesystem used "
			"doesn't support idmap mounts on this kernel?)",
			request->source, rti_errno_text(EINVAL));
	if (r < 0)
		return rti_fail(err, (int)-r, "failed to set MOUNT_ATTR_IDMAP on %s",
				request->source);
	*ret = (struct mount_answer){ .fd = rti_take_fd(&tree_fd), .detached = true };
	return 0;
}

static int serve(struct worker_state *state, const struct mount_request *request,
		 struct mount_answer *ret, struct rti_error *err)
{
	int fd;

	if (request->idmapped)
		return serve_idmapped(state, request, ret, err);
	fd = open(request->source, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return rti_fail(err, errno, "open %s", request->source);
	*ret = (struct mount_answer){ .fd = fd };
	return 0;
}

/* Waits for a request; false when the thread is to end. */
static bool await_request(struct mount_worker *worker)
{
	bool stop;

	pthread_mutex_lock(&worker->mutex);
	while (!worker->stop && worker->slot != SLOT_ASKED)
		pthread_cond_wait(&worker->changed, &worker->mutex);
	stop = worker->stop;
	pthread_mutex_unlock(&worker->mutex);
	return !stop;
}

static void put_answer(struct mount_worker *worker, int result, const struct mount_answer *answer,
		       const struct rti_error *err)
{
	uint64_t one = 1;

	pthread_mutex_lock(&worker->mutex);
	worker->result = result;
	if (result < 0)
		worker->err = *err;
	else
		worker->answer = *answer;
	worker->slot = SLOT_ANSWERED;
	pthread_mutex_unlock(&worker->mutex);
	(void)rti_retry(write(worker->event_fd, &one, sizeof(one)));
}

static void work(struct mount_worker *worker, struct worker_state *state)
{
	struct rti_error join_err;
	int joined = join_mount_namespace(worker->pidfd, worker->pid, state->proc_fd, &join_err);

	while (await_request(worker)) {
		struct mount_answer answer = { .fd = -EBADF };
		struct rti_error err;
		int r;

		if (joined < 0) {
			put_answer(worker, joined, NULL, &join_err);
			continue;
		}
		r = serve(state, &worker->request, &answer, &err);
		put_answer(worker, r, &answer, &err);
	}
}

static void *worker_main(void *data)
{
	struct worker_state state = { .proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC) };
	struct mount_worker *worker = data;
	bool abandoned;

	if (state.proc_fd < 0)
		state.proc_fd = -errno;
	work(worker, &state);
	rti_close(state.proc_fd);
	idmap_cache_done(&state.cache);

	pthread_mutex_lock(&worker->mutex);
	worker->done = true;
	abandoned = worker->abandoned;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->mutex);
	if (abandoned)
		worker_free(worker);
	return NULL;
}

/* ---- the owner ---- */

static int init_sync(struct mount_worker *worker)
{
	pthread_condattr_t attr;
	int r;

	r = pthread_condattr_init(&attr);
	if (r != 0)
		return -r;
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	r = pthread_cond_init(&worker->changed, &attr);
	pthread_condattr_destroy(&attr);
	if (r != 0)
		return -r;
	r = pthread_mutex_init(&worker->mutex, NULL);
	if (r != 0)
		pthread_cond_destroy(&worker->changed);
	return -r;
}

static int start_thread(struct mount_worker *worker)
{
	sigset_t all, old;
	pthread_attr_t attr;
	int r;

	r = pthread_attr_init(&attr);
	if (r != 0)
		return -r;
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&worker->thread, &attr, worker_main, worker);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	return -r;
}

int mount_worker_start(int pidfd, pid_t pid, struct mount_worker **ret, struct rti_error *err)
{
	static const char step[] = "error spawning mount remapping thread";
	struct mount_worker *worker = calloc(1, sizeof(*worker));
	int r;

	if (!worker)
		return rti_fail(err, ENOMEM, "%s", step);
	r = init_sync(worker);
	if (r < 0) {
		free(worker);
		return rti_fail(err, -r, "%s", step);
	}
	worker->pid = pid;
	worker->pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
	worker->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = worker->pidfd < 0 || worker->event_fd < 0 ? -errno : start_thread(worker);
	if (r < 0) {
		worker_free(worker);
		return rti_fail(err, -r, "%s", step);
	}
	*ret = worker;
	return 0;
}

static int copy_maps(struct rti_arena *arena, const struct rti_id_maps *from,
		     struct rti_id_maps *ret)
{
	ret->items = rti_arena_array(arena, from->count, sizeof(*from->items));
	if (!ret->items)
		return -ENOMEM;
	if (from->count)
		memcpy(ret->items, from->items, from->count * sizeof(*from->items));
	ret->count = from->count;
	return 0;
}

static int copy_request(const struct rti_mount *mount, struct mount_request *ret)
{
	const struct rti_mount_id_mapping *mapping = mount->id_mapping;
	const char *userns_path = mapping && mapping->userns_path ? mapping->userns_path : "";
	struct mount_request request = {
		.recursive = (mount->flags & MS_REC) != 0,
		.idmapped = mapping != NULL,
		.idmap_recursive = mapping && mapping->recursive,
	};
	int r = 0;

	request.source = rti_arena_text(&request.arena, mount->source, strlen(mount->source));
	request.userns_path = rti_arena_text(&request.arena, userns_path, strlen(userns_path));
	if (!request.source || !request.userns_path)
		r = -ENOMEM;
	if (r == 0 && mapping)
		r = copy_maps(&request.arena, &mapping->uid_mappings, &request.uids);
	if (r == 0 && mapping)
		r = copy_maps(&request.arena, &mapping->gid_mappings, &request.gids);
	if (r < 0) {
		rti_arena_done(&request.arena);
		return r;
	}
	*ret = request;
	return 0;
}

int mount_worker_ask(struct mount_worker *worker, const struct rti_mount *mount,
		     struct rti_error *err)
{
	struct mount_request request;
	int r = copy_request(mount, &request);

	if (r < 0)
		return rti_fail(err, -r, "mount source request");
	pthread_mutex_lock(&worker->mutex);
	rti_arena_done(&worker->request.arena);
	worker->request = request;
	worker->slot = SLOT_ASKED;
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->mutex);
	return 0;
}

int mount_worker_fd(const struct mount_worker *worker)
{
	return worker->event_fd;
}

int mount_worker_take(struct mount_worker *worker, struct mount_answer *ret, struct rti_error *err)
{
	uint64_t count;
	int r;

	(void)rti_retry(read(worker->event_fd, &count, sizeof(count)));
	pthread_mutex_lock(&worker->mutex);
	if (worker->slot != SLOT_ANSWERED) {
		r = rti_refuse(err, EAGAIN, "mount source thread has no answer");
	} else {
		r = worker->result;
		if (r == 0)
			*ret = worker->answer;
		else if (err)
			*err = worker->err;
		worker->slot = SLOT_FREE;
	}
	pthread_mutex_unlock(&worker->mutex);
	return r;
}

static void deadline_in(int timeout_ms, struct timespec *ret)
{
	clock_gettime(CLOCK_MONOTONIC, ret);
	ret->tv_sec += timeout_ms / 1000;
	ret->tv_nsec += (timeout_ms % 1000) * 1000000L;
	if (ret->tv_nsec >= 1000000000L) {
		ret->tv_sec++;
		ret->tv_nsec -= 1000000000L;
	}
}

void mount_worker_stop(struct mount_worker *worker)
{
	struct timespec deadline;
	pthread_t thread;
	int r = 0;

	if (!worker)
		return;
	deadline_in(MOUNT_WORKER_STOP_MS, &deadline);
	pthread_mutex_lock(&worker->mutex);
	thread = worker->thread;
	worker->stop = true;
	pthread_cond_broadcast(&worker->changed);
	while (!worker->done && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&worker->changed, &worker->mutex, &deadline);
	worker->abandoned = !worker->done;
	r = worker->abandoned;
	pthread_mutex_unlock(&worker->mutex);
	/* From here an abandoned worker belongs to the thread. */
	if (r) {
		pthread_detach(thread);
		return;
	}
	pthread_join(thread, NULL);
	worker_free(worker);
}
