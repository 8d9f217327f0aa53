#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Namespaces: new ones, the host's, and those joined by a path.

load helpers

# Which namespaces the program is in: "net:[4026531840]" and so on.
show() {
	script "for ns in $*; do readlink /proc/self/ns/\$ns; done"
}

without_namespace() {
	local type
	for type in "$@"; do
		configure '.linux.namespaces |= map(select(.type != $type))' --arg type $type
	done
}

host() { readlink /proc/self/ns/"$1"; }
held() { readlink "/proc/$HOLDER/ns/$1"; }

@test "namespaces that are not listed are the host's" {
	without_namespace network ipc uts cgroup
	configure 'del(.hostname) | .mounts |= map(select(.type != "mqueue"))'
	show net ipc uts cgroup mnt pid
	run_container
	succeeded
	[ "${lines[0]}" = "$(host net)" ]
	[ "${lines[1]}" = "$(host ipc)" ]
	[ "${lines[2]}" = "$(host uts)" ]
	[ "${lines[4]}" != "$(host mnt)" ]
	[ "${lines[5]}" != "$(host pid)" ]
}

@test "without a pid namespace the program is one of the host's processes" {
	without_namespace pid
	script 'echo $$; readlink /proc/self/ns/pid'
	run_container
	succeeded
	[ "${lines[0]}" -gt 1 ]
	[ "${lines[1]}" = "$(host pid)" ]
}

@test "network, ipc and uts namespaces can be joined" {
	hold_namespaces --net --ipc --uts
	join_namespace network "/proc/$HOLDER/ns/net"
	join_namespace ipc "/proc/$HOLDER/ns/ipc"
	join_namespace uts "/proc/$HOLDER/ns/uts"
	configure '.hostname = "joined"'
	script 'for ns in net ipc uts; do readlink /proc/self/ns/$ns; done; cat /sys/class/net/lo/flags'
	run_container
	succeeded
	[ "${lines[0]}" = "$(held net)" ]
	[ "${lines[1]}" = "$(held ipc)" ]
	[ "${lines[2]}" = "$(held uts)" ]
	# A namespace of somebody else's is not configured, but for the name.
	[ $((${lines[3]} & 1)) = 0 ]
	[ "$(nsenter --uts="/proc/$HOLDER/ns/uts" hostname)" = joined ]
}

@test "a pid namespace can be joined" {
	# The first process of the namespace is the child of what made it.
	unshare --pid --fork --kill-child sleep 1000 3>&- &
	HOLDERS+=($!)
	local first
	eventually pgrep -P $!
	first=$(pgrep -P $!)
	join_namespace pid "/proc/$first/ns/pid"
	script 'echo $$; readlink /proc/self/ns/pid; cat /proc/1/cmdline | tr "\0" " "'
	run_container
	succeeded
	[ "${lines[0]}" -gt 1 ]
	[ "${lines[1]}" = "$(readlink "/proc/$first/ns/pid")" ]
	[ "${lines[2]}" = "sleep 1000 " ]
}

@test "the namespaces of another container" {
	configure '.process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	local pid
	pid=$(container_state .pid)
	join_namespace network "/proc/$pid/ns/net"
	join_namespace ipc "/proc/$pid/ns/ipc"
	join_namespace pid "/proc/$pid/ns/pid"
	script 'readlink /proc/self/ns/net; ps | grep -c "[s]leep 1000"'
	run runtime run --bundle "$BUNDLE" "$ID-second"
	succeeded
	[ "${lines[0]}" = "$(readlink "/proc/$pid/ns/net")" ]
	[ "${lines[1]}" = 1 ]
}

@test "a cgroup namespace can be joined" {
	hold_namespaces --cgroup
	join_namespace cgroup "/proc/$HOLDER/ns/cgroup"
	show cgroup
	run_container
	succeeded
	[ "$output" = "$(held cgroup)" ]
}

@test "a mount namespace can be joined: the root is looked up there" {
	hold_namespaces --mount --propagation private
	nsenter --mount="/proc/$HOLDER/ns/mnt" mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs"
	join_namespace mount "/proc/$HOLDER/ns/mnt"
	configure '.linux.maskedPaths = [] | .linux.readonlyPaths = []'
	show mnt
	run_container
	# The container's mounts stay behind in it, which is the holder's affair.
	kill "$HOLDER"
	HOLDERS=()
	[ "$status" -ne 0 ] || [ -n "$output" ]
}

