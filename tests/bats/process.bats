#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The program's user, folder, environment, limits and scheduling, and what happens if it cannot run.

load helpers

@test "user, group and supplementary groups by number" {
	configure '.process.user = {uid: 1000, gid: 1001, additionalGids: [5, 1001, 7]}'
	configure '.process.args = ["grep", "-E", "^(Uid|Gid|Groups)", "/proc/self/status"]'
	run_container
	succeeded
	[ "$(echo ${lines[0]})" = "Uid: 1000 1000 1000 1000" ]
	[ "$(echo ${lines[1]})" = "Gid: 1001 1001 1001 1001" ]
	[ "$(echo ${lines[2]} | tr ' ' '\n' | sort -un | xargs)" = "Groups: 5 7 1001" ]
}

@test "the host's supplementary groups are not kept" {
	configure '.process.args = ["grep", "^Groups", "/proc/self/status"]'
	run setpriv --groups 20,30 bash -c 'runtime "$@"' - run --bundle "$BUNDLE" "$ID"
	succeeded
	[ "$(echo $output)" = "Groups:" ]
}

@test "the umask is 022, or the configuration's" {
	script umask
	(umask 077; run_container; [ "$output" = 0022 ])
	configure '.process.user.umask = 7'
	run_container
	[ "$output" = 0007 ]
	configure '.process.user.umask = 0'
	run_container
	[ "$output" = 0000 ]
}

@test "the working folder, which is made if it is missing" {
	configure '.root.readonly = false | .process.cwd = "/a/b/c"'
	script 'pwd; stat -c "%a %u" .'
	run_container
	succeeded
	[ "${lines[0]}" = /a/b/c ]
	[ "${lines[1]}" = "755 0" ]
	[ -d "$BUNDLE/rootfs/a/b/c" ]
}

@test "a working folder that only the program's user may enter, or only root" {
	mkdir -m 700 "$BUNDLE/rootfs/of-user" "$BUNDLE/rootfs/of-root"
	chown 1000 "$BUNDLE/rootfs/of-user"
	configure '.process.user.uid = 1000 | .process.cwd = "/of-user"
		| .process.capabilities = {bounding: [], effective: [], permitted: []}'
	script pwd
	run_container
	succeeded
	[ "$output" = /of-user ]
	# Entered before the privileges are given up.
	configure '.process.cwd = "/of-root"'
	run_container
	succeeded
}

@test "a working folder that is a file" {
	configure '.process.cwd = "/etc/passwd"'
	run_container
	failed_with "not a directory"
}

@test "CVE-2024-21626: a working folder outside the root through an inherited fd" {
	local fd
	for fd in 3 4 5 6 7 8 9 10 11 12; do
		configure '.process.cwd = "/proc/self/fd/\($fd)"' --argjson fd $fd
		run bash -c 'exec 3</ 4</ 5</ 6</ 7</ 8</ 9</; runtime "$@"' - run --bundle "$BUNDLE" "$ID"
		[ "$status" -ne 0 ]
	done
	configure '.process.cwd = "/proc/self/fd/3"'
	run bash -c 'exec 3</; runtime "$@"' - run --preserve-fds 1 --bundle "$BUNDLE" "$ID"
	failed_with "possible container breakout detected"
}

@test "CVE-2024-21626: the same for exec" {
	configure '.process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	run bash -c 'exec 3</; runtime "$@"' - exec --preserve-fds 1 --cwd /proc/self/fd/3 "$ID" ls
	failed_with "possible container breakout detected"
	local fd
	for fd in 3 5 7 9; do
		run bash -c 'exec 3</ 5</ 7</ 9</; runtime "$@"' - exec --cwd /proc/self/fd/$fd "$ID" ls
		[ "$status" -ne 0 ]
	done
}

@test "the environment is the configuration's, with HOME added" {
	configure '.process.env = ["PATH=/bin", "ONE=1", "EMPTY=", "EQ=a=b", "SPACE=a b"] | .process.args = ["env"]'
	FROM_OUTSIDE=1 run_container
	succeeded
	[ "$(sort <<<"$output")" = "$(printf '%s\n' EMPTY= EQ=a=b HOME=/root ONE=1 PATH=/bin "SPACE=a b" | sort)" ]
}

@test "of a name given twice the last value counts" {
	configure '.process.env = ["A=1", "PATH=/nowhere", "A=2", "B=3", "PATH=/bin"] | .process.args = ["env"]'
	run_container
	succeeded
	[ "$(grep -c ^A= <<<"$output")" = 1 ]
	[[ $output == *A=2* ]]
	[[ $output == *PATH=/bin* ]]
}

