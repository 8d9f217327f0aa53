/* SPDX-License-Identifier: Apache-2.0 */
/* Making a container's directory, finding one again, telling its status. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "parent/container-private.h"
#include "parent/process.h"
#include "protocol/spec-validate.h"

const char *rti_container_status_name(enum rti_container_status status)
{
	static const char *const names[] = {
		[RTI_CONTAINER_STOPPED] = "stopped",
		[RTI_CONTAINER_CREATED] = "created",
		[RTI_CONTAINER_RUNNING] = "running",
		[RTI_CONTAINER_PAUSED] = "paused",
	};

	return names[status];
}

void container_log(const struct rti_container *container, enum rti_parent_level level,
		   const char *fmt, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list args;

	if (!container->log.write)
		return;
	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (text)
		container->log.write(container->log.data, level, text);
}

/* mkdir -p, 0700 */
static int make_root(const char *root, struct rti_error *err)
{
	char prefix[PATH_MAX];
	size_t length = strlen(root);

	if (!length)
		return rti_refuse(err, EINVAL, "root not set");
	if (length >= sizeof(prefix))
		return rti_fail(err, ENAMETOOLONG, "mkdir %s", root);
	memcpy(prefix, root, length + 1);
	for (char *p = prefix + 1; p <= prefix + length; p++) {
		char saved = *p;

		if (saved != '/' && saved != 0)
			continue;
		*p = 0;
		if (mkdir(prefix, 0700) < 0 && errno != EEXIST)
			return rti_fail(err, errno, "mkdir %s", prefix);
		*p = saved;
	}
	return 0;
}

static struct rti_container *container_new(const char *root, const char *id,
					   const struct rti_container_log *log)
{
	struct rti_container *container = calloc(1, sizeof(*container));

	if (!container)
		return NULL;
	container->dir_fd = -EBADF;
	container->id = rti_arena_text(&container->arena, id, strlen(id));
	container->path = rti_arena_printf(&container->arena, "%s/%s", root, id);
	if (log)
		container->log = *log;
	if (container->id && container->path)
		return container;
	rti_container_free(container);
	return NULL;
}

static void container_free_at(struct rti_container **container)
{
	rti_container_free(*container);
}

void rti_container_free(struct rti_container *container)
{
	if (!container)
		return;
	rti_close(container->dir_fd);
	cgroup_done(&container->cgroup);
	rti_init_config_done(&container->init);
	rti_arena_done(&container->arena);
	free(container);
}

static struct rti_container *take_container(struct rti_container **container)
{
	struct rti_container *taken = *container;

	*container = NULL;
	return taken;
}

