#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Cgroups: where the container's are, what limits do, what is left of them. On v1 and hybrid machines
# as they are; for v2 in a mount namespace with nothing but cgroup2, on any machine.

load helpers

start_sleeper() {
	script 'sleep 1000'
	runtime run --bundle "$BUNDLE" --detach "$ID" </dev/null >/dev/null 2>&1 3>&-
}

path_of() { jq -r --arg c "$1" '.cgroup_paths[$c] // .cgroup_paths[""]' "$STATE/$ID/state.json"; }
on_v1() { [ "$(stat -f -c %T /sys/fs/cgroup)" = tmpfs ] || skip "needs cgroup v1"; }
has_controller() { [ -d "/sys/fs/cgroup/$1" ] || skip "needs the v1 controller $1"; }
cleanup() { [ ! -d "$STATE/$ID" ] || runtime delete --force "$ID"; }

# Run a script with cgroup2 alone on /sys/fs/cgroup.
on_v2() {
	run unshare -m bash -c "
		umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 99
		$1"
	[ "$status" -ne 99 ] || skip "cgroup2 cannot be mounted alone"
}

@test "a container without cgroupsPath is in a cgroup of its name, and takes it along" {
	start_sleeper
	local pid path
	pid=$(runtime state "$ID" | jq .pid)
	path=$(path_of devices)
	[[ $path == */"$ID" ]]
	grep -qx "$pid" "$path/cgroup.procs"
	runtime delete --force "$ID"
	[ ! -d "$path" ]
}