@test "HOME comes from the image's passwd file unless it is given" {
	printf 'user:x:1000:1000::/home/user:/bin/sh\nempty:x:1001:1001:::\n' >>"$BUNDLE/rootfs/etc/passwd"
	script 'echo "HOME $HOME"'
	local uid home
	while read -r uid home; do
		configure '.process.user.uid = $uid' --argjson uid "$uid"
		run_container
		succeeded
		[ "$output" = "HOME $home" ]
	done <<-'EOF'
		0 /root
		1000 /home/user
		77777 /
	EOF
	configure '.process.user.uid = 1000 | .process.env += ["HOME=/elsewhere"]'
	run_container
	[ "$output" = "HOME /elsewhere" ]
	rm "$BUNDLE/rootfs/etc/passwd"
	configure '.process.user.uid = 1000 | .process.env |= map(select(startswith("HOME=") | not))'
	run_container
	[ "$output" = "HOME /" ]
}

@test "a passwd file that is a folder, a link out or a pipe does not stop anything" {
	script 'echo "HOME $HOME"'
	rm "$BUNDLE/rootfs/etc/passwd"
	mkdir "$BUNDLE/rootfs/etc/passwd"
	run_container
	succeeded
	[ "$output" = "HOME /" ]
	rmdir "$BUNDLE/rootfs/etc/passwd"
	ln -s ../../../../../../../etc/passwd "$BUNDLE/rootfs/etc/passwd"
	run_container
	[ "$output" = "HOME /" ] || [ "$status" -ne 0 ]
}

@test "environment entries that are none" {
	needs_runc 1.3
	configure '.process.env += ["NOVALUE"]'
	run_container
	failed_with "invalid environment variable"
	configure '.process.env[-1] = "=x"'
	run_container
	failed_with "invalid environment variable"
}

@test "the program is searched in the container's PATH" {
	printf '#!/bin/sh\necho mine\n' >"$BUNDLE/rootfs/tmp/tool"
	chmod +x "$BUNDLE/rootfs/tmp/tool"
	touch "$BUNDLE/rootfs/etc/tool"
	configure '.process.args = ["tool"] | .process.env = ["PATH=/no/such:/etc:/tmp:/bin"]'
	PATH=/bin:$PATH run_container
	succeeded
	[ "$output" = mine ]
	configure '.process.env = ["PATH=/etc"]'
	run_container
	failed_with 'exec: "tool": executable file not found in $PATH'
	configure '.process.env = []'
	run_container
	failed_with "executable file not found in \$PATH"
	configure '.process.args = ["./tool"] | .process.cwd = "/tmp" | .process.env = ["PATH=/bin"]'
	run_container
	succeeded
}

@test "programs that cannot be run, in runc's words" {
	touch "$BUNDLE/rootfs/file"
	local program text
	while IFS='|' read -r program text; do
		configure '.process.args = [$program]' --arg program "$program"
		run_container
		[ "$status" -eq 1 ]
		failed_with "unable to start container process: error during container init: exec: $text"
	done <<-'EOF'
		nosuch|"nosuch": executable file not found in $PATH
		/nosuch|"/nosuch": stat /nosuch: no such file or directory
		/file|"/file": permission denied
		/etc|"/etc": is a directory
		/file/below|"/file/below": stat /file/below: not a directory
	EOF
	nothing_left
}

@test "a file that is no program is found out by execve, after the start" {
	printf 'neither ELF nor script' >"$BUNDLE/rootfs/tmp/broken"
	printf '#!/no/such/interpreter\n' >"$BUNDLE/rootfs/tmp/script"
	chmod +x "$BUNDLE/rootfs/tmp/broken" "$BUNDLE/rootfs/tmp/script"
	configure '.process.args = ["/tmp/broken"]'
	run_container
	failed_with "exec format error"
	configure '.process.args = ["/tmp/script"]'
	run_container
	failed_with "no such file or directory"
}

@test "arguments reach the program as they are" {
	configure '.process.args = ["printf", "<%s>", "", "a b", "\t\"\\", "ünï <&>", "-x"]'
	run_container
	succeeded
	[ "$output" = "<><a b><	\"\\><ünï <&>><-x>" ]
}

