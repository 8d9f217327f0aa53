#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The same containers where the kernel has neither openat2 nor the mount API, nor much else after 5.3,
# whose pidfds the parent needs.

load helpers

# 452 is fchmodat2, which the library that knows the others may not know.
NEW_CALLS=openat2,open_tree,move_mount,fsopen,fsconfig,fsmount,fspick,mount_setattr,452,close_range,clone3,faccessat2

prepare() {
	only_pair 'runtime-parent+runtime-init'
	SOURCE=$BATS_TEST_TMPDIR/source
	mkdir "$SOURCE"
	echo content >"$SOURCE/file"
	add_mount /bound bind "$SOURCE" bind ro nosuid
	add_mount /file bind "$SOURCE/file" bind
	add_mount /etc tmpfs tmpfs tmpcopyup shared
	configure '.linux.maskedPaths += ["/root", "/var"]
		| .linux.sysctl = {"kernel.msgmax": "12345"}'
	# Ids of mounts and devices differ from run to run.
	script 'cut -d" " -f4- /proc/self/mountinfo | sed "s/shared:[0-9]*/shared/"
		ls -lR /dev /etc /bound /file | sed "s/[A-Z][a-z][a-z] *[0-9]* [0-9:]*//"
		cat /proc/sys/kernel/msgmax /file; umask'
}

run_without() {
	run "$RTI_BUILD/tests/helpers/without-calls" "$1" "$RTI_BUILD/runtime-parent" \
		--root "$STATE" --init "$RTI_BUILD/runtime-init" run --bundle "$BUNDLE" "$ID"
}

looks_the_same_without() {
	local expected
	run_container
	succeeded
	expected=$output
	run_without "$1"
	succeeded
	diff <(echo "$expected") <(echo "$output")
}

@test "without openat2" { looks_the_same_without openat2; }

@test "without the mount API" { looks_the_same_without open_tree,move_mount,fsopen,fsconfig,fsmount; }

@test "without mount_setattr" { looks_the_same_without mount_setattr; }

@test "without all of them and others" { looks_the_same_without "$NEW_CALLS"; }

@test "in a user namespace without all of them" {
	use_user_namespace
	looks_the_same_without "$NEW_CALLS"
}

@test "without pivot_root the error says so" {
	run_without pivot_root
	failed_with "error jailing process inside rootfs: pivot_root .: function not implemented"
}
