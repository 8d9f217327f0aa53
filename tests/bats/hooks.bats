#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hooks: when they run, where, and what they are told.

load helpers

# Each hook appends its name, the container's status and its working directory to a file.
prepare() {
	LOG=$BATS_TEST_TMPDIR/log
	cat >"$BATS_TEST_TMPDIR/hook" <<'HOOK'
#!/bin/sh
state=$(cat)
echo "$1 $(echo "$state" | sed 's/.*"status":"\([a-z]*\)".*/\1/')" >>"$2"
echo "$state" >"$2.$1"
pwd >"$2.$1.cwd"
HOOK
	chmod +x "$BATS_TEST_TMPDIR/hook"
}

hook() { # kind...
	local kind
	for kind in "$@"; do
		configure '.hooks[$kind] += [{"path": $path, "args": ["hook", $kind, $log]}]' \
			--arg kind "$kind" --arg path "$BATS_TEST_TMPDIR/hook" --arg log "$LOG"
	done
}

@test "host hooks run in their order, with the status of the moment" {
	hook prestart createRuntime poststart poststop
	# runc up to 1.5 runs poststart hooks before the program starts.
	run_container
	succeeded
	[[ $(echo $(cat "$LOG")) =~ ^prestart\ creating\ createRuntime\ creating\ poststart\ (created|running)\ poststop\ stopped$ ]]
}

@test "a host hook is in the bundle and is told pid, bundle and annotations" {
	configure '.annotations = {"key": "value"}'
	hook createRuntime
	run_container
	succeeded
	[ "$(cat "$LOG.createRuntime.cwd")" = "$BUNDLE" ]
	jq -e --arg id "$ID" --arg bundle "$BUNDLE" '.id == $id and .bundle == $bundle and .pid > 1
		and .annotations == {"key": "value"}' "$LOG.createRuntime"
}

@test "create runs the hooks of creation, start those of starting, delete those of the end" {
	script 'sleep 1000'
	hook prestart createRuntime poststop
	runtime create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	[ "$(echo $(cat "$LOG"))" = "prestart creating createRuntime creating" ]
	runtime start "$ID"
	runtime delete --force "$ID"
	[ "$(echo $(cat "$LOG"))" = "prestart creating createRuntime creating poststop stopped" ]
}

@test "a failing hook of creation ends it with its output" {
	configure '.hooks.createRuntime = [{"path": "/bin/sh", "args": ["sh", "-c", "echo O; echo E >&2; exit 3"]}]'
	run_container
	[ "$status" -eq 1 ]
	failed_with 'error running createRuntime hook #0: exit status 3, stdout: O\n, stderr: E\n'
	nothing_left
}

@test "a hook that takes too long is killed" {
	configure '.hooks.prestart = [{"path": "/bin/sleep", "args": ["sleep", "1000"], "timeout": 1}]'
	run_container
	failed_with "hook ran past specified timeout of 1.0s"
}

@test "createContainer hooks run in the container's namespaces, startContainer hooks in its root" {
	configure '.root.readonly = false
		| .hooks.createContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "readlink /proc/self/ns/net > \($log)"]}]
		| .hooks.startContainer = [{"path": "/bin/sh", "args": ["sh", "-c", "cat >/tmp/state"]}]' --arg log "$LOG"
	script 'readlink /proc/self/ns/net; cat /tmp/state'
	run_container
	succeeded
	[ "${lines[0]}" = "$(cat "$LOG")" ]
	echo "${lines[1]}" | jq -e '.status == "created" and .pid == 1'
}

@test "a failing poststop hook does not keep the container" {
	configure '.hooks.poststop = [{"path": "/bin/false"}]'
	run_container
	[[ $output == *"error running poststop hook #0: exit status 1"* ]]
	[ ! -e "$STATE/$ID" ]
}
