#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# create, start, state, kill, delete and run, and the fifo on which a created container waits.

load helpers

long_life() { configure '.process.args = ["sleep", "1000"]'; }
has_processes() { [ "$(runtime ps --format json "$ID" | jq length)" = "$1" ]; }

@test "create, start and delete, with the state of each step" {
	script 'echo ran; exec sleep 1000'
	create_container
	succeeded
	container_is created
	[ -p "$STATE/$ID/exec.fifo" ]
	[ ! -s "$OUT" ]

	run runtime start "$ID"
	succeeded
	container_is running
	[ ! -e "$STATE/$ID/exec.fifo" ]
	eventually grep -qx ran "$OUT"

	runtime kill "$ID" KILL
	eventually container_is stopped
	runtime delete "$ID"
	run runtime state "$ID"
	failed_with "container does not exist"
}

@test "state tells what the runtime specification asks for" {
	configure '.annotations = {"org.example.key": "value"} | .process.args = ["sleep", "1000"]'
	create_container --pid-file "$BATS_TEST_TMPDIR/pid"
	succeeded
	[ "$(container_state .id)" = "$ID" ]
	[ "$(container_state .pid)" = "$(cat "$BATS_TEST_TMPDIR/pid")" ]
	[ "$(container_state .bundle)" = "$BUNDLE" ]
	[ "$(container_state .rootfs)" = "$BUNDLE/rootfs" ]
	[ "$(container_state '.annotations["org.example.key"]')" = value ]
	[[ $(container_state .ociVersion) == 1.* ]]
	[[ $(container_state .created) == 20*Z ]]
	runtime kill "$ID" KILL
	eventually container_is stopped
	[ "$(container_state .pid)" = 0 ]
}

@test "the pid file holds the pid of the program, without a newline" {
	long_life
	run_detached --pid-file "$BATS_TEST_TMPDIR/pid"
	succeeded
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(stat -c %s "$BATS_TEST_TMPDIR/pid")" = ${#pid} ]
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "sleep 1000 " ]
}

@test "a container is started only once" {
	long_life
	run_detached
	succeeded
	run runtime start "$ID"
	failed_with "cannot start an already running container"
	runtime kill "$ID" KILL
	eventually container_is stopped
	run runtime start "$ID"
	failed_with "cannot start a container that has stopped"
}

@test "a created container can be killed, and is not started then" {
	script 'echo ran'
	create_container
	succeeded
	runtime kill "$ID" KILL
	eventually container_is stopped
	run runtime start "$ID"
	failed_with "cannot start a container that has stopped"
	[ ! -s "$OUT" ]
}

@test "a created container can be deleted" {
	long_life
	create_container
	succeeded
	runtime delete "$ID"
	nothing_left
}

@test "a running container is deleted only with force" {
	long_life
	run_detached
	succeeded
	run runtime delete "$ID"
	failed_with "is not stopped"
	container_is running
	runtime delete --force "$ID"
	run runtime state "$ID"
	failed_with "container does not exist"
}

@test "deleting with force what does not exist is no error" {
	run runtime delete --force "$ID"
	succeeded
	run runtime delete "$ID"
	failed_with "container does not exist"
}

@test "two containers of one bundle, not of one id" {
	long_life
	run_detached
	succeeded
	run_container
	failed_with "container with given ID already exists"
	container_is running
	script 'echo the other'
	run runtime run --bundle "$BUNDLE" "$ID-other"
	succeeded
	[ "$output" = "the other" ]
}

@test "ids are letters, digits and _+-. only" {
	local id
	for id in 'a/b' '../a' '.' '..' 'a b' 'a@b'; do
		run runtime run --bundle "$BUNDLE" "$id"
		failed_with "invalid container ID format"
	done
	run runtime run --bundle "$BUNDLE" "$ID+a_b.c"
	succeeded
}

