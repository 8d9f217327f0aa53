#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers of a user without privileges.

load helpers

USER_ID=4242

as_user() {
	setpriv --reuid $USER_ID --regid $USER_ID --clear-groups \
		env HOME="$BATS_TEST_TMPDIR" XDG_RUNTIME_DIR="$BATS_TEST_TMPDIR" "$@"
}

# From now on the programs run as that user.
become_user() {
	eval "runtime_of_anybody() $(declare -f runtime | tail -n +2)"
	export -f runtime_of_anybody
	runtime() { as_user bash -c 'runtime_of_anybody "$@"' runtime "$@"; }
}

prepare() {
	become_user
	as_user test -x "$RTI_BUILD/runtime-init" || skip "the programs are out of a user's reach"
	as_user unshare --user true || skip "users may not make user namespaces"
	mkdir "$STATE"
	touch "$OUT"
	chown -R $USER_ID:$USER_ID "$BUNDLE" "$STATE" "$OUT" "$BATS_TEST_TMPDIR"
	rm "$BUNDLE/config.json"
	(cd "$BUNDLE" && runtime spec --rootless)
	configure '.process.terminal = false | .process.args = ["sleep", "1000"]'
	chown $USER_ID:$USER_ID "$BUNDLE/config.json"
}

# With entries for the user in the files that the mapping tools ask; `runtime` sees them.
with_mapping_entries() { # command...
	local dir=$BATS_TEST_TMPDIR/etc
	mkdir "$dir"
	(cat /etc/passwd; echo "rti:x:$USER_ID:$USER_ID::/:/bin/sh") >"$dir/passwd"
	echo "rti:200000:65536" >"$dir/subuid"
	cp "$dir/subuid" "$dir/subgid"
	export -f runtime as_user
	export BATS_TEST_TMPDIR USER_ID
	unshare --mount --propagation private bash -c '
		for file in passwd subuid subgid; do
			[ -e "/etc/$file" ] || exit 3
			mount --bind "$0/$file" "/etc/$file" || exit 3
		done
		"$@"' "$dir" "$@"
}

@test "a user's container runs as root of its own user namespace" {
	script 'id -u; cat /proc/self/uid_map'
	run_container
	succeeded
	[ "${lines[0]}" = 0 ]
	[ "$(echo ${lines[1]})" = "0 $USER_ID 1" ]
}

@test "a user's hooks and exec get into a container that is not started yet" {
	configure '.hooks.createRuntime = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' --arg script \
		"pid=\$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/'); readlink /proc/\$pid/ns/net >$BATS_TEST_TMPDIR/net"
	create_container
	succeeded
	grep -q '^net:' "$BATS_TEST_TMPDIR/net"
	execute id -u
	succeeded
	[ "$output" = 0 ]
}

@test "a user's container gets its oom_score_adj" {
	configure '.process.oomScoreAdj = 321'
	script 'cat /proc/self/oom_score_adj'
	run_container
	succeeded
	[ "$output" = 321 ]
}

@test "any number of map entries goes to the mapping tools" {
	only_pair '*+runtime-init'
	command -v newuidmap >/dev/null || skip "needs newuidmap"
	configure '.linux.uidMappings = [{containerID: 0, hostID: $id, size: 1}]
			+ [range(1; 20) | {containerID: ., hostID: (200000 + 2 * .), size: 1}]
		| .linux.gidMappings = .linux.uidMappings' --argjson id $USER_ID
	script 'wc -l </proc/self/uid_map; tail -n1 /proc/self/uid_map; cat /proc/self/setgroups'
	run with_mapping_entries runtime run --bundle "$BUNDLE" "$ID"
	[ "$status" -ne 3 ] || skip "no files of subordinate ids"
	succeeded
	[ "${lines[0]}" = 20 ]
	[ "$(echo ${lines[1]})" = "19 200038 1" ]
	[ "${lines[2]}" = allow ]
}
