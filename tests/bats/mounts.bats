#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts of file systems, and where mounts may and may not go.

load helpers

prepare() {
	configure '.root.readonly = false'
}

mount_line() { script "grep ' $1 ' /proc/self/mountinfo"; }

@test "tmpfs with size, mode and flags" {
	add_mount /tmp tmpfs tmpfs nosuid nodev noexec mode=1770 size=64k
	script 'stat -c %a /tmp; grep " /tmp " /proc/self/mountinfo; touch /tmp/x'
	run_container
	succeeded
	[ "${lines[0]}" = 1770 ]
	[[ ${lines[1]} == *" rw,nosuid,nodev,noexec,relatime - tmpfs tmpfs "*size=64k* ]]
	[ ! -e "$BUNDLE/rootfs/tmp/x" ]
}

@test "tmpfs keeps the mode of the folder that it covers, and a new folder is 1777" {
	mkdir -m 1751 "$BUNDLE/rootfs/folder"
	add_mount /folder tmpfs tmpfs
	add_mount /fresh tmpfs tmpfs
	script 'stat -c %a /folder /fresh'
	run_container
	succeeded
	[ "${lines[0]}" = 1751 ]
	[ "${lines[1]}" = 1777 ] || [ "${lines[1]}" = 755 ]
}

@test "read-only tmpfs" {
	add_mount /tmp tmpfs tmpfs ro nosuid
	script 'touch /tmp/x'
	run_container
	failed_with "Read-only file system"
}

@test "a file system can be mounted below a read-only tmpfs" {
	add_mount /tmp tmpfs tmpfs ro
	add_mount /tmp/a/b tmpfs tmpfs size=64k
	script 'touch /tmp/a/b/x && ls /tmp/a/b; touch /tmp/x'
	run_container
	failed_with "Read-only file system"
	[[ $output == *x* ]]
}

@test "tmpcopyup puts what the folder holds into the tmpfs" {
	local from=$BUNDLE/rootfs/folder
	mkdir -p "$from/sub"
	echo text >"$from/sub/file"
	chmod 4744 "$from/sub/file"
	chown 7:8 "$from/sub/file"
	chmod 4744 "$from/sub/file"
	ln -s sub/file "$from/link"
	mkdir -m 1700 "$from/private"
	add_mount /folder tmpfs tmpfs tmpcopyup
	script 'cat /folder/link; readlink /folder/link; stat -c "%a %u:%g" /folder/sub/file /folder/private
		echo new >/folder/sub/new; stat -f -c %T /folder; grep -c runctop /proc/self/mountinfo'
	run_container
	[ "${lines[0]}" = text ]
	[ "${lines[1]}" = sub/file ]
	[ "${lines[2]}" = "4744 7:8" ]
	[ "${lines[3]}" = "1700 0:0" ]
	[ "${lines[4]}" = tmpfs ]
	[ "${lines[5]}" = 0 ]
	[ ! -e "$from/sub/new" ]
	[ -z "$(find /tmp -maxdepth 1 -name 'runctop*' -newer "$BUNDLE/config.json")" ]
}

@test "/dev read-only on request" {
	configure '(.mounts[] | select(.destination == "/dev")).options += ["ro"]'
	script 'touch /dev/x'
	run_container
	failed_with "Read-only file system"
	[[ $output != *"/dev/null"* ]]
}

@test "proc, sysfs, devpts, shm and mqueue of the default configuration" {
	script 'for path in /proc /sys /dev /dev/pts /dev/shm /dev/mqueue; do
		awk -v path=$path "\$5 == path { print \$8, \$6 }" /proc/self/mountinfo; done'
	run_container
	succeeded
	[ "${lines[0]}" = "proc rw,relatime" ]
	[ "${lines[1]}" = "sysfs ro,nosuid,nodev,noexec,relatime" ]
	[ "${lines[2]}" = "tmpfs rw,nosuid" ] || [ "${lines[2]}" = "tmpfs rw,nosuid,strictatime" ]
	[ "${lines[3]}" = "devpts rw,nosuid,noexec,relatime" ]
	[ "${lines[4]}" = "tmpfs rw,nosuid,nodev,noexec,relatime" ]
	[ "${lines[5]}" = "mqueue rw,nosuid,nodev,noexec,relatime" ]
}

@test "the root alone is the container's: nothing of the host is mounted, and / has no way up" {
	script 'cut -d" " -f5 /proc/self/mountinfo; ls -d /../../../bin/busybox'
	run_container
	succeeded
	[[ $output != *"$BUNDLE"* ]]
	[ "${lines[0]}" = / ]
	[[ $output == *"/../../../bin/busybox"* ]]
}

@test "sysfs with the host's network shows the host's devices" {
	configure '.linux.namespaces |= map(select(.type != "network"))'
	script 'ls /sys/class/net'
	run_container
	succeeded
	[ "$(echo $output)" = "$(ls /sys/class/net | xargs)" ]
}

@test "a read-only root has writable mounts on it" {
	configure '.root.readonly = true'
	add_mount /tmp tmpfs tmpfs
	script 'touch /tmp/x && echo fine; grep " / / \| / [a-z]*," /proc/self/mountinfo | head -n 1; touch /x'
	run_container
	failed_with "Read-only file system"
	[[ $output == *fine* ]]
	[ ! -e "$BUNDLE/rootfs/x" ]
}

@test "the host's root file system is not made read-only with the container's" {
	configure '.root.readonly = true'
	run_container
	succeeded
	touch "$BUNDLE/rootfs/x"
}

@test "an unknown file system, options it does not know, and a target that is a file" {
	add_mount /tmp nosuchfs none
	run_container
	failed_with 'error mounting "none" to rootfs at "/tmp"'
	failed_with "no such device"
	configure '.mounts[-1] += {type: "tmpfs", options: ["nosuchoption"]}'
	run_container
	failed_with "invalid argument"
	configure '.mounts[-1] += {destination: "/etc/passwd", options: []}'
	run_container
	failed_with "not a directory"
}

