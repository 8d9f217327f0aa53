#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# File descriptors and sockets that callers pass on.

load helpers

@test "--preserve-fds passes exactly so many on" {
	script 'cat <&3; ls /proc/self/fd | tr "\n" " "'
	echo passed >"$BATS_TEST_TMPDIR/file"
	run bash -c 'runtime run --bundle "$BUNDLE" --preserve-fds 1 "$ID" 3<"$1" 4</dev/null' - "$BATS_TEST_TMPDIR/file"
	succeeded
	[ "${lines[0]}" = passed ]
	[ "$(echo ${lines[1]})" = "0 1 2 3 4" ] # 4 is the folder that ls reads
}

@test "--preserve-fds of what is not there is refused" {
	run bash -c 'runtime run --bundle "$BUNDLE" --preserve-fds 90 "$ID" 3</dev/null'
	failed_with "unable to stat preserved-fd"
	[ ! -e "$STATE/$ID" ] || ! has_own_parent # runc forgets to remove it
}

@test "sockets of a service manager are passed on with their number" {
	# The program under test has to be the very process that LISTEN_PID names.
	local program
	case $RTI_PAIR in
	runtime-parent+runtime-init) program="$RTI_BUILD/runtime-parent --init $RTI_BUILD/runtime-init" ;;
	runtime-parent+runc) program="$RTI_BUILD/runtime-parent --init $PEER_RUNC" ;;
	runc+runc) program=$PEER_RUNC ;;
	*) skip "the launcher is another process than the one that LISTEN_PID names" ;;
	esac
	script 'echo $LISTEN_FDS $LISTEN_PID; cat <&3'
	echo activated >"$BATS_TEST_TMPDIR/file"
	run bash -c 'exec 3<"$1"; export LISTEN_FDS=1 LISTEN_PID=$$
		exec $2 --root "$STATE" run --bundle "$BUNDLE" "$ID"' - "$BATS_TEST_TMPDIR/file" "$program"
	succeeded
	[ "${lines[0]}" = "1 1" ]
	[ "${lines[1]}" = activated ]
}

receive_pidfd() { # path
	"$RTI_BUILD/tests/helpers/receive-fd" pidfd "$1" >"$1.log" 2>&1 3>&- &
	eventually test -S "$1"
}

@test "--pidfd-socket gets a pidfd of the container's init, and of what exec runs" {
	local container=$BATS_TEST_TMPDIR/container exec=$BATS_TEST_TMPDIR/exec
	configure '.process.args = ["sleep", "1000"]'
	receive_pidfd "$container"
	run_detached --pidfd-socket "$container"
	succeeded
	eventually grep -qx "pid $(container_state .pid)" "$container.log"
	[ "$(head -n 1 "$container.log")" = standard ]
	receive_pidfd "$exec"
	runtime exec --detach --pid-file "$exec.pid" --pidfd-socket "$exec" "$ID" sleep 0.5 </dev/null
	eventually grep -qx "pid $(cat "$exec.pid")" "$exec.log"
	[ "$(head -n 1 "$exec.log")" = setns ]
	eventually grep -qx ended "$exec.log"
	not grep -qx ended "$container.log"
	runtime delete --force "$ID"
	eventually grep -qx ended "$container.log"
}

# Print what arrives on a datagram socket, and close what comes with it.
service_manager() { # path
	python3 -c '
import os, socket, sys
manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
manager.bind(sys.argv[1])
while True:
    message, fds, _, _ = socket.recv_fds(manager, 4096, 4)
    print(message.decode().strip(), flush=True)
    for fd in fds:
        os.close(fd)' "$1" >"$BATS_TEST_TMPDIR/notified" 3>&- &
	MANAGER=$!
	until [ -S "$1" ]; do sleep 0.02; done
}

# A program for the container that says READY, with what the host has to say it with.
use_notifier() {
	command -v socat >/dev/null || skip "needs socat"
	configure '.mounts += [{"destination": "/lib", "source": "/lib", "type": "bind", "options": ["rbind", "ro"]},
			{"destination": "/lib64", "source": "/lib64", "type": "bind", "options": ["rbind", "ro"]},
			{"destination": "/usr", "source": "/usr", "type": "bind", "options": ["rbind", "ro"]}]
		| .root.readonly = false'
	script 'printf "READY=1\nSTATUS=fine" | /usr/bin/socat - "UNIX-SENDTO:$NOTIFY_SOCKET"; sleep 0.5'
}

cleanup() {
	[ -z "${MANAGER:-}" ] || kill "$MANAGER"
	[ ! -d "$STATE/$ID" ] || runtime delete --force "$ID"
}

@test "readiness is passed on, with the runtime's pid while it stays" {
	use_notifier
	service_manager "$BATS_TEST_TMPDIR/host.sock"
	NOTIFY_SOCKET=$BATS_TEST_TMPDIR/host.sock run_container
	succeeded
	grep -q '^READY=1$' "$BATS_TEST_TMPDIR/notified"
	grep -q '^MAINPID=[0-9]*$' "$BATS_TEST_TMPDIR/notified"
}

@test "readiness is passed on, with the container's pid when it does not stay" {
	use_notifier
	script 'printf "READY=1" | /usr/bin/socat - "UNIX-SENDTO:$NOTIFY_SOCKET"; sleep 1000'
	service_manager "$BATS_TEST_TMPDIR/host.sock"
	export NOTIFY_SOCKET=$BATS_TEST_TMPDIR/host.sock
	runtime create --bundle "$BUNDLE" "$ID" </dev/null >/dev/null 2>&1 3>&-
	runtime start "$ID"
	grep -q "^MAINPID=$(runtime state "$ID" | jq .pid)$" "$BATS_TEST_TMPDIR/notified"
	grep -q '^BARRIER=1$' "$BATS_TEST_TMPDIR/notified"
	runtime delete --force "$ID"
}
