#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# create, start, run and the end, and the fifo on which a created container waits.

load helpers

long_life() { configure '.process.args = ["sleep", "1000"]'; }
has_processes() { [ "$(list_leftovers | grep -c "^process: ")" = "$1" ]; }

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

@test "the pid file holds the pid of the program, without a newline, relative to the caller" {
	long_life
	cd "$BATS_TEST_TMPDIR"
	run_detached --pid-file pid
	cd /
	succeeded
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ ! -e "$BATS_TEST_TMPDIR/.pid" ]
	[ "$pid" = "$(container_state .pid)" ]
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

@test "the state directory is closed to others, state.json names what joins need" {
	long_life
	create_container
	succeeded
	[ "$(stat -c %a "$STATE/$ID")" = 711 ]
	[ "$(stat -c %a "$STATE/$ID/state.json")" = 600 ]
	jq -e --arg id "$ID" '.id == $id and .init_process_pid > 1 and .init_process_start > 0
		and (.namespace_paths.NEWPID | test("^/proc/[0-9]+/ns/pid$"))
		and (.cgroup_paths | length) > 0 and (.external_descriptors | length) == 3
		and .config.rootfs != null' "$STATE/$ID/state.json"
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

@test "ten containers at once" {
	local i pids=()
	script 'sleep 0.2; exit 3'
	for i in 1 2 3 4 5 6 7 8 9 10; do
		runtime run --bundle "$BUNDLE" "$ID-$i" >"$OUT.$i" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		status=0
		wait "$i" || status=$?
		[ "$status" = 3 ]
	done
	nothing_left
}

@test "a runtime that is killed while it creates leaves no process" {
	local i process
	long_life
	no_process() { not grep -q ^process: <(list_leftovers); }
	for i in 1 2 3 4 5 6 7 8 9; do
		runtime create --bundle "$BUNDLE" "$ID" >"$OUT" 2>&1 </dev/null 3>&- &
		sleep "0.0$i"
		while process=$(pgrep -f -- "create --bundle $BUNDLE $ID\$"); do
			kill -KILL $process 2>/dev/null || true
		done
		wait
		[ ! -e "$STATE/$ID/state.json" ] || break
		eventually no_process
		# Of a runc's cgroups nobody but the killed one knew.
		has_own_parent ||
			find /sys/fs/cgroup -depth -type d -name "$ID" -exec rmdir {} + 2>/dev/null
		runtime delete --force "$ID"
	done
}
