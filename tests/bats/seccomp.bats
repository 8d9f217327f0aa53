#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Filters of system calls, and agents that answer them.

load helpers

SIGSYS=31

# A profile with this default action and these rules: set_profile ACTION '[rule, ...]'
set_profile() {
	configure '.linux.seccomp = {defaultAction: $action, syscalls: $rules}' --arg action "SCMP_ACT_$1" --argjson rules "$2"
}

# Make system calls, one a line of arguments, and print their results in the same number of lines.
make_calls() {
	script 'for call; do probe call $call; done'
	configure '.process.args += ["sh"] + $ARGS.positional' --args "$@"
}

# A profile of the shape that engines use: a long list of what is allowed, some rules with arguments, some
# with an errno of their own, for three architectures. The kernel's header tells the names.
set_long_profile() {
	local names
	names=$(echo '#include <sys/syscall.h>' | gcc -E -dM - | sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/\1/p' | sort)
	configure '
		($names | split("\n") | map(select(. != ""))) as $all
		| ["acct", "add_key", "bpf", "clone", "clone3", "create_module", "delete_module", "finit_module", "init_module",
			"kexec_file_load", "kexec_load", "keyctl", "mount", "move_mount", "nfsservctl", "open_tree", "personality",
			"pivot_root", "quotactl", "reboot", "request_key", "setns", "socket", "swapoff", "swapon", "syslog",
			"umount2", "unshare", "uselib", "userfaultfd"] as $special
		| .linux.seccomp = {
			defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 1,
			architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
			syscalls: ([{names: ($all - $special), action: "SCMP_ACT_ALLOW"}]
			+ [{names: ["socket"], action: "SCMP_ACT_ALLOW", args: [{index: 0, value: 40, op: "SCMP_CMP_NE"}]}]
			+ [0, 8, 131072, 131080, 4294967295 | {names: ["personality"], action: "SCMP_ACT_ALLOW",
				args: [{index: 0, value: ., op: "SCMP_CMP_EQ"}]}]
			+ [{names: ["clone"], action: "SCMP_ACT_ALLOW", args: [{index: 0, value: 2114060288, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ"}]},
			{names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: 38},
			{names: ["no_such_system_call"], action: "SCMP_ACT_ALLOW"}])}' --arg names "$names"
	[ "$(jq '[.linux.seccomp.syscalls[].names[]] | length' "$BUNDLE/config.json")" -ge 300 ]
}

@test "a profile as long as the engines' allows and denies what it should" {
	[ "$(uname -m)" = x86_64 ] || skip "the numbers are those of x86-64"
	set_long_profile
	make_calls "mount 0 0 0" "acct 0" "unshare 0x10000000" "clone3 0 0" "personality 0xffffffff" "personality 4" \
		"socket 1 1 0" "socket 40 1 0" "keyctl 0" future getpid
	run_container
	succeeded
	[ "$(echo ${lines[*]:0:4})" = "EPERM EPERM EPERM ENOSYS" ]
	[ "${lines[4]}" = 0 ]
	[ "${lines[5]}" = EPERM ]
	[ "${lines[6]}" = 3 ]
	[ "${lines[7]}" = EPERM ]
	[ "${lines[8]}" = EPERM ]
	[ "${lines[9]}" = ENOSYS ]
	[ "${lines[10]}" -gt 1 ]
}

@test "exec has the same filter" {
	[ "$(uname -m)" = x86_64 ] || skip "the numbers are those of x86-64"
	set_long_profile
	configure '.process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	execute sh -c 'for call in "mount 0 0 0" "clone3 0 0" getpid; do probe call $call; done; grep ^Seccomp: /proc/self/status'
	succeeded
	[ "${lines[0]}" = EPERM ]
	[ "${lines[1]}" = ENOSYS ]
	[ "${lines[2]}" -gt 1 ]
	[[ ${lines[3]} == *2 ]]
}

@test "each action does its part" {
	set_profile ALLOW '[{"names": ["sync"], "action": "SCMP_ACT_ERRNO"}, {"names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77},
		{"names": ["acct"], "action": "SCMP_ACT_LOG"}, {"names": ["syslog"], "action": "SCMP_ACT_KILL_PROCESS"},
		{"names": ["keyctl"], "action": "SCMP_ACT_KILL"}, {"names": ["kexec_load"], "action": "SCMP_ACT_TRAP"},
		{"names": ["personality"], "action": "SCMP_ACT_KILL_THREAD"}, {"names": ["setpriority"], "action": "SCMP_ACT_TRACE"}]'
	configure '.process.capabilities[] += ["CAP_SYS_PACCT"]'
	# The shell says "Bad system call" on stderr.
	script 'exec 2>/dev/null; for call in sync umask acct syslog keyctl kexec_load personality setpriority; do
		r=$(probe call $call); echo $? $r; done'
	run_container --no-new-keyring
	succeeded
	[ "${lines[0]}" = "0 EPERM" ]
	[ "${lines[1]}" = "0 EBADFD" ]
	[ "${lines[2]}" = "0 0" ]
	local i
	for i in 3 4 5 6; do
		[ "${lines[i]}" = "$((128 + SIGSYS))" ]
	done
	# Nobody traces it.
	[ "${lines[7]}" = "0 ENOSYS" ]
}

@test "a default action other than allow, with its errno" {
	set_long_profile
	configure '.linux.seccomp.defaultErrnoRet = 5'
	make_calls "mount 0 0 0" getpid
	run_container
	succeeded
	[ "${lines[0]}" = EIO ]
	[ "${lines[1]}" -gt 1 ]
}

@test "comparisons of arguments, all operators" {
	local comparison
	set_profile ALLOW "$(jq -n '
		def rule($call; $op; $value; $two): {names: [$call], action: "SCMP_ACT_ERRNO", errnoRet: 77,
			args: [{index: 0, value: $value, valueTwo: $two, op: "SCMP_CMP_\($op)"}]};
		[rule("acct"; "EQ"; 5; 0), rule("keyctl"; "NE"; 5; 0), rule("syslog"; "LT"; 5; 0), rule("kexec_load"; "LE"; 5; 0),
			rule("socket"; "GT"; 5; 0), rule("personality"; "GE"; 5; 0), rule("getpriority"; "MASKED_EQ"; 12; 4)]')"
	local calls=() call value
	for call in acct keyctl syslog kexec_load socket personality getpriority; do
		for value in 4 5 6 8 20; do
			calls+=("$call $value")
		done
	done
	make_calls "${calls[@]}"
	run_container --no-new-keyring
	succeeded
	# One letter a call, x for those that were caught.
	local caught=""
	for value in "${lines[@]}"; do
		[ "$value" = EBADFD ] && caught+=x || caught+=.
	done
	[ "$caught" = ".x...""x.xxx""x....""xx...""..xxx"".xxxx""xxx.x" ]
}

@test "two conditions on one argument are alternatives, on different ones both must hold" {
	set_profile ALLOW '[{"names": ["setpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77, "args": [
			{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 2, "op": "SCMP_CMP_EQ"}]},
		{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77, "args": [
			{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 7, "op": "SCMP_CMP_EQ"}]}]'
	make_calls "setpriority 0 0 19" "setpriority 1 0 19" "setpriority 2 0 19" "getpriority 0 0" "getpriority 1 7" "getpriority 0 7"
	run_container
	succeeded
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = EBADFD ]
	[ "${lines[2]}" = EBADFD ]
	[ "${lines[3]}" != EBADFD ]
	[ "${lines[4]}" != EBADFD ]
	[ "${lines[5]}" = EBADFD ]
}

