/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "base/fd.h"
#include "protocol/bootstrap.h"
#include "protocol/schema.h"

/* Chosen: a hundred times what an init writes. */
#define PID_MESSAGE_MAX 4096

struct pids { /* wide enough for the decoder to see what does not fit a pid_t */
	int64_t stage1_pid;
	int64_t stage2_pid;
};

#define ROW(name)                                                                                  \
	{                                                                                          \
		.key = #name, .type = RTI_FIELD_INT64, .offset = offsetof(struct pids, name)       \
	}

static const struct rti_field fields[] = { ROW(stage1_pid), ROW(stage2_pid), { 0 } };

static const struct rti_object pids_object = { "pid", sizeof(struct pids), fields };

int rti_pid_message_send(int fd, const struct rti_pid_message *message, struct rti_error *err)
{
	char text[96];
	int size = snprintf(text, sizeof(text), "{\"stage1_pid\":%d,\"stage2_pid\":%d}\n",
			    message->stage1_pid, message->stage2_pid);
	int r = rti_write_full(fd, text, (size_t)size);

	return r < 0 ? rti_fail(err, -r, "write pid message") : 0;
}

static int check_pid(const char *key, int64_t pid, struct rti_error *err)
{
	if (pid > 0 && pid <= INT_MAX)
		return 0;
	return rti_refuse(err, EBADMSG, "pid message has no valid %s (%lld)", key, (long long)pid);
}

int rti_pid_message_receive(int fd, struct rti_pid_message *ret, struct rti_error *err)
{
	struct pids pids = { 0 };
	struct rti_arena arena = { 0 };
	int r = rti_json_read_object(fd, PID_MESSAGE_MAX, &pids_object, &pids, &arena, 0, NULL,
				     NULL, err);

	rti_arena_done(&arena);
	if (r == 0)
		r = check_pid("stage1_pid", pids.stage1_pid, err);
	if (r == 0)
		r = check_pid("stage2_pid", pids.stage2_pid, err);
	if (r < 0)
		return r;
	ret->stage1_pid = (pid_t)pids.stage1_pid;
	ret->stage2_pid = (pid_t)pids.stage2_pid;
	return 0;
}
