#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Masked and read-only paths, and kernel parameters.

load helpers

prepare() {
	configure '.root.readonly = false | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	mkdir -p "$BUNDLE/rootfs/data/folder" "$BUNDLE/rootfs/data/other"
	echo secret >"$BUNDLE/rootfs/data/file"
	echo secret >"$BUNDLE/rootfs/data/folder/file"
	echo secret >"$BUNDLE/rootfs/data/other/file"
}

@test "masked files are empty and cannot be written, masked folders are empty" {
	configure '.linux.maskedPaths = ["/data/file", "/data/folder", "/proc/kcore"]'
	script 'cat /data/file /proc/kcore; ls -A /data/folder; stat -c "%F %t:%T" /data/file
		touch /data/folder/x; echo x >/data/file; mkdir /data/folder/y'
	run_container
	[[ $output == *"character special file 1:3"* ]]
	[ "$(grep -c "Read-only file system" <<<"$output")" = 2 ]
	[[ $output != *secret* ]]
	[ "$(cat "$BUNDLE/rootfs/data/file")" = secret ]
}

@test "paths that do not exist need no mask" {
	configure '.linux.maskedPaths = ["/no/such", "/data/file/below", "/data/file"] | .linux.readonlyPaths = ["/no/such"]'
	script 'wc -c </data/file'
	run_container
	# What is below a file is an error with some releases, and no mask is needed with none.
	[ "$output" = 0 ] || failed_with "not a directory"
}

@test "the same path twice, and many folders" {
	configure '.linux.maskedPaths = ["/data/folder", "/data/folder", "/data/other", "/data/file", "/data/file"]'
	script 'ls -A /data/folder /data/other | grep -c secret; wc -c </data/file'
	run_container
	[[ $output == *0 ]]
	script 'ls -A /data/folder; ls -A /data/other'
	run_container
	succeeded
	[ -z "$output" ]
}

@test "masks of links reach what they point at, inside the root" {
	ln -s /data/file "$BUNDLE/rootfs/link"
	configure '.linux.maskedPaths = ["/link"]'
	script 'cat /data/file'
	run_container
	succeeded
	[ -z "$output" ]
}

@test "a process in the container cannot take a mask off" {
	configure '.linux.maskedPaths = ["/data/file"] | .process.capabilities = {bounding: ["CAP_DAC_OVERRIDE"], effective: ["CAP_DAC_OVERRIDE"], permitted: ["CAP_DAC_OVERRIDE"]}'
	script 'umount /data/file; cat /data/file'
	run_container
	[[ $output == *"Operation not permitted"* ]]
	[[ $output != *secret* ]]
}

@test "read-only paths, with what is mounted on them" {
	add_mount /data/folder tmpfs tmpfs nosuid nodev
	configure '.linux.readonlyPaths = ["/data/folder", "/data/file", "/proc/sys"]'
	script 'touch /data/folder/x; echo x >/data/file; echo 1 >/proc/sys/kernel/domainname; touch /data/fine
		awk "\$5 == \"/data/folder\" { line = \$6 } END { print line }" /proc/self/mountinfo'
	run_container
	[ "$(grep -c "Read-only file system" <<<"$output")" = 3 ]
	[[ $output == *"ro,nosuid,nodev,relatime"* ]]
	[ -e "$BUNDLE/rootfs/data/fine" ]
}

@test "masked and read-only paths in a user namespace" {
	use_user_namespace
	configure '.linux.maskedPaths = ["/data/file", "/data/folder", "/proc/keys"] | .linux.readonlyPaths = ["/data/other", "/proc/sys"]'
	script 'cat /data/file /data/folder/file; touch /data/other/x; echo x >/proc/sys/kernel/hostname; cat /proc/keys'
	run_container
	[[ $output != *secret* ]]
	[ "$(grep -c "Read-only file system" <<<"$output")" = 2 ]
}

@test "they need a mount namespace" {
	configure '.linux.namespaces |= map(select(.type != "mount")) | .linux.maskedPaths = ["/data/file"]'
	run_container
	failed_with "unable to restrict sys entries without a private MNT namespace"
}

@test "kernel parameters of the container's own namespaces" {
	configure '.linux.sysctl = {"net.ipv4.ip_forward": "1", "net/ipv4/ping_group_range": "0 10",
		"kernel.shmmax": "123456", "kernel.domainname": "example.org", "fs.mqueue.msg_max": "17"}'
	script 'cd /proc/sys; cat net/ipv4/ip_forward net/ipv4/ping_group_range kernel/shmmax kernel/domainname fs/mqueue/msg_max'
	local before
	before=$(cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_forward)
	run_container
	succeeded
	[ "$(echo $output)" = "1 0 10 123456 example.org 17" ]
	[ "$(cat /proc/sys/kernel/shmmax /proc/sys/net/ipv4/ip_forward)" = "$before" ]
}

@test "they are set below a read-only /proc/sys" {
	configure '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.readonlyPaths = ["/proc/sys"]'
	script 'cat /proc/sys/net/ipv4/ip_forward'
	run_container
	succeeded
	[ "$output" = 1 ]
}

@test "parameters of the host are refused, as are those of namespaces that are the host's" {
	configure '.linux.sysctl = {"kernel.pid_max": "100"}'
	run_container
	failed_with 'sysctl "kernel.pid_max" is not in a separate kernel namespace'
	configure '.linux.sysctl = {"kernel.hostname": "x"}'
	run_container
	failed_with 'sysctl "kernel.hostname" is not allowed as it conflicts with the OCI "hostname" field'
	configure '.linux.sysctl = {"kernel.shmmax": "1"} | .linux.namespaces |= map(select(.type != "ipc"))'
	run_container
	failed_with 'sysctl "kernel.shmmax" is not allowed in the hosts ipc namespace'
	configure '.linux.sysctl = {"net.ipv4.ip_forward": "0"} | .linux.namespaces |= map(select(.type != "network"))'
	run_container
	failed_with 'sysctl "net.ipv4.ip_forward" not allowed in host network namespace'
}

@test "a parameter that does not exist or a value that is none" {
	configure '.linux.sysctl = {"net.no.such.thing": "1"}'
	run_container
	failed_with "net.no.such.thing"
	failed_with "no such file or directory"
	configure '.linux.sysctl = {"net.ipv4.ip_forward": "nonsense"}'
	run_container
	failed_with "failed to write sysctl net.ipv4.ip_forward"
	failed_with "invalid argument"
}
