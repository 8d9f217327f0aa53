/* SPDX-License-Identifier: Apache-2.0 */
#include "init/sync-dialog.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/quote.h"

void sync_dialog_start(struct sync_dialog *dialog, int socket_fd, enum rti_init_type type)
{
	dialog->sync.socket_fd = socket_fd;
	rti_sync_start(&dialog->sync.machine, type, RTI_SYNC_CHILD);
}

void sync_dialog_set_type(struct sync_dialog *dialog, enum rti_init_type type)
{
	rti_sync_start(&dialog->sync.machine, type, RTI_SYNC_CHILD);
}

bool sync_dialog_is_open(const struct sync_dialog *dialog)
{
	return dialog->sync.socket_fd >= 0;
}

static int say(struct sync_dialog *dialog, enum rti_sync_type type, const char *arg,
	       struct rti_error *err)
{
	log_debug("writing sync type:%s", rti_sync_info(type)->name);
	return rti_sync_send(&dialog->sync, type, arg, -EBADF, NULL, err);
}

/* The next message; a procError becomes this side's error. */
static int hear(struct sync_dialog *dialog, struct rti_sync_message *ret, int *ret_fd,
		char *fd_name, struct rti_error *err)
{
	int r;

	log_debug("reading sync");
	r = rti_sync_receive(&dialog->sync, ret, ret_fd, fd_name, err);
	if (r == RTI_SYNC_EOF)
		return rti_refuse(err, ECONNRESET, "EOF");
	if (r < 0)
		return r;
	log_debug("read sync type:%s", ret->name);
	if (ret->type != RTI_SYNC_PROC_ERROR)
		return 0;
	r = rti_sync_error_decode(ret, err);
	rti_sync_message_done(ret);
	return r;
}

/* A question whose answer is the message that the protocol's table names, and nothing more. */
static int ask(struct sync_dialog *dialog, enum rti_sync_type type, struct rti_error *err)
{
	struct rti_sync_message reply;
	int r;

	r = say(dialog, type, NULL, err);
	if (r == 0)
		r = hear(dialog, &reply, NULL, NULL, err);
	if (r == 0)
		rti_sync_message_done(&reply);
	return r;
}

/* Whether the answer is about what was asked, and how its fd is to be used. */
static int check_mount_reply(const struct rti_sync_message *reply, const char *source,
			     const char *fd_name, bool *ret_detached, struct rti_error *err)
{
	char quoted[RTI_QUOTE_MAX], quoted_name[RTI_QUOTE_MAX];

	if (strcmp(fd_name, source) != 0)
		return rti_refuse(
			err, EBADMSG,
			"returned mountfd for %s doesn't match requested mount configuration: "
			"mountfd path is %s",
			rti_quote(source, quoted, sizeof(quoted)),
			rti_quote(fd_name, quoted_name, sizeof(quoted_name)));
	return rti_sync_mount_fd_decode(reply, source, ret_detached, err);
}

/* Sends the request; errors tell which of the two halves of the exchange has failed. */
static int ask_mount(struct sync_dialog *dialog, const struct rti_mount *mount, const char *quoted,
		     struct rti_sync_message *ret, int *ret_fd, char *fd_name,
		     struct rti_error *err)
{
	_cleanup_free_ char *arg = NULL;
	int r;

	r = rti_sync_mount_encode(mount, RTI_DIALECT_OWN, &arg, err);
	if (r == 0)
		r = say(dialog, RTI_SYNC_PROC_MOUNT_PLEASE, arg, err);
	if (r < 0)
		return rti_prefix(err, r, "failed to request mountfd for %s", quoted);
	r = hear(dialog, ret, ret_fd, fd_name, err);
	if (r == -ENODATA)
		return rti_prefix(err, r, "mountfd request for %s", quoted);
	return r < 0 ? rti_prefix(err, r, "mountfd request for %s failed", quoted) : 0;
}

int sync_dialog_request_mount(void *data, const struct rti_mount *mount, struct mount_source *ret,
			      struct rti_error *err)
{
	const char *source = mount->source ? mount->source : "";
	char fd_name[RTI_SYNC_FD_NAME_MAX + 1], quoted[RTI_QUOTE_MAX];
	_cleanup_fd_ int fd = -EBADF;
	struct rti_sync_message reply;
	bool detached;
	int r;

	rti_quote(source, quoted, sizeof(quoted));
	r = ask_mount(data, mount, quoted, &reply, &fd, fd_name, err);
	if (r < 0)
		return r;
	r = check_mount_reply(&reply, source, fd_name, &detached, err);
	rti_sync_message_done(&reply);
	if (r < 0)
		return r;
	ret->fd = rti_take_fd(&fd);
	ret->detached = detached;
	return 0;
}

int sync_dialog_run_hooks(struct sync_dialog *dialog, struct rti_error *err)
{
	return ask(dialog, RTI_SYNC_PROC_HOOKS, err);
}

int sync_dialog_ready(struct sync_dialog *dialog, struct rti_error *err)
{
	int r = ask(dialog, RTI_SYNC_PROC_READY, err);

	return r < 0 ? rti_prefix(err, r, "sync ready") : 0;
}

int sync_dialog_pass_listener(struct sync_dialog *dialog, int listener_fd, struct rti_error *err)
{
	return rti_sync_exchange_small(&dialog->sync, RTI_SYNC_PROC_SECCOMP, listener_fd, err);
}

int sync_dialog_report(struct sync_dialog *dialog, const char *message, struct rti_error *err)
{
	_cleanup_free_ char *arg = NULL, *packet = NULL;
	size_t size = 0;
	long n;
	int r;

	r = rti_sync_error_encode(message, &arg, err);
	if (r == 0)
		r = rti_sync_encode(RTI_SYNC_PROC_ERROR, arg, &packet, &size, err);
	if (r < 0)
		return rti_prefix(err, r, "writing sync procError");
	/* Not sendto(2), which the container's seccomp filter may forbid by now. */
	n = rti_retry(write(dialog->sync.socket_fd, packet, size));
	return n < 0 ? rti_fail(err, (int)-n, "writing sync procError: write sync") : 0;
}

void sync_dialog_close(struct sync_dialog *dialog)
{
	dialog->sync.socket_fd = rti_close(dialog->sync.socket_fd);
}
