#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Device nodes of the container.

load helpers

add_device() { # JSON object
	configure '.linux.devices += [$device]' --argjson device "$1"
}

@test "the usual nodes and links are there and nothing else" {
	script 'ls /dev | xargs; cd /dev; stat -c "%n %F %t:%T %a %u:%g" null zero full random urandom tty
		for link in fd stdin stdout stderr ptmx; do readlink $link; done'
	run_container
	succeeded
	local names="fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero"
	[ "${lines[0]}" = "$names" ] || [ "${lines[0]}" = "core $names" ]
	[ "${lines[1]}" = "null character special file 1:3 666 0:0" ]
	[ "${lines[2]}" = "zero character special file 1:5 666 0:0" ]
	[ "${lines[3]}" = "full character special file 1:7 666 0:0" ]
	[ "${lines[4]}" = "random character special file 1:8 666 0:0" ]
	[ "${lines[5]}" = "urandom character special file 1:9 666 0:0" ]
	[ "${lines[6]}" = "tty character special file 5:0 666 0:0" ]
	[ "$(echo ${lines[*]:7})" = "/proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2 pts/ptmx" ]
}

@test "they work" {
	script 'echo x >/dev/null && head -c 3 /dev/zero | wc -c && head -c 3 /dev/urandom | wc -c
		echo x 2>&1 >/dev/full; echo through >/dev/stdout; echo <&- from | cat /dev/stdin'
	run_container
	succeeded
	[[ $output == *"No space left on device"* ]]
	[[ $output == *through* && $output == *from* ]]
}

@test "nodes of each type, with mode and owner" {
	add_device '{"path": "/dev/char", "type": "c", "major": 10, "minor": 229, "fileMode": 384, "uid": 5, "gid": 6}'
	add_device '{"path": "/dev/unbuffered", "type": "u", "major": 1, "minor": 5}'
	add_device '{"path": "/dev/block", "type": "b", "major": 7, "minor": 1, "fileMode": 416}'
	add_device '{"path": "/dev/pipe", "type": "p", "fileMode": 420}'
	script 'cd /dev; stat -c "%n %F %t:%T %a %u:%g" char unbuffered block pipe'
	run_container
	succeeded
	[ "${lines[0]}" = "char character special file a:e5 600 5:6" ]
	[ "${lines[1]}" = "unbuffered character special file 1:5 666 0:0" ]
	[ "${lines[2]}" = "block block special file 7:1 640 0:0" ]
	[ "${lines[3]}" = "pipe fifo 0:0 644 0:0" ]
}

@test "nodes outside /dev and in folders that are missing" {
	configure '.root.readonly = false'
	add_device '{"path": "/a/b/zero", "type": "c", "major": 1, "minor": 5}'
	add_device '{"path": "/dev/c/d/zero", "type": "c", "major": 1, "minor": 5}'
	script 'stat -c %t:%T /a/b/zero /dev/c/d/zero'
	run_container
	succeeded
	[ "$(echo $output)" = "1:5 1:5" ]
}

@test "the umask of the caller does not change the mode" {
	add_device '{"path": "/dev/char", "type": "c", "major": 1, "minor": 5, "fileMode": 438}'
	script 'stat -c %a /dev/char /dev/null'
	(umask 077; run_container; succeeded; [ "$(echo $output)" = "666 666" ])
}

@test "a usual node can be replaced" {
	add_device '{"path": "/dev/random", "type": "c", "major": 1, "minor": 5, "fileMode": 420}'
	script 'stat -c "%t:%T %a" /dev/random; ls /dev/random | wc -l'
	run_container
	succeeded
	[ "${lines[0]}" = "1:5 644" ]
}

@test "a node can be used when its rule allows it, not otherwise" {
	add_device '{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}'
	configure '.process.capabilities[] += ["CAP_SYSLOG"]'
	script 'head -c 1 /dev/kmsg >/dev/null && echo opened'
	run_container
	failed_with "Operation not permitted"
	configure '.linux.resources.devices += [{allow: true, type: "c", major: 1, minor: 11, access: "r"}]'
	run_container
	succeeded
	[[ $output == *opened* ]]
}

@test "/dev/ptmx of the list is the container's own devpts all the same" {
	add_device '{"path": "/dev/ptmx", "type": "c", "major": 5, "minor": 2}'
	script 'readlink /dev/ptmx'
	run_container
	succeeded
	[ "$output" = pts/ptmx ]
}

@test "in a user namespace nodes are the host's, bound" {
	use_user_namespace
	# A node of the host that is surely there, under a path that need not be.
	add_device '{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 11}'
	script 'stat -c %t:%T /dev/kmsg; grep -c " /dev/kmsg " /proc/self/mountinfo'
	run_container
	succeeded
	[ "$(echo $output)" = "1:b 1" ]
	configure '.linux.devices = [{path: "/dev/no-such-node", type: "c", major: 1, minor: 5}]'
	run_container
	failed_with "no such file or directory"
}

@test "nodes that the root file system has already are used" {
	configure '.mounts |= map(select(.destination | startswith("/dev") | not)) | .root.readonly = false'
	mknod -m 600 "$BUNDLE/rootfs/dev/null" c 1 3
	script 'stat -c "%t:%T %a" /dev/null; stat -c %t:%T /dev/zero'
	run_container
	succeeded
	[ "${lines[0]}" = "1:3 600" ] || [ "${lines[0]}" = "1:3 666" ]
	[ "${lines[1]}" = 1:5 ]
}

@test "bad types and paths are refused" {
	add_device '{"path": "/dev/x", "type": "z", "major": 1, "minor": 5}'
	run_container
	failed_with 'invalid device type "z"'
	configure '.linux.devices = [] | .linux.resources.devices = [{allow: true, access: ""}]'
	run_container
	failed_with "device access at 0 field cannot be empty"
}
