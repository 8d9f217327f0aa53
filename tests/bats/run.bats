#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Containers that run to their end in the foreground.

load helpers

@test "a program's output and exit status come through" {
	script 'echo hello from inside; exit 7'
	run_container
	[ "$status" -eq 7 ]
	[ "$output" = "hello from inside" ]
}

@test "a program killed by a signal gives 128 plus its number" {
	script 'kill -KILL $$'
	configure '.linux.namespaces |= map(select(.type != "pid"))'
	run_container
	[ "$status" -eq 137 ]
}

@test "the program is process 1, in namespaces of its own" {
	script 'echo $$; hostname; for ns in mnt pid net ipc uts; do readlink /proc/self/ns/$ns; done'
	run_container
	succeeded
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" = runc ]
	local i=2 ns
	for ns in mnt pid net ipc uts; do
		[ "${lines[i]}" != "$(readlink /proc/self/ns/$ns)" ]
		i=$((i + 1))
	done
}

@test "only stdin, stdout and stderr are open" {
	script 'ls /proc/self/fd'
	run_container
	succeeded
	# ls opens the folder itself as 3
	[ "$(echo $output)" = "0 1 2 3" ]
}

@test "the root file system is read-only when asked, and /dev is populated" {
	script 'touch /x 2>&1; ls /dev; stat -c "%n %t %T %a" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty'
	run_container
	succeeded
	[[ $output == *"Read-only file system"* ]]
	for node in null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr; do
		[[ " $(echo $output) " == *" $node "* ]]
	done
	[[ $output == *"/dev/null 1 3 666"* ]]
}

@test "the loopback interface is up" {
	script 'cat /sys/class/net/lo/flags'
	run_container
	succeeded
	[ $((output & 1)) -eq 1 ]
}

@test "a user namespace maps root, its files and its devices" {
	use_user_namespace
	script 'id -u; cat /proc/self/uid_map; stat -c %u /bin/busybox; echo x >/dev/null; test -c /dev/zero'
	run_container
	succeeded
	[ "${lines[0]}" = 0 ]
	[ "$(echo ${lines[1]})" = "0 100000 65536" ]
	[ "${lines[2]}" = 0 ]
}