static int open_dir(struct rti_container *container, struct rti_error *err)
{
	container->dir_fd = open(container->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (container->dir_fd < 0) {
		int errnum = errno;

		container->dir_fd = -EBADF;
		if (errnum == ENOENT)
			return rti_refuse(err, ENOENT, "container does not exist");
		return rti_fail(err, errnum, "open %s", container->path);
	}
	return 0;
}

/* A cgroup that others are in, or that is frozen, would give the container surprises. */
static int check_cgroup(struct rti_container *container, struct rti_error *err)
{
	_cleanup_free_ pid_t *pids = NULL;
	enum cgroup_freezer freezer;
	size_t count = 0;
	int r;

	if (cgroup_exists(&container->cgroup)) {
		r = cgroup_get_pids(&container->cgroup, &pids, &count, err);
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			return rti_prefix(err, r, "unable to get cgroup PIDs");
		if (count > 0)
			return rti_refuse(err, EBUSY,
					  "container's cgroup is not empty: %zu process(es) found",
					  count);
	}
	r = cgroup_get_freezer(&container->cgroup, &freezer, err);
	if (r < 0)
		return rti_prefix(err, r, "unable to get cgroup freezer state");
	if (freezer == CGROUP_FROZEN)
		return rti_refuse(err, EBUSY, "container's cgroup unexpectedly frozen");
	return 0;
}

int container_note_cgroup(struct rti_container *container, struct rti_error *err)
{
	const struct cgroup *cgroup = &container->cgroup;
	struct rti_string_map *paths = &container->state.cgroup_paths;

	paths->items = rti_arena_array(&container->arena, cgroup->path_count + 1,
				       sizeof(struct rti_string_pair));
	if (!paths->items)
		return rti_fail(err, ENOMEM, "container state");
	paths->count = cgroup->path_count;
	for (size_t i = 0; i < cgroup->path_count; i++)
		paths->items[i] = (struct rti_string_pair){ cgroup->paths[i].controller,
							    cgroup->paths[i].path };
	return 0;
}

/* From here on the container can be deleted, whatever becomes of this process. */
static int container_draft(struct rti_container *container, struct rti_error *err)
{
	int r = container_note_cgroup(container, err);

	if (r < 0)
		return r;
	return state_write_draft(container->dir_fd, &container->state, container->dialect, err);
}

int rti_container_create(const char *root, const struct rti_spec *spec,
			 const struct rti_convert_environment *environment,
			 enum rti_dialect dialect, const struct rti_container_log *log,
			 struct rti_container **ret, struct rti_error *err)
{
	_cleanup_(container_free_at) struct rti_container *container = NULL;
	struct stat st;
	int r;

	container = container_new(root, environment->container_id, log);
	if (!container)
		return rti_fail(err, ENOMEM, "create container");
	container->dialect = dialect;
	r = rti_spec_convert(spec, environment, dialect, &container->init, err);
	if (r == 0)
		r = rti_spec_validate(container->init.config, environment, dialect, err);
	/* Without resctrl the validation has said so already, in runc's words. */
	if (r == 0 && container->init.config->intel_rdt)
		r = rti_refuse(err, EOPNOTSUPP, "intelRdt: Intel RDT is not supported");
	if (r == 0)
		r = make_root(root, err);
	if (r < 0)
		return r;
	if (lstat(container->path, &st) == 0)
		return rti_refuse(err, EEXIST, "container with given ID already exists");
	container->state.id = container->id;
	container->state.config = container->init.config;
	container->state.rootless =
		container->init.config->rootless_euid && container->init.config->rootless_cgroups;
	r = cgroup_open(&container->cgroup, &container->init.config->cgroups, NULL, err);
	if (r == 0)
		r = check_cgroup(container, err);
	if (r < 0)
		return r;
	if (mkdir(container->path, 0711) < 0) {
		if (errno == EEXIST)
			return rti_refuse(err, EEXIST, "container with given ID already exists");
		return rti_fail(err, errno, "mkdir %s", container->path);
	}
	r = open_dir(container, err);
	if (r == 0)
		r = container_draft(container, err);
	if (r < 0) {
		rmdir(container->path);
		return r;
	}
	*ret = take_container(&container);
	return 0;
}

static int load(const char *root, const char *id, const struct rti_container_log *log,
		int (*read)(int dir_fd, struct rti_arena *arena, struct state *ret,
			    struct rti_error *err),
		struct rti_container **ret, struct rti_error *err)
{
	_cleanup_(container_free_at) struct rti_container *container = NULL;
	int r;

	r = rti_container_id_check(id, err);
	if (r < 0)
		return r;
	container = container_new(root, id, log);
	if (!container)
		return rti_fail(err, ENOMEM, "load container");
	r = open_dir(container, err);
	if (r == 0)
		r = read(container->dir_fd, &container->arena, &container->state, err);
	if (r == 0)
		r = cgroup_open(&container->cgroup, &container->state.config->cgroups,
				&container->state.cgroup_paths, err);
	if (r < 0)
		return r;
	container->dialect = RTI_DIALECT_OWN;
	*ret = take_container(&container);
	return 0;
}

int rti_container_load(const char *root, const char *id, const struct rti_container_log *log,
		       struct rti_container **ret, struct rti_error *err)
{
	return load(root, id, log, state_read, ret, err);
}

int container_load_draft(const char *root, const char *id, struct rti_container **ret,
			 struct rti_error *err)
{
	return load(root, id, NULL, state_read_draft, ret, err);
}

const struct rti_config *rti_container_config(const struct rti_container *container)
{
	return container->state.config;
}

int rti_container_dir(const struct rti_container *container)
{
	return container->dir_fd;
}

static int root_id(const struct rti_id_maps *maps, const char *kind, int64_t *ret,
		   struct rti_error *err)
{
	if (maps->count == 0)
		return rti_refuse(err, EINVAL, "user namespaces enabled, but no %s mappings found",
				  kind);
	if (!rti_id_map_to_host(maps, 0, ret))
		return rti_refuse(err, EINVAL,
				  "user namespaces enabled, but no mapping found for %s 0", kind);
	return 0;
}

int rti_container_root_ids(const struct rti_container *container, uid_t *ret_uid, gid_t *ret_gid,
			   struct rti_error *err)
{
	const struct rti_config *config = container->state.config;
	int64_t uid = 0, gid = 0;
	int r = 0;

	if (rti_config_has_namespace(config, "NEWUSER")) {
		r = root_id(&config->uid_mappings, "uid", &uid, err);
		if (r == 0)
			r = root_id(&config->gid_mappings, "gid", &gid, err);
	}
	if (r < 0)
		return r;
	*ret_uid = (uid_t)uid;
	*ret_gid = (gid_t)gid;
	return 0;
}

bool container_has_init(const struct rti_container *container)
{
	return process_is_alive(container->state.init_pid, container->state.init_start);
}

int container_open_init(const struct rti_container *container, const char *gone,
			struct rti_error *err)
{
	const struct state *state = &container->state;
	_cleanup_fd_ int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)state->init_pid, 0);
	int r = 0;

	/* In this order: once the fd is open the pid cannot become another process unnoticed. */
	if (pidfd < 0 && errno != ESRCH)
		return rti_fail(err, errno, "pidfd of init, pid %lld", (long long)state->init_pid);
	if (pidfd >= 0)
		r = process_look(state->init_pid, state->init_start);
	if (r < 0)
		return rti_fail(err, -r, "look at init, pid %lld", (long long)state->init_pid);
	return r ? rti_take_fd(&pidfd) : rti_refuse(err, ESRCH, "%s", gone);
}

