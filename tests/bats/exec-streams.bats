#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What goes through an exec, and when there is none.

load helpers

start_sleeper() {
	script 'sleep 1000'
	runtime run --bundle "$BUNDLE" --detach "$ID" </dev/null >/dev/null 2>&1 3>&-
}

cleanup() { [ ! -d "$STATE/$ID" ] || runtime delete --force "$ID"; }

@test "exec keeps standard output and error apart" {
	start_sleeper
	echo "from outside" | runtime exec "$ID" sh -c 'cat; echo error >&2' \
		>"$BATS_TEST_TMPDIR/1" 2>"$BATS_TEST_TMPDIR/2"
	[ "$(cat "$BATS_TEST_TMPDIR/1")" = "from outside" ]
	[ "$(cat "$BATS_TEST_TMPDIR/2")" = error ]
}

@test "a megabyte goes through exec unharmed" {
	start_sleeper
	head -c 1048576 /dev/urandom >"$BATS_TEST_TMPDIR/in"
	runtime exec "$ID" cat <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
}

@test "a reader that goes away ends the writer" {
	start_sleeper
	run bash -c 'runtime exec "$ID" yes | head -1'
	[ "$output" = y ]
}

@test "a file that is standard output keeps its owner" {
	start_sleeper
	runtime exec --user 1000 "$ID" sh -c 'echo fine >/dev/stdout' >"$BATS_TEST_TMPDIR/file"
	[ "$(cat "$BATS_TEST_TMPDIR/file")" = fine ]
	[ "$(stat -c %u "$BATS_TEST_TMPDIR/file")" = 0 ]
}

@test "a paused container takes no exec unless told so" {
	start_sleeper
	runtime pause "$ID"
	run runtime exec "$ID" true
	[ "$status" -eq 255 ]
	failed_with "cannot exec in a paused container (use --ignore-paused to override)"
	runtime resume "$ID"
	run runtime exec "$ID" true
	succeeded
}

@test "exec --cgroup joins no cgroup that is not there, and none outside" {
	start_sleeper
	run runtime exec --cgroup nosuch "$ID" true
	[ "$status" -eq 255 ]
	failed_with "no such file or directory"
	run runtime exec --cgroup ../../.. "$ID" true
	[ "$status" -eq 255 ]
	# "bad sub cgroup path"; runc 1.3 says "is not a sub cgroup path"
	failed_with "sub cgroup path"
	run runtime exec --cgroup pids:a --cgroup b "$ID" true
	failed_with "missing <controller>: prefix"
}
