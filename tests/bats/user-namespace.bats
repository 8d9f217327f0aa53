#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers in user namespaces of their own.

load helpers

prepare() {
	use_user_namespace
	configure '.root.readonly = false'
}

@test "the maps are those of the configuration, in its order" {
	configure '.linux.uidMappings = [{containerID: 0, hostID: 100000, size: 1000},
			{containerID: 5000, hostID: 300000, size: 7}, {containerID: 1000, hostID: 200000, size: 4000}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	script 'cat /proc/self/uid_map; echo; cat /proc/self/gid_map'
	run_container
	succeeded
	[ "$(echo $output)" = "0 100000 1000 5000 300000 7 1000 200000 4000 0 100000 65536" ]
}

@test "twenty ranges are no problem" {
	configure '.linux.uidMappings = [range(20) | {containerID: (. * 100), hostID: (100000 + . * 1000), size: 100}]'
	script 'wc -l </proc/self/uid_map'
	run_container
	succeeded
	[ "$output" = 20 ]
}

@test "CVE-2021-43784: maps too long for the message to the init are refused" {
	configure '.linux.uidMappings = [range(8000) | {containerID: ., hostID: (. + 100000), size: 1}]'
	run_container
	failed_with "(larger than UINT16_MAX)"
	nothing_left
}

@test "files belong to the mapped ids on both sides" {
	chmod 777 "$BUNDLE/rootfs/tmp"
	configure '.process.user = {uid: 1000, gid: 1001}'
	script 'touch /tmp/file; stat -c %u:%g /tmp/file / /bin/busybox'
	run_container
	succeeded
	[ "$(echo $output)" = "1000:1001 0:0 0:0" ]
	[ "$(stat -c %u:%g "$BUNDLE/rootfs/tmp/file")" = 101000:101001 ]
}

@test "the program is not root outside, and has every capability asked for inside" {
	configure '.process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	local pid
	pid=$(container_state .pid)
	[ "$(stat -c %u "/proc/$pid")" = 100000 ]
	[ "$(readlink "/proc/$pid/ns/user")" != "$(readlink /proc/self/ns/user)" ]
	execute grep CapEff /proc/self/status
	[[ $output == *0000000020000420 ]]
}

@test "supplementary groups can be set" {
	configure '.process.user.additionalGids = [5, 6, 7]'
	script 'id -G; cat /proc/self/setgroups'
	run_container
	succeeded
	[ "${lines[0]}" = "0 5 6 7" ]
	[ "${lines[1]}" = allow ]
}

@test "devices are the host's nodes" {
	script 'echo x >/dev/null && head -c 4 /dev/zero | wc -c; stat -c "%t:%T" /dev/null /dev/zero /dev/full /dev/tty'
	run_container
	succeeded
	[ "$(echo $output)" = "4 1:3 1:5 1:7 5:0" ]
}

@test "sources that the mapped root cannot reach are mounted" {
	local secret=$BATS_TEST_TMPDIR/secret
	mkdir -m 700 "$secret"
	mkdir "$secret/folder"
	echo "seen" >"$secret/folder/file"
	add_mount /tmp/folder none "$secret/folder" bind ro
	add_mount /tmp/file none "$secret/folder/file" bind ro nosuid nodev
	script 'cat /tmp/folder/file /tmp/file; grep /tmp/f /proc/self/mountinfo | cut -d" " -f6 | cut -c1-2'
	run_container
	succeeded
	[ "$(echo $output)" = "seen seen ro ro" ]
}

@test "a source that does not exist is told as such" {
	add_mount /tmp none "$BATS_TEST_TMPDIR/none" bind
	run_container
	failed_with "open $BATS_TEST_TMPDIR/none: no such file or directory"
}

@test "flags of the source that the container's root may not clear are kept" {
	mkdir "$BATS_TEST_TMPDIR/source"
	on_private_mounts '
		mount -t tmpfs -o nosuid,nodev,noexec locked "$BATS_TEST_TMPDIR/source"
		add_mount /tmp none "$BATS_TEST_TMPDIR/source" bind ro
		configure ".process.args = [\"grep\", \" /tmp \", \"/proc/self/mountinfo\"]"
		runtime run --bundle "$BUNDLE" "$ID"'
	succeeded
	[[ $output == *" ro,nosuid,nodev,noexec,relatime "* ]]
}

