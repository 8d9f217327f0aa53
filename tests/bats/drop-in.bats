#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# runc-with-runtime-init: whose init a runc gets, and what is refused instead of run.

load helpers

prepare() {
	only_pair runc+runtime-init
	INIT=$BATS_TEST_TMPDIR/init
}

# The launcher with another init: launch_with INIT ARGUMENT...
launch_with() {
	RUNC_WITH_RUNTIME_INIT="--runc $PEER_RUNC --init $1" run "$RTI_BUILD/runc-with-runtime-init" "${@:2}"
}

@test "the launcher runs runc with the same arguments, and says what it runs" {
	launch_with "$RTI_BUILD/runtime-init" --version
	succeeded
	[ "$output" = "$("$PEER_RUNC" --version)" ]
	launch_with "$RTI_BUILD/runtime-init --show"
	succeeded
	[ "${lines[0]}" = "runc: $PEER_RUNC" ]
	[ "${lines[1]}" = "init: $RTI_BUILD/runtime-init" ]
}

@test "a program that is no runtime-init is not run in runc's place" {
	launch_with /bin/true --version
	failed_with "runc-with-runtime-init: /bin/true is not runtime-init"
	launch_with /etc/passwd --version
	failed_with "/etc/passwd is not an ELF program"
	launch_with /no/such --version
	failed_with "open runtime-init /no/such: no such file or directory"
}

@test "an init of another build is refused by the launcher and by runtime-parent" {
	sed 's/0\.\([0-9]*\.[0-9]*-[0-9a-f]\{16\}\)/9.\1/' "$RTI_BUILD/runtime-init" >"$INIT"
	chmod +x "$INIT"
	launch_with "$INIT" --version
	failed_with "$INIT is runtime-init 9."
	failed_with "both have to be of one build"
	run "$RTI_BUILD/runtime-parent" --root "$STATE" --init "$INIT" run --bundle "$BUNDLE" "$ID"
	failed_with "$INIT is runtime-init 9."
	failed_with "both have to be of one build"
}

@test "a container's init is runtime-init, and cannot be written to from inside" {
	script 'exec sleep 1000'
	create_container
	succeeded
	pid=$(container_state .pid)
	[ "$(tr '\0' ' ' <"/proc/$pid/cmdline")" = "$RTI_BUILD/runc-with-runtime-init init " ]
	cmp "/proc/$pid/exe" "$RTI_BUILD/runtime-init"
	not bash -c "echo x >>/proc/$pid/exe"
}
