#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images whose devices are something else: the init opens, binds and gives away none of them.

load attack

# The host name, which is the container's own, stands for what is hidden from it or read-only.
HIDDEN=/proc/sys/kernel/hostname

# Hide it and a file that the container may well open, and write to that one.
write_through_hidden() {
	configure '.linux.maskedPaths = ["/proc/keys", $hidden] | .linux.readonlyPaths = []' --arg hidden $HIDDEN
	script 'echo evil >/proc/keys; hostname'
}

@test "CVE-2025-31133: a false /dev/null of a volume does not open what is hidden" {
	guarded_by NULL_IS_NULL
	mkdir "$BATS_TEST_TMPDIR/dev"
	ln -s $HIDDEN "$BATS_TEST_TMPDIR/dev/null"
	without_dev_mounts
	add_mount /dev bind "$BATS_TEST_TMPDIR/dev" bind
	write_through_hidden
	run_container
	harm_is "the container writes to a file that is hidden from it" output_has evil
	unless_bitten failed_with "can't mask paths: container's /dev/null is invalid"
}

@test "CVE-2025-62161: a /dev/null that another container exchanges does not open what is hidden" {
	guarded_by NULL_IS_NULL
	hook createContainer "rm dev/null && ln -s $HIDDEN dev/null"
	write_through_hidden
	run_container
	harm_is "the container writes to a file that is hidden from it" output_has evil
	unless_bitten failed_with "container's /dev/null is invalid"
}

# The other end of a console socket; its path is in $CONSOLE.
receive_console() {
	CONSOLE=$BATS_TEST_TMPDIR/console.sock
	"$RTI_BUILD/tests/helpers/receive-fd" console "$CONSOLE" >/dev/null 2>&1 3>&- &
	RECEIVER=$!
	eventually test -S "$CONSOLE"
	configure '.process.terminal = true'
}

cleanup() {
	# It ends by itself once it has got a console.
	[ -z "${RECEIVER:-}" ] || kill "$RECEIVER" 2>/dev/null || true
}

@test "CVE-2025-52565: a pty that another container puts under its name does not become the console" {
	guarded_by PTMX_IS_REAL PTY_BY_FD
	receive_console
	hook createContainer "mount -t tmpfs tmpfs dev/pts && mknod dev/pts/ptmx c 5 2 && mkdir dev/pts/pts &&
		mount -t devpts devpts dev/pts/pts && ln -s $HIDDEN dev/pts/0"
	configure '.root.readonly = false | .linux.readonlyPaths = []'
	script 'echo evil >/dev/console; hostname >/tmp/result'
	run_detached --console-socket "$CONSOLE"
	[ "$status" -ne 0 ] || eventually container_is stopped
	harm_is "what is written to the console goes to another file" grep -qs evil "$ROOT/tmp/result"
	unless_bitten failed_with "ptmx handle is not on a real devpts mount"
}

@test "CVE-2026-88264: a /dev/console that is a link makes no file in a volume" {
	guarded_by NODE_NO_LINK
	receive_console
	without_dev_mounts
	add_mount /dev/pts devpts devpts newinstance ptmxmode=0666 mode=0620
	add_mount /volume bind "$CANARY" bind
	ln -s /volume/made "$ROOT/dev/console"
	run_detached --console-socket "$CONSOLE"
	harm_is "a file of root's is made on the host" [ -e "$CANARY/made" ]
	unless_bitten failed_with "create /dev/console mount target"
}

@test "CVE-2026-88265: a false /dev/null does not become a standard stream that the user owns" {
	guarded_by NULL_IS_NULL
	without_dev_mounts
	add_mount /volume bind "$CANARY" bind
	ln -s /volume/secret "$ROOT/dev/null"
	configure '.process.user = {uid: 1000, gid: 1000} | .linux.maskedPaths = []'
	script 'true'
	run_detached # so that the standard streams are the caller's
	harm_is "the host's file changes its owner" canary_has_changed
	unless_bitten failed_with "error reopening /dev/null inside container"
}
