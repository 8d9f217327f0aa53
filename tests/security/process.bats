#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a container's program gets, and what its processes can do to an init that is on its way in: its
# descriptors, its memory, its program file, its capabilities, its user.

load attack

cleanup() {
	[ ! -d "$STATE/$ID-neighbour" ] || runtime delete --force "$ID-neighbour"
}

# A running container with the same bundle; $NEIGHBOUR is its first process.
start_neighbour() {
	make_bundle "$BATS_TEST_TMPDIR/neighbour"
	configure '.process.args = ["sleep", "1000"] | .root.readonly = false'
	[ "${1:-}" != with_user_namespace ] || use_user_namespace
	runtime run --detach --bundle "$BUNDLE" "$ID-neighbour" </dev/null >"$OUT" 2>&1
	NEIGHBOUR=$(runtime state "$ID-neighbour" | jq .pid)
	NEIGHBOUR_ROOT=$BUNDLE/rootfs
	BUNDLE=$BATS_TEST_TMPDIR/bundle
	join_namespace pid "/proc/$NEIGHBOUR/ns/pid"
}

# In the neighbour: the number of the init that waits or works.
FIND_INIT='pid=$(grep -l "runc:\[2:INIT" /proc/[0-9]*/comm | tr -dc 0-9)'

# As root of the user namespace that the container and its neighbour share, while the init does not go on.
attack_in_hook() { # script
	start_neighbour with_user_namespace
	use_user_namespace
	join_namespace user "/proc/$NEIGHBOUR/ns/user"
	configure 'del(.linux.uidMappings, .linux.gidMappings)'
	hook createRuntime "nsenter --target $NEIGHBOUR --all --setuid 0 --setgid 0 /bin/sh -c '$FIND_INIT; $1' \
		>$BATS_TEST_TMPDIR/loot 2>&1 || true"
	run_container
	output+=$(cat "$BATS_TEST_TMPDIR/loot")
}

@test "CVE-2016-9962: the root of an init that enters is out of the reach of those inside" {
	guarded_by NOT_DUMPABLE
	attack_in_hook "cat /proc/\$pid/root$CANARY/secret"
	harm_is "the container reads the host's file" output_has "for the host alone"
	unless_bitten output_has "Permission denied"
}

@test "GHSA-q7w7-m7vg-xxg8: who is inside cannot drive an init that talks with its parent" {
	guarded_by NOT_DUMPABLE
	attack_in_hook "exec 9<>/proc/\$pid/mem && echo opened its memory"
	harm_is "the init's memory is opened for writing" output_has "opened its memory"
	unless_bitten output_has "ermission denied"
}

@test "CVE-2026-41163: who is inside cannot drive an init that waits for its start" {
	guarded_by NOT_DUMPABLE
	start_neighbour
	create_container
	succeeded
	run runtime exec "$ID-neighbour" sh -c "$FIND_INIT; exec 9<>/proc/\$pid/mem && echo opened its memory"
	harm_is "the init's memory is opened for writing" output_has "opened its memory"
	unless_bitten output_has "ermission denied"
}

program_has_changed() { [ "$(sha256sum <"$RTI_BUILD/runtime-init")" != "$PROGRAM_BEFORE" ]; }

@test "CVE-2019-5736: the program of the init cannot be overwritten once it does not run" {
	guarded_by_parent PROGRAM_SEALED
	PROGRAM_BEFORE=$(sha256sum <"$RTI_BUILD/runtime-init")
	start_neighbour
	create_container
	succeeded
	runtime exec --cap CAP_SYS_PTRACE "$ID-neighbour" sh -c "$FIND_INIT
		exec 9</proc/\$pid/exe && touch /tmp/opened
		while [ -e /tmp/opened ]; do usleep 20000; done
		echo evil >/proc/self/fd/9" >"$BATS_TEST_TMPDIR/attacker" 2>&1 3>&- </dev/null &
	local attacker=$!
	eventually test -e "$NEIGHBOUR_ROOT/tmp/opened"
	runtime start "$ID"
	eventually container_is stopped
	rm "$NEIGHBOUR_ROOT/tmp/opened"
	wait $attacker || true
	output=$(cat "$BATS_TEST_TMPDIR/attacker")
	harm_is "the host's program is overwritten" program_has_changed
	unless_bitten output_has "can't create /proc/self/fd/9"
}

# Start with the host's directory as a descriptor that nobody asked for: leak COMMAND...
leak() {
	run bash -c '"$@" 20<"$0"' "$CANARY" "$@"
}

@test "CVE-2024-21626: a leaked directory is no working directory" {
	guarded_by_parent FDS_MARKED CWD_IS_INSIDE
	configure '.process.cwd = "/proc/self/fd/20" | .process.args = ["cat", "secret"]'
	leak runtime run --bundle "$BUNDLE" "$ID"
	harm_is "the container reads the host's file" output_has "for the host alone"
	unless_bitten failed_with "mkdir /proc/self/fd/20: no such file or directory"
	configure '.process.cwd = "/" | .process.args = ["sleep", "1000"]'
	runtime run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1
	leak runtime exec --cwd /proc/self/fd/20 "$ID" cat secret
	harm_is "exec reads the host's file" output_has "for the host alone"
	unless_bitten failed_with "chdir to cwd (\"/proc/self/fd/20\") set in config.json failed: no such file"
}

