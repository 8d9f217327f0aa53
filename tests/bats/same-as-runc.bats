#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a container sees, and what a refusal says, compared with a genuine runc on the same bundle.

load helpers

prepare() {
	[ -n "$PEER_RUNC" ] || skip "PEER_RUNC is not set"
	needs_runc 1.5
	SOURCE=$BATS_TEST_TMPDIR/source
	mkdir -p "$SOURCE/below"
	echo content >"$SOURCE/file"
	script 'cut -d" " -f4- /proc/self/mountinfo
		ls -ln /dev /dev/pts /dev/shm / /mnt /etc /tmp 2>&1
		ls -ln /sys/fs/cgroup | head -n 20
		umask; pwd; cat /proc/sys/net/ipv4/ip_forward'
	mkdir "$BUNDLE/rootfs/mnt"
}

# Peer group numbers, dates, link counts of /proc, fds, times and program names differ by nature.
normalize() {
	sed -E -e 's/(shared|master|propagate_from):[0-9]+/\1/g' \
		-e 's/(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +[0-9]+ [0-9:]+//' \
		-e 's/^(dr-xr-xr-x) +[0-9]+/\1/' -e 's/([fF]d[=\/])[0-9]+/\1/g' \
		-e 's/time="[^"]*"//' -e 's/runtime-parent run failed/runc run failed/' \
		-e 's/runtime-parent-|runc-//g' -e 's/msg=configuration error=/msg=/'
}

# Both start from the same root file system, since they make mount points in it.
same_as_runc() { # options of run
	local expected expected_status
	cp -a "$BUNDLE/rootfs" "$BUNDLE/untouched"
	run "$PEER_RUNC" --root "$STATE-peer" run --bundle "$BUNDLE" "$@" "$ID"
	expected=$(normalize <<<"$output")
	expected_status=$status
	rm -rf "$BUNDLE/rootfs"
	mv "$BUNDLE/untouched" "$BUNDLE/rootfs"
	run_container "$@"
	[ "$status" -eq "$expected_status" ] || { echo "$expected_status, not $status: $output"; return 1; }
	diff <(echo "$expected") <(normalize <<<"$output")
}

bind() { add_mount "/mnt/$1" bind "$SOURCE" "${@:2}"; }

# Each case replaces the mount of the one before.
same_for_each_mount() { # lines of destination, type, source, options
	local destination type source options previous=none
	while read -r destination type source options; do
		configure '.mounts |= map(select(.destination != $previous))' --arg previous "$previous"
		# shellcheck disable=SC2086
		add_mount "$destination" "$type" "${source/SOURCE/$SOURCE}" $options
		previous=$destination
		echo "case: $destination $type $source $options"
		same_as_runc
	done
}

@test "an ordinary container" { same_as_runc; }

@test "a writable root" {
	configure '.root.readonly = false'
	same_as_runc
}

@test "a user namespace" {
	use_user_namespace
	same_as_runc
}

@test "a cgroup namespace" {
	configure '.linux.namespaces += [{type: "cgroup"}] | .linux.namespaces |= unique'
	same_as_runc
	configure '(.mounts[] | select(.type == "cgroup") | .options) -= ["ro"]'
	same_as_runc
}

@test "no cgroup namespace" {
	configure '.linux.namespaces |= map(select(.type != "cgroup"))'
	same_as_runc
}

@test "both a user and a cgroup namespace" {
	use_user_namespace
	configure '.linux.namespaces += [{type: "cgroup"}] | .linux.namespaces |= unique'
	same_as_runc
}

@test "a root that is moved and not pivoted" {
	same_as_runc --no-pivot
	use_user_namespace
	same_as_runc --no-pivot
}

@test "each propagation of the root" {
	local propagation
	for propagation in private rprivate shared rshared unbindable slave rslave; do
		configure '.linux.rootfsPropagation = $propagation' --arg propagation "$propagation"
		echo "case: $propagation"
		same_as_runc
	done
}

