#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What becomes of everybody else when one process of a start is killed: at each edge of the
# conversation, each of those who take part. kill-at stops one of them at a system call with which
# it talks to another, and kills whom it is told to; then the runtime has to end within a second and
# say who died, everybody else within a tenth of one, and `delete --force` has to clear the rest.
# A hook whose init has died is asked to end by SIGTERM, of which those here die; one that does not has five seconds.
#
# RTI_DEATH_STEP    take every how-manyth edge only (4; 1: all)
# RTI_DEATH_CALLS   --all: not only the edges, but all system calls
# RTI_DEATH_ROUNDS  how many times everything is done (1)

load helpers

KILL_AT=$RTI_BUILD/tests/helpers/kill-at
STEP=${RTI_DEATH_STEP:-4}
ROUNDS=${RTI_DEATH_ROUNDS:-1}

prepare() {
	case $RTI_PAIR in
	runtime-parent+*)
		RUNTIME=("$RTI_BUILD/runtime-parent" --root "$STATE" --init)
		has_own_init && RUNTIME+=("$RTI_BUILD/runtime-init") || RUNTIME+=("$PEER_RUNC")
		;;
	*)
		export RUNC_WITH_RUNTIME_INIT="--runc $PEER_RUNC --init $RTI_BUILD/runtime-init"
		RUNTIME=("$RTI_BUILD/runc-with-runtime-init" --root "$STATE")
		;;
	esac
	# LeakSanitizer, in a build with it, does not work under ptrace(2).
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
	REPORT=$BATS_TEST_TMPDIR/report
	configure '.process.args = ["sleep", "1000"]'
}

# What is wrong with one case, if anything. The case's report and output are in files.
judge() { # ID VICTIM
	local call how runtime_ms others_ms survivors survivor init
	read -r call how runtime_ms others_ms survivors <"$REPORT"
	[ "$how" != hangs ] || echo "the runtime hangs after $call"
	# A container that is there to the end lives on without its runtime.
	init=$(jq .init_process_pid "$STATE/$1/state.json" 2>/dev/null) || true
	for survivor in $survivors; do
		[ "$survivor" = "stage2:$init" ] || echo "$survivor has survived $call"
	done
	# The runtime says who has died, or has done its work and tells how the program ended.
	[ "$2" = parent ] || [ "$how" = exit:0 ] || [ "$how" = exit:137 ] ||
		grep -qE "$WORDS" "$OUT" || echo "$call: the runtime says: $(tail -c 1000 "$OUT")"
}

# One case; a machine that has something else to do may make one late, not three times.
one_case() { # ID AT NUMBER VICTIM COMMAND...
	local try wrong status
	for try in 1 2 3; do
		status=0
		"$KILL_AT" $RTI_DEATH_CALLS "$2" "$3" "$4" "$REPORT" "${RUNTIME[@]}" "${@:5}" \
			>"$OUT" 2>&1 </dev/null 3>&- || status=$?
		wrong=
		[ "$status" != 0 ] || wrong=$(judge "$1" "$4")
		"$AFTERWARDS" "$1" >"$OUT.after" 2>&1 || wrong+=" left: $(cat "$OUT.after")"
		[[ $wrong == *hangs* || $wrong == *survived* ]] || break
	done
	[ -z "$wrong" ] || echo "$2 $3, $4 killed: $wrong"
	return "$status"
}

# What kill-at's status says: somebody was killed, was not there just then, or the start had ended
# before, so that there are no more cases. Anything else is no death but a failure of the test's own.
count_case() { # STATUS ID
	case $1 in
	0) DEATHS=$((DEATHS + 1)) ;;
	4) ;;
	3) return 1 ;;
	*)
		echo "$2: kill-at fails with $1: $(tail -c 1000 "$OUT")"
		return 1
		;;
	esac
}

