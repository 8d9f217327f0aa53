#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Signals to a container, and its removal.

load helpers

start() {
	runtime run --bundle "$BUNDLE" --detach "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
}

cleanup() { [ -z "${NESTED:-}" ] || find "$NESTED" -depth -type d -delete 2>/dev/null || true; }

has_status() { [ "$(runtime state "$ID" | jq -r .status)" = "$1" ]; }
said() { grep -q "$1" "$BATS_TEST_TMPDIR/out"; }

@test "kill sends a signal by name, short name or number; TERM if none is named" {
	script 'for s in HUP USR1 USR2; do trap "echo got $s" $s; done; trap "echo got TERM; exit" TERM
		echo ready; while :; do sleep 0.05; done'
	start
	eventually said ready
	runtime kill "$ID" SIGHUP
	eventually said "got HUP"
	runtime kill "$ID" usr1
	eventually said "got USR1"
	runtime kill "$ID" 12
	eventually said "got USR2"
	runtime kill "$ID"
	eventually said "got TERM"
	eventually has_status stopped
	run runtime kill "$ID" KILL
	failed_with "container not running"
	runtime kill --all "$ID" KILL
	run runtime kill "$ID" NOSUCH
	failed_with 'unknown signal "NOSUCH"'
	runtime delete "$ID"
}

@test "kill KILL reaches every process of a container that shares the pid namespace" {
	configure '.linux.namespaces |= map(select(.type != "pid"))'
	local nap="sleep $((1000000 + $$))"
	script "$nap & $nap"
	start
	two() { [ "$(pgrep -fc "^$nap\$")" -eq 2 ]; }
	eventually two
	runtime kill "$ID" KILL
	none() { ! pgrep -f "^$nap\$"; }
	eventually none
	runtime delete "$ID"
}

@test "a frozen container dies of KILL all the same" {
	script 'sleep 1000'
	start
	runtime pause "$ID"
	has_status paused
	runtime kill "$ID" KILL
	eventually has_status stopped
	runtime delete "$ID"
}

@test "delete refuses a running container, delete --force does not" {
	script 'sleep 1000'
	start
	run runtime delete "$ID"
	failed_with "cannot delete container $ID that is not stopped: running"
	has_status running
	runtime delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
}

@test "delete removes a created container" {
	runtime create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	runtime delete "$ID"
	[ ! -e "$STATE/$ID" ]
}

@test "delete of what is not there fails, with --force it does not" {
	run runtime delete nosuch
	[ "$status" -eq 1 ]
	failed_with "container does not exist"
	run runtime delete --force nosuch
	succeeded
}

@test "delete clears away a container whose creation was cut off" {
	mkdir -p "$STATE/$ID"
	mkfifo "$STATE/$ID/exec.fifo"
	runtime delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
}

# What a create that is killed leaves is its draft, under this name.
@test "a failing poststop hook does not keep what a killed create left" {
	only_pair "runtime-parent+*"
	configure '.hooks.poststop = [{ path: "/bin/false" }]'
	runtime create --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 </dev/null
	kill -KILL "$(runtime state "$ID" | jq .pid)"
	mv "$STATE/$ID/state.json" "$STATE/$ID/creating.json"
	run runtime delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
	[ -z "$(find /sys/fs/cgroup -maxdepth 2 -name "$ID" 2>/dev/null)" ]
	run runtime delete --force "$ID"
	succeeded
}

@test "a process that got the pid of an init is no target, however few fds there are to look at it" {
	only_pair "runtime-parent+*"
	local other limit
	script 'sleep 1000'
	start
	kill -KILL "$(runtime state "$ID" | jq .pid)"
	sleep 1000 3>&- &
	other=$!
	jq -c ".init_process_pid = $other" "$STATE/$ID/state.json" >"$OUT"
	cp "$OUT" "$STATE/$ID/state.json"
	for limit in 4 5 6 7 8 9 10 11 12 16; do
		run prlimit --nofile=$limit:$limit "$RTI_BUILD/runtime-parent" --root "$STATE" kill "$ID" KILL
		[ "$status" -ne 0 ]
		kill -0 "$other"
	done
	kill "$other"
}

# The cgroup of a container that is being made has nobody in it for a while.
@test "delete of what a killed create left spares who is in its cgroup by now" {
	only_pair runtime-parent+runtime-init
	local other=$ID-other
	configure '.linux.cgroupsPath = $path | .process.args = ["sleep", "1000"]
		| .hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", "kill -9 $PPID"]}]' \
		--arg path "/$ID"
	run runtime create --bundle "$BUNDLE" "$ID"
	[ -e "$STATE/$ID/creating.json" ]
	configure 'del(.hooks)'
	ID=$other run_detached
	succeeded
	run runtime delete --force "$ID"
	failed_with "is in use by container $other"
	ID=$other container_is running
	runtime delete --force "$other"
	runtime delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
}

@test "signals to run in the foreground go to the container" {
	script 'trap "echo got INT; exit 9" INT; echo ready; while :; do sleep 0.05; done'
	# A shell leaves SIGINT ignored in what it puts into the background.
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' \
		bash -c 'runtime run --bundle "$BUNDLE" "$ID"; echo status $?' >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	eventually said ready
	kill -INT "$(pgrep -f -- "run --bundle $BUNDLE $ID\$" | while read -r p; do
		[ "$(cat /proc/$p/comm)" = bash ] || { echo "$p"; break; }
	done)"
	eventually said "status 9"
	said "got INT"
}

# What a container does that may write its cgroup file system: far deeper than a path may be long.
@test "delete removes cgroups that the container has nested without end" {
	only_pair "runtime-parent+*"
	local top
	script 'sleep 1000'
	start
	top=$(ls -d "/sys/fs/cgroup/devices/$ID" "/sys/fs/cgroup/$ID" 2>/dev/null | head -n 1)
	[ -n "$top" ] || skip "no cgroup of the container's is to be found"
	NESTED=$top
	perl -e 'chdir $ARGV[0]; for (1..2500) { mkdir "d" and chdir "d" or die $! }' "$top"
	run runtime ps "$ID"
	succeeded
	[[ $output == *"sleep 1000"* ]]
	run runtime delete --force "$ID"
	succeeded
	[ ! -e "$top" ]
}
