/* SPDX-License-Identifier: Apache-2.0 */
/* What both sides can do. */
#include "peer/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "peer/escape.h"
#include "peer/packet.h"

/* What an argument is when the script gives none; a mount is one of the configuration's. */
static const char *const default_args[] = {
	[RTI_SYNC_ARG_ERROR] = "{\"message\":\"the peer gives up\"}",
	[RTI_SYNC_ARG_MOUNT_FD] = RTI_SYNC_MOUNT_FD_PLAIN,
	[RTI_SYNC_ARG_NUMBER] = "0",
};

void peer_say(const struct peer *peer, const char *channel, const void *data, size_t size)
{
	transcript_add(&peer->transcript, peer->machine.role, channel, data, size);
}

void peer_hear(const struct peer *peer, const char *channel, const void *data, size_t size)
{
	transcript_add(&peer->transcript, peer_other(peer), channel, data, size);
}

/* Where this side stands after something that may not have been right. */
static void follow(struct peer *peer, enum rti_sync_direction direction, enum rti_sync_type type)
{
	struct rti_error ignored;

	if (rti_sync_allows(&peer->machine, direction, type))
		rti_sync_advance(&peer->machine, direction, type, NULL, &ignored);
}

static enum rti_sync_type find_type(const char *name, size_t size)
{
	for (int type = RTI_SYNC_NONE + 1; type < RTI_SYNC_TYPES; type++) {
		const char *known = rti_sync_info((enum rti_sync_type)type)->name;

		if (strlen(known) == size && memcmp(known, name, size) == 0)
			return (enum rti_sync_type)type;
	}
	return RTI_SYNC_NONE;
}

/* The first mount of the configuration whose source the parent can be asked for. */
static int find_mount(const struct peer *peer, char **ret, struct rti_error *err)
{
	static const struct rti_mounts none;
	const struct rti_mounts *mounts =
		peer->config.config ? &peer->config.config->mounts : &none;

	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->items[i].device && strcmp(mounts->items[i].device, "bind") == 0)
			return rti_sync_mount_encode(&mounts->items[i], RTI_DIALECT_OWN, ret, err);
	*ret = strdup("{}");
	return *ret ? 0 : rti_fail(err, ENOMEM, "mount");
}

static int make_arg(const struct peer *peer, enum rti_sync_type type, const char *given, char **ret,
		    struct rti_error *err)
{
	enum rti_sync_arg kind = rti_sync_info(type)->arg;

	*ret = NULL;
	if (!given[0] && kind == RTI_SYNC_ARG_MOUNT)
		return find_mount(peer, ret, err);
	if (!given[0] && kind != RTI_SYNC_ARG_NONE)
		given = default_args[kind];
	if (!given[0])
		return 0;
	*ret = strdup(given);
	return *ret ? 0 : rti_fail(err, ENOMEM, "argument");
}

/* The packet of "MESSAGE [ARGUMENT]". */
static int make_message(const struct peer *peer, const char *text, enum rti_sync_type *ret_type,
			char **ret, size_t *ret_size, struct rti_error *err)
{
	size_t size = strcspn(text, " ");
	enum rti_sync_type type = find_type(text, size);
	_cleanup_free_ char *arg = NULL;
	int r;

	if (type == RTI_SYNC_NONE) {
		*ret_type = type;
		r = asprintf(ret, "{\"type\":\"%.*s\",\"flags\":0}", (int)size, text);
		*ret_size = r < 0 ? 0 : (size_t)r;
		return r < 0 ? rti_fail(err, ENOMEM, "message") : 0;
	}
	r = make_arg(peer, type, text[size] ? text + size + 1 : "", &arg, err);
	if (r < 0)
		return r;
	*ret_type = type;
	return rti_sync_encode(type, arg, ret, ret_size, err);
}

static int send_message(struct peer *peer, const char *text, size_t padded, size_t files,
			struct rti_error *err)
{
	_cleanup_free_ char *packet = NULL;
	enum rti_sync_type type;
	size_t size;
	int r;

	r = make_message(peer, text, &type, &packet, &size, err);
	if (r < 0)
		return r;
	if (padded > size) {
		char *larger = realloc(packet, padded);

		if (!larger)
			return rti_fail(err, ENOMEM, "packet");
		packet = larger;
		memset(packet + size, ' ', padded - size);
		size = padded;
	}
	follow(peer, RTI_SYNC_SEND, type);
	return packet_send(peer, packet, size, &(int){ STDIN_FILENO }, files, err);
}

static int play_send(struct peer *peer, const char *text, struct rti_error *err)
{
	return send_message(peer, text, 0, 0, err);
}

static int play_send_attached(struct peer *peer, const char *text, struct rti_error *err)
{
	return send_message(peer, text, 0, 1, err);
}