@test "an absolute cgroupsPath counts from the root, and cannot climb out" {
	configure '.linux.cgroupsPath = $path' --arg path "/../../rti-outer-$ID/$ID"
	start_sleeper
	[[ $(path_of devices) == /sys/fs/cgroup/*"rti-outer-$ID/$ID" || $(path_of "") == "/sys/fs/cgroup/rti-outer-$ID/$ID" ]]
	runtime delete --force "$ID"
	# Cgroups of others come and go meanwhile.
	find /sys/fs/cgroup -depth -type d -name "rti-outer-$ID" -exec rmdir {} + 2>/dev/null || true
	[ -z "$(find /sys/fs/cgroup -name "rti-outer-$ID" 2>/dev/null)" ]
}

@test "the cgroup's namespace begins at the container's cgroup" {
	configure '.linux.namespaces += [{"type": "cgroup"}]'
	script 'cut -d: -f3 /proc/self/cgroup | sort -u'
	run_container
	succeeded
	[ "$output" = / ]
}

@test "pids.limit limits, in numbers and in effect" {
	on_v1
	has_controller pids
	configure '.linux.resources.pids = {"limit": 7}'
	start_sleeper
	[ "$(cat "$(path_of pids)/pids.max")" = 7 ]
	run runtime exec "$ID" sh -c 'for i in 1 2 3 4 5 6 7 8 9; do sleep 0.5 & done; wait'
	[[ $output == *"can't fork"* ]]
}

@test "memory, cpu and cpuset limits are written" {
	on_v1
	has_controller memory
	has_controller cpuset
	configure '.linux.resources += {
		"memory": {"limit": 67108864, "reservation": 33554432, "swappiness": 17},
		"cpu": {"shares": 512, "quota": 50000, "period": 100000, "cpus": "0", "mems": "0"}}'
	start_sleeper
	[ "$(cat "$(path_of memory)/memory.limit_in_bytes")" = 67108864 ]
	[ "$(cat "$(path_of memory)/memory.soft_limit_in_bytes")" = 33554432 ]
	[ "$(cat "$(path_of memory)/memory.swappiness")" = 17 ]
	[ "$(cat "$(path_of cpu)/cpu.shares")" = 512 ]
	[ "$(cat "$(path_of cpu)/cpu.cfs_quota_us")" = 50000 ]
	[ "$(cat "$(path_of cpuset)/cpuset.cpus")" = 0 ]
}

@test "a limit that the kernel refuses is an error, and nothing is left" {
	on_v1
	has_controller cpuset
	configure '.linux.resources.cpu = {"cpus": "9999"}'
	run_container
	[ "$status" -eq 1 ]
	failed_with "run failed: unable to start container process: unable to apply cgroup configuration: failed to write"
	nothing_left
}

@test "device rules: later ones win, the usual devices stay" {
	configure '.root.readonly = false
		| .linux.resources.devices = [
			{"allow": false, "access": "rwm"},
			{"allow": true, "type": "c", "major": 10, "access": "rwm"},
			{"allow": true, "type": "c", "major": 1, "minor": 11, "access": "r"}]
		| .process.capabilities.bounding += ["CAP_MKNOD"]
		| .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]'
	script 'echo x >/dev/null && echo null
		mknod /tmp/fuse c 10 229 && mknod /tmp/any c 4 64 && echo made
		(: </tmp/fuse) && echo open; (: </tmp/any) || echo closed'
	run_container
	succeeded
	[[ $output == *null*made*open*closed* ]]
}

@test "a hole in a wildcard rule, which v1 cannot keep, is refused" {
	on_v1
	configure '.linux.resources.devices = [
		{"allow": false, "access": "rwm"},
		{"allow": true, "type": "c", "major": 10, "access": "rwm"},
		{"allow": false, "type": "c", "major": 10, "minor": 229, "access": "w"}]'
	run_container
	failed_with "cannot punch hole in existing wildcard rule"
}

@test "a cgroup that is in use is not taken" {
	on_v1
	configure '.linux.cgroupsPath = $path' --arg path "/rti-outer-$ID/$ID"
	mkdir -p "/sys/fs/cgroup/devices/rti-outer-$ID/$ID"
	sleep 100 3>&- &
	echo $! >"/sys/fs/cgroup/devices/rti-outer-$ID/$ID/cgroup.procs"
	run_container
	kill $!
	wait $! || true
	failed_with "container's cgroup is not empty: 1 process(es) found"
	rmdir "/sys/fs/cgroup/devices/rti-outer-$ID/$ID" "/sys/fs/cgroup/devices/rti-outer-$ID"
}

@test "v2: the container's cgroup, its devices and its end" {
	configure '.root.readonly = false | .linux.namespaces += [{"type": "cgroup"}]
		| .linux.resources = {"unified": {"cgroup.max.depth": "3"}, "devices": [
			{"allow": false, "access": "rwm"},
			{"allow": true, "type": "c", "major": 10, "access": "rwm"},
			{"allow": true, "type": "c", "major": 4, "minor": 64, "access": "m"}]}
		| .process.capabilities.bounding += ["CAP_MKNOD"]
		| .process.capabilities.effective += ["CAP_MKNOD"]
		| .process.capabilities.permitted += ["CAP_MKNOD"]'
	script 'grep ^0:: /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.max.depth; echo x >/dev/null && echo null
		mknod /tmp/fuse c 10 229 && mknod /tmp/any c 4 64 && echo made
		(: </tmp/fuse) && echo open; (: </tmp/any) || echo closed'
	on_v2 'runtime run --bundle "$BUNDLE" "$ID" || exit; [ ! -d "/sys/fs/cgroup/$ID" ] && echo gone'
	succeeded
	[[ $output == *"0::/"*3*null*made*open*closed*gone* ]]
}

@test "v2: exec, pause and kill of all processes" {
	script 'sleep 1000'
	configure '.linux.namespaces |= map(select(.type != "pid"))'
	on_v2 '
		runtime run --bundle "$BUNDLE" --detach "$ID" </dev/null >/dev/null 2>&1 || exit
		runtime exec "$ID" grep ^0:: /proc/self/cgroup
		runtime exec --detach "$ID" sleep 2000 </dev/null >/dev/null 2>&1
		wc -l <"/sys/fs/cgroup/$ID/cgroup.procs"
		runtime pause "$ID"; runtime state "$ID" | grep -o paused; runtime resume "$ID"
		runtime kill "$ID" KILL; sleep 0.3
		cat "/sys/fs/cgroup/$ID/cgroup.procs"; runtime delete "$ID"; ls -d "/sys/fs/cgroup/$ID" 2>&1'
	[ "${lines[0]}" = "0::/$ID" ]
	[ "${lines[1]}" = 2 ]
	[ "${lines[2]}" = paused ]
	[[ ${lines[3]} == *"No such file or directory" ]]
}

@test "v2: a unified resource that cannot be set is named" {
	configure '.linux.resources.unified = {"nosuch.max": "1"}'
	on_v2 'runtime run --bundle "$BUNDLE" "$ID"'
	failed_with 'unified resource "nosuch.max" can'
	failed_with 'controller "nosuch" not available'
}

@test "v2: a delegated cgroup belongs to the container's user" {
	only_pair "runtime-parent+*" # runc does this with its systemd driver only
	use_user_namespace
	configure '.linux.namespaces += [{"type": "cgroup"}]
		| .mounts |= map(if .destination == "/sys/fs/cgroup" then .options -= ["ro"] else . end)'
	script 'stat -c "%u %n" /sys/fs/cgroup /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/mine && echo made
		rmdir /sys/fs/cgroup/mine'
	on_v2 'runtime run --bundle "$BUNDLE" "$ID"'
	succeeded
	[ "${lines[0]}" = "0 /sys/fs/cgroup" ]
	[ "${lines[1]}" = "0 /sys/fs/cgroup/cgroup.procs" ]
	[ "${lines[2]}" = made ]
}
