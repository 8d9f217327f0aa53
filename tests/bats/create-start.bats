#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A container's life in steps: create, start, and what each leaves for others to see.

load helpers

status_of() { runtime state "$ID" | jq -r .status; }
has_status() { [ "$(status_of)" = "$1" ]; }

create() {
	runtime create --bundle "$BUNDLE" "$@" "$ID" </dev/null >"$BATS_TEST_TMPDIR/out" 2>&1 3>&-
}

@test "a created container waits, a started one runs, an ended one is stopped" {
	script 'echo started; while [ ! -e /tmp/end ]; do sleep 0.05; done'
	configure '.root.readonly = false'
	create
	has_status created
	[ ! -s "$BATS_TEST_TMPDIR/out" ]
	runtime start "$ID"
	eventually grep -q started "$BATS_TEST_TMPDIR/out"
	has_status running
	touch "$BUNDLE/rootfs/tmp/end"
	eventually has_status stopped
	runtime delete "$ID"
}

@test "a container is started once" {
	script 'sleep 100'
	create
	runtime start "$ID"
	run runtime start "$ID"
	failed_with "cannot start an already running container"
	runtime kill "$ID" KILL
	eventually has_status stopped
	run runtime start "$ID"
	failed_with "cannot start a container that has stopped"
}

@test "a container id is taken once" {
	create
	run runtime create --bundle "$BUNDLE" "$ID"
	failed_with "container with given ID already exists"
	has_status created
	runtime delete "$ID"
}

@test "--pid-file holds the pid of the init, relative to the caller" {
	script 'sleep 100'
	(cd "$BATS_TEST_TMPDIR" && create --pid-file my.pid)
	[ "$(cat "$BATS_TEST_TMPDIR/my.pid")" = "$(runtime state "$ID" | jq .pid)" ]
	[ ! -e "$BATS_TEST_TMPDIR/.my.pid" ]
	runtime delete --force "$ID"
}

@test "a program that cannot be found is an error of create, and nothing is left" {
	configure '.process.args = ["/nosuch"]'
	run runtime create --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	failed_with 'exec: "/nosuch": stat /nosuch: no such file or directory'
	[ ! -e "$STATE/$ID" ]
	nothing_left
}

@test "run --detach leaves the container running" {
	script 'sleep 100'
	runtime run --bundle "$BUNDLE" --detach "$ID" </dev/null >/dev/null 2>&1 3>&-
	has_status running
	runtime delete --force "$ID"
}

@test "run --keep keeps the ended container" {
	run_container --keep
	succeeded
	has_status stopped
	runtime delete "$ID"
}

@test "the state directory is closed to others, state.json names what joins need" {
	script 'sleep 100'
	create
	[ "$(stat -c %a "$STATE/$ID")" = 711 ]
	[ "$(stat -c %a "$STATE/$ID/state.json")" = 600 ]
	jq -e --arg id "$ID" '.id == $id and .init_process_pid > 1 and .init_process_start > 0
		and (.namespace_paths.NEWPID | test("^/proc/[0-9]+/ns/pid$"))
		and (.cgroup_paths | length) > 0 and (.external_descriptors | length) == 3
		and .config.rootfs != null' "$STATE/$ID/state.json"
	runtime delete --force "$ID"
}