static int play_send_padded(struct peer *peer, const char *text, struct rti_error *err)
{
	char *end;
	unsigned long size = strtoul(text, &end, 10);

	if (*end != ' ' || size > 64u * 1024 * 1024)
		return rti_refuse(err, EINVAL, "no size and message: %s", text);
	return send_message(peer, end + 1, size, 0, err);
}

static int play_send_packet(struct peer *peer, const char *text, struct rti_error *err)
{
	struct rti_sync_message message = { 0 };
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r;

	r = escape_read(text, &bytes, &size, err);
	if (r < 0)
		return r;
	/* It may be as good as any, as in a replay. */
	if (rti_sync_decode(bytes, size, &message, NULL) == 0)
		follow(peer, RTI_SYNC_SEND, message.type);
	rti_sync_message_done(&message);
	return packet_send(peer, bytes, size, NULL, 0, err);
}

static int play_send_empty(struct peer *peer, const char *text, struct rti_error *err)
{
	(void)text;
	return packet_send(peer, "", 0, NULL, 0, err);
}

/* "COUNT [NAME]": the file of that name, or standard input where there is none. */
static int play_send_files(struct peer *peer, const char *text, struct rti_error *err)
{
	_cleanup_free_ char *name = NULL;
	_cleanup_fd_ int fd = -EBADF;
	int files[PACKET_FILES_MAX];
	unsigned long count;
	size_t size;
	char *end;
	int r;

	count = strtoul(text, &end, 10);
	if (end == text || (*end && *end != ' ') || count > PACKET_FILES_MAX)
		return rti_refuse(err, EINVAL, "no number of files: %s", text);
	r = escape_read(*end ? end + 1 : end, &name, &size, err);
	if (r < 0)
		return r;
	fd = open(name, O_PATH | O_CLOEXEC);
	for (unsigned long i = 0; i < count; i++)
		files[i] = fd < 0 ? STDIN_FILENO : fd;
	return packet_send(peer, name, size, files, count, err);
}

/* A side that gives up has said why. */
static int unexpected(const struct peer *peer, const struct packet *packet, const char *expected,
		      struct rti_error *err)
{
	const char *state = rti_sync_state_name(peer->machine.state);

	if (packet->end)
		return rti_refuse(err, EPROTO,
				  "expected %s in state '%s', got the end of the sync socket",
				  expected, state);
	return rti_refuse(err, EPROTO, "expected %s in state '%s', got %s%.4000s", expected, state,
			  packet->file_count > 0 ? "a file with " : "", packet->bytes);
}

static int check_type(struct peer *peer, const struct packet *packet, const char *name, size_t size,
		      struct rti_error *err)
{
	struct rti_sync_message message = { 0 };
	int r;

	if (packet->end || packet->file_count > 0)
		return unexpected(peer, packet, name, err);
	r = rti_sync_decode(packet->bytes, packet->size, &message, err);
	if (r < 0)
		return r;
	if (strlen(message.name) != size || memcmp(message.name, name, size) != 0)
		r = unexpected(peer, packet, name, err);
	else
		follow(peer, RTI_SYNC_RECEIVE, message.type);
	rti_sync_message_done(&message);
	return r;
}

/* "MESSAGE [in STATE]" */
static int play_expect(struct peer *peer, const char *text, struct rti_error *err)
{
	const char *state = rti_sync_state_name(peer->machine.state);
	const char *wanted = strstr(text, " in ");
	struct packet packet = { 0 };
	int r;

	if (wanted && strcmp(wanted + 4, state) != 0)
		return rti_refuse(err, EPROTO, "the conversation is in state '%s', not '%s'", state,
				  wanted + 4);
	r = packet_receive(peer, PEER_STEP_MS, &packet, err);
	if (r == 0)
		r = check_type(peer, &packet, text, strcspn(text, " "), err);
	packet_done(&packet);
	return r;
}

static int play_expect_file(struct peer *peer, const char *text, struct rti_error *err)
{
	_cleanup_free_ char *name = NULL;
	struct packet packet = { 0 };
	size_t size;
	int r;

	r = escape_read(text, &name, &size, err);
	if (r == 0)
		r = packet_receive(peer, PEER_STEP_MS, &packet, err);
	if (r < 0)
		return r;
	if (packet.end || packet.file_count != 1 ||
	    (size > 0 && (packet.size != size || memcmp(packet.bytes, name, size) != 0)))
		r = unexpected(peer, &packet, "a file", err);
	packet_done(&packet);
	return r;
}

