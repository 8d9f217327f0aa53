#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Starts where something has run out: room on the disk, file descriptors, processes, memory, and
# readers of standard error. They succeed, or say what is missing; and nothing is left that `delete
# --force` does not clear.

load helpers

prepare() {
	RUNTIME=("$RTI_BUILD/runtime-parent" --root "$STATE" --init "$RTI_BUILD/runtime-init")
	# LeakSanitizer, in a build with it, does not work under ptrace(2).
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
}

# The outcome of a start that may fail with one of these words, and leaves nothing.
is_whole_or_says() { # STATUS WORDS
	[ "$1" -eq 0 ] || grep -qE "$2" "$OUT" || { echo "says: $(cat "$OUT")"; return 1; }
}

# A cgroup below the test's own: make_cgroup CONTROLLER, then $TIGHT
make_cgroup() {
	local own
	if [ -d "/sys/fs/cgroup/$1" ]; then
		own=$(awk -F: -v name="$1" '$2 == name { print $3 }' /proc/self/cgroup)
		TIGHT=/sys/fs/cgroup/$1${own%/}/tight-$ID
	else
		own=$(awk -F: '$1 == 0 { print $3 }' /proc/self/cgroup)
		TIGHT=/sys/fs/cgroup${own%/}/tight-$ID
		echo "+$1" >"${TIGHT%/*}/cgroup.subtree_control" || true
	fi
	mkdir "$TIGHT"
}

cleanup() { [ -z "${TIGHT:-}" ] || rmdir "$TIGHT"; }

# The runtime alone in there, without a shell beside it.
in_cgroup() { # COMMAND...
	status=0
	(echo "$BASHPID" >"$TIGHT/cgroup.procs" && exec "$@") >"$OUT" 2>&1 </dev/null 3>&- ||
		status=$?
}

fill_disks() {
	local limit status failed=0 whole=0
	for limit in size=4k size=8k size=12k size=16k size=64k \
		nr_inodes=1 nr_inodes=2 nr_inodes=3 nr_inodes=4 nr_inodes=9; do
		mkdir -p "$STATE"
		mount -t tmpfs -o "$limit" full "$STATE"
		status=0
		runtime create --bundle "$BUNDLE" "$ID" >"$OUT" 2>&1 </dev/null || status=$?
		is_whole_or_says "$status" "no space left on device"
		[ "$status" -eq 0 ] && whole=$((whole + 1)) || failed=$((failed + 1))
		runtime delete --force "$ID"
		ls -A "$STATE"
		[ -z "$(ls -A "$STATE")" ]
		umount "$STATE"
		[ -z "$(list_leftovers)" ]
	done
	echo "$failed failed, $whole succeeded"
	[ "$whole" -ge 1 ] && [ "$failed" -ge 4 ]
}

@test "a disk that is full" {
	only_pair runtime-parent+runtime-init
	export -f fill_disks is_whole_or_says list_leftovers
	on_private_mounts fill_disks
	succeeded
}

@test "few file descriptors" {
	only_pair runtime-parent+runtime-init
	local count
	configure 'del(.process.rlimits) | .mounts += [range(100) | {destination: "/mnt/\(.)",
		type: "tmpfs", source: "tmpfs", options: ["size=4k"]}]'
	(ulimit -n 64 && runtime run --bundle "$BUNDLE" "$ID")
	for count in 4 6 8 10 12 14 16 20 24 32; do
		status=0
		(ulimit -n "$count" && exec "${RUNTIME[@]}" run --bundle "$BUNDLE" "$ID") \
			>"$OUT" 2>&1 </dev/null 3>&- || status=$?
		is_whole_or_says "$status" "[Tt]oo many open files"
		# There may be too few to clean up with.
		runtime delete --force "$ID"
		[ -z "$(list_leftovers)" ]
	done
}

@test "no process may be made" {
	only_pair runtime-parent+runtime-init
	local max
	make_cgroup pids
	for max in 1 2 3 4 5 16; do
		echo "$max" >"$TIGHT/pids.max"
		in_cgroup "${RUNTIME[@]}" run --bundle "$BUNDLE" "$ID"
		is_whole_or_says "$status" "[Rr]esource temporarily unavailable"
		[ "$max" -gt 1 ] || [ "$status" -ne 0 ]
		[ -z "$(list_leftovers | grep -v tight)" ]
	done
	[ "$status" -eq 0 ]
}

@test "a container of one process" {
	needs_runc 1.2
	configure '.linux.resources.pids = {limit: 1}'
	run_container
	succeeded
}

@test "a container of half a megabyte" {
	only_pair runtime-parent+runtime-init
	local i
	configure '.linux.resources.memory = {limit: 524288}'
	for i in 1 2 3 4 5 6 7 8 9 10; do
		status=0
		runtime run --bundle "$BUNDLE" "$ID" >"$OUT" 2>&1 </dev/null || status=$?
		# Or the program is what the kernel has killed.
		[ "$status" -eq 137 ] ||
			is_whole_or_says "$status" "unable to set memory limit|killed|already dead"
		runtime delete --force "$ID"
		[ -z "$(list_leftovers)" ]
	done
}

@test "a runtime of half a megabyte" {
	only_pair runtime-parent+runtime-init
	local limit i
	make_cgroup memory
	limit=$TIGHT/memory.limit_in_bytes
	[ -e "$limit" ] || limit=$TIGHT/memory.max
	echo 524288 >"$limit"
	for i in 1 2 3 4 5; do
		in_cgroup "${RUNTIME[@]}" create --bundle "$BUNDLE" "$ID"
		[ "$status" -eq 137 ] ||
			is_whole_or_says "$status" "OOM-killed|[Cc]annot allocate|killed"
		runtime delete --force "$ID"
		[ -z "$(list_leftovers | grep -v tight)" ]
	done
}

# A pipe that is full and that nobody reads, as fd 9.
open_full_pipe() {
	mkfifo "$BATS_TEST_TMPDIR/full"
	exec 9<>"$BATS_TEST_TMPDIR/full"
	dd if=/dev/zero of="$BATS_TEST_TMPDIR/full" bs=4096 oflag=nonblock 2>/dev/null || true
	dd if=/dev/zero of="$BATS_TEST_TMPDIR/full" bs=1 oflag=nonblock 2>/dev/null || true
}

@test "nobody reads standard error, or the log" {
	only_pair runtime-parent+runtime-init
	open_full_pipe
	timeout 3 "${RUNTIME[@]}" --debug create --bundle "$BUNDLE" "$ID" 2>&9 9>&- </dev/null
	runtime delete --force "$ID"
	configure '.process.args = ["/nonexistent"]'
	status=0
	timeout 3 "${RUNTIME[@]}" --debug --log "$BATS_TEST_TMPDIR/full" \
		run --bundle "$BUNDLE" "$ID" 2>&9 9>&- </dev/null || status=$?
	[ "$status" -eq 1 ]
}

@test "nobody reads standard error, and the runtime is killed" {
	only_pair runtime-parent+runtime-init
	local number report=$BATS_TEST_TMPDIR/report
	open_full_pipe
	configure '.hooks = {createContainer: [{path: "/bin/true"}]}'
	for number in 15 20 25 30; do
		"$RTI_BUILD/tests/helpers/kill-at" parent "$number" parent "$report" \
			"${RUNTIME[@]}" create --bundle "$BUNDLE" "$ID" 2>&9 9>&- </dev/null 3>&-
		cat "$report"
		not grep -q stage "$report"
		runtime delete --force "$ID"
	done
}
