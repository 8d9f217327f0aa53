#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images whose links lead out: what is made, mounted or opened in them stays in them.

load attack

@test "CVE-2015-3627: what is opened before the root is switched follows no link of the image" {
	guarded_by RESOLVE_LINK NODE_NO_LINK
	use_user_namespace # where device nodes are bound
	chmod 777 "$CANARY"
	CANARY_BEFORE=$(list_canary)
	without_dev_mounts
	configure '.linux.maskedPaths = []'
	ln -s "$CANARY/made" "$ROOT/dev/null"
	run_container
	harm_is "a file is made on the host" canary_has_changed
	unless_bitten succeeded
	unless_bitten [ -e "$ROOT/$CANARY/made" ]
}

@test "CVE-2015-3629: a container started again does not mount through the links that it has left" {
	guarded_by STAY_IN_ROOT
	configure '.root.readonly = false'
	script "ln -s $(up_to_canary) /volume"
	run_container
	succeeded
	script 'true'
	add_mount /volume/new tmpfs tmpfs
	run_container
	harm_is "a directory is made on the host" canary_has_changed
	unless_bitten succeeded
	unless_bitten [ -d "$ROOT/$CANARY/new" ]
}

# Of two mounts the first goes to @1. On the host's directory of volumes it would hide a volume behind a
# directory of links, and so give the second, which is of that volume, another source.
mount_two() { # destination
	mkdir -p "$CANARY/volumes/data" "$BATS_TEST_TMPDIR/links"
	ln -s "$CANARY" "$BATS_TEST_TMPDIR/links/data"
	CANARY_BEFORE=$(list_canary)
	add_mount "$1" bind "$BATS_TEST_TMPDIR/links" bind
	add_mount /mnt bind "$CANARY/volumes/data" bind
	script 'cat /mnt/secret'
}

@test "CVE-2019-18837: a link as the target of a mount leads to no place outside" {
	guarded_by STAY_IN_ROOT POINT_IS_INSIDE
	ln -s "$CANARY/volumes" "$ROOT/target"
	mount_two /target
	run_container
	harm_is "the container reads the host's file" output_has "for the host alone"
	unless_bitten output_has "No such file"
}

@test "CVE-2021-30465: a target that becomes a link after it was looked at is still the target" {
	guarded_by MOUNT_ON_FD
	mkdir "$ROOT/target"
	ln -s "$CANARY/volumes" "$ROOT/link"
	mount_two /target
	configure '.mounts |= .[:-2] + [range(30) as $i | .[-2]] + .[-1:]'
	attempt() { run_container; }
	race 10 "$ROOT/target" "$ROOT/link" output_has "for the host alone"
	harm_is "the container reads the host's file" output_has "for the host alone"
	attempt
	unless_bitten output_has "No such file"
}

@test "CVE-2024-45310: a directory that becomes a link while others are made in it is left alone" {
	guarded_by MKDIR_NO_LINK
	mkdir "$ROOT/target"
	ln -s "$CANARY" "$ROOT/link"
	configure '.process.args = ["true"] | .ours = .mounts'
	attempt() {
		configure '.mounts = .ours + [range(100) |
			{destination: "/target/\($round)-\(.)/mount", type: "tmpfs", source: "tmpfs"}]' --arg round "$1"
		run_container
	}
	race 10 "$ROOT/target" "$ROOT/link" canary_has_changed
	harm_is "directories are made on the host" canary_has_changed
	attempt last
	unless_bitten succeeded
}

@test "CVE-2025-24965: a file that is made in the image is not made where a link points" {
	guarded_by RESOLVE_LINK CREATE_NO_LINK
	ln -s "$CANARY/made" "$ROOT/config.json"
	add_mount /config.json bind /etc/hostname bind
	run_container
	harm_is "a file is made on the host" canary_has_changed
	unless_bitten succeeded
	unless_bitten [ -f "$ROOT/$CANARY/made" ]
}

@test "CVE-2026-41579: a /dev that is a link to the host's keeps its files and gets none" {
	guarded_by STAY_IN_ROOT
	without_dev_mounts
	rmdir "$ROOT/dev"
	ln -s "$CANARY" "$ROOT/dev"
	run_container
	harm_is "the host's files are removed and made" canary_has_changed
	unless_bitten [ -c "$ROOT/$CANARY/null" ]
}

@test "CVE-2026-47766: a /dev that leads up and out keeps its files and gets none" {
	guarded_by STAY_IN_ROOT
	without_dev_mounts
	rmdir "$ROOT/dev"
	ln -s "$(up_to_canary)" "$ROOT/dev"
	run_container
	harm_is "the host's files are removed and made" canary_has_changed
	unless_bitten [ -L "$ROOT/$CANARY/ptmx" ]
}

# Run where the bundle has a shared mount and is seen through it elsewhere, too. Whoever has no mount
# namespace of its own leaves the caller the root to undo. $output ends in the mounts that are left.
run_where_mounts_are_shared() { # command to undo the root
	mkdir "$BATS_TEST_TMPDIR/elsewhere"
	on_private_mounts "mount --bind '$BUNDLE' '$BUNDLE' && mount --make-shared '$BUNDLE'
		mount --bind '$BUNDLE' '$BATS_TEST_TMPDIR/elsewhere'
		runtime run --bundle '$BUNDLE' '$ID' 2>&1 || true
		$1
		echo left: \$(grep -c '/rootfs' /proc/self/mountinfo)"
}

@test "runc#2404: mounts of a container with a shared root do not stay on the host" {
	guarded_by ROOT_IS_UNSHARED
	configure '.linux.rootfsPropagation = "rshared"'
	run_where_mounts_are_shared true
	harm_is "the container's mounts are the host's" not output_has "left: 0"
	unless_bitten [ "$output" = "left: 0" ] # a runtime that fails says more
}

@test "runc#4767: mounts of a container without a mount namespace do not spread on the host" {
	guarded_by BIND_IS_SLAVE
	configure '.linux.namespaces |= map(select(.type != "mount")) | .linux.maskedPaths = []
		| .linux.readonlyPaths = []'
	run_where_mounts_are_shared "grep '/elsewhere/rootfs/' /proc/self/mountinfo || true
		umount --recursive --lazy '$ROOT'"
	harm_is "the container's mounts are made elsewhere on the host" output_has /elsewhere/rootfs/
	unless_bitten [ "$output" = "left: 0" ]
}