static int play_expect_end(struct peer *peer, const char *text, struct rti_error *err)
{
	struct packet packet = { 0 };
	int r;

	(void)text;
	r = packet_receive(peer, PEER_STEP_MS, &packet, err);
	if (r == 0 && !packet.end)
		r = unexpected(peer, &packet, "the end", err);
	else if (r == 0)
		peer->sync_fd = rti_close(peer->sync_fd);
	packet_done(&packet);
	return r;
}

static int play_send_init(struct peer *peer, const char *text, struct rti_error *err)
{
	/* Only for the reader: a parent says the bootstrap data first. */
	const char *channel = peer->pids.stage2_pid < 0 ? "bootstrap" : "config";
	_cleanup_free_ char *bytes = NULL;
	size_t size;
	int r;

	r = escape_read(text, &bytes, &size, err);
	if (r == 0)
		r = rti_write_full(peer->init_fd, bytes, size);
	if (r < 0)
		return rti_fail(err, -r, "write to the init pipe");
	peer_say(peer, peer->machine.role == RTI_SYNC_CHILD ? "pids" : channel, bytes, size);
	return 0;
}

static int play_close(struct peer *peer, const char *text, struct rti_error *err)
{
	const struct {
		const char *name;
		int *fd;
	} channels[] = {
		{ "sync", &peer->sync_fd },
		{ "init", &peer->init_fd },
		{ "log", &peer->log_fd },
	};

	for (size_t i = 0; i < sizeof(channels) / sizeof(channels[0]); i++) {
		if (strcmp(channels[i].name, text) != 0)
			continue;
		*channels[i].fd = rti_close(*channels[i].fd);
		if (i == 0)
			peer_say(peer, "end", "", 0);
		return 0;
	}
	return rti_refuse(err, EINVAL, "no such channel: %s", text);
}

static int play_wait(struct peer *peer, const char *text, struct rti_error *err)
{
	int64_t ms;

	(void)peer;
	if (!rti_number_i64(text, 0, 60 * 1000, &ms))
		return rti_refuse(err, EINVAL, "no number of milliseconds up to a minute: %s",
				  text);
	usleep((useconds_t)ms * 1000);
	return 0;
}

static int play_die(struct peer *peer, const char *text, struct rti_error *err)
{
	(void)peer;
	(void)text;
	kill(getpid(), SIGKILL);
	return rti_refuse(err, EIO, "still alive");
}

static int play_record(struct peer *peer, const char *text, struct rti_error *err)
{
	return transcript_open(&peer->transcript, text, peer->type, err);
}

static const struct verb verbs[] = {
	{ "expect", "MESSAGE [in STATE]", "the next packet is this message", play_expect },
	{ "expect file", "[NAME]", "the next packet carries one fd, with this name",
	  play_expect_file },
	{ "expect end", NULL, "the other side closes the sync socket", play_expect_end },
	{ "send", "MESSAGE [JSON]", "a message, with this argument or the usual one", play_send },
	{ "send packet", "BYTES", "a packet of these bytes", play_send_packet },
	{ "send empty", NULL, "a packet of no bytes", play_send_empty },
	{ "send padded", "SIZE MESSAGE [JSON]", "a message with blanks up to this size",
	  play_send_padded },
	{ "send attached", "MESSAGE [JSON]", "a message with an fd in the same packet",
	  play_send_attached },
	{ "send files", "COUNT [NAME]", "a packet with this name and so many fds of it",
	  play_send_files },
	{ "send init", "BYTES", "bytes on the init pipe", play_send_init },
	{ "close", "sync|init|log", "one's own end of a channel", play_close },
	{ "wait", "MILLISECONDS", "do nothing", play_wait },
	{ "die", NULL, "SIGKILL oneself", play_die },
	{ "record", "FILE", "write a transcript from here on", play_record },
};

const struct verbs peer_verbs = { verbs, sizeof(verbs) / sizeof(verbs[0]) };

int peer_play(struct peer *peer, const struct script *script, const char *name,
	      struct rti_error *err)
{
	for (size_t i = 0; i < script->count; i++) {
		const struct script_step *step = &script->steps[i];
		int r = step->verb->play(peer, step->argument, err);

		if (r == SCRIPT_END)
			return 0;
		if (r < 0)
			return rti_prefix(err, r, "%s:%u: %s", name, step->line, step->verb->words);
	}
	return 0;
}

void peer_close(struct peer *peer)
{
	peer->init_fd = rti_close(peer->init_fd);
	peer->sync_fd = rti_close(peer->sync_fd);
	peer->log_fd = rti_close(peer->log_fd);
	peer->fifo_fd = rti_close(peer->fifo_fd);
	peer->stderr_fd = rti_close(peer->stderr_fd);
}

void peer_done(struct peer *peer)
{
	peer_close(peer);
	transcript_done(&peer->transcript);
	rti_init_config_done(&peer->config);
}
