# SPDX-License-Identifier: Apache-2.0
# exec, and the life of containers, in podman and docker; belongs to engine-checks.bash.
# shellcheck shell=bash

checks_exec() {
	sleeper exec --memory 64m --env X=of-the-container
	check "exec: its init is the one under test" init_is $own_init call exec exec true
	check "exec: output" prints hello call exec exec echo hello
	check "exec: exit status" exits 42 call exec exec sh -c 'exit 42'
	check "exec: standard input" prints inside exec_input
	check "exec: user" prints 1000:1000 \
		call exec --user 1000:1000 exec sh -c 'echo $(id -u):$(id -g)'
	check "exec: environment" prints "of-the-container mine" \
		call exec --env Y=mine exec sh -c 'echo $X $Y'
	check "exec: working directory" prints /tmp call exec --workdir /tmp exec pwd
	check "exec: same namespaces as process 1" prints same \
		call exec exec sh -c 'cd /proc && stat -Lc %i 1/ns/* >/tmp/first &&
			stat -Lc %i self/ns/* >/tmp/own && cmp /tmp/first /tmp/own && echo same'
	check "exec: same cgroups as process 1" prints same \
		call exec exec sh -c 'cmp /proc/1/cgroup /proc/self/cgroup && echo same'
	check "exec: seccomp filter" prints 2 call exec exec status_field Seccomp
	check "exec: privileged" prints "$(status_field CapBnd)" \
		call exec --privileged exec status_field CapEff
	check "exec: terminal" prints yes \
		on_terminal "$engine" exec -it exec sh -c '[ -t 0 ] && [ -t 1 ] && echo yes'
	check "exec: size of the terminal" prints "41 123" \
		on_terminal "$engine" exec -it exec sh -c 'sleep 0.5; stty size'
	check "exec: in the background" exec_detached
	check "exec: program that is not in PATH" refuses 127 "$NOT_IN_PATH" \
		call exec exec nonexistent
	check "exec: program that is not there" refuses 127 "$NOT_THERE" \
		call exec exec /nonexistent
	check "exec: program that is not executable" refuses 126 'permission denied' \
		call exec exec /etc/passwd
	check "exec: working directory that is not there" refuses "$status_exec_cwd" "$NOT_THERE" \
		call exec --workdir /nonexistent exec true
	check "exec: twenty times, one after another" twenty_times call exec exec
	check "exec: ten at once" ten_at_once call exec exec
	clear exec
}

exec_input() { echo inside | call exec --interactive exec cat; }

exec_detached() {
	call exec --detach exec sh -c 'echo done >/tmp/detached' &&
		eventually prints "done" call exec exec cat /tmp/detached
}

checks_life() {
	start life -- sh -c 'trap "exit 7" TERM USR1; echo ready; while :; do sleep 0.1; done' \
		>/dev/null
	check "life: running" prints running state life
	check "life: logs" eventually prints ready call logs life
	check "life: processes inside" eventually grep -q 'sh -c trap' <(call top life)
	check "life: usage" eventually usage_is_told life
	check "life: pause" pauses life
	check "life: exec while paused is refused" refuses "$status_paused" '' call exec life true
	check "life: unpause" unpauses life
	check "life: stop lets the program end itself" stops life 7
	check "life: start again" starts_again life
	check "life: a signal" signalled life
	check "life: restart" restarts life
	check "life: remove while it runs" call rm --force life
	check "life: stop ends a program that does not listen" stops_deaf
	check "life: wait" waits
	check "life: the engine's own restart policy" restarted_by_policy
	check "life: created, then started" created_then_started
	check "life: attach" attaches
	check "life: rename and inspect" renamed
	check "life: what changed in the file system" changes
	check "life: commit to an image" committed
	check "life: no process, cgroup or mount of containers remains" nothing_remains
}

usage_is_told() { call stats --no-stream --format '{{.PIDs}}' "$1" | grep -qE '^[1-9]'; }
pauses() { call pause "$1" && prints paused state "$1"; }
unpauses() { call unpause "$1" && prints running state "$1"; }
stops() { call stop "$1" && prints exited state "$1" && prints "$2" exit_code "$1"; }
starts_again() { call start "$1" && prints running state "$1"; }
restarts() { call start "$1" && call restart --time 5 "$1" && prints running state "$1"; }

signalled() {
	sleep 0.5
	call kill --signal USR1 "$1" && eventually prints exited state "$1" &&
		prints 7 exit_code "$1"
}

stops_deaf() {
	start deaf -- sh -c 'trap "" TERM; sleep 1000' >/dev/null && sleep 0.5
	call stop --time 1 deaf && prints 137 exit_code deaf
	then_clear deaf
}

waits() {
	start waited -- sh -c 'sleep 1; exit 9' >/dev/null && prints 9 call wait waited
	then_clear waited
}

restarted_by_policy() {
	start policy --restart on-failure:2 -- sh -c 'echo run; exit 1' >/dev/null
	eventually prints $'run\nrun\nrun' call logs policy
	then_clear policy
}

created_then_started() {
	call create --name created $IMAGE sh -c 'echo started; exit 3' &&
		prints created state created && exits 3 call start --attach created &&
		prints started call logs created
	then_clear created
}

attaches() {
	start attached --interactive -- sh -c 'read line; echo "got $line"' >/dev/null
	echo something | call attach attached >/dev/null
	eventually prints "got something" call logs attached
	then_clear attached
}

renamed() {
	sleeper before
	call rename before after && prints true call inspect --format '{{.State.Running}}' after
	then_clear after
}

changes() {
	start changes -- touch /tmp/changed >/dev/null
	eventually prints exited state changes && call diff changes | grep -qx 'A /tmp/changed'
	then_clear changes
}

committed() {
	start commit -- sh -c 'echo kept >/kept' >/dev/null
	eventually prints exited state commit && call commit commit localhost/kept &&
		prints kept container localhost/kept cat /kept
	then_clear commit
}

nothing_remains() {
	local remains
	remains=$(ps -e -o args | grep -E '^(sleep 1000|sh -c)| init$'
		find /sys/fs/cgroup -type d -regextype posix-extended -regex '.*[0-9a-f]{64}.*'
		grep -E '[0-9a-f]{64}/(merged|rootfs)' /proc/self/mounts)
	echo "$remains"
	[ -z "$remains" ]
}
