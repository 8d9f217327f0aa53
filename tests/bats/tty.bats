#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers with a terminal: the caller's, or one handed over a socket.

load helpers

prepare() { configure '.process.terminal = true'; }

# Run a shell command on a fresh terminal of a known size; its output is what the terminal showed.
on_terminal() {
	# Not a file with an end on standard input: script(1) would type the end into the container.
	[ -p "$BATS_TEST_TMPDIR/keyboard" ] || mkfifo "$BATS_TEST_TMPDIR/keyboard"
	COMMAND=$1 SHELL=/bin/bash timeout 20 script -qec \
		'stty rows 33 cols 77; bash -c "$COMMAND"; stty -a' /dev/null <>"$BATS_TEST_TMPDIR/keyboard" 3>&-
}

# Wait for one fd on a socket, print the message that came with it, then what the terminal shows.
receive() { # path
	python3 -c '
import os, socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
peer, _ = listener.accept()
message, fds, _, _ = socket.recv_fds(peer, 4096, 1)
print(message.decode(), len(fds), flush=True)
try:
    while data := os.read(fds[0], 4096):
        os.write(1, data)
except OSError:
    pass' "$1" >"$BATS_TEST_TMPDIR/received" 2>&1 3>&- &
	until [ -S "$1" ]; do sleep 0.02; done
}

received() { grep -q -- "$1" "$BATS_TEST_TMPDIR/received"; }

@test "run gives the container a terminal of the caller's size, and restores the caller's" {
	script 'tty; stty size; test -c /dev/console && echo console; exit 5'
	run on_terminal 'runtime run --bundle "$BUNDLE" "$ID"; echo status $?'
	[[ $output == *"/dev/pts/0"* ]]
	[[ $output == *"33 77"* ]]
	[[ $output == *console* ]]
	[[ $output == *"status 5"* ]]
	# The last stty saw a sane terminal again.
	[[ $output == *" icanon"* && $output == *" echo "* && $output != *"-icanon"* ]]
}

@test "process.consoleSize is kept on a terminal that is handed over" {
	configure '.process.consoleSize = {"width": 91, "height": 31}'
	script 'stty size; tty; sleep 0.2'
	receive "$BATS_TEST_TMPDIR/socket"
	runtime create --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/socket" "$ID" 3>&-
	eventually received "^/dev/pts/ptmx 1"
	runtime start "$ID"
	eventually received "31 91"
	eventually received "/dev/pts/0"
	runtime delete --force "$ID"
}

@test "exec --tty has a terminal, exec has none" {
	configure '.process.terminal = false'
	script 'sleep 1000'
	runtime run --bundle "$BUNDLE" --detach "$ID" </dev/null >/dev/null 2>&1 3>&-
	run on_terminal 'runtime exec --tty "$ID" sh -c "tty; stty size; exit 6"; echo status $?'
	[[ $output == *"/dev/pts/0"* ]]
	[[ $output == *"33 77"* ]]
	[[ $output == *"status 6"* ]]
	run runtime exec "$ID" tty
	[[ $output == *"not a tty"* ]]
	receive "$BATS_TEST_TMPDIR/socket"
	runtime exec --tty --detach --console-socket "$BATS_TEST_TMPDIR/socket" "$ID" tty 3>&-
	eventually received "/dev/pts/0"
	runtime delete --force "$ID"
}

@test "a terminal and how the caller stays must fit together" {
	run runtime create --bundle "$BUNDLE" "$ID"
	failed_with "cannot allocate tty if runc will detach without setting console socket"
	run_container --console-socket /nosuch
	failed_with "cannot use console socket if runc will not detach or allocate tty"
	run runtime create --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/nosuch" "$ID"
	failed_with "dial unix $BATS_TEST_TMPDIR/nosuch: connect: no such file or directory"
	[ ! -e "$STATE/$ID" ]
}

@test "run without any terminal on the caller's side is refused" {
	run setsid --wait bash -c 'runtime run --bundle "$BUNDLE" "$ID" </dev/null 2>&1 | cat'
	[[ $output == *"open /dev/tty: no such device or address"* ]]
}
