/* SPDX-License-Identifier: Apache-2.0 */
#include "parent/state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/fd.h"
#include "protocol/schema.h"

#define STATE_SIZE_MAX (RTI_INIT_CONFIG_MAX + 1024 * 1024)

#define FIELD(k, t, member, o)                                                                     \
	{                                                                                          \
		.key = k, .type = RTI_FIELD_##t, .offset = offsetof(struct state, member),         \
		.omit = RTI_OMIT_##o                                                               \
	}

static const struct rti_field state_fields[] = {
	FIELD("id", STRING, id, NEVER),
	FIELD("init_process_pid", INT, init_pid, NEVER),
	FIELD("init_process_start", UINT64, init_start, NEVER),
	FIELD("created", STRING, created, NEVER),
	{ .key = "config",
	  .type = RTI_FIELD_OBJECT,
	  .offset = offsetof(struct state, config),
	  .pointer = true,
	  .object = &rti_config_object },
	FIELD("rootless", BOOL, rootless, ZERO_1_4),
	FIELD("cgroup_paths", STRING_MAP, cgroup_paths, ZERO_1_4),
	FIELD("namespace_paths", STRING_MAP, namespace_paths, NEVER),
	FIELD("external_descriptors", STRINGS, external_descriptors, ZERO),
	FIELD("intel_rdt_path", STRING, intel_rdt_path, ZERO_1_4),
	FIELD("intel_rdt_mon_path", STRING, intel_rdt_mon_path, ZERO),
	{ .key = NULL },
};

static const struct rti_object state_object = {
	.name = "libcontainer.State",
	.size = sizeof(struct state),
	.fields = state_fields,
};

/* A new file; nothing is left of it on failure. */
static int write_file(int dir_fd, const char *name, const struct state *state,
		      enum rti_dialect dialect, struct rti_error *err)
{
	_cleanup_(rti_json_writer_done) struct rti_json_writer writer = { 0 };
	_cleanup_free_ char *text = NULL;
	_cleanup_fd_ int fd = -EBADF;
	size_t size;
	int r;

	rti_json_encode_object(state, &state_object, dialect, &writer);
	r = rti_json_writer_finish(&writer, &text, &size, err);
	if (r < 0)
		return r;
	fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return rti_fail(err, errno, "open %s", name);
	r = rti_write_full(fd, text, size);
	if (r < 0) {
		rti_fail(err, -r, "write %s", name);
		unlinkat(dir_fd, name, 0);
	}
	return r;
}

int state_write_draft(int dir_fd, const struct state *state, enum rti_dialect dialect,
		      struct rti_error *err)
{
	return write_file(dir_fd, STATE_DRAFT_FILE, state, dialect, err);
}

int state_write(int dir_fd, const struct state *state, enum rti_dialect dialect,
		struct rti_error *err)
{
	char name[32];
	uint64_t random = 0;
	int r;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = (uint64_t)getpid();
	snprintf(name, sizeof(name), "state-%016llx", (unsigned long long)random);
	r = write_file(dir_fd, name, state, dialect, err);
	if (r < 0)
		return r;
	if (renameat(dir_fd, name, dir_fd, STATE_FILE) < 0) {
		r = rti_fail(err, errno, "rename %s %s", name, STATE_FILE);
		unlinkat(dir_fd, name, 0);
		return r;
	}
	unlinkat(dir_fd, STATE_DRAFT_FILE, 0);
	return 0;
}

static int read_file(int dir_fd, const char *name, struct rti_arena *arena, struct state *ret,
		     struct rti_error *err)
{
	_cleanup_fd_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct state state = { 0 };
	int r;

	if (fd < 0 && errno == ENOENT)
		return rti_refuse(err, ENOENT, "container does not exist");
	if (fd < 0)
		return rti_fail(err, errno, "open %s", name);
	r = rti_json_read_object(fd, STATE_SIZE_MAX, &state_object, &state, arena, 0, NULL, NULL,
				 err);
	if (r < 0)
		return r;
	if (!state.config || !state.id)
		return rti_refuse(err, EBADMSG, "%s holds no container", name);
	*ret = state;
	return 0;
}

int state_read(int dir_fd, struct rti_arena *arena, struct state *ret, struct rti_error *err)
{
	return read_file(dir_fd, STATE_FILE, arena, ret, err);
}

int state_read_draft(int dir_fd, struct rti_arena *arena, struct state *ret, struct rti_error *err)
{
	return read_file(dir_fd, STATE_DRAFT_FILE, arena, ret, err);
}
