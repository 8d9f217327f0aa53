/* SPDX-License-Identifier: Apache-2.0 */
/* A container's processes, signals to them, pausing, and the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/container-private.h"
#include "protocol/spec-validate.h"

/* Folders in a state folder: chosen, as there is one of files. */
#define STATE_DEPTH 3

#define KILL_TRIES	  100
#define KILL_FAILED_TRIES 5
#define KILL_DELAY_NS	  (100 * 1000 * 1000)

static int signal_init(struct rti_container *container, int signal, struct rti_error *err)
{
	_cleanup_fd_ int pidfd = container_open_init(container, "container not running", err);
	enum cgroup_freezer freezer;

	if (pidfd < 0)
		return pidfd == -ESRCH ? pidfd : rti_prefix(err, pidfd, "unable to signal init");
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0) < 0)
		return rti_fail(err, errno, "unable to signal init");
	/* On cgroup v1 a frozen process does not even die before it is thawed. */
	if (signal == SIGKILL && cgroup_get_freezer(&container->cgroup, &freezer, NULL) == 0 &&
	    freezer == CGROUP_FROZEN)
		cgroup_freeze(&container->cgroup, CGROUP_THAWED, NULL);
	return 0;
}

int rti_container_signal(struct rti_container *container, int signal, struct rti_error *err)
{
	int r;

	if (signal != SIGKILL || container_has_private_pidns(container))
		return signal_init(container, signal, err);
	r = cgroup_kill(&container->cgroup, err);
	if (r == 0)
		return 0;
	if (container->state.config->rootless_cgroups) {
		container_log(container, RTI_PARENT_LEVEL_WARNING,
			      "failed to kill all processes, possibly due to lack of cgroup (Hint: "
			      "enable cgroup v2 delegation)");
		return signal_init(container, signal, err);
	}
	if (r == -ENOENT && !container_has_init(container))
		r = rti_refuse(err, ESRCH, "container not running");
	return rti_prefix(err, r, "unable to kill all processes");
}

int rti_container_pause(struct rti_container *container, bool pause, struct rti_error *err)
{
	enum rti_container_status status;
	int r;

	r = rti_container_get_status(container, &status, err);
	if (r < 0)
		return r;
	if (pause && status != RTI_CONTAINER_RUNNING && status != RTI_CONTAINER_CREATED)
		return rti_refuse(err, ESRCH, "container not running");
	if (!pause && status != RTI_CONTAINER_PAUSED)
		return rti_refuse(err, ESRCH, "container not paused");
	return cgroup_freeze(&container->cgroup, pause ? CGROUP_FROZEN : CGROUP_THAWED, err);
}

int rti_container_get_pids(const struct rti_container *container, pid_t **ret, size_t *ret_count,
			   struct rti_error *err)
{
	int r = cgroup_get_pids(&container->cgroup, ret, ret_count, err);

	if (r == -ENOENT && !container_has_init(container)) {
		*ret = NULL;
		*ret_count = 0;
		return 0;
	}
	return r < 0 ? rti_prefix(err, r, "unable to get all container pids") : 0;
}

static int remove_tree(int dir_fd, const char *name, int depth, struct rti_error *err);

/* Closes @tree_fd. */
static int remove_entries(int tree_fd, const char *name, int depth, struct rti_error *err)
{
	DIR *tree = fdopendir(tree_fd);
	struct dirent *entry;
	int r = 0;

	if (!tree) {
		r = rti_fail(err, errno, "open %s", name);
		rti_close(tree_fd);
		return r;
	}
	for (errno = 0; r == 0 && (entry = readdir(tree)); errno = 0)
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = remove_tree(dirfd(tree), entry->d_name, depth - 1, err);
	if (r == 0 && errno != 0)
		r = rti_fail(err, errno, "read directory %s", name);
	closedir(tree);
	return r;
}