@test "a time namespace has its offsets" {
	[ -e /proc/self/ns/time ] || skip "no time namespaces"
	configure '.linux.namespaces += [{type: "time"}]
		| .linux.timeOffsets = {boottime: {secs: 1000000, nanosecs: 5}, monotonic: {secs: 2000000}}'
	script 'cat /proc/self/timens_offsets; cut -d. -f1 /proc/uptime; readlink /proc/self/ns/time'
	run_container
	succeeded
	[ "$(echo ${lines[0]})" = "monotonic 2000000 0" ]
	[ "$(echo ${lines[1]})" = "boottime 1000000 5" ]
	[ "${lines[2]}" -ge 1000000 ]
	[ "${lines[3]}" != "$(host time)" ]
}

@test "exec is in the time namespace as well" {
	[ -e /proc/self/ns/time ] || skip "no time namespaces"
	configure '.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: 1000000}}
		| .process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	execute cut -d. -f1 /proc/uptime
	succeeded
	[ "$output" -ge 1000000 ]
}

@test "a time namespace can be joined" {
	[ -e /proc/self/ns/time ] || skip "no time namespaces"
	hold_namespaces --time --monotonic 3000000
	join_namespace time "/proc/$HOLDER/ns/time_for_children"
	script 'readlink /proc/self/ns/time; cat /proc/self/timens_offsets'
	run_container
	succeeded
	[ "${lines[0]}" = "$(readlink "/proc/$HOLDER/ns/time_for_children")" ]
	[ "$(echo ${lines[1]})" = "monotonic 3000000 0" ]
}

@test "hostname and domain name" {
	configure '.hostname = "some-host" | .domainname = "example.org"'
	script 'hostname; cat /proc/sys/kernel/domainname'
	local before
	before=$(hostname)
	run_container
	succeeded
	[ "$(echo $output)" = "some-host example.org" ]
	[ "$(hostname)" = "$before" ]
}

@test "what makes no sense with the host's namespaces is refused" {
	without_namespace uts
	run_container
	failed_with "unable to set hostname without a private UTS namespace"
	configure 'del(.hostname) | .linux.timeOffsets = {boottime: {secs: 1}}'
	run_container
	failed_with "time namespace offsets specified, but time namespace isn't enabled in the config"
}

@test "unknown namespaces, doubles, and paths that are none" {
	configure '.linux.namespaces += [{type: "pid"}]'
	run_container
	failed_with 'malformed spec file: duplicated ns'
	configure '.linux.namespaces |= map(select(.type != "pid")) + [{type: "bogus"}]'
	run_container
	failed_with 'namespace {"bogus" ""} does not exist'
	configure '.linux.namespaces |= map(select(.type != "bogus" and .type != "ipc"))'
	join_namespace ipc /no/such/namespace
	run_container
	failed_with "lstat /no/such/namespace: no such file or directory"
	join_namespace ipc /etc/passwd
	run_container
	[ "$status" -eq 1 ]
	# A namespace of another kind
	join_namespace ipc /proc/self/ns/net
	run_container
	[ "$status" -eq 1 ]
	nothing_left
}

@test "without a mount namespace the root is changed for the program alone" {
	without_namespace mount
	configure '.linux.maskedPaths = [] | .linux.readonlyPaths = [] | .root.readonly = false
		| .mounts |= map(select(.destination == "/proc"))'
	script 'ls -d /../bin/busybox; readlink /proc/self/ns/mnt'
	# In a namespace of the test's own: what is mounted there is not unmounted by anybody.
	on_private_mounts 'readlink /proc/self/ns/mnt; runtime run --bundle "$BUNDLE" "$ID"; ls -d /../bin/bash'
	succeeded
	[ "${lines[1]}" = /../bin/busybox ]
	[ "${lines[2]}" = "${lines[0]}" ]
	[ "${lines[3]}" = /../bin/bash ]
}

@test "--no-pivot moves the root in place of pivot_root" {
	script 'ls -d /../bin/busybox; cut -d" " -f5 /proc/self/mountinfo'
	run_container --no-pivot
	succeeded
	[ "${lines[0]}" = /../bin/busybox ]
	[[ $output != *"$BUNDLE"* ]]
	# Not even as root with every capability does the host's root come back.
	configure '.process.capabilities[] += ["CAP_SYS_ADMIN", "CAP_SYS_CHROOT"]'
	script 'mkdir /tmp/x; chroot /tmp/../../../.. ls /'
	run_container --no-pivot
	[[ $output != *boot* ]]
}

@test "--no-pivot in a user namespace" {
	use_user_namespace
	script 'cat /proc/self/uid_map; ls /proc/1 >/dev/null && echo fine'
	run_container --no-pivot
	succeeded
	[[ $output == *fine ]]
}

@test "--no-pivot and a private root propagation are refused together" {
	configure '.linux.rootfsPropagation = "private"'
	run_container --no-pivot
	failed_with "rootfsPropagation of [r]private is not safe without pivot_root"
}
