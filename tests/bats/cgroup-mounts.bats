#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a container sees on /sys/fs/cgroup, on v1 and hybrid machines and where cgroup2 is alone.

load helpers

on_v1() { [ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ] || skip "needs cgroup v1"; }

# The cgroup mount of the configuration with these options.
cgroup_mount() {
	configure '(.mounts[] | select(.type == "cgroup")).options = $ARGS.positional' --args "$@"
}

with_cgroup_namespace() { configure '.linux.namespaces |= (map(select(.type != "cgroup")) + [{type: "cgroup"}])'; }
without_cgroup_namespace() { configure '.linux.namespaces |= map(select(.type != "cgroup"))'; }

# Run a script where cgroup2 is alone on /sys/fs/cgroup.
on_v2() {
	on_private_mounts "umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 99
		$1"
	[ "$status" -ne 99 ] || skip "cgroup2 cannot be mounted alone"
}

# The v1 controllers and names that are mounted, as a container shows them.
hierarchies() { awk '$(NF-2) == "cgroup" { sub(".*/", "", $5); print $5 }' /proc/self/mountinfo | sort -u | xargs; }

@test "v1: every hierarchy is there, read-only" {
	on_v1
	with_cgroup_namespace
	cgroup_mount nosuid noexec nodev relatime ro
	script 'cd /sys/fs/cgroup; ls | xargs; for h in *; do mkdir $h/sub 2>&1 | sed "s/.*: //"; done | sort -u
		grep " /sys/fs/cgroup/" /proc/self/mountinfo | cut -d" " -f6 | sort -u'
	run_container
	succeeded
	local name
	for name in $(hierarchies); do
		[[ " ${lines[0]} " == *" $name "* ]]
	done
	[ "${lines[1]}" = "Read-only file system" ]
	[ "${lines[2]}" = ro,nosuid,nodev,noexec,relatime ]
}

@test "v1: with a cgroup namespace the container's own cgroup is the root of each hierarchy" {
	on_v1
	with_cgroup_namespace
	cgroup_mount ro
	script 'cat /sys/fs/cgroup/devices/tasks | wc -l; cut -d" " -f4,5 /proc/self/mountinfo | grep "/devices$"; cat /proc/self/cgroup'
	run_container
	succeeded
	[ "${lines[0]}" -le 3 ]
	[ "${lines[1]}" = "/ /sys/fs/cgroup/devices" ]
	[[ ${lines[2]} == *:/ ]]
}

@test "v1: without one the container's own cgroup is bound, and nothing above it" {
	on_v1
	without_cgroup_namespace
	cgroup_mount ro nosuid
	script 'cat /sys/fs/cgroup/devices/tasks | wc -l; cut -d" " -f4-6 /proc/self/mountinfo | grep "/devices "'
	run_container
	succeeded
	[ "${lines[0]}" -le 3 ]
	[[ ${lines[1]} == */"$ID /sys/fs/cgroup/devices ro,nosuid,"* ]]
}

@test "v1: a writable mount takes cgroups of the container's own" {
	on_v1
	local namespace
	for namespace in with without; do
		${namespace}_cgroup_namespace
		cgroup_mount nosuid
		script 'mkdir /sys/fs/cgroup/pids/sub && echo 0 >/sys/fs/cgroup/pids/sub/tasks && grep :pids: /proc/self/cgroup
			echo 0 >/sys/fs/cgroup/pids/tasks && rmdir /sys/fs/cgroup/pids/sub'
		run_container
		succeeded
		[[ $output == *:pids:*/sub ]]
	done
}

@test "v1: controllers mounted together have links of their names" {
	on_v1
	with_cgroup_namespace
	cgroup_mount ro
	# Two names for one hierarchy, as most machines have it; this one may have them apart.
	grep -q ' /sys/fs/cgroup/cpu,cpuacct ' /proc/self/mountinfo || skip "no hierarchy of two controllers"
	script 'readlink /sys/fs/cgroup/cpu /sys/fs/cgroup/cpuacct'
	run_container
	succeeded
	[ "$(echo $output)" = "cpu,cpuacct cpu,cpuacct" ]
}

@test "v1: in a user namespace" {
	on_v1
	use_user_namespace
	with_cgroup_namespace
	cgroup_mount ro
	script 'ls /sys/fs/cgroup | xargs; mkdir /sys/fs/cgroup/devices/sub'
	run_container
	failed_with "Read-only file system"
	[[ " ${lines[*]} " == *" devices "* ]]
}

@test "v2: the container's own cgroup, read-only" {
	with_cgroup_namespace
	cgroup_mount nosuid noexec nodev ro
	script 'grep " /sys/fs/cgroup " /proc/self/mountinfo; cat /sys/fs/cgroup/cgroup.procs | wc -l; mkdir /sys/fs/cgroup/sub'
	on_v2 'runtime run --bundle "$BUNDLE" "$ID" 2>&1 || true'
	succeeded
	[[ $output == *" / /sys/fs/cgroup ro,nosuid,nodev,noexec,relatime - cgroup2 "* ]]
	[[ $output == *"Read-only file system"* ]]
}

@test "v2: writable, cgroups of the container's own can be made" {
	with_cgroup_namespace
	cgroup_mount nosuid
	script 'mkdir /sys/fs/cgroup/sub && echo 0 >/sys/fs/cgroup/sub/cgroup.procs && cat /proc/self/cgroup
		echo 0 >/sys/fs/cgroup/cgroup.procs; rmdir /sys/fs/cgroup/sub'
	on_v2 'runtime run --bundle "$BUNDLE" "$ID"'
	succeeded
	[[ $output == *"0::/sub"* ]]
}

@test "v2: without a cgroup namespace the path is the host's" {
	without_cgroup_namespace
	cgroup_mount ro
	script 'cat /proc/self/cgroup; grep -c " /sys/fs/cgroup " /proc/self/mountinfo'
	on_v2 'runtime run --bundle "$BUNDLE" "$ID"'
	succeeded
	[[ $output == *"0::"*"/$ID"* ]]
}

@test "v2: in a user namespace, with and without a cgroup namespace" {
	local namespace
	use_user_namespace
	cgroup_mount ro
	script 'ls /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/sub'
	for namespace in with without; do
		${namespace}_cgroup_namespace
		on_v2 'runtime run --bundle "$BUNDLE" "$ID" 2>&1 || true'
		succeeded
		[[ $output == *"/sys/fs/cgroup/cgroup.procs"* ]]
		[[ $output == *"Read-only file system"* ]]
	done
}