# All edges of one process, and another one killed at them: each_edge AT VICTIM COMMAND...
# The word ID in the command becomes the container's.
each_edge() {
	local at=$1 victim=$2 round number status id wrong=$BATS_TEST_TMPDIR/wrong
	shift 2
	for ((round = 1; round <= ROUNDS; round++)); do
		for ((number = 1 + OFFSET++ % STEP; ; number += STEP)); do
			id=$ID-$at-$victim-$number
			status=0
			one_case "$id" "$at" "$number" "$victim" "${@/#ID/$id}" >>"$wrong" ||
				status=$?
			count_case "$status" "$id" >>"$wrong" || break
			[ "$number" -lt 2000 ] || { echo "never ends" >>"$wrong"; break; }
		done
	done
}

no_complaints() { # LEAST
	echo "$DEATHS deaths"
	cat "$BATS_TEST_TMPDIR/wrong"
	[ ! -s "$BATS_TEST_TMPDIR/wrong" ] && [ "$DEATHS" -ge $(($1 / STEP)) ]
}

delete_by_force() {
	runtime delete --force "$1"
	[ ! -e "$STATE/$1" ]
}

WORDS='signal: killed'
AFTERWARDS=delete_by_force
OFFSET=0
DEATHS=0

# Everything that makes a start talk: hooks of three kinds, and a mount that has to be asked for.
use_everything() {
	mkdir "$BATS_TEST_TMPDIR/source"
	configure '[{path: "/bin/true"}] as $true
		| .hooks = {createRuntime: $true, createContainer: $true, startContainer: $true}
		| .mounts += [{destination: "/mnt", type: "bind", source: $source,
			options: ["bind", "idmap"],
			uidMappings: [{containerID: 0, hostID: 1000, size: 1000}],
			gidMappings: [{containerID: 0, hostID: 1000, size: 1000}]}]' \
		--arg source "$BATS_TEST_TMPDIR/source"
}

@test "create: the runtime is killed at each edge" {
	only_pair "*+runtime-init"
	local at roles=(stage0 stage1 stage2)
	has_own_parent && roles+=(parent worker hook) || AFTERWARDS=delete_and_sweep
	use_everything
	for at in "${roles[@]}"; do
		each_edge "$at" parent create --bundle "$BUNDLE" ID
	done
	has_own_parent && no_complaints 60 || no_complaints 30
}

# runc knows nothing of the cgroups of a container that it was killed over.
delete_and_sweep() {
	delete_by_force "$1"
	find /sys/fs/cgroup -depth -type d -name "$1" -exec rmdir {} + 2>/dev/null || true
}

@test "create: each stage of the init is killed at each edge" {
	only_pair "runtime-parent+*"
	local at victim roles=(parent)
	has_own_init && roles+=(worker stage0 stage1 stage2)
	use_everything
	for at in "${roles[@]}"; do
		for victim in stage0 stage1 stage2; do
			each_edge "$at" "$victim" create --bundle "$BUNDLE" ID
		done
	done
	has_own_init && no_complaints 150 || no_complaints 40
}

@test "create: a hook is killed at each edge" {
	only_pair runtime-parent+runtime-init
	use_everything
	each_edge parent hook create --bundle "$BUNDLE" ID
	each_edge stage2 hook create --bundle "$BUNDLE" ID
	STEP=1 each_edge hook hook create --bundle "$BUNDLE" ID
	STEP=1 no_complaints 3
}

@test "create: a hook ends with whom it is run for" {
	only_pair runtime-parent+runtime-init
	local kind victim number
	WORDS='signal: killed|has ended'
	for kind in prestart createRuntime createContainer; do
		# It reads its input byte by byte, with a system call each.
		configure '.hooks = {($kind): [{path: "/bin/sh",
			args: ["sh", "-c", "read -r all; exec sleep 1000"]}]}' --arg kind "$kind"
		for victim in parent stage2; do
			for number in 2 3 40; do
				one_case "$ID-$kind-$victim" hook "$number" "$victim" \
					create --bundle "$BUNDLE" "$ID-$kind-$victim" \
					>>"$BATS_TEST_TMPDIR/wrong"
				DEATHS=$((DEATHS + 1))
			done
		done
	done
	STEP=1 no_complaints 18
}

