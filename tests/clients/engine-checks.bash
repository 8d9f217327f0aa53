# SPDX-License-Identifier: Apache-2.0
# What podman and docker have in common: checks in terms of their common command line.
# shellcheck shell=bash
# The including script sets: engine (the program), and status_... where their exit statuses differ.

. "$here/engine-life.bash"

call() { timeout -k 5 100 "$engine" "$@"; }
container() { call run --rm "$@"; }
run() { container $IMAGE "$@"; }

# start NAME OPTION... -- COMMAND...: a container in the background; clear removes it.
start() {
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	call run --detach --name "$name" "${options[@]}" $IMAGE "$@"
}
clear() { call rm --force --time 0 "$1" >/dev/null 2>&1 || call rm --force "$1" >/dev/null; }
state() { call inspect --format '{{.State.Status}}' "$1"; }
exit_code() { call inspect --format '{{.State.ExitCode}}' "$1"; }
sleeper() { start "$@" -- sleep 1000 >/dev/null; }

streams_apart() {
	local out
	out=$(run sh -c 'echo out; echo err >&2' 2>/tmp/err) || return 1
	echo "out: $out, err: $(cat /tmp/err)"
	[ "$out" = out ] && grep -qx err /tmp/err
}

reads_input() { echo from outside | container --interactive $IMAGE cat; }
large_input() { head -c 3000000 /dev/zero | container --interactive $IMAGE wc -c; }
large_output() { run head -c 3000000 /dev/zero | wc -c; }

checks_run() {
	check "run: output" prints hello run echo hello
	check "run: standard output and standard error are apart" streams_apart
	check "run: exit status" exits 42 run sh -c 'exit 42'
	check "run: standard input" prints "from outside" reads_input
	check "run: 3 MB through standard input" prints 3000000 large_input
	check "run: 3 MB through standard output" prints 3000000 large_output
	check "run: the program is process 1" prints 1 run sh -c 'echo $$'
	check "run: user by number" prints 1000:1000 \
		container --user 1000:1000 $IMAGE sh -c 'echo $(id -u):$(id -g)'
	check "run: user by name, with its groups" prints "1000 50" \
		container --user alice $IMAGE id -G
	check "run: additional group" prints "0 77" container --group-add 77 $IMAGE id -G
	check "run: HOME of the user" prints /home/alice \
		container --user alice $IMAGE sh -c 'echo $HOME'
	check "run: environment" prints "a b" container --env "X=a b" $IMAGE sh -c 'echo $X'
	check "run: host name" prints somewhere container --hostname somewhere $IMAGE hostname
	check "run: working directory" prints /tmp container --workdir /tmp $IMAGE pwd
	check "run: another entry point" prints entry container --entrypoint echo $IMAGE entry
	check "run: ten at once" ten_at_once run
	check "run: --init puts a small init before the program" prints yes \
		container --init $IMAGE sh -c '[ $$ != 1 ] && echo yes'
}

checks_errors() {
	check "error: program that is not in PATH" refuses 127 "$NOT_IN_PATH" \
		run nonexistent
	check "error: program that is not there" refuses 127 "$NOT_THERE" \
		run /nonexistent
	check "error: program that is not executable" refuses 126 'permission denied' \
		run /etc/passwd
	check "error: program that is a directory" refuses 126 '' run /etc
	check "error: program that is garbage" refuses "$status_garbage" 'exec format error' \
		run garbage
	check "error: script without its interpreter" refuses "$status_garbage" "$NOT_THERE" \
		run orphan
	check "error: working directory that is a file" refuses "$status_cwd" '' \
		container --workdir /etc/passwd $IMAGE true
	check "error: sysctl that is not there" refuses "$status_sysctl" 'net.none' \
		container --sysctl net.none=1 $IMAGE true
	check "error: a directory mounted on a file" refuses "$status_target" 'ot a directory' \
		container --volume /shared:/etc/passwd $IMAGE true
	check "error: a mount inside /proc" refuses "$status_proc" '' \
		container --volume /shared:/proc/shared $IMAGE true
}