@test "kill takes names and numbers of signals" {
	local signal
	script 'trap "echo got USR1" USR1; trap "echo got HUP" HUP; trap "echo got TERM; exit 3" TERM
		echo ready; while :; do sleep 0.1; done'
	run_detached
	succeeded
	eventually grep -q ready "$OUT"
	runtime kill "$ID" SIGUSR1
	eventually grep -q "got USR1" "$OUT"
	runtime kill "$ID" 1
	eventually grep -q "got HUP" "$OUT"
	run runtime kill "$ID" NOSUCH
	failed_with "unknown signal"
	runtime kill "$ID"
	eventually container_is stopped
	grep -q "got TERM" "$OUT"
}

@test "killing process 1 ends every process of the container" {
	script 'sleep 1000 & sleep 1000 & wait'
	run_detached
	succeeded
	eventually has_processes 3
	runtime kill "$ID" KILL
	eventually container_is stopped
}

@test "without a pid namespace of its own, delete ends every process of the container" {
	configure '.linux.namespaces |= map(select(.type != "pid"))'
	script 'sleep 1000 & sleep 1000 & wait'
	run_detached
	succeeded
	eventually has_processes 3
	runtime delete --force "$ID"
	eventually nothing_left
}

@test "run in the foreground hands signals on to the program" {
	script 'trap "echo got TERM; exit 5" TERM; echo ready; while :; do sleep 0.1; done'
	runtime run --bundle "$BUNDLE" "$ID" >"$OUT" 2>&1 &
	eventually grep -q ready "$OUT"
	# $! is a subshell's; the runtime is the one whose argument is the id.
	kill -TERM "$(pgrep -f -- "run --bundle $BUNDLE $ID" | tail -n 1)"
	status=0
	wait $! || status=$?
	[ "$status" = 5 ]
	grep -q "got TERM" "$OUT"
}

@test "run deletes the container when it ends, unless it is to be kept" {
	run_container
	succeeded
	[ ! -e "$STATE/$ID" ]
	run_container --keep
	succeeded
	container_is stopped
	runtime delete "$ID"
}

@test "a program that ends at once is seen as stopped" {
	script 'exit 4'
	run_detached
	succeeded
	eventually container_is stopped
	runtime delete "$ID"
}

@test "a create that fails leaves nothing" {
	configure '.process.args = ["/no/such/program"]'
	create_container
	failed_with "no such file or directory"
	nothing_left
	run runtime state "$ID"
	failed_with "container does not exist"
}

@test "the program waits at the fifo with nothing of the host to get hold of" {
	long_life
	create_container
	succeeded
	local pid fd
	pid=$(container_state .pid)
	# Neither root nor a folder of the host, and the program of the init cannot be written.
	[ "$(readlink "/proc/$pid/cwd")" = / ]
	for fd in "/proc/$pid/fd/"*; do
		[ ! -d "$fd" ] || [ "$(stat -f -c %T "$fd")" = proc ]
	done
	run bash -c ": >>/proc/$pid/exe"
	[ "$status" -ne 0 ]
	runtime start "$ID"
	eventually test "/proc/$pid/exe" -ef "$BUNDLE/rootfs/bin/busybox"
}

@test "stdin, stdout and stderr are the caller's" {
	script 'cat; echo error >&2'
	run bash -c 'echo input | { runtime "$@" 2>"$BATS_TEST_TMPDIR/stderr"; }' - run --bundle "$BUNDLE" "$ID"
	succeeded
	[ "$output" = input ]
	[ "$(cat "$BATS_TEST_TMPDIR/stderr")" = error ]
}

@test "a closed stdin and a /dev/null are no trouble" {
	script 'echo fine'
	run_container </dev/null
	succeeded
	[ "$output" = fine ]
	# Not `run ... <&-`: there bash makes the pipe's own end the stdin.
	run bash -c 'runtime "$@" <&-' - run --bundle "$BUNDLE" "$ID"
	succeeded
	[ "$output" = fine ]
}
