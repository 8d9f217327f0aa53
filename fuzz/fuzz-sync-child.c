/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The init's side of the conversation under a parent that lies. The first line of the input is
 * the type, S (standard) or N (setns), and then what the init does, a letter a step:
 *
 *   m   asks for the source of a mount      r   says that it is ready
 *   h   asks for the hooks to be run        l   passes a seccomp listener
 *   e   reports an error
 *
 * The other lines are what the parent says, see lying-peer.h. What the init says is in the order
 * that the parent's table has, a step that succeeds has got the answer that belongs to it, a
 * mount source is the one that was asked for, and no fd is left.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/fd.h"
#include "fuzz/lying-peer.h"
#include "init/sync-dialog.h"

#define LISTENER 9 /* only its number is told */

static const struct rti_mount mount = {
	.source = "/source",
	.destination = "/mnt",
	.device = "bind",
	.flags = 4096,
};

struct step {
	char letter;
	enum rti_sync_state after; /* on success; RTI_SYNC_STATES: where it was */
	int (*run)(struct sync_dialog *dialog, struct rti_error *err);
};

static int ask_mount(struct sync_dialog *dialog, struct rti_error *err)
{
	struct mount_source source = { .fd = -EBADF };
	int r = sync_dialog_request_mount(dialog, &mount, &source, err);

	if (r < 0)
		fuzz_expect(source.fd == -EBADF, "an fd on failure");
	else
		fuzz_expect(fcntl(source.fd, F_GETFD) == FD_CLOEXEC, "no fd that closes on exec");
	rti_close(source.fd);
	return r;
}

static int pass_listener(struct sync_dialog *dialog, struct rti_error *err)
{
	return sync_dialog_pass_listener(dialog, LISTENER, err);
}

static int report(struct sync_dialog *dialog, struct rti_error *err)
{
	return sync_dialog_report(dialog, "it \"failed\"\xff", err);
}

static const struct step steps[] = {
	{ 'm', RTI_SYNC_STATE_SETUP, ask_mount },
	{ 'h', RTI_SYNC_STATE_HOOKS_DONE, sync_dialog_run_hooks },
	{ 'r', RTI_SYNC_STATE_RUN, sync_dialog_ready },
	{ 'l', RTI_SYNC_STATE_SECCOMP_DONE, pass_listener },
	{ 'e', RTI_SYNC_STATES, report },
};

static void run_step(struct sync_dialog *dialog, char letter)
{
	struct rti_error err = { 0 };

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		enum rti_sync_state before = dialog->sync.machine.state;
		enum rti_sync_state after = steps[i].after;
		int r;

		if (steps[i].letter != letter)
			continue;
		r = steps[i].run(dialog, &err);
		fuzz_expect(r <= 0, "step %c gives %d", letter, r);
		fuzz_expect(r == 0 || err.errnum == -r, "step %c does not say why", letter);
		if (r == 0)
			fuzz_expect(dialog->sync.machine.state ==
					    (after == RTI_SYNC_STATES ? before : after),
				    "step %c leads to state %d", letter,
				    dialog->sync.machine.state);
	}
}

/*
 * What the init has said, as an honest parent would hear it. That parent's answers are the
 * awaited ones: where the init goes on without having got one, the next message is out of order.
 */
static void check_order(const struct lying_peer *peer, enum rti_init_type type)
{
	struct rti_sync_message message;
	struct rti_sync_machine machine;
	char name[RTI_SYNC_FD_NAME_MAX + 1];
	int fd;

	rti_sync_start(&machine, type, RTI_SYNC_PARENT);
	while (lying_peer_hear(peer, RTI_SYNC_SENDER_CHILD, &message, name, &fd)) {
		enum rti_sync_type reply = rti_sync_info(message.type)->reply;
		struct rti_error err;

		fuzz_expect(fd < 0, "an init sends no fd");
		/* Reported even after a violation, and more than once by the script. */
		if (message.type != RTI_SYNC_PROC_ERROR)
			fuzz_expect(rti_sync_advance(&machine, RTI_SYNC_RECEIVE, message.type,
						     message.name, &err) == 0,
				    "%s", err.text);
		if (reply != RTI_SYNC_NONE)
			fuzz_expect(rti_sync_advance(&machine, RTI_SYNC_SEND, reply, NULL, &err) ==
					    0,
				    "%s", err.text);
		rti_sync_message_done(&message);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { data, size };
	struct fuzz_fds fds = fuzz_fds_note();
	enum rti_init_type type;
	struct sync_dialog dialog;
	struct lying_peer peer;
	size_t count;
	_cleanup_free_ char *script = fuzz_line(&input, &count);

	type = script && *script == 'N' ? RTI_INIT_SETNS : RTI_INIT_STANDARD;
	lying_peer_open(&peer);
	lying_peer_send(&peer, &input);
	sync_dialog_start(&dialog, peer.honest_fd, type);
	for (size_t i = 1; i < count && i < 32; i++)
		run_step(&dialog, script[i]);
	check_order(&peer, type);
	lying_peer_close(&peer);
	fuzz_fds_expect(fds);
	return 0;
}