@test "CVE-2024-21626: a directory outside that is passed on is no working directory" {
	guarded_by CWD_IS_INSIDE
	configure '.process.cwd = "/proc/self/fd/3" | .process.args = ["cat", "secret"]'
	run bash -c 'runtime run --preserve-fds 1 --bundle "$BUNDLE" "$ID" 3<"$0"' "$CANARY"
	harm_is "the container reads the host's file" output_has "for the host alone"
	unless_bitten failed_with "possible container breakout detected"
}

@test "CVE-2024-21626: the program finds no descriptor that was leaked" {
	guarded_by_parent FDS_MARKED
	script 'cat /proc/self/fd/20/secret; ls /proc/self/fd | xargs'
	leak runtime run --bundle "$BUNDLE" "$ID"
	harm_is "the container reads the host's file" output_has "for the host alone"
	unless_bitten output_has "0 1 2 3" # 3 is the directory that ls reads
}

# ---- inheritable capabilities ----

# A program whose file has one capability, to be had by those who may inherit it.
make_capable_program() {
	configure '.process.user = {uid: 1000, gid: 1000} | .process.noNewPrivileges = false
		| .process.args = ["/bin/busybox-capable", "grep", "CapEff", "/proc/self/status"]'
	cp "$ROOT/bin/busybox" "$ROOT/bin/busybox-capable"
	python3 -c '
import os, struct, sys
revision, effective, admin = 0x02000000, 1, 1 << 21
os.setxattr(sys.argv[1], "security.capability", struct.pack("<IIIII", revision | effective, 0, admin, 0, 0))
' "$ROOT/bin/busybox-capable"
}

# A caller who may inherit it, as a service manager may be.
with_inheritable() { run setpriv --inh-caps +sys_admin bash -c '"$@"' - "$@"; }

GAINED=0000000000200000

@test "CVE-2022-27650: a started program inherits no capability of the caller's" {
	guarded_by INHERITABLE_SET
	make_capable_program
	with_inheritable runtime run --bundle "$BUNDLE" "$ID"
	harm_is "a user's program gains CAP_SYS_ADMIN" output_has $GAINED
	unless_bitten output_has 0000000000000000
}

start_for_exec() {
	make_capable_program
	configure '.ours = .process.args | .process.args = ["sleep", "1000"]'
	runtime run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1
}

@test "CVE-2022-29162: exec --cap makes no capability inheritable" {
	guarded_by INHERITABLE_SET
	start_for_exec
	with_inheritable runtime exec --cap CAP_KILL "$ID" /bin/busybox-capable grep CapEff /proc/self/status
	harm_is "a user's program gains CAP_SYS_ADMIN" output_has $GAINED
	unless_bitten output_has 0000000000000000
	run runtime exec --cap CAP_SYS_ADMIN "$ID" grep CapInh /proc/self/status
	unless_bitten output_has 0000000000000000
}

@test "CVE-2025-27612: a further process of a file's description inherits no capability" {
	guarded_by INHERITABLE_SET
	start_for_exec
	jq '.process | .capabilities = {permitted: ["CAP_KILL"]} | .args =
		["/bin/busybox-capable", "grep", "CapEff", "/proc/self/status"]' \
		"$BUNDLE/config.json" >"$BATS_TEST_TMPDIR/process.json"
	with_inheritable runtime exec --process "$BATS_TEST_TMPDIR/process.json" "$ID"
	harm_is "a user's program gains CAP_SYS_ADMIN" output_has $GAINED
	unless_bitten output_has 0000000000000000
}

# ---- users ----

@test "CVE-2026-30892: a user that is no number is not root" {
	only_pair 'runtime-parent+*'
	guarded_by_parent USER_IS_NUMBER
	configure '.process.args = ["sleep", "1000"]'
	runtime run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1
	local user
	for user in 1x 0x1 ' 1' 1. one 4294967296 18446744073709551616; do
		run runtime exec --user "$user" "$ID" id -u
		harm_is "user '$user' is root" [ "${lines[0]}" = 0 ]
		unless_bitten failed_with "bad uid"
	done
	run runtime exec --user 01 "$ID" id -u
	[ "$output" = 1 ]
}

@test "CVE-2016-3697: a user of the image whose name is a number changes nobody's number" {
	nothing_to_remove "users are numbers everywhere, and the image's names are not read for them"
	echo "1000:x:0:0::/root:/bin/sh" >"$ROOT/etc/passwd"
	configure '.process.args = ["sleep", "1000"]'
	runtime run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$OUT" 2>&1
	run runtime exec --user 1000:1000 "$ID" id -u
	harm_is "the user is root" [ "$output" = 0 ]
	[ "$output" = 1000 ]
}