@test "calls newer than all that the profile names are not known, older ones are denied" {
	set_long_profile
	# As if written for Linux 5.8, and clone3 left out: what came later is unknown, that one is denied.
	configure '.linux.seccomp.syscalls |= (map(.names |= map(select(test("^(clone3|cachestat|epoll_pwait2|fchmodat2|futex_.*|get.*xattrat|landlock_.*|list.*at|list.*mount|lsm_.*|map_shadow.*|memfd_secret|mount_setattr|mseal|process_m.*|quotactl_fd|removexattrat|set_mempolicy_h.*|setxattrat|statmount)$") | not)))
		| map(select(.names != [])))'
	make_calls "landlock_create_ruleset 0 0 1" "clone3 0 0" "mount 0 0 0"
	run_container
	succeeded
	[ "$(echo $output)" = "ENOSYS EPERM EPERM" ]
}

@test "with no_new_privs the filter comes last, without it what the filter denies fails the start" {
	set_profile ALLOW '[{"names": ["capset"], "action": "SCMP_ACT_ERRNO"}]'
	configure '.process.noNewPrivileges = true'
	configure '.process.args = ["grep", "^Seccomp:", "/proc/self/status"]'
	run_container
	succeeded
	[[ $output == *2 ]]
	configure '.process.noNewPrivileges = false'
	run_container
	failed_with "operation not permitted"
	nothing_left
}