@test "clearing locked flags, or changing a locked atime, is refused by name" {
	mkdir "$BATS_TEST_TMPDIR/source"
	on_private_mounts '
		mount -t tmpfs -o nosuid,nodev,noexec,noatime locked "$BATS_TEST_TMPDIR/source"
		add_mount /tmp none "$BATS_TEST_TMPDIR/source" bind exec suid
		! runtime run --bundle "$BUNDLE" "$ID" 2>&1
		configure ".mounts[-1].options = [\"bind\", \"strictatime\"]"
		! runtime run --bundle "$BUNDLE" "$ID"'
	succeeded
	[[ ${lines[0]} == *"cannot clear locked flags MS_NOSUID|MS_NOEXEC"* ]]
	[[ ${lines[1]} == *"cannot change locked atime flags MS_NOATIME"* ]]
}

@test "sysfs with the container's own network, and mqueue" {
	script 'ls /sys/class/net; touch /dev/mqueue/queue && ls /dev/mqueue'
	run_container
	succeeded
	[[ $output == *lo* ]]
	[[ $output == *queue ]]
}

@test "/sys of the host as a recursive read-only bind, with the host's network" {
	configure '.linux.namespaces |= map(select(.type != "network"))
		| .mounts |= map(if .type == "sysfs" then .type = "none" | .source = "/sys" | .options = ["rbind", "nosuid", "noexec", "nodev", "ro"]
			elif .type == "cgroup" then empty else . end)'
	script 'readlink /proc/self/ns/net; ls /sys/class/net >/dev/null; touch /sys/x'
	run_container
	[[ $output == *"$(readlink /proc/self/ns/net)"* ]]
	failed_with "Read-only file system"
}

@test "hostname and network settings can be made" {
	configure '.hostname = "inside" | .linux.sysctl = {"net.ipv4.ip_forward": "1"}'
	script 'hostname; cat /proc/sys/net/ipv4/ip_forward'
	run_container
	succeeded
	[ "$(echo $output)" = "inside 1" ]
}

@test "the oom score of the configuration is set, also below what root inside could" {
	configure '.process.oomScoreAdj = $score' --argjson score "$(cat /proc/self/oom_score_adj)"
	script 'cat /proc/self/oom_score_adj'
	run_container
	succeeded
	[ "$output" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "a user that is not mapped is refused" {
	configure '.process.user.uid = 70000'
	run_container
	[ "$status" -eq 1 ]
	failed_with "unable to setup user"
	configure '.process.user = {uid: 0, gid: 70000}'
	run_container
	failed_with "cannot setgid to unmapped gid 70000 in user namespace"
}

@test "maps are needed, and must have id 0" {
	configure 'del(.linux.uidMappings)'
	run_container
	failed_with "user namespaces enabled, but no uid mappings found"
	configure '.linux.uidMappings = .linux.gidMappings | del(.linux.gidMappings)'
	run_container
	failed_with "user namespaces enabled, but no gid mappings found"
	configure '.linux.gidMappings = [{containerID: 1, hostID: 1, size: 10}]'
	run_container
	failed_with "user namespaces enabled, but no mapping found for gid 0"
}

@test "a user namespace joined by its path keeps its maps" {
	hold_namespaces --user
	configure 'del(.linux.uidMappings, .linux.gidMappings)'
	join_namespace user "/proc/$HOLDER/ns/user"
	script 'readlink /proc/self/ns/user; cat /proc/self/uid_map; id -u'
	run_container
	succeeded
	[ "${lines[0]}" = "$(readlink "/proc/$HOLDER/ns/user")" ]
	[ "$(echo ${lines[1]})" = "0 100000 65536" ]
	[ "${lines[2]}" = 0 ]
}

@test "a joined user namespace with other maps beside it is refused" {
	hold_namespaces --user
	join_namespace user "/proc/$HOLDER/ns/user"
	run_container
	succeeded
	configure '.linux.uidMappings[0].hostID = 200000'
	run_container
	failed_with "user namespaces enabled, but both namespace path and non-matching mapping specified"
}

@test "a user namespace with a network namespace that belongs to it" {
	hold_namespaces --user --net
	configure 'del(.linux.uidMappings, .linux.gidMappings)'
	join_namespace user "/proc/$HOLDER/ns/user"
	join_namespace network "/proc/$HOLDER/ns/net"
	script 'readlink /proc/self/ns/net; ls /sys/class/net'
	run_container
	succeeded
	[ "${lines[0]}" = "$(readlink "/proc/$HOLDER/ns/net")" ]
	[ "${lines[1]}" = lo ]
}

@test "what belongs to another user namespace cannot be shown, and the error says why" {
	hold_namespaces --user
	configure 'del(.linux.uidMappings, .linux.gidMappings)'
	join_namespace user "/proc/$HOLDER/ns/user"
	hold_namespaces --net
	join_namespace network "/proc/$HOLDER/ns/net"
	run_container
	failed_with 'error mounting "sysfs" to rootfs at "/sys"'
	failed_with "operation not permitted"
	! has_own_init || failed_with "the network namespace does not belong to the container's user namespace"
}
