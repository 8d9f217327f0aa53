#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Each side of the conversation against one that lies: everything that protocol-peer(8) makes of the
# protocol's tables, at every state. And genuine conversations against the same tables.

load helpers

PEER=$RTI_BUILD/protocol-peer

# The parent of the pair with protocol-peer for its init.
runtime_with_peer() {
	case $RTI_PAIR in
	runtime-parent+*)
		"$RTI_BUILD/runtime-parent" --root "$STATE" --init "$PEER" "$@"
		;;
	runc+*)
		RUNC_WITH_RUNTIME_INIT="--runc $PEER_RUNC --init $PEER" \
			"$RTI_BUILD/runc-with-runtime-init" --root "$STATE" "$@"
		;;
	esac
}

# The init of the pair with protocol-peer for its parent: play_parent TYPE SCRIPT [OPTION...]
play_parent() {
	local type=$1 script=$2 init=$RTI_BUILD/runtime-init version=()
	shift 2
	has_own_init || {
		init=$PEER_RUNC
		version=(--runc "$("$PEER_RUNC" --version | sed -n 's/^runc version //p')")
	}
	"$PEER" parent --init "$init" --type "$type" --rootfs "$BUNDLE/rootfs" "${version[@]}" \
		"$@" "$script"
}

# Every case of a table: a function gets its script, its outcome and what has to be said, and prints
# what is wrong. A machine that has something else to do may make one late; not twice.
each_case() { # ROLE TYPE FUNCTION
	local name outcome text wrong failed=0 count=0
	local cases=$BATS_TEST_TMPDIR/cases
	"$PEER" cases "$1" "$2" "$cases" >"$cases.list"
	while IFS=$'\t' read -r name outcome text; do
		set -- "$1" "$2" "$3" "$cases/$name" "$outcome" "$text"
		wrong=$("${@:3}" </dev/null) || : "${wrong:=failed}"
		[[ $wrong != *"in time"* ]] || wrong=$("${@:3}" </dev/null) || : "${wrong:=failed}"
		[ -z "$wrong" ] || { echo "$name ($outcome): $wrong"; failed=$((failed + 1)); }
		count=$((count + 1))
	done <"$cases.list"
	echo "$count cases, $failed failed"
	[ "$count" -gt 100 ] && [ "$failed" -eq 0 ]
}

lie_to_standard_child() { play_parent standard "$1" 2>&1; }
lie_to_setns_child() { play_parent setns "$1" 2>&1; }

# A command in which the honest parent is lied to: lie_to_parent SCRIPT OUTCOME TEXT COMMAND...
lie_to_parent() {
	local script=$1 outcome=$2 text=$3 output begun
	shift 3
	cp "$script" "$BUNDLE/rootfs/protocol-peer.script"
	begun=${EPOCHREALTIME/./}
	output=$(runtime_with_peer "$@" 2>&1)
	[ $((${EPOCHREALTIME/./} - begun)) -lt 1000000 ] || echo "did not end in time"
	output=${output//\\\"/\"}
	case $outcome in
	accepted) [ -z "$output" ] || echo "refused: $output" ;;
	refused) [[ $output == *?"$text"* ]] || echo "says '$output' and not '$text'" ;;
	esac
}

lie_to_standard_parent() {
	lie_to_parent "$@" create --bundle "$BUNDLE" "$ID-case"
	# Where the lie was no error there is a container, whose init has ended.
	[ "$2" = refused ] || runtime_with_peer delete --force "$ID-case"
	[ -z "$(ls -A "$STATE" 2>/dev/null)" ] || {
		echo "left behind: $(ls "$STATE")"
		runtime delete --force "$ID-case"
	}
}

lie_to_setns_parent() { lie_to_parent "$@" exec "$ID" true; }

# A container whose conversation has everything: a mount to ask for, and a seccomp listener.
use_everything() {
	touch "$BATS_TEST_TMPDIR/source"
	add_mount /mnt bind "$BATS_TEST_TMPDIR/source" bind
	socat -u "UNIX-LISTEN:$BATS_TEST_TMPDIR/agent,fork" OPEN:/dev/null 3>&- &
	HOLDERS+=("$!")
	eventually test -S "$BATS_TEST_TMPDIR/agent"
	configure '.process.args = ["sleep", "1000"] | .root.readonly = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: $agent,
			syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]}' \
		--arg agent "$BATS_TEST_TMPDIR/agent"
}

@test "a standard init refuses whatever its parent does wrong" {
	only_pair runtime-parent+runtime-init
	each_case child standard lie_to_standard_child
}

@test "a setns init refuses whatever its parent does wrong" {
	only_pair runtime-parent+runtime-init
	each_case child setns lie_to_setns_child
}

@test "a parent refuses whatever a standard init does wrong" {
	only_pair runtime-parent+runtime-init
	use_everything
	each_case parent standard lie_to_standard_parent
	nothing_left
}

@test "a parent refuses whatever a setns init does wrong" {
	only_pair runtime-parent+runtime-init
	use_everything
	run_detached
	succeeded
	each_case parent setns lie_to_setns_parent
	container_is running
}