@test "without no_new_privs a filter is loaded and stays" {
	configure '.process.noNewPrivileges = false | .process.user.uid = 1000'
	set_profile ALLOW '[{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]'
	make_calls "umask 0"
	run_container
	succeeded
	[ "$output" = EBADFD ]
}

# A profile for a call without a name in the kernel, which is in what is kept of it, and in nothing else.
set_own_profile() {
	OWN=rti-$$-$SRANDOM
	set_profile ALLOW "[{\"names\": [\"acct\", \"$OWN\"], \"action\": \"SCMP_ACT_ERRNO\", \"errnoRet\": 77}]"
}

kept_programs() { grep -rlF "$OWN" /run/runtime-init/seccomp 2>/dev/null | wc -l; }

@test "a profile is compiled once, and what is kept of it is out of every container's reach" {
	has_own_init || skip "only our init keeps programs"
	set_own_profile
	configure '.process.args = ["sh", "-c", "ls /proc/self/fd | tr \"\\n\" \" \"; ls /run/runtime-init 2>/dev/null; probe call acct 0"]'
	for _ in 1 2 3; do
		run_container
		succeeded
		[[ $output == "0 1 2 3 "*EBADFD ]] # 3 is the folder that ls reads
		[ "$(kept_programs)" -eq 1 ]
	done
	[ "$(stat -c %a:%u /run/runtime-init/seccomp)" = 700:0 ]
	configure '.process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	execute sh -c 'ls /proc/self/fd | tr "\n" " "'
	[[ $output == "0 1 2 3 "* ]]
	[ "$(kept_programs)" -eq 1 ]
}

# Whose processes may see the init's fds, and reopen them.
@test "an init among another container's processes opens nothing that is kept" {
	has_own_init || skip "only our init keeps programs"
	local first
	unshare --pid --fork --kill-child sleep 1000 3>&- &
	HOLDERS+=($!)
	eventually pgrep -P $!
	first=$(pgrep -P $!)
	join_namespace pid "/proc/$first/ns/pid"
	set_own_profile
	configure '.process.args = ["probe", "call", "acct", "0"]'
	run_container
	succeeded
	[ "$output" = EBADFD ]
	# Our parent compiles, and gives it a sealed copy.
	[ "$(kept_programs)" -eq "$(has_own_parent && echo 1 || echo 0)" ]
}

@test "--debug tells the flags of the filter, compiled now or kept from before" {
	configure '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["SECCOMP_FILTER_FLAG_LOG"],
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO"}]}'
	for _ in 1 2; do
		run runtime --debug run --bundle "$BUNDLE" "$ID"
		succeeded
		[[ $output == *"seccomp filter flags: 2"* ]]
	done
}

@test "no profile, no filter" {
	configure 'del(.linux.seccomp) | .process.args = ["grep", "^Seccomp:", "/proc/self/status"]'
	run_container
	succeeded
	[[ $output == *0 ]]
}

@test "flags of the filter" {
	local flag
	for flag in SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_SPEC_ALLOW SECCOMP_FILTER_FLAG_TSYNC; do
		set_profile ALLOW '[{"names": ["umask"], "action": "SCMP_ACT_ERRNO"}]'
		configure '.linux.seccomp.flags = [$flag]' --arg flag $flag
		make_calls "umask 0"
		run_container
		succeeded
		[ "$output" = EPERM ]
	done
	configure '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_BOGUS"]'
	run_container
	failed_with "seccomp flag SECCOMP_FILTER_FLAG_BOGUS is not known to runc"
}

