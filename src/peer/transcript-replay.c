/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "peer/transcript-line.h"
#include "protocol/sync.h"

struct replay {
	enum rti_sync_role role;
	FILE *script;
};

/* What the side itself does; %s is what was said. NULL: nothing. */
static const char *const said[] = {
	[TRANSCRIPT_BOOTSTRAP] = "send init %s\n",
	[TRANSCRIPT_PIDS] = "make stages\nsend pids\nstage 2\n",
	[TRANSCRIPT_CONFIG] = "send init %s\n",
	[TRANSCRIPT_END] = "close sync\n",
	[TRANSCRIPT_START] = "start\n",
	[TRANSCRIPT_EXIT] = "exit %s\n",
	[TRANSCRIPT_LOG] = "send log %s\n",
	[TRANSCRIPT_STDERR] = NULL,
};

/* What it awaits of the other. */
static const char *const heard[] = {
	[TRANSCRIPT_BOOTSTRAP] = "expect bootstrap\n",
	[TRANSCRIPT_PIDS] = "expect pids\n",
	[TRANSCRIPT_CONFIG] = "expect config\n",
	[TRANSCRIPT_FILE] = "expect file %s\n",
	[TRANSCRIPT_END] = "expect end\n",
	[TRANSCRIPT_START] = "expect start\n",
	[TRANSCRIPT_EXIT] = "expect exit %s\n",
	[TRANSCRIPT_STDERR] = NULL,
};

static void begin(void *data, enum rti_init_type type)
{
	const struct replay *replay = data;

	fprintf(replay->script, "# the %s of a %s conversation\n",
		replay->role == RTI_SYNC_CHILD ? "child" : "parent",
		type == RTI_INIT_SETNS ? "setns" : "standard");
}

static int expect_message(const struct replay *replay, const struct transcript_line *line,
			  struct rti_error *err)
{
	struct rti_sync_message message = { 0 };
	int r = rti_sync_decode(line->data, line->size, &message, err);

	if (r < 0)
		return r;
	fprintf(replay->script, "expect %s\n", message.name);
	rti_sync_message_done(&message);
	return 0;
}

/* Byte by byte, but for the number of a listener: that one was in another process. */
static void send_message(const struct replay *replay, const struct transcript_line *line)
{
	struct rti_sync_message message = { 0 };
	struct rti_error ignored;

	if (rti_sync_decode(line->data, line->size, &message, &ignored) == 0 &&
	    message.type == RTI_SYNC_PROC_SECCOMP)
		fprintf(replay->script, "send %s\n", message.name);
	else
		fprintf(replay->script, "send packet %s\n", line->text);
	rti_sync_message_done(&message);
}

static void write_step(FILE *script, const char *form, const char *text)
{
	const char *place = form ? strstr(form, "%s") : NULL;

	if (!form)
		return;
	if (!place)
		fputs(form, script);
	else
		fprintf(script, "%.*s%s%s", (int)(place - form), form, text, place + 2);
}

static int replay_line(void *data, const struct transcript_line *line, struct rti_error *err)
{
	const struct replay *replay = data;

	if (line->speaker == replay->role) {
		if (line->channel == TRANSCRIPT_FILE)
			fprintf(replay->script, "send files %zu %s\n", line->file_count,
				line->text);
		else if (line->channel == TRANSCRIPT_SYNC)
			send_message(replay, line);
		else
			write_step(replay->script, said[line->channel], line->text);
		return 0;
	}
	if (line->channel == TRANSCRIPT_SYNC)
		return expect_message(replay, line, err);
	if (line->channel != TRANSCRIPT_LOG)
		write_step(replay->script, heard[line->channel], line->text);
	return 0;
}

int transcript_replay(FILE *file, enum rti_sync_role role, FILE *script, struct rti_error *err)
{
	struct replay replay = { .role = role, .script = script };

	return transcript_read(file, begin, replay_line, &replay, err);
}