# runc's init has no limit on a packet, drops fds that come with a message, and waits for a file
# that was announced; at the end of file it says just that. Of the opening it has other words.
lie_to_runc_init() {
	case $1 in
	*/bootstrap.* | */config.*) ;;
	*.oversized.* | *.attached.* | *.flags-negative.* | *.file-announced.* | *.end.*) ;;
	*) play_parent setns "$1" 2>&1 ;;
	esac
}

@test "a genuine init refuses the same, but for what it lets pass" {
	only_pair runtime-parent+runc
	each_case child setns lie_to_runc_init
}

@test "a good conversation is played, recorded, found good, and replayed" {
	local transcript=$BATS_TEST_TMPDIR/transcript
	printf '%s\n' "send bootstrap" "expect pids" "send config seccomp" \
		"expect procHooks in setup" "send procHooksDone" "expect procReady in hooks done" \
		"send procRun" "expect procSeccomp in run" "send procSeccompDone" "expect end" \
		"expect start" "expect exit 0" >"$BATS_TEST_TMPDIR/script"
	play_parent standard "$BATS_TEST_TMPDIR/script" --record "$transcript"
	grep -q 'child sync {"type":"procHooks","flags":0}$' "$transcript"
	"$PEER" check "$transcript"
	"$PEER" replay parent "$transcript" >"$BATS_TEST_TMPDIR/again"
	play_parent standard "$BATS_TEST_TMPDIR/again" --record "$transcript.again"
	"$PEER" check "$transcript.again"
	# The child's part, played to the parent of the pair.
	use_everything
	{
		"$PEER" replay child "$transcript" | sed '/^start$/,$d'
		printf '%s\n' "close log" "exit 0"
	} >"$BUNDLE/rootfs/protocol-peer.script"
	run runtime_with_peer create --bundle "$BUNDLE" "$ID" </dev/null
	succeeded
	runtime_with_peer delete --force "$ID"
}

@test "a genuine parent's conversation is listened to, and found good" {
	only_pair "runc+*"
	local transcript=$BATS_TEST_TMPDIR/transcript init=$RTI_BUILD/runtime-init
	has_own_init || init=$PEER_RUNC
	use_everything
	printf '%s\n' "record $transcript" "relay $init" >"$BUNDLE/rootfs/protocol-peer.script"
	runtime_with_peer run --detach --bundle "$BUNDLE" "$ID" >"$OUT" 2>&1 </dev/null
	"$PEER" check "$transcript"
	grep -q ' child sync {"type":"procSeccomp"' "$transcript"
	runtime_with_peer exec "$ID" true
	"$PEER" check "$transcript"
	head -n 1 "$transcript" | grep -qx "protocol-peer transcript setns"
}

@test "what does not follow the tables is found in a transcript" {
	local transcript=$BATS_TEST_TMPDIR/transcript
	local first="protocol-peer transcript setns"
	local ready='0.0 child sync {"type":"procReady","flags":0}'
	check() {
		printf '%s\n' "$@" >"$transcript"
		run "$PEER" check "$transcript"
		[ "$status" -eq 1 ]
	}
	check "$first" "$ready" '0.0 parent sync {"type":"procHooksDone","flags":0}'
	failed_with "line 3: cannot send procHooksDone in state 'ready' of the setns parent"
	check "$first" "$ready"
	failed_with "the conversation stops in state 'ready'"
	check "$first" "$ready" "0.0 child end"
	failed_with "line 3: end of file in state 'ready'"
	check "$first" "$ready" '0.0 parent sync {"type":"procRun","flags":0,"arg":1}'
	failed_with "procRun cannot have an argument"
	check "$first" "$ready" '0.0 parent config {}'
	failed_with "line 3: this comes too late"
	check "$first" "$ready" '0.0 parent file 1 /etc'
	failed_with "a file that was not announced"
	check "something else"
	failed_with "no transcript: it does not begin with"
}

@test "a script that cannot be played is refused before anything is started" {
	local script=$BATS_TEST_TMPDIR/script
	printf '%s\n' "# nothing" "send bootstrap" "sing" >"$script"
	run play_parent setns "$script"
	failed_with "script:3: no such step for this side: sing"
	printf '%s\n' "wait" >"$script"
	run play_parent setns "$script"
	failed_with "script:1: 'wait' needs an argument: MILLISECONDS"
	run "$PEER" parent --init "$RTI_BUILD/runtime-init" "$script"
	[ "$status" -eq 2 ]
	failed_with "--rootfs is needed for a standard init"
	printf '%s\n' "send bootstrap" "expect pids" "send config" "expect procHooks" >"$script"
	run play_parent setns "$script"
	failed_with "script:4: expect: expected procHooks in state 'setup', got"
}

@test "protocol-peer tells its steps" {
	run "$PEER" --help
	succeeded
	[[ $output == *"send attached MESSAGE [JSON]"*"expect refusal [TEXT]"*"make stages"* ]]
	run "$PEER" --version
	[[ $output == "protocol-peer version "* ]]
	run "$PEER" nosuch
	[ "$status" -eq 2 ]
}
