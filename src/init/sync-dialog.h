/* SPDX-License-Identifier: Apache-2.0 */
/**
 * The init's side of the conversation on the sync socket: one function a question.
 */
#ifndef INIT_SYNC_DIALOG_H
#define INIT_SYNC_DIALOG_H

#include <stdbool.h>

#include "base/error.h"
#include "container/mount-source.h"
#include "protocol/sync-socket.h"

struct sync_dialog {
	struct rti_sync sync;
};

/**
 * sync_dialog_start() - begin the conversation
 * @socket_fd: the sync socket; the dialog owns it until sync_dialog_close()
 */
void sync_dialog_start(struct sync_dialog *dialog, int socket_fd, enum rti_init_type type);

/**
 * sync_dialog_set_type() - correct the type given before, when nothing has been said yet
 */
void sync_dialog_set_type(struct sync_dialog *dialog, enum rti_init_type type);

/**
 * sync_dialog_is_open() - whether the parent still listens, so that errors are for it
 */
bool sync_dialog_is_open(const struct sync_dialog *dialog);

/**
 * sync_dialog_request_mount() - procMountPlease, procMountFd
 *
 * The `request` of struct mount_source_ops, with @data a struct sync_dialog. The fd is taken only
 * if the parent names the very source that was asked for.
 *
 * Return: 0 or a negative errno; texts are runc's.
 */
int sync_dialog_request_mount(void *data, const struct rti_mount *mount, struct mount_source *ret,
			      struct rti_error *err);

/**
 * sync_dialog_run_hooks() - procHooks, procHooksDone: the parent sets limits and runs its hooks
 */
int sync_dialog_run_hooks(struct sync_dialog *dialog, struct rti_error *err);

/**
 * sync_dialog_ready() - procReady, procRun; errors read "sync ready: ..."
 */
int sync_dialog_ready(struct sync_dialog *dialog, struct rti_error *err);

/**
 * sync_dialog_pass_listener() - procSeccomp, procSeccompDone: the parent takes the listener fd
 *
 * Runs with the filter loaded: one write(2) and one recvfrom(2), nothing is allocated or logged.
 */
int sync_dialog_pass_listener(struct sync_dialog *dialog, int listener_fd, struct rti_error *err);

/**
 * sync_dialog_report() - procError: the last message of an init that has failed
 * @message: what the parent shows to its user
 *
 * Sent in every state, even after a violation of the protocol. SIGPIPE must be harmless.
 *
 * Return: 0 or a negative errno ("writing sync procError: ...").
 */
int sync_dialog_report(struct sync_dialog *dialog, const char *message, struct rti_error *err);

/**
 * sync_dialog_close() - end the conversation; to the parent that means success
 */
void sync_dialog_close(struct sync_dialog *dialog);

#endif
