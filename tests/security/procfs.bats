#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A /proc or /sys that is not what it seems: links, and mounts over it. The init must not tell its
# secrets to it, be told lies by it, or leave what it was to hide uncovered.

load attack

# Where the init would write the label of the program, if this directory were /proc.
make_false_proc() { # directory
	mkdir -p "$1/thread-self/attr"
	: >"$1/thread-self/attr/exec"
}

label_went_to() { grep -q "^exec corpus" "$1/thread-self/attr/exec"; }

# The image's /proc or /sys leads to a directory of a volume; another container with that volume puts
# another directory in its place while this one is made.
link_to_volume() { # proc or sys
	VOLUME=$ROOT/volume
	rmdir "$ROOT/$1"
	mkdir -p "$VOLUME/one" "$VOLUME/other"
	ln -s volume/one "$ROOT/$1"
	hook createRuntime "mv '$VOLUME/one' '$VOLUME/two' && mv '$VOLUME/other' '$VOLUME/one'"
}

@test "CVE-2019-16884: an image's volume over /proc does not get the label" {
	guarded_by PROC_UNCOVERED PROC_HANDLE
	make_false_proc "$BATS_TEST_TMPDIR/volume"
	add_mount /proc bind "$BATS_TEST_TMPDIR/volume" bind
	configure '.process.apparmorProfile = "corpus" | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	run_container
	harm_is "a file of the image gets the label" label_went_to "$BATS_TEST_TMPDIR/volume"
	unless_bitten failed_with "cannot be mounted because it is not of type proc"
}

@test "CVE-2019-19921: a /proc that is a link to a shared volume does not get the label" {
	guarded_by PLAIN_DIRECTORY PROC_HANDLE
	link_to_volume proc
	make_false_proc "$VOLUME/other"
	configure '.process.apparmorProfile = "corpus" | .linux.maskedPaths = [] | .linux.readonlyPaths = []
		| .root.readonly = false'
	run_container
	harm_is "a file of the volume gets the label" label_went_to "$VOLUME/one"
	unless_bitten failed_with "must be mounted on ordinary directory"
}

@test "CVE-2023-27561: a /proc that is a link does not stay writable elsewhere" {
	guarded_by PLAIN_DIRECTORY
	link_to_volume proc
	script 'echo evil >/volume/two/sys/kernel/hostname; cat /volume/two/sys/kernel/hostname'
	run_container
	harm_is "the container writes to a read-only part of procfs" output_has evil
	unless_bitten failed_with "must be mounted on ordinary directory"
}

@test "CVE-2023-28642: a /sys that is a link does not stay uncovered elsewhere" {
	guarded_by PLAIN_DIRECTORY
	link_to_volume sys
	configure '.linux.maskedPaths = ["/sys/kernel"] | .mounts |= map(select(.type != "cgroup"))'
	script 'ls /volume/two/kernel'
	run_container
	harm_is "the container sees what was to be hidden" output_has uevent_
	unless_bitten failed_with "must be mounted on ordinary directory"
}

@test "CVE-2025-54867: a /proc that is a link to the host is mounted nowhere" {
	guarded_by PLAIN_DIRECTORY STAY_IN_ROOT POINT_IS_INSIDE
	rmdir "$ROOT/proc"
	ln -s "$CANARY" "$ROOT/proc"
	look_for_mounts_on_canary
	run_container
	harm_is "procfs is mounted on the host's directory" canary_is_mounted_on
	unless_bitten failed_with "must be mounted on ordinary directory"
}

@test "CVE-2025-52881: a sysctl does not go to what lies over its file" {
	guarded_by PROC_HANDLE
	hook createContainer "mount --bind '$CANARY/secret' proc/sys/net/ipv4/ip_forward"
	configure '.linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	script 'sed -n "s/^Ip: \([12]\) .*/forwarding \1/p" /proc/net/snmp'
	run_container
	harm_is "the host's file is written" canary_has_changed
	unless_bitten output_has "forwarding 1"
}

@test "CVE-2025-62596: a label does not go to what lies over its file" {
	guarded_by PROC_HANDLE
	hook createContainer "for file in proc/1/task/1/attr/exec proc/1/task/1/attr/apparmor/exec; do
			[ ! -e \$file ] || mount --bind '$CANARY/secret' \$file
		done"
	configure '.process.apparmorProfile = "corpus"'
	run_container
	harm_is "the host's file is written" canary_has_changed
	unless_bitten failed_with "apparmor failed to apply profile"
}
