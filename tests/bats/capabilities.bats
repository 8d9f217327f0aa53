#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Capabilities, and what keeps a program from getting more.

load helpers

# The five sets of the program itself, without a shell between, as "Inh Prm Eff Bnd Amb".
show_sets() { configure '.process.args = ["grep", "^Cap", "/proc/self/status"]'; }

sets() { awk '{ sub("^0*", "", $2); print $2 == "" ? 0 : $2 }' <<<"$output" | xargs; }

set_capabilities() { # JSON object with short names of sets
	configure '.process.capabilities = ($sets | with_entries(.key |= {b: "bounding", e: "effective", i: "inheritable",
		p: "permitted", a: "ambient"}[.]))' --argjson sets "$1"
}

@test "the sets are exactly those of the configuration" {
	show_sets
	set_capabilities '{"b": ["CAP_CHOWN", "CAP_KILL", "CAP_SETUID"], "p": ["CAP_KILL", "CAP_SETUID"], "e": ["CAP_KILL"]}'
	run_container
	succeeded
	# For root, execve makes all effective that is permitted.
	[ "$(sets)" = "0 a0 a0 a1 0" ]
}

@test "inheritable is empty unless the configuration fills it" {
	show_sets
	run_container
	succeeded
	[ "$(sets | cut -d' ' -f1)" = 0 ]
	set_capabilities '{"b": ["CAP_KILL"], "p": ["CAP_KILL"], "e": ["CAP_KILL"], "i": ["CAP_KILL"]}'
	run_container
	succeeded
	[ "$(sets | cut -d' ' -f1)" = 20 ]
}

@test "another user than root keeps capabilities only as ambient ones" {
	show_sets
	configure '.process.user.uid = 1000'
	set_capabilities '{"b": ["CAP_KILL", "CAP_CHOWN"], "p": ["CAP_KILL"], "e": ["CAP_KILL"]}'
	run_container
	succeeded
	[ "$(sets)" = "0 0 0 21 0" ]
	set_capabilities '{"b": ["CAP_KILL", "CAP_CHOWN"], "p": ["CAP_KILL"], "e": ["CAP_KILL"], "i": ["CAP_KILL"], "a": ["CAP_KILL"]}'
	run_container
	succeeded
	[ "$(sets)" = "20 20 20 21 20" ]
}

@test "an empty object drops everything" {
	show_sets
	set_capabilities '{}'
	run_container
	succeeded
	[ "$(sets)" = "0 0 0 0 0" ]
}

@test "without the object nothing is dropped" {
	needs_runc 1.3
	show_sets
	configure 'del(.process.capabilities)'
	run_container
	succeeded
	[ "$(sets | cut -d' ' -f2,4)" = "$(grep ^Cap /proc/self/status | { output=$(cat); sets; } | cut -d' ' -f4,4 | sed 's/.*/& &/')" ]
}

@test "an ambient capability that is not inheritable is left out" {
	show_sets
	configure '.process.user.uid = 1000'
	set_capabilities '{"b": ["CAP_KILL"], "p": ["CAP_KILL"], "e": ["CAP_KILL"], "a": ["CAP_KILL"]}'
	run_container
	[ "$status" -eq 0 ]
	output=$(grep ^Cap <<<"$output")
	[ "$(sets)" = "0 0 0 20 0" ]
}

@test "unknown capabilities are passed over with a warning" {
	show_sets
	set_capabilities '{"b": ["CAP_KILL", "CAP_NOT_KNOWN", "CAP_ALSO_NOT"], "p": ["CAP_KILL"], "e": ["CAP_KILL"]}'
	run_container
	[ "$status" -eq 0 ]
	[[ $output == *"ignoring unknown or unavailable capabilities: [CAP_ALSO_NOT CAP_NOT_KNOWN]"* ]]
	output=$(grep ^Cap <<<"$output")
	[ "$(sets)" = "0 20 20 20 0" ]
}

@test "effective capabilities that are not permitted are refused" {
	set_capabilities '{"b": ["CAP_KILL"], "e": ["CAP_KILL"]}'
	run_container
	failed_with "can't apply capabilities: operation not permitted"
}

@test "what was dropped cannot be done" {
	configure '.root.readonly = false'
	set_capabilities '{"b": ["CAP_KILL"], "p": ["CAP_KILL"], "e": ["CAP_KILL"]}'
	script 'chown 1 /tmp; hostname other; chroot / true; mount -t tmpfs none /tmp; mknod /tmp/null c 1 3'
	run_container
	[ "$status" -ne 0 ]
	[ "$(grep -ciE "not permitted|denied" <<<"$output")" = 5 ]
}

@test "no_new_privs is set or not as the configuration says" {
	local value
	for value in true false; do
		configure '.process.noNewPrivileges = $value' --argjson value $value
		configure '.process.args = ["grep", "NoNewPrivs", "/proc/self/status"]'
		run_container
		succeeded
		[ "${output##*	}" = "$([ $value = true ] && echo 1 || echo 0)" ]
	done
}

@test "with no_new_privs a set-uid program gives nothing" {
	local value
	cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/tmp/grep"
	chmod 4755 "$BUNDLE/rootfs/tmp/grep"
	configure '.process.user.uid = 1000 | .process.args = ["/tmp/grep", "^Uid", "/proc/self/status"]'
	for value in true false; do
		configure '.process.noNewPrivileges = $value' --argjson value $value
		run_container
		succeeded
		# busybox gives the effective id back; the saved one shows that it had it.
		[ "$(cut -f4 <<<"$output")" = "$([ $value = true ] && echo 1000 || echo 0)" ]
	done
}

@test "in a user namespace the sets are those of the configuration too" {
	use_user_namespace
	show_sets
	set_capabilities '{"b": ["CAP_KILL"], "p": ["CAP_KILL"], "e": ["CAP_KILL"]}'
	run_container
	succeeded
	[ "$(sets)" = "0 20 20 20 0" ]
}

@test "no signal is blocked or ignored, whatever the caller does" {
	configure '.process.args = ["grep", "^Sig[IB]", "/proc/self/status"]'
	local ignored="QUIT USR1 PIPE TERM"
	# With runc as the parent it is a matter of luck for these two.
	not has_own_parent || ignored+=" HUP INT"
	trap '' $ignored
	run_container
	[ "$(echo ${lines[*]})" = "SigBlk: 0000000000000000 SigIgn: 0000000000000000" ]
	configure '.process.args = ["sleep", "1000"]'
	run_detached
	trap - $ignored
	succeeded
	execute grep '^Sig[IB]' /proc/self/status
	[ "$(echo ${lines[*]})" = "SigBlk: 0000000000000000 SigIgn: 0000000000000000" ]
	grep -qx 'SigIgn:	0000000000000000' "/proc/$(container_state .pid)/status"
}
