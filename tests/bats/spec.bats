#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The configuration to start from.

load helpers

@test "spec writes a configuration that runs" {
	rm "$BUNDLE/config.json"
	runtime spec --bundle "$BUNDLE"
	jq -e '.process.args == ["sh"] and .process.terminal and .root.path == "rootfs" and .hostname == "runc"
		and ([.linux.namespaces[].type] | contains(["pid", "network", "ipc", "uts", "mount"]))' \
		"$BUNDLE/config.json"
	configure '.process.terminal = false'
	run runtime run --bundle "$BUNDLE" "$ID" <<<'echo it runs'
	succeeded
	[ "$output" = "it runs" ]
}

@test "spec does not overwrite" {
	run runtime spec --bundle "$BUNDLE"
	[ "$status" -eq 1 ]
	failed_with "File config.json exists. Remove it first"
}

@test "spec --rootless has a user namespace and no network namespace" {
	rm "$BUNDLE/config.json"
	runtime spec --bundle "$BUNDLE" --rootless
	jq -e '([.linux.namespaces[].type] | (contains(["user"]) and (contains(["network"]) | not)))
		and .linux.uidMappings[0].size == 1 and .linux.resources == null' "$BUNDLE/config.json"
}
