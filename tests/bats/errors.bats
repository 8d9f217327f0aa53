#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is refused, in which words, with which exit code; and where it is told.

load helpers

refused() { # text, jq program
	configure "$2"
	run_container
	[ "$status" -eq 1 ]
	failed_with "run failed: $1"
	[ ! -e "$STATE/$ID" ]
}

@test "a configuration without what a process needs" {
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/good"
	refused "args must not be empty" '.process.args = []'
	cp "$BATS_TEST_TMPDIR/good" "$BUNDLE/config.json"
	refused "Cwd must be an absolute path" '.process.cwd = "tmp"'
	cp "$BATS_TEST_TMPDIR/good" "$BUNDLE/config.json"
	refused "process property must not be empty" '.process = null'
	rm "$BUNDLE/config.json"
	run_container
	failed_with "JSON specification file config.json not found"
}

@test "a root file system that is not there" {
	refused "invalid rootfs: stat $BUNDLE/nosuch: no such file or directory" '.root.path = "nosuch"'
}

@test "errors of the init carry their path" {
	refused "unable to start container process: error during container init: error mounting" \
		'.mounts += [{"destination": "/mnt", "type": "nosuchfs", "source": "x"}]'
	nothing_left
}

@test "container ids are checked before anything is touched" {
	local id
	for id in .. . a/b 'a b' ä; do
		run runtime run --bundle "$BUNDLE" "$id"
		[ "$status" -eq 1 ]
		failed_with "invalid container ID format"
	done
	run runtime state ../x
	failed_with "invalid container ID format"
	run runtime run --bundle "$BUNDLE" ""
	failed_with "container id cannot be empty"
	[ ! -e "$STATE" ] || [ -z "$(ls "$STATE")" ]
}

@test "wrong usage shows the usage" {
	run runtime run
	[ "$status" -eq 1 ]
	[[ $output == "Incorrect Usage."* ]]
	failed_with '"run" requires exactly 1 argument(s)'
	run runtime kill a b c
	failed_with '"kill" requires a maximum of 2 argument(s)'
	run runtime run --nosuch x
	[ "$status" -eq 1 ]
	failed_with "flag provided but not defined: -nosuch"
	run runtime nosuch
	[ "$status" -eq 3 ]
	failed_with "No help topic for 'nosuch'"
}

@test "options have one dash or two, values after = or a blank, before or after the id" {
	script 'echo fine'
	run runtime run -bundle="$BUNDLE" -keep=false "$ID"
	succeeded
	run runtime run "$ID" --bundle "$BUNDLE"
	succeeded
	[ "$output" = fine ]
}

@test "every command tells its usage" {
	local command
	for command in create delete exec kill list pause resume run spec start state; do
		run runtime $command --help
		succeeded
		[[ $output == *USAGE:*"$command"* ]]
	done
	run runtime --help
	succeeded
	[[ $output == *COMMANDS:*create* ]]
	run runtime --version
	succeeded
	[[ $output == *" version "*spec:* ]]
}

@test "errors go to standard error, one line in logrus' form" {
	run bash -c 'runtime state nosuch 2>&1 >/dev/null'
	[[ $output =~ ^time=\"20[0-9T:+Z-]+\"\ level=error\ msg=\"container\ does\ not\ exist\"$ ]]
}

@test "errors go to the log as well, as text or JSON" {
	run runtime --log "$BATS_TEST_TMPDIR/log" --log-format json state nosuch
	[ "$output" = "container does not exist" ]
	jq -e '.level == "error" and .msg == "container does not exist" and .time != null' "$BATS_TEST_TMPDIR/log"
	run runtime --log "$BATS_TEST_TMPDIR/log2" state nosuch
	grep -q 'level=error msg="container does not exist"' "$BATS_TEST_TMPDIR/log2"
	run runtime --log-format xml state nosuch
	failed_with "invalid log-format: xml"
}

@test "--debug shows the steps of the init" {
	run runtime --debug --log "$BATS_TEST_TMPDIR/log" run --bundle "$BUNDLE" "$ID"
	succeeded
	grep -q 'level=debug.*nsexec' "$BATS_TEST_TMPDIR/log"
}

@test "the state may not lie in the root directory" {
	STATE=/ run runtime list
	failed_with "Option --root argument should not be set to /"
}

@test "the systemd cgroup driver is refused" {
	only_pair "runtime-parent+*"
	run runtime --systemd-cgroup run --bundle "$BUNDLE" "$ID"
	[ "$status" -eq 1 ]
	failed_with "the systemd cgroup driver is not supported"
}

@test "what this parent does not do is refused and not passed over" {
	only_pair 'runtime-parent+*'
	configure '.linux.intelRdt = {closID: "guaranteed_group"}'
	run_container
	[ "$status" -eq 1 ]
	failed_with "Intel RDT is not"
	run runtime --systemd-cgroup list
	[ "$status" -eq 1 ]
	failed_with "the systemd cgroup driver is not supported"
	local command
	for command in checkpoint restore update events features; do
		run runtime $command "$ID"
		[ "$status" -eq 3 ]
		failed_with "No help topic for '$command'"
	done
}