@test "flags and propagation of bind mounts" {
	bind plain bind
	bind recursive rbind ro
	bind some bind ro nosuid noexec
	bind all-read-only rbind rro nodev
	bind atime bind noatime
	bind strict bind strictatime nodiratime
	bind cleared bind rw suid dev exec
	local propagation
	for propagation in private slave shared rprivate rslave rshared unbindable; do
		bind "$propagation" rbind "$propagation"
	done
	add_mount /mnt/file bind "$SOURCE/file" bind ro
	add_mount /mnt/proc bind /proc rbind ro
	same_as_runc
}

@test "tmpfs with modes, copies and read-only" {
	chmod 2751 "$BUNDLE/rootfs/etc"
	add_mount /etc tmpfs tmpfs tmpcopyup ro
	add_mount /tmp tmpfs tmpfs ro nosuid
	add_mount /mnt/mode tmpfs other mode=1700 size=1m uid=5
	configure '(.mounts[] | select(.destination == "/dev") | .options) += ["ro"]'
	same_as_runc
}

@test "devices, masks, read-only paths, sysctls, umask and working directory" {
	configure '.linux.devices = [
			{path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 416, uid: 5, gid: 6},
			{path: "/dev/below/pipe", type: "p", fileMode: 384},
			{path: "/dev/block", type: "b", major: 7, minor: 0},
			{path: "/dev/ptmx", type: "c", major: 5, minor: 2}]
		| .linux.maskedPaths += ["/root", "/var", "/var/", "/missing", "/etc/group"]
		| .linux.readonlyPaths += ["/tmp", "/etc/passwd", "/missing"]
		| .linux.sysctl = {"net.ipv4.ip_forward": "1"}
		| .process.user.umask = 63 | .process.cwd = "/place/../here"'
	same_as_runc
}

@test "destinations through links, relative ones, and ones with the root's path" {
	ln -s etc "$BUNDLE/rootfs/link"
	ln -s /not/there "$BUNDLE/rootfs/dangling"
	ln -s missing/../mnt "$BUNDLE/rootfs/detour"
	add_mount /link/one tmpfs tmpfs
	add_mount /dangling bind "$SOURCE" bind
	add_mount /detour/two bind "$SOURCE/file" bind
	add_mount mnt/relative tmpfs tmpfs
	add_mount "$BUNDLE/rootfs/mnt/prefixed" tmpfs tmpfs
	same_as_runc
}

@test "mounts that are refused" {
	ln -s etc "$BUNDLE/rootfs/link"
	ln -s loop "$BUNDLE/rootfs/loop"
	same_for_each_mount <<-'EOF'
		/ tmpfs tmpfs
		/proc/self tmpfs tmpfs
		/proc/new tmpfs tmpfs
		/link proc proc
		/link sysfs sysfs
		/etc/passwd proc proc
		/etc/passwd/x tmpfs tmpfs
		/etc/passwd tmpfs tmpfs
		/etc/passwd bind SOURCE bind
		/etc bind SOURCE/file bind ro
		/mnt bind SOURCE bind remount
		/mnt bind /does/not/exist bind
		/mnt nonsense x
		/mnt bind SOURCE
		/mnt tmpfs tmpfs nosuchoption noexec
		/sys/new tmpfs tmpfs
		/loop/x tmpfs tmpfs
	EOF
}

@test "other refusals" {
	local program
	for program in '.linux.sysctl = {"net.does.not.exist": "1"}' \
		'.linux.sysctl = {"net.ipv4.ip_forward": "zzz"}' \
		'.linux.sysctl = {} | .process.cwd = "/etc/passwd/x"' \
		'.process.cwd = "/" | .linux.maskedPaths = ["/etc/passwd/x"]' \
		'.linux.maskedPaths = [] | .linux.readonlyPaths = ["/etc/passwd/x"]' \
		'.linux.readonlyPaths = [] | .linux.devices = [{path: "/", type: "c", major: 1, minor: 3}]' \
		'.linux.devices = [] | .linux.mountLabel = "system_u:object_r:x_t:s0"'; do
		configure "$program"
		echo "case: $program"
		same_as_runc
	done
}
