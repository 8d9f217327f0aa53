#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What state and list tell.

load helpers

prepare() {
	configure '.annotations = {"org.example.b": "2", "org.example.a": "1<&>"}'
	script 'sleep 1000'
	runtime run --bundle "$BUNDLE" --detach "$ID" </dev/null >/dev/null 2>&1 3>&-
}

cleanup() { [ ! -d "$STATE/$ID" ] || runtime delete --force "$ID"; }

@test "state is the JSON of the specification, indented" {
	run runtime state "$ID"
	succeeded
	[ "${lines[0]}" = "{" ]
	[[ ${lines[1]} == '  "ociVersion": "1.'*'",' ]]
	echo "$output" | jq -e --arg id "$ID" --arg bundle "$BUNDLE" '
		.id == $id and .status == "running" and .pid > 1 and .bundle == $bundle
		and .rootfs == $bundle + "/rootfs" and .owner == ""
		and .annotations == {"org.example.a": "1<&>", "org.example.b": "2"}
		and (.created | test("^20[0-9-]+T[0-9:.]+Z$"))'
}

@test "a stopped container has pid 0" {
	runtime kill "$ID" KILL
	stopped() { runtime state "$ID" | jq -e '.status == "stopped" and .pid == 0'; }
	eventually stopped
}

@test "list prints a table, names or JSON" {
	run runtime list
	succeeded
	[[ ${lines[0]} =~ ^ID\ +PID\ +STATUS\ +BUNDLE\ +CREATED\ +OWNER$ ]]
	[[ ${lines[1]} =~ ^$ID\ +[0-9]+\ +running\ +$BUNDLE\ +20[^\ ]+Z\ +root$ ]]
	run runtime list --quiet
	[ "$output" = "$ID" ]
	runtime list --format json | jq -e --arg id "$ID" \
		'length == 1 and .[0].id == $id and .[0].owner == "root"'
	run runtime list --format xml
	failed_with "invalid format option"
}

@test "list of nothing" {
	cleanup
	run runtime list
	succeeded
	[ "$output" = "ID          PID         STATUS      BUNDLE      CREATED     OWNER" ]
	[ "$(runtime list -f json)" = null ]
}

@test "a directory that is no container is told about and passed over" {
	mkdir "$STATE/bogus"
	run runtime list
	rmdir "$STATE/bogus"
	succeeded
	[[ $output == *"load container bogus: container does not exist"* ]]
	[[ $output == *"$ID"* ]]
}

@test "state of an unknown container" {
	run runtime state nosuch
	[ "$status" -eq 1 ]
	failed_with "container does not exist"
}

@test "ps shows the container's processes, as numbers or as ps(1) does" {
	local pid
	pid=$(runtime state "$ID" | jq .pid)
	[ "$(runtime ps --format json "$ID")" = "[$pid]" ]
	run runtime ps "$ID"
	succeeded
	[[ ${lines[0]} == *PID*CMD* ]]
	[[ ${lines[1]} == *"$pid"*sleep* ]]
	[ "${#lines[@]}" -eq 2 ]
	run runtime ps "$ID" -e -o pid,comm
	[ "$(echo ${lines[1]})" = "$pid sleep" ]
}