/* A directory that holds a few files and folders of ours; links are not followed. */
static int remove_tree(int dir_fd, const char *name, int depth, struct rti_error *err)
{
	int tree_fd, r;

	if (unlinkat(dir_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR || depth == 0)
		return rti_fail(err, errno, "remove %s", name);
	tree_fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (tree_fd < 0)
		return errno == ENOENT ? 0 : rti_fail(err, errno, "open %s", name);
	r = remove_entries(tree_fd, name, depth, err);
	if (r == 0 && unlinkat(dir_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = rti_fail(err, errno, "remove %s", name);
	return r;
}

static int remove_state(const char *path, struct rti_error *err)
{
	return remove_tree(AT_FDCWD, path, STATE_DEPTH, err);
}

static int run_poststop_hooks(struct rti_container *container, struct rti_error *err)
{
	const struct rti_config *config = container->state.config;
	struct rti_spec_state state;
	int r;

	if (!config->hooks || !config->hooks->poststop.count)
		return 0;
	r = container_spec_state(container, "stopped", 0, &state, err);
	return r < 0 ? r : rti_parent_hooks_run(RTI_PARENT_HOOK_POSTSTOP, config, &state, err);
}

static int destroy_stopped(struct rti_container *container, struct rti_error *err)
{
	int r;

	/* In a pid namespace of its own the kernel has killed everything with the init. */
	if (!container_has_private_pidns(container))
		cgroup_kill(&container->cgroup, NULL);
	r = cgroup_destroy(&container->cgroup, err);
	if (r < 0)
		return rti_prefix(err, r, "unable to remove container's cgroup");
	r = remove_state(container->path, err);
	if (r < 0)
		return rti_prefix(err, r, "unable to remove container state dir");
	return run_poststop_hooks(container, err);
}

int rti_container_destroy(struct rti_container *container, struct rti_error *err)
{
	enum rti_container_status status;
	int r;

	r = rti_container_get_status(container, &status, err);
	if (r == 0 && status == RTI_CONTAINER_RUNNING)
		r = rti_refuse(err, EBUSY, "container still running");
	if (r == 0 && status == RTI_CONTAINER_PAUSED && container_has_init(container))
		r = rti_refuse(err, EBUSY, "container paused");
	if (r == 0 && status == RTI_CONTAINER_PAUSED)
		r = cgroup_freeze(&container->cgroup, CGROUP_THAWED, err);
	if (r == 0 && status == RTI_CONTAINER_CREATED)
		signal_init(container, SIGKILL, NULL);
	if (r == 0)
		r = destroy_stopped(container, err);
	return r < 0 ? rti_prefix(err, r, "unable to destroy container") : 0;
}

int rti_container_kill_and_destroy(struct rti_container *container, struct rti_error *err)
{
	const struct timespec delay = { .tv_nsec = KILL_DELAY_NS };
	struct rti_error failure = { 0 };
	int r = rti_container_signal(container, SIGKILL, &failure);

	for (int i = 0; container_has_init(container); i++) {
		/* It may still end by itself, or by what reached it of a kill that failed. */
		if (r < 0 && i == KILL_FAILED_TRIES) {
			if (err)
				*err = failure;
			return r;
		}
		if (i == KILL_TRIES)
			return rti_refuse(err, EBUSY, "container init still running");
		nanosleep(&delay, NULL);
	}
	return rti_container_destroy(container, err);
}

/* Its processes end by themselves when they miss their runtime, but for those that hang. */
static int destroy_cgroup(struct rti_container *container, bool force, struct rti_error *err)
{
	if (force)
		cgroup_kill(&container->cgroup, NULL);
	return cgroup_destroy(&container->cgroup, err);
}

/* Another container's cgroup is left to it. Whose processes are in there cannot be told. */
static int leave_cgroup(const struct rti_container *container, const struct container_claim *claim,
			struct rti_error *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	size_t count = 0;
	int r = cgroup_get_pids(&container->cgroup, &pids, &count, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	return count > 0 ? rti_refuse(err, EBUSY, "cgroup %s is in use by container %s",
				      claim->path, claim->id)
			 : 0;
}

static int destroy_unfinished(struct rti_container *container, const char *root, bool force,
			      struct rti_error *err)
{
	struct container_claim claim;
	int r = container_find_claim(container, root, &claim, err);

	if (r == 0)
		r = claim.path ? leave_cgroup(container, &claim, err)
			       : destroy_cgroup(container, force, err);
	if (r < 0)
		return rti_prefix(err, r, "unable to remove container's cgroup");
	r = remove_state(container->path, err);
	return r < 0 ? r : run_poststop_hooks(container, err);
}

/* Without a whole draft nothing was made yet but the directory. */
static int remove_directory(const char *root, const char *id, struct rti_error *err)
{
	struct rti_container *finished = NULL;
	struct rti_arena arena = { 0 };
	const char *path;
	int r;

	if (rti_container_load(root, id, NULL, &finished, NULL) == 0) {
		rti_container_free(finished);
		return rti_refuse(err, EBUSY, "container %s was being created until now", id);
	}
	path = rti_arena_printf(&arena, "%s/%s", root, id);
	r = path ? remove_state(path, err) : rti_fail(err, ENOMEM, "remove %s", id);
	rti_arena_done(&arena);
	return r;
}

int rti_container_remove_unfinished(const char *root, const char *id, bool force,
				    struct rti_error *err)
{
	struct rti_container *container = NULL;
	int r;

	r = container_load_draft(root, id, &container, err);
	if (r == -ENOENT || r == -ENODATA || r == -EBADMSG)
		return remove_directory(root, id, err);
	if (r == 0)
		r = destroy_unfinished(container, root, force, err);
	rti_container_free(container);
	return r;
}