checks_files() {
	check "files: volume" prints shared container --volume /shared:/data $IMAGE cat /data/file
	check "files: write to a volume" prints written write_to_volume
	check "files: read-only volume" refuses 1 'Read-only file system' \
		container --volume /shared:/data:ro $IMAGE touch /data/x
	check "files: a single file as a volume" prints shared \
		container --volume /shared/file:/etc/file $IMAGE cat /etc/file
	check "files: propagation of a volume" prints rslave \
		container --volume /shared:/data:rslave $IMAGE \
			sh -c 'grep -q " /data .* master:" /proc/self/mountinfo && echo rslave'
	check "files: read-only root" refuses 1 'Read-only file system' \
		container --read-only $IMAGE touch /x
	check "files: tmpfs with options" prints "tmpfs 4.0M" \
		container --tmpfs /scratch:size=4m $IMAGE \
			sh -c 'df -h /scratch | awk "NR == 2 { print \$1, \$2 }"'
	check "files: size of /dev/shm" prints 8.0M \
		container --shm-size 8m $IMAGE sh -c 'df -h /dev/shm | awk "NR == 2 { print \$2 }"'
	check "files: /proc/keys is masked" prints "" run cat /proc/keys
	check "files: /proc/sys is read-only" refuses 1 'Read-only file system' \
		run sh -c 'echo 1 >/proc/sys/kernel/printk'
	check "files: a device" prints "1:5" \
		container --device /dev/zero:/dev/nothing $IMAGE stat -c %t:%T /dev/nothing
	check "files: copied in, and out again" copy_in_and_out
}

write_to_volume() {
	container --volume /shared:/data $IMAGE sh -c 'echo written >/data/new' && cat /shared/new
}

copy_in_and_out() {
	sleeper copy || return 1
	echo copied >/tmp/in
	call cp /tmp/in copy:/tmp/there && call cp copy:/tmp/there /tmp/out &&
		prints copied cat /tmp/out && prints copied call exec copy cat /tmp/there
	then_clear copy
}

