#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Terminals: sent through a console socket, or copied by a runtime in the foreground.

load helpers

prepare() {
	SOCKET=$BATS_TEST_TMPDIR/console
	TTY=$BATS_TEST_TMPDIR/tty
	configure '.process.terminal = true'
}

# Take one terminal at $SOCKET; what it shows goes to the file $TTY.
receive_terminal() {
	rm -f "$SOCKET" "$TTY.keys"
	mkfifo "$TTY.keys"
	"$RTI_BUILD/tests/helpers/receive-fd" console "$SOCKET" <>"$TTY.keys" >"$TTY" 2>&1 3>&- &
	eventually test -S "$SOCKET"
}

type_in() { printf "$1" >"$TTY.keys"; }

shows() { tr -d '\r' <"$TTY" | grep -qx -- "$1"; }

# The size arrives a moment after the program has started.
WAIT_FOR_SIZE='for i in $(seq 50); do stty size 2>/dev/null | grep "[1-9]" && break; sleep 0.05; done'

# Run a shell command on a fresh terminal of a known size; the output is what the terminal showed.
on_terminal() {
	# Not a file with an end on standard input: script(1) would type the end into the container.
	mkfifo "$TTY.keys"
	COMMAND=$1 SHELL=/bin/bash run command script -qec \
		'stty rows 33 cols 77; bash -c "$COMMAND"; stty -a' /dev/null <>"$TTY.keys"
}

@test "a created container's terminal comes through the console socket" {
	script 'tty; test -t 0 && test -t 1 && test -t 2 && echo three; exec sleep 1000'
	receive_terminal
	create_container --console-socket "$SOCKET"
	succeeded
	eventually shows /dev/pts/ptmx
	not shows /dev/pts/0
	runtime start "$ID"
	eventually shows three
	shows /dev/pts/0
	# Nothing of it goes to the caller's own stdout.
	[ ! -s "$OUT" ]
}

@test "a detached container's terminal takes input and ends with the container" {
	script 'read line; echo "read $line"'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	type_in 'typed\n'
	eventually shows "read typed"
	eventually container_is stopped
	wait
}

@test "the terminal on a console socket is as the kernel makes it, with carriage returns" {
	script 'echo one; echo two'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	eventually shows two
	grep -q "^one$(printf '\r')$" "$TTY"
	wait
}

@test "a foreground terminal adds no carriage returns, however quick the program is" {
	only_pair '*+runtime-init' # a genuine runc's init is too slow to be ahead of its parent, mostly
	script 'echo one; echo two'
	export TTY
	on_terminal 'for i in 1 2 3 4 5; do runtime run --bundle "$BUNDLE" "$ID"; done >"$TTY.raw"'
	succeeded
	[ "$(grep -c one "$TTY.raw")" = 5 ]
	not grep -q "$(printf '\r')" "$TTY.raw"
}

@test "/dev/console is the terminal" {
	script 'stat -c "%t %T" /dev/console /dev/pts/0; echo written >/dev/console; exec sleep 1000'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	eventually shows written
	[ "$(tr -d '\r' <"$TTY" | grep -cx '88 0')" = 2 ]
}

@test "without a terminal there is no /dev/console" {
	configure '.process.terminal = false'
	script 'ls /dev/console'
	run_container
	failed_with "No such file"
}

@test "the terminal is the controlling one: /dev/tty opens and control characters give signals" {
	script 'echo written >/dev/tty; trap "echo got INT; exit" INT; echo ready; while :; do sleep 0.1; done'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	eventually shows ready
	type_in '\003'
	eventually shows '\^Cgot INT'
	shows written
}

@test "the terminal has the size of the configuration" {
	configure '.process.consoleSize = {height: 25, width: 91}'
	script 'stty size; echo done; exec sleep 1000'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	eventually shows done
	shows "25 91"
}

@test "the terminal belongs to the program's user" {
	configure '.process.user = {uid: 1000, gid: 1000}'
	script 'stat -c "%u" /dev/pts/0; echo written >/dev/tty; exec sleep 1000'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	eventually shows written
	shows 1000
}

@test "a terminal in a user namespace" {
	use_user_namespace
	script 'tty; stat -c "%u %t" /dev/console; echo written >/dev/tty; exec sleep 1000'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	eventually shows written
	shows /dev/pts/0
	shows "0 88"
}

@test "the terminal is one of the container's own devpts" {
	script 'ls /dev/pts | xargs; echo done; exec sleep 1000'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	eventually shows done
	shows "0 ptmx"
}

@test "exec gets terminals too, next to the container's" {
	script 'exec sleep 1000'
	receive_terminal
	run_detached --console-socket "$SOCKET"
	succeeded
	receive_terminal
	type_in 'typed\n'
	runtime exec --tty --detach --console-socket "$SOCKET" "$ID" \
		sh -c 'tty; echo written >/dev/tty; read line; echo "read $line"'
	eventually shows "read typed"
	shows /dev/pts/ptmx
	shows /dev/pts/1
	shows written
}

@test "exec of a terminal in a container without one" {
	configure '.process.terminal = false | .process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	receive_terminal
	jq '.process | .terminal = true | .consoleSize = {height: 10, width: 20}
		| .args = ["sh", "-c", "tty; stty size; ls /dev/console"]' "$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/process"
	runtime exec --process "$BATS_TEST_TMPDIR/process" --detach --console-socket "$SOCKET" "$ID"
	eventually shows "ls: /dev/console: No such file or directory"
	shows /dev/pts/0
	shows "10 20"
}

@test "run gives the container a terminal of the caller's size, and restores the caller's" {
	script "tty; $WAIT_FOR_SIZE; test -c /dev/console && echo console; exit 5"
	on_terminal 'runtime run --bundle "$BUNDLE" "$ID"; echo status $?'
	[[ $output == *"/dev/pts/0"*"33 77"*console*"status 5"* ]]
	# The last stty saw a sane terminal again.
	[[ $output == *" icanon"* && $output == *" echo "* && $output != *"-icanon"* ]]
}

@test "exec --tty in the foreground has a terminal, exec has none" {
	configure '.process.terminal = false | .process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	export WAIT_FOR_SIZE
	on_terminal 'runtime exec --tty "$ID" sh -c "tty; $WAIT_FOR_SIZE; exit 6"; echo status $?'
	[[ $output == *"/dev/pts/0"*"33 77"*"status 6"* ]]
	execute tty </dev/null
	[[ $output == *"not a tty"* ]]
}

@test "run without any terminal on the caller's side is refused" {
	run setsid --wait bash -c 'runtime run --bundle "$BUNDLE" "$ID" </dev/null 2>&1 | cat'
	[[ $output == *"open /dev/tty: no such device or address"* ]]
}

@test "a detached terminal needs a console socket, and only that does" {
	run_detached
	failed_with "cannot allocate tty if runc will detach without setting console socket"
	run_container --console-socket "$SOCKET"
	failed_with "cannot use console socket if runc will not detach or allocate tty"
	configure '.process.terminal = false'
	run_detached --console-socket "$SOCKET"
	failed_with "cannot use console socket if runc will not detach or allocate tty"
}

@test "a console socket that nobody serves is an error that leaves nothing" {
	run_detached --console-socket "$SOCKET"
	failed_with "dial unix $SOCKET: connect: no such file or directory"
	nothing_left
}
