# SPDX-License-Identifier: Apache-2.0
# TAP and its words, for the scripts that run engines. RUNTIME is the path of what is under test.
# shellcheck shell=bash disable=SC2034 # the including scripts use the variables

# Such a script starts outside the chroot, and here starts again inside of it.
if [ -z "${IN_CLIENTS_CHROOT:-}" ]; then
	case ${1:-} in
	-h | --help) sed -n '3,/^[^#]/s/^# \?//p' "$0" && exit ;;
	esac
	[ $# = 2 ] || { echo "usage: ${0##*/} CHROOT RUNTIME" >&2; exit 2; }
	export IN_CLIENTS_CHROOT=yes
	exec "$(dirname "$0")/in-chroot" "$1" "$2" "/clients/${0##*/}"
fi

checks_done=0
checks_failed=0
runtime_name=$(basename "$RUNTIME")
own_init=/usr/local/sbin/runtime-init
[ "$runtime_name" != runc ] || own_init=$RUNTIME
IMAGE=localhost/busybox:latest
NOT_IN_PATH='executable file not found in $PATH'
NOT_THERE='no such file or directory'

say() { sed 's/^/# /'; }

# check NAME COMMAND...: one line of TAP; what a failing command says follows it.
check() {
	local name=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	checks_done=$((checks_done + 1))
	if [ $status = 0 ]; then
		echo "ok $checks_done $name"
	else
		checks_failed=$((checks_failed + 1))
		echo "not ok $checks_done $name"
		printf '%s\n' "$output" | tail -n 20 | say
	fi
}

# check_update: as check, of what needs the runtime's "update", which runtime-parent refuses.
check_update() {
	if [ "$runtime_name" = runtime-parent ]; then
		checks_done=$((checks_done + 1))
		echo "ok $checks_done $1 # skip runtime-parent has no update"
	else
		check "$@"
	fi
}

# end: the plan and the exit status.
end() {
	echo "1..$checks_done"
	[ $checks_failed = 0 ]
}

# Words for check: what a command has to print, or how it has to fail.

prints() { # TEXT COMMAND...: exactly this, and success
	local expected=$1 output
	shift
	output=$("$@") || { echo "exit status $?: $output"; return 1; }
	output=${output//$'\r'/}
	[ "$output" = "$expected" ] && return
	printf 'expected: %s\nprinted: %s\n' "$expected" "$output"
	return 1
}

exits() { # STATUS COMMAND...
	local expected=$1 status=0
	shift
	"$@" </dev/null || status=$?
	[ $status = "$expected" ] && return
	echo "expected exit status $expected, got $status"
	return 1
}

refuses() { # STATUS TEXT COMMAND...: with this exit status, and this among what it says
	local expected=$1 text=$2 output status=0
	shift 2
	output=$("$@" 2>&1 </dev/null) || status=$?
	echo "exit status $status: $output"
	[ $status = "$expected" ] && [[ $output = *"$text"* ]]
}

# on_terminal COMMAND...: with a terminal of 41 rows and 123 columns, on which nobody types.
on_terminal() {
	local command
	command=$(printf '%q ' "$@")
	[ -p /tmp/nobody ] || mkfifo /tmp/nobody
	timeout -k 5 100 script -qec "stty rows 41 cols 123; $command" /dev/null <>/tmp/nobody
}

# eventually COMMAND...: within ten seconds.
eventually() {
	local attempt
	for attempt in {1..100}; do
		! "$@" || return 0
		sleep 0.1
	done
	return 1
}

twenty_times() { # COMMAND..., which takes echo and its words
	local number
	for number in {1..20}; do
		prints "number $number" "$@" echo "number $number" || return 1
	done
}

ten_at_once() { # COMMAND..., which takes echo and its words
	local number pids=() status=0
	for number in {1..10}; do
		prints "number $number" "$@" echo "number $number" &
		pids+=($!)
	done
	for number in "${pids[@]}"; do
		wait "$number" || status=1
	done
	return $status
}

# then_clear NAME: remove the container, with the exit status of what was done before.
then_clear() {
	local status=$?
	clear "$1"
	return $status
}

# example NAME: a sample of configuration, for the runtime under test.
example() {
	sed "s,@sbindir@/runc-with-runtime-init,$RUNTIME,; s,@sbindir@,/usr/local/sbin," \
		"/clients/examples/$1.in"
}

# await_daemon NAME SOCKET COMMAND...: until the daemon, which logs to /tmp/NAME.log, answers.
await_daemon() {
	local name=$1 socket=$2
	shift 2
	eventually test -S "$socket" && eventually "$@" >/dev/null 2>&1 && return
	tail -n 20 "/tmp/$name.log" | say
	echo "Bail out! $name does not start"
	exit 1
}

# is_init PROCESS: whether the last argument of this folder in /proc is "init".
is_init() {
	local arguments=()
	mapfile -td '' arguments 2>/dev/null <"$1/cmdline"
	[ ${#arguments[@]} != 0 ] && [ "${arguments[-1]}" = init ]
}

# init_programs COMMAND...: the program files of the runtime's inits while it runs. They are
# short-lived: looked for without starting programs, and stopped while they are looked at.
init_programs() {
	local process program seen watcher
	while :; do
		for process in /proc/[0-9]*; do
			is_init "$process" && kill -STOP "${process##*/}" || continue
			seen=another
			for program in /usr/sbin/runc /usr/local/sbin/runtime-init; do
				! cmp -s "$process/exe" $program || seen=$program
			done
			# Is it what it was, or has it executed something since?
			! is_init "$process" || echo $seen
			kill -CONT "${process##*/}"
		done
	done >/tmp/init-programs 2>/dev/null &
	watcher=$!
	"$@" >/dev/null 2>&1 </dev/null
	kill $watcher
	wait $watcher 2>/dev/null
	sort -u /tmp/init-programs
}

# Some of several are seen.
init_is() { # PROGRAM COMMAND that starts something in a container...
	local expected=$1 programs
	shift
	for _ in {1..20}; do
		programs=$(init_programs "$@")
		echo "seen: $programs"
		[ -z "$programs" ] || break
	done
	[ "$programs" = "$expected" ]
}

# status_field NAME: of /proc/self/status; containers have a program of this name.
status_field() { sed -n "s/^$1:\t//p" /proc/self/status; }

# cgroup_file CONTROLLER V1 V2: what of these files this machine's containers have, as path.
cgroup_file() {
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		echo "/sys/fs/cgroup/$3"
	else
		echo "/sys/fs/cgroup/$1/$2"
	fi
}