bool container_has_private_pidns(const struct rti_container *container)
{
	const struct rti_namespaces *namespaces = &container->state.config->namespaces;

	for (size_t i = 0; i < namespaces->count; i++) {
		const struct rti_namespace *item = &namespaces->items[i];

		if (strcmp(item->type, "NEWPID") == 0)
			return !item->path || !*item->path;
	}
	return false;
}

int rti_container_get_status(const struct rti_container *container, enum rti_container_status *ret,
			     struct rti_error *err)
{
	const struct state *state = &container->state;
	enum cgroup_freezer freezer;
	int r;

	r = cgroup_get_freezer(&container->cgroup, &freezer, err);
	if (r < 0)
		return r;
	r = freezer == CGROUP_FROZEN ? 1 : process_look(state->init_pid, state->init_start);
	if (r < 0)
		return rti_fail(err, -r, "look at init, pid %lld", (long long)state->init_pid);
	if (freezer == CGROUP_FROZEN)
		*ret = RTI_CONTAINER_PAUSED;
	else if (r == 0)
		*ret = RTI_CONTAINER_STOPPED;
	else if (faccessat(container->dir_fd, RTI_PARENT_FIFO_NAME, F_OK, 0) == 0)
		*ret = RTI_CONTAINER_CREATED;
	else if (errno == ENOENT)
		*ret = RTI_CONTAINER_RUNNING;
	else
		return rti_fail(err, errno, "exec fifo: access %s", RTI_PARENT_FIFO_NAME);
	return 0;
}