@test "nothing may be mounted on the root itself" {
	local destination
	for destination in / /tmp/.. /.; do
		configure '.mounts |= map(select(.source != "over"))'
		add_mount $destination tmpfs over
		run_container
		failed_with "is on the top of rootfs"
	done
}

@test "files that tools fake in /proc can be" {
	local name
	for name in cpuinfo diskstats meminfo stat swaps uptime loadavg; do
		echo "fake $name" >"$BATS_TEST_TMPDIR/$name"
		add_mount /proc/$name none "$BATS_TEST_TMPDIR/$name" bind ro
	done
	script 'cat /proc/cpuinfo /proc/diskstats /proc/meminfo /proc/stat /proc/swaps /proc/uptime /proc/loadavg'
	run_container
	succeeded
	[ "$(grep -c fake <<<"$output")" = 7 ]
}

@test "the host's /proc can be bound when the pid namespace is the host's" {
	configure '.linux.namespaces |= map(select(.type != "pid"))
		| (.mounts[] | select(.destination == "/proc")) |= {destination: "/proc", type: "none", source: "/proc", options: ["rbind"]}'
	script 'cat /proc/1/comm; readlink /proc/self/ns/pid'
	run_container
	succeeded
	[ "${lines[0]}" = "$(cat /proc/1/comm)" ]
	[ "${lines[1]}" = "$(readlink /proc/self/ns/pid)" ]
}

@test "another procfs elsewhere" {
	add_mount /another proc proc ro
	script 'cat /another/1/comm; echo 0 >/another/sys/kernel/panic'
	run_container
	[[ ${lines[*]} == *sh* ]]
	failed_with "Read-only file system"
}

@test "a file in the place of /proc" {
	rmdir "$BUNDLE/rootfs/proc"
	touch "$BUNDLE/rootfs/proc"
	run_container
	failed_with "must be mounted on ordinary directory"
}

@test "a destination need not be absolute or clean" {
	add_mount tmp/../tmp//x/. tmpfs tmpfs size=64k
	script 'grep -c " /tmp/x " /proc/self/mounts'
	run_container
	succeeded
	[[ $output == *1 ]]
}

@test "a root that is a mount point, that is shared, or that is in another file system" {
	script 'echo fine'
	on_private_mounts 'mount --bind "$BUNDLE/rootfs" "$BUNDLE/rootfs" && runtime run --bundle "$BUNDLE" "$ID"
		mount --make-shared "$BUNDLE/rootfs" && runtime run --bundle "$BUNDLE" "$ID"
		mkdir "$BUNDLE/tmpfs" && mount -t tmpfs none "$BUNDLE/tmpfs" && cp -a "$BUNDLE/rootfs" "$BUNDLE/tmpfs"
		configure ".root.path = \"tmpfs/rootfs\"" && runtime run --bundle "$BUNDLE" "$ID"'
	succeeded
	[ "$(echo $output)" = "fine fine fine" ]
}

@test "without a mount namespace one umount of the root undoes all mounts, and nothing else changes" {
	configure '.linux.namespaces |= map(select(.type != "mount")) | .linux.maskedPaths = [] | .linux.readonlyPaths = []'
	script 'echo fine'
	on_private_mounts 'mount --make-rshared /
		runtime run --bundle "$BUNDLE" "$ID"
		grep -c " $BUNDLE/rootfs/" /proc/self/mountinfo
		umount --recursive --lazy "$BUNDLE/rootfs"
		[ -z "$(grep "$BUNDLE" /proc/self/mountinfo)" ]
		findmnt -rno PROPAGATION /'
	succeeded
	[ "${lines[0]}" = fine ]
	[ "${lines[1]}" -ge 5 ]
	# runc makes every mount of the host a slave.
	! has_own_init || [ "${lines[2]}" = shared ]
}

@test "a root that is an overlay, and one that is read-only already" {
	script 'touch /x && echo fine'
	on_private_mounts 'mkdir "$BUNDLE/upper" "$BUNDLE/layers" "$BUNDLE/merged"
		mount -t tmpfs none "$BUNDLE/layers" && mkdir "$BUNDLE/layers/upper" "$BUNDLE/layers/tmp"
		mount -t overlay -o "lowerdir=$BUNDLE/rootfs,upperdir=$BUNDLE/layers/upper,workdir=$BUNDLE/layers/tmp" overlay "$BUNDLE/merged"
		configure ".root.path = \"merged\"" && runtime run --bundle "$BUNDLE" "$ID"
		mount -o remount,ro "$BUNDLE/merged"; configure ".root.readonly = true"
		runtime run --bundle "$BUNDLE" "$ID" 2>&1 || true'
	succeeded
	[ "${lines[0]}" = fine ]
	[[ ${lines[1]} == *"Read-only file system"* ]]
	[ ! -e "$BUNDLE/rootfs/x" ]
}

@test "the root may be given by an absolute path" {
	mv "$BUNDLE/rootfs" "$BATS_TEST_TMPDIR/elsewhere"
	configure '.root.path = $path' --arg path "$BATS_TEST_TMPDIR/elsewhere"
	run_container
	succeeded
}

@test "a root that is missing or a link" {
	mv "$BUNDLE/rootfs" "$BUNDLE/real"
	run_container
	failed_with "invalid rootfs: stat $BUNDLE/rootfs: no such file or directory"
	ln -s real "$BUNDLE/rootfs"
	run_container
	failed_with "invalid rootfs: not an absolute path, or a symlink"
	configure 'del(.root)'
	run_container
	failed_with "root must be specified"
}