@test "exec: each of those who take part is killed at each edge" {
	only_pair runtime-parent+runtime-init
	local at victim
	stays() { container_is running; }
	run_detached
	succeeded
	AFTERWARDS=stays
	for at in parent stage0 stage1 stage2; do
		for victim in parent stage0 stage1 stage2; do
			each_edge "$at" "$victim" exec "$ID" true
		done
	done
	no_complaints 120
}

# The new process is told the namespaces by the init's pid, which may be another process's after it.
start_victim() {
	runtime delete --force "$ID"
	run_detached
	PARTNER=$(container_state .pid)
}

@test "exec: the container's init is killed while it is joined" {
	only_pair runtime-parent+runtime-init
	local STEP=1
	configure '.linux.namespaces |= map(select(.type != "pid"))'
	AFTERWARDS=note_refusal
	WORDS='ended while it was joined|No such file or directory|stopped container'
	note_refusal() { grep "ended while it was joined" "$OUT" >>"$REPORT.refused" || true; }
	each_edge_of start_victim stage1 exec "$ID" true
	no_complaints 5
	[ -s "$REPORT.refused" ]
}

@test "run: the runtime or the program is killed at each edge, up to the end" {
	only_pair runtime-parent+runtime-init
	local at victim
	use_everything
	configure '.process.args = ["true"] | .hooks.poststart = [{path: "/bin/true"}]
		| .hooks.poststop = .hooks.poststart'
	WORDS='signal: killed|container process is already dead'
	for at in parent stage2; do
		for victim in parent stage2; do
			each_edge "$at" "$victim" run --bundle "$BUNDLE" ID
		done
	done
	no_complaints 100
}

# Others who take part: a process, started anew for each case, is killed while the runtime talks to
# it or before. each_edge_of COMMAND-THAT-STARTS-IT AT COMMAND...
each_edge_of() {
	local starts=$1 at=$2 number status id
	shift 2
	for ((number = 1 + OFFSET++ % STEP; ; number += STEP)); do
		id=$ID-$at-$number
		"$starts"
		status=0
		one_case "$id" "$at" "$number" "$PARTNER" "${@/#ID/$id}" \
			>>"$BATS_TEST_TMPDIR/wrong" || status=$?
		kill "$PARTNER" 2>/dev/null || true
		wait "$PARTNER" 2>/dev/null || true
		count_case "$status" "$id" >>"$BATS_TEST_TMPDIR/wrong" || break
	done
}

start_agent() {
	rm -f "$BATS_TEST_TMPDIR/agent"
	socat -u "UNIX-LISTEN:$BATS_TEST_TMPDIR/agent,fork" OPEN:/dev/null 3>&- &
	PARTNER=$!
	eventually test -S "$BATS_TEST_TMPDIR/agent"
}

start_receiver() {
	rm -f "$BATS_TEST_TMPDIR/console"
	socat -u "UNIX-LISTEN:$BATS_TEST_TMPDIR/console" OPEN:/dev/null 3>&- &
	PARTNER=$!
	eventually test -S "$BATS_TEST_TMPDIR/console"
}

@test "create: the seccomp agent is killed at each edge" {
	only_pair runtime-parent+runtime-init
	WORDS='seccomp agent|seccomp fd'
	configure '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $agent,
		syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}' \
		--arg agent "$BATS_TEST_TMPDIR/agent"
	each_edge_of start_agent parent create --bundle "$BUNDLE" ID
	no_complaints 30
}

@test "create: the receiver of the console is killed at each edge" {
	only_pair runtime-parent+runtime-init
	# Who has lost his terminal is hung up.
	WORDS='console|ioctl.setctty.|exit status 2'
	configure '.process.terminal = true'
	each_edge_of start_receiver parent \
		create --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/console" ID
	each_edge_of start_receiver stage2 \
		create --bundle "$BUNDLE" --console-socket "$BATS_TEST_TMPDIR/console" ID
	no_complaints 40
}