checks_rights() {
	check "rights: no capabilities" prints 0000000000000000 \
		container --cap-drop all $IMAGE status_field CapEff
	check "rights: one capability" prints 0000000000001000 \
		container --cap-drop all --cap-add net_admin $IMAGE status_field CapEff
	check "rights: another user has no effective capabilities" prints 0000000000000000 \
		container --user 1000 $IMAGE status_field CapEff
	check "rights: seccomp filter" prints 2 run status_field Seccomp
	check "rights: no seccomp filter" prints 0 \
		container --security-opt seccomp=unconfined $IMAGE status_field Seccomp
	cat >/tmp/profile.json <<-END
		{ "defaultAction": "SCMP_ACT_ALLOW",
		  "syscalls": [{ "names": ["mkdir"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38 }] }
	END
	check "rights: seccomp profile of the user's" refuses 1 'Function not implemented' \
		container --security-opt seccomp=/tmp/profile.json $IMAGE mkdir /tmp/x
	check "rights: no_new_privs" prints 1 \
		container --security-opt no-new-privileges $IMAGE status_field NoNewPrivs
	check "rights: privileged" prints yes \
		container --privileged $IMAGE sh -c 'mount -t tmpfs x /tmp && echo yes'
	check "rights: the host's processes" prints yes \
		container --pid host $IMAGE sh -c '[ $$ != 1 ] && [ -d /proc/1 ] && echo yes'
	check "rights: the host's IPC" prints "$(readlink /proc/self/ns/ipc)" \
		container --ipc host $IMAGE readlink /proc/self/ns/ipc
	check "rights: the host's network" prints "$(readlink /proc/self/ns/net)" \
		container --network host $IMAGE readlink /proc/self/ns/net
	check "rights: no network" prints lo container --network none $IMAGE ls /sys/class/net
	check "rights: the host's host name" prints "$(hostname)" \
		container --uts host $IMAGE hostname
	check "rights: namespaces of another container" shared_namespaces
	check "rights: a cgroup namespace" prints / \
		container --cgroupns private $IMAGE sh -c 'cut -d: -f3 /proc/self/cgroup | sort -u'
	check "rights: no cgroup namespace" prints "$(readlink /proc/self/ns/cgroup)" \
		container --cgroupns host $IMAGE readlink /proc/self/ns/cgroup
	check "rights: a device that no rule allows" refuses 1 'Operation not permitted' \
		container --cap-add mknod --cap-add syslog $IMAGE \
			sh -c 'mknod /tmp/kmsg c 1 11 && echo made && true </tmp/kmsg'
	check "rights: a device that a rule allows" prints yes \
		container --cap-add mknod --cap-add syslog --device-cgroup-rule 'c 1:11 rm' $IMAGE \
			sh -c 'mknod /tmp/kmsg c 1 11 && true </tmp/kmsg && echo yes'
	check "rights: unmasked paths" prints 0 \
		container --security-opt "$unmask" $IMAGE \
			sh -c 'grep -c " /proc/" /proc/self/mounts; true'
	check "rights: a sysctl" prints 1234 \
		container --network none --sysctl net.ipv4.ip_default_ttl=123 $IMAGE \
			sh -c 'echo $(cat /proc/sys/net/ipv4/ip_default_ttl)4'
}

shared_namespaces() {
	sleeper other --ipc shareable || return 1
	prints "$(call exec other stat -Lc %i /proc/self/ns/net /proc/self/ns/ipc)" \
		container --network container:other --pid container:other --ipc container:other \
			$IMAGE stat -Lc %i /proc/self/ns/net /proc/self/ns/ipc &&
		prints sleep container --pid container:other $IMAGE cat /proc/1/comm
	then_clear other
}

# The limits that builds get are above what this machine may allow.
build() {
	call build --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000 "$@" /tmp/build
}

checks_build() {
	mkdir -p /tmp/build
	printf 'FROM %s\nUSER alice\nRUN id -u >/tmp/built\n' $IMAGE >/tmp/build/Dockerfile
	printf 'FROM %s\nRUN exit 3\n' $IMAGE >/tmp/build/Failing
	check "build: RUN" builds
	check "build: RUN that fails" refuses "$status_build" 'exit' build -f /tmp/build/Failing
}

builds() { build -t localhost/built && prints 1000 container localhost/built cat /tmp/built; }

checks_limits() {
	local memory pids cpu
	memory=$(cgroup_file memory memory.limit_in_bytes memory.max)
	pids=$(cgroup_file pids pids.max pids.max)
	check "limits: memory" prints 67108864 container --memory 64m $IMAGE cat "$memory"
	check "limits: processes" prints 33 container --pids-limit 33 $IMAGE cat "$pids"
	check "limits: processes, when reached" refuses 2 "can't fork" \
		container --pids-limit 3 $IMAGE sh -c 'sleep 1 & sleep 1 & sleep 1 & sleep 1'
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		check "limits: processor time" prints "50000 100000" \
			container --cpus 0.5 $IMAGE cat /sys/fs/cgroup/cpu.max
	else
		cpu=$(container --cpus 0.5 $IMAGE ls -d /sys/fs/cgroup/cpu 2>/dev/null)
		check "limits: processor time" prints 50000 \
			container --cpus 0.5 $IMAGE cat \
				"${cpu:-/sys/fs/cgroup/cpu}/cpu.cfs_quota_us"
	fi
	check "limits: processors" prints 0 \
		container --cpuset-cpus 0 $IMAGE status_field Cpus_allowed_list
	check "limits: open files" prints 100 \
		container --ulimit nofile=100:200 $IMAGE sh -c 'ulimit -n'
	check "limits: OOM score" prints 500 \
		container --oom-score-adj 500 $IMAGE cat /proc/self/oom_score_adj
	check "limits: below a cgroup of one's own" prints yes \
		container --cgroup-parent /below $IMAGE \
			sh -c 'grep -q /below/ /proc/self/cgroup && echo yes'
	check "limits: out of memory ends the program" out_of_memory
	check_update "limits: changed while it runs" changed_limit
}

out_of_memory() {
	start oom --memory 32m --memory-swap 32m -- tail /dev/zero >/dev/null || return 1
	eventually prints exited state oom && prints "137 true" call inspect --format \
		'{{.State.ExitCode}} {{.State.OOMKilled}}' oom
	then_clear oom
}

changed_limit() {
	sleeper changed --memory 64m --memory-swap 64m || return 1
	call update --memory 96m --memory-swap 96m changed &&
		prints 100663296 call exec changed cat \
			"$(cgroup_file memory memory.limit_in_bytes memory.max)"
	then_clear changed
}

checks_terminal() {
	# The engine hands the size on some time after the start.
	local size='for i in $(seq 10); do
		[ "$(stty size)" = "41 123" ] && break
		sleep 0.2
	done
	stty size'
	check "terminal: there is one" prints yes \
		on_terminal "$engine" run --rm -it $IMAGE \
			sh -c '[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo yes'
	check "terminal: there is none without -t" prints no run sh -c '[ -t 0 ] || echo no'
	check "terminal: its name" prints /dev/pts/0 on_terminal "$engine" run --rm -it $IMAGE tty
	check "terminal: /dev/console" prints "character special file" \
		on_terminal "$engine" run --rm -it $IMAGE stat -c %F /dev/console
	check "terminal: size" prints "41 123" \
		on_terminal "$engine" run --rm -it $IMAGE sh -c "$size"
	check "terminal: it controls the session" prints yes \
		on_terminal "$engine" run --rm -it $IMAGE sh -c 'echo yes >/dev/tty'
	check "terminal: without one outside" prints $'yes' \
		container -t $IMAGE sh -c '[ -t 1 ] && echo yes'
	check "terminal: owned by the user" prints 1000 \
		on_terminal "$engine" run --rm -it --user 1000 $IMAGE stat -c %u /dev/pts/0
}

# What differs between runtimes shows in these lines; run-all compares them.
descriptions() {
	container $IMAGE describe </dev/null 2>&1 | sed 's/^/# sees: run: /'
	container --user alice --read-only --cap-add sys_ptrace --memory 64m --workdir /tmp $IMAGE \
		describe </dev/null 2>&1 | sed 's/^/# sees: run as alice: /'
	container --privileged --network host $IMAGE describe </dev/null 2>&1 |
		sed 's/^/# sees: privileged: /'
	sleeper described --workdir /tmp
	call exec described describe </dev/null 2>&1 | sed 's/^/# sees: exec: /'
	call exec --user alice described describe </dev/null 2>&1 |
		sed 's/^/# sees: exec as alice: /'
	on_terminal "$engine" exec -it described describe 2>&1 | tr -d '\r' |
		sed 's/^/# sees: exec on terminal: /'
	clear described
	on_terminal "$engine" run --rm -it $IMAGE describe 2>&1 | tr -d '\r' |
		sed 's/^/# sees: run on terminal: /'
}

error_texts() {
	local command
	for command in nonexistent /nonexistent /etc/passwd /etc garbage orphan; do
		echo "$command: $(run "$command" 2>&1 </dev/null)"
	done | sed -E 's/[0-9a-f]{64}/ID/g; s/^/# says: run /'
	sleeper says
	for command in nonexistent /nonexistent /etc/passwd /etc garbage orphan; do
		echo "$command: $(call exec says "$command" 2>&1 </dev/null)"
	done | sed -E 's/[0-9a-f]{64}/ID/g; s/^/# says: exec /'
	clear says
}

all_checks() {
	mkdir -p /shared
	mount -t tmpfs shared /shared # its mounts can be mapped, unlike those of overlayfs
	echo shared >/shared/file
	check "run: its init is the one under test" init_is $own_init run true
	checks_run
	checks_errors
	checks_files
	checks_rights
	checks_limits
	checks_terminal
	checks_exec
	checks_life
	checks_build
	descriptions
	error_texts
}