@test "limits of resources" {
	configure '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 123, hard: 456}, {type: "RLIMIT_CORE", soft: 0, hard: 0},
		{type: "RLIMIT_STACK", soft: 1048576, hard: 2097152}, {type: "RLIMIT_CPU", soft: 100, hard: "max"}]'
	configure '.process.args = ["grep", "-E", "open files|core|stack|cpu time", "/proc/self/limits"]'
	# jq would round it.
	sed -i 's/"max"/18446744073709551615/' "$BUNDLE/config.json"
	run_container
	succeeded
	local limits
	limits=$(sed 's/  */ /g' <<<"$output")
	[[ $limits == *"Max open files 123 456"* ]]
	[[ $limits == *"Max core file size 0 0"* ]]
	[[ $limits == *"Max stack size 1048576 2097152"* ]]
	[[ $limits == *"Max cpu time 100 unlimited"* ]]
}

@test "limits that are unknown or contradict themselves" {
	configure '.process.rlimits = [{type: "RLIMIT_BOGUS", soft: 1, hard: 1}]'
	run_container
	failed_with "wrong rlimit value: RLIMIT_BOGUS"
	configure '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 200, hard: 100}]'
	run_container
	failed_with "error setting rlimits for ready process: error setting rlimit type 7: invalid argument"
}

@test "oom_score_adj, and that of the runtime where none is given" {
	configure '.process.oomScoreAdj = 500'
	script 'cat /proc/self/oom_score_adj'
	run_container
	succeeded
	[ "$output" = 500 ]
	configure 'del(.process.oomScoreAdj)'
	run_container
	[ "$output" = "$(cat /proc/self/oom_score_adj)" ]
}

@test "scheduling policies" {
	configure '.process.args = ["probe", "scheduler"] | .process.scheduler = {policy: "SCHED_BATCH", nice: 5}'
	run_container
	succeeded
	[[ $output == "policy 3 flags 0 nice 5 priority 0 "* ]]
	configure '.process.scheduler = {policy: "SCHED_FIFO", priority: 7, flags: ["SCHED_FLAG_RESET_ON_FORK"]}'
	run_container
	# A machine may forbid it to all of its cgroups.
	[[ $output == "policy 1 flags 1 nice "*" priority 7 "* ]] || failed_with "error setting scheduler"
	configure '.process.scheduler = {policy: "SCHED_OTHER", nice: 40}'
	run_container
	failed_with "invalid scheduler.nice: 40 when scheduler.policy is SCHED_OTHER"
}

@test "priorities of input and output" {
	configure '.process.args = ["probe", "ioprio"] | .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	run_container
	succeeded
	[ "$output" = "class 2 priority 6" ]
	configure '.process.ioPriority = {class: "IOPRIO_CLASS_IDLE", priority: 0}'
	run_container
	[ "$output" = "class 3 priority 0" ]
	configure '.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 8}'
	run_container
	failed_with "invalid ioPriority.Priority: 8"
}

@test "memory policies" {
	needs_runc 1.4
	configure '.process.args = ["probe", "mempolicy"] | .linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0"}'
	run_container
	succeeded
	[ "$output" = "mode 2 nodes 1" ]
	configure '.linux.memoryPolicy = {mode: "MPOL_INTERLEAVE", nodes: "a"}'
	run_container
	[ "$status" -eq 1 ]
}

@test "the personality of an older machine" {
	[ "$(uname -m)" = x86_64 ] || skip "shown on x86-64"
	configure '.process.args = ["uname", "-m"] | .linux.personality = {domain: "LINUX32"}'
	run_container
	succeeded
	[ "$output" = i686 ]
}

@test "a session keyring of the container's own, or the caller's" {
	configure '.process.args = ["probe", "keyring"]'
	run_container
	succeeded
	[[ $output == "keyring;0;0;"*";_ses.$ID" ]]
	run_container --no-new-keyring
	[[ $output != *"_ses.$ID"* ]]
	use_user_namespace
	run_container
	[[ $output == *";_ses.$ID" ]]
}

@test "exec has the container's keyring" {
	configure '.process.args = ["sleep", "1000"]'
	run_detached
	succeeded
	execute probe keyring
	succeeded
	[[ $output == *";_ses.$ID" ]]
}

@test "scheduling, priorities and personality hold for exec" {
	configure '.process.args = ["sleep", "1000"] | .process.scheduler = {policy: "SCHED_BATCH", nice: 5}
		| .process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 6}'
	run_detached
	succeeded
	execute probe scheduler
	[[ $output == "policy 3 flags 0 nice 5 "* ]]
	execute probe ioprio
	[ "$output" = "class 2 priority 6" ]
}

@test "the program leads a session and has no parent inside" {
	script 'awk "{ print \$4, \$5, \$6 }" /proc/1/stat'
	run_container
	succeeded
	[ "$output" = "0 1 1" ]
}