@test "actions, architectures and operators that do not exist" {
	set_profile BOGUS '[]'
	run_container
	failed_with "string SCMP_ACT_BOGUS is not a valid action for seccomp"
	set_profile ALLOW '[]'
	configure '.linux.seccomp.architectures = ["SCMP_ARCH_BOGUS"]'
	run_container
	failed_with "string SCMP_ARCH_BOGUS is not a valid arch for seccomp"
	set_profile ALLOW '[{"names": ["umask"], "action": "SCMP_ACT_ERRNO", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_BOGUS"}]}]'
	run_container
	failed_with "string SCMP_CMP_BOGUS is not a valid operator for seccomp"
}

# An agent at $AGENT that answers as seccomp-agent's arguments say, and writes to $AGENT.log.
start_agent() {
	AGENT=$BATS_TEST_TMPDIR/agent
	"$RTI_BUILD/tests/helpers/seccomp-agent" "$AGENT" "$@" >"$AGENT.log" 2>&1 3>&- &
	HOLDERS+=($!)
	eventually test -S "$AGENT"
	configure '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $path, listenerMetadata: "some <metadata>",
		syscalls: [{names: ["acct", "mount", "getpriority", "umask"], action: "SCMP_ACT_NOTIFY"}]}' --arg path "$AGENT"
}

messages() { sed -n 's/^container //p' "$AGENT.log"; }

@test "an agent answers calls with values, errors and leave to go on" {
	start_agent acct=77 mount=+0 getpriority=+55 umask=continue
	make_calls "acct 0" "mount 0 0 0" "getpriority 0 0" "umask 0"
	run_container
	succeeded
	[ "$(echo $output)" = "EBADFD 0 55 18" ]
	[ "$(grep -c "^call acct$" "$AGENT.log")" = 1 ]
}

@test "the agent is told which container it is" {
	start_agent
	configure '.annotations = {"org.example": "note"} | .process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	eventually grep -q "^container " "$AGENT.log"
	messages | jq -e --arg id "$ID" --arg bundle "$BUNDLE" --argjson pid "$(container_state .pid)" '
		.fds == ["seccompFd"] and .pid == $pid and .metadata == "some <metadata>"
		and .state.id == $id and .state.status == "creating" and .state.pid == $pid
		and .state.bundle == $bundle and .state.annotations["org.example"] == "note"'
}

@test "the agent answers for exec as well" {
	start_agent acct=77
	configure '.process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	execute probe call acct 0
	succeeded
	[ "$output" = EBADFD ]
	messages | tail -n 1 | jq -e --argjson pid "$(container_state .pid)" '
		.state.status == "running" and .state.pid == $pid and .pid != $pid'
}

@test "an agent without no_new_privs, and in a user namespace" {
	start_agent acct=77
	configure '.process.noNewPrivileges = false'
	make_calls "acct 0"
	run_container
	succeeded
	[ "$output" = EBADFD ]
	use_user_namespace
	run_container
	succeeded
	[ "$output" = EBADFD ]
}

@test "an agent that is not there, or not named" {
	start_agent
	configure '.linux.seccomp.listenerPath = "/no/such/agent"'
	run_container
	failed_with "failed to connect with seccomp agent specified in the seccomp profile: dial unix /no/such/agent"
	configure 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	run_container
	failed_with "seccomp listenerPath is not set"
	nothing_left
}

@test "write cannot be left to an agent, nor everything" {
	start_agent
	configure '.linux.seccomp.syscalls[0].names += ["write"]'
	run_container
	failed_with "SCMP_ACT_NOTIFY cannot be used for the write syscall"
	configure '.linux.seccomp |= (.defaultAction = "SCMP_ACT_NOTIFY" | .syscalls[0].names -= ["write"])'
	run_container
	failed_with "SCMP_ACT_NOTIFY cannot be used as default action"
}
