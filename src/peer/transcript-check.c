/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "peer/transcript-line.h"
#include "protocol/sync.h"

struct check {
	struct rti_sync_machine child;
	struct rti_sync_machine parent;
	enum transcript_channel phase; /* the latest thing that was said in the order of channels */
	bool file_awaited;
	bool ended;
	enum rti_sync_role file_sender;
};

static void begin(void *data, enum rti_init_type type)
{
	struct check *check = data;

	rti_sync_start(&check->child, type, RTI_SYNC_CHILD);
	rti_sync_start(&check->parent, type, RTI_SYNC_PARENT);
}

static int check_content(const struct rti_sync_message *message, struct rti_error *err)
{
	const struct rti_sync_info *info = rti_sync_info(message->type);
	bool flagged = message->flags & RTI_SYNC_FLAG_FD;

	if (flagged != info->fd)
		return rti_refuse(err, EPROTO, "%s %s a file", message->name,
				  info->fd ? "must announce" : "cannot have");
	if ((message->arg != NULL) != (info->arg != RTI_SYNC_ARG_NONE))
		return rti_refuse(err, EPROTO, "%s %s an argument", message->name,
				  message->arg ? "cannot have" : "must have");
	return 0;
}

static int check_message(struct check *check, enum rti_sync_role speaker,
			 const struct rti_sync_message *message, struct rti_error *err)
{
	struct rti_sync_machine *sender = &check->child, *receiver = &check->parent;
	int r;

	if (speaker == RTI_SYNC_PARENT) {
		sender = &check->parent;
		receiver = &check->child;
	}
	/* A parent that gives up may say so, though ours only closes the socket. */
	if (speaker == RTI_SYNC_PARENT && message->type == RTI_SYNC_PROC_ERROR)
		sender->state = RTI_SYNC_STATE_FAILED;
	else if (rti_sync_advance(sender, RTI_SYNC_SEND, message->type, message->name, err) < 0)
		return -EPROTO;
	r = rti_sync_advance(receiver, RTI_SYNC_RECEIVE, message->type, message->name, err);
	return r < 0 ? r : check_content(message, err);
}

static int check_sync(struct check *check, const struct transcript_line *line,
		      struct rti_error *err)
{
	struct rti_sync_message message = { 0 };
	int r;

	if (check->file_awaited)
		return rti_refuse(err, EPROTO, "a file must follow, and a message does");
	r = rti_sync_decode(line->data, line->size, &message, err);
	if (r < 0)
		return r;
	r = check_message(check, line->speaker, &message, err);
	check->file_awaited = r == 0 && rti_sync_info(message.type)->fd;
	check->file_sender = line->speaker;
	rti_sync_message_done(&message);
	return r;
}

static int check_file(struct check *check, const struct transcript_line *line,
		      struct rti_error *err)
{
	if (!check->file_awaited || check->file_sender != line->speaker)
		return rti_refuse(err, EPROTO, "a file that was not announced");
	if (line->file_count != 1)
		return rti_refuse(err, EPROTO, "%zu files instead of one", line->file_count);
	check->file_awaited = false;
	return 0;
}

static int check_end(struct check *check, const struct transcript_line *line, struct rti_error *err)
{
	enum rti_sync_state state = check->child.state;

	/* The second to close does what the first has made it do. */
	if (check->ended)
		return 0;
	check->ended = true;
	if (check->file_awaited)
		return rti_refuse(err, EPROTO, "a file must follow, and the socket is closed");
	if (state == RTI_SYNC_STATE_FAILED)
		return 0;
	if (line->speaker == RTI_SYNC_PARENT)
		return rti_sync_eof(&check->child, err);
	return rti_sync_eof(&check->parent, err);
}

static int check_line(void *data, const struct transcript_line *line, struct rti_error *err)
{
	struct check *check = data;

	if (line->channel <= TRANSCRIPT_EXIT) {
		enum transcript_channel phase = line->channel;

		if (phase == TRANSCRIPT_FILE)
			phase = TRANSCRIPT_SYNC;
		if (phase < check->phase)
			return rti_refuse(err, EPROTO, "this comes too late");
		check->phase = phase;
	}
	switch (line->channel) {
	case TRANSCRIPT_SYNC:
		return check_sync(check, line, err);
	case TRANSCRIPT_FILE:
		return check_file(check, line, err);
	case TRANSCRIPT_END:
		return check_end(check, line, err);
	default:
		return 0;
	}
}

int transcript_check(FILE *file, struct rti_error *err)
{
	struct check check = { 0 };
	int r = transcript_read(file, begin, check_line, &check, err);

	if (r < 0 || check.ended || check.child.state == RTI_SYNC_STATE_FAILED)
		return r < 0 ? r : 0;
	return rti_refuse(err, EPROTO, "the conversation stops in state '%s'",
			  rti_sync_state_name(check.child.state));
}
