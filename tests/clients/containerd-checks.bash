# SPDX-License-Identifier: Apache-2.0
# The checks of containerd.
# shellcheck shell=bash

tasks_made=0

call() { timeout -k 5 100 ctr "$@"; }
run_options="--snapshotter native --runc-binary $RUNTIME"

# container OPTION... -- COMMAND...: run in the foreground.
container() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	tasks_made=$((tasks_made + 1))
	call run $run_options --rm "${options[@]}" $IMAGE "c$BASHPID-$tasks_made" "$@"
}
run() { container -- "$@"; }

# sleeper NAME OPTION...: a container in the background; clear removes it.
sleeper() {
	local name=$1
	shift
	call run $run_options --detach "$@" $IMAGE "$name" sleep 1000
}
enter() { # NAME COMMAND...
	local name=$1
	shift
	call task exec --exec-id "e$BASHPID-$RANDOM" "$name" "$@"
}
state() { call task list | sed -nE "s/^$1 +[0-9]+ +//p"; }
clear() {
	call task kill --signal KILL "$1" 2>/dev/null
	eventually no_task "$1"
	call container rm "$1"
}
no_task() { call task rm "$1" >/dev/null 2>&1 || [ -z "$(state "$1")" ]; }

# ctr does not hand on the end of its input.
reads_input() { echo from outside | run head -n 1; }

capabilities="CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP
	NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE"

checks_ctr() {
	mkdir -p /shared
	echo shared >/shared/file
	check "ctr run: its init is the one under test" init_is $own_init run true
	check "ctr run: output" prints hello run echo hello
	check "ctr run: exit status" exits 42 run sh -c 'exit 42'
	check "ctr run: standard input" prints "from outside" reads_input
	check "ctr run: user" prints 1000:50 \
		container --user 1000:50 -- sh -c 'echo $(id -u):$(id -g)'
	check "ctr run: environment" prints "a b" container --env "X=a b" -- sh -c 'echo $X'
	check "ctr run: host name" prints somewhere container --hostname somewhere -- hostname
	check "ctr run: working directory" prints /tmp container --cwd /tmp -- pwd
	check "ctr run: mount" prints shared \
		container --mount type=bind,src=/shared,dst=/data,options=rbind:ro -- cat /data/file
	check "ctr run: read-only mount" refuses 1 'Read-only file system' \
		container --mount type=bind,src=/shared,dst=/data,options=rbind:ro -- touch /data/x
	check "ctr run: read-only root" refuses 1 'Read-only file system' \
		container --read-only -- touch /x
	check "ctr run: capabilities" prints 0000000000000000 \
		container $(printf -- '--cap-drop CAP_%s ' $capabilities) -- status_field CapEff
	check "ctr run: seccomp" prints 2 container --seccomp -- status_field Seccomp
	check "ctr run: no_new_privs" prints 1 run status_field NoNewPrivs
	check "ctr run: without no_new_privs" prints 0 \
		container --allow-new-privs -- status_field NoNewPrivs
	check "ctr run: privileged" prints yes \
		container --privileged -- sh -c 'mount -t tmpfs x /tmp && echo yes'
	check "ctr run: the host's network" prints "$(readlink /proc/self/ns/net)" \
		container --net-host -- readlink /proc/self/ns/net
	check "ctr run: a namespace by path" prints "$(readlink /proc/self/ns/uts)" \
		container --with-ns uts:/proc/1/ns/uts -- readlink /proc/self/ns/uts
	check "ctr run: mapped users" prints "0 100000 65536" \
		container --uidmap 0:100000:65536 --gidmap 0:100000:65536 -- \
			sh -c 'echo $(cat /proc/self/uid_map)'
	check "ctr run: memory" prints 67108864 \
		container --memory-limit 67108864 \
			--mount type=cgroup,src=cgroup,dst=/sys/fs/cgroup,options=ro -- \
			cat "$(cgroup_file memory memory.limit_in_bytes memory.max)"
	check "ctr run: processor time" prints 50000 quota
	check "ctr run: processors" prints 0 \
		container --cpuset-cpus 0 -- status_field Cpus_allowed_list
	check "ctr run: a device" prints "1:5" \
		container --device /dev/zero -- stat -c %t:%T /dev/zero
	check "ctr run: program that is not in PATH" refuses 1 "$NOT_IN_PATH" \
		run nonexistent
	check "ctr run: program that is not there" refuses 1 "$NOT_THERE" \
		run /nonexistent
	check "ctr run: program that is not executable" refuses 1 'permission denied' \
		run /etc/passwd
	check "ctr run: working directory that is a file" refuses 1 'not a directory' \
		container --cwd /etc/passwd -- true
	check "ctr run: mount of a missing source" refuses 1 "$NOT_THERE" \
		container --mount type=bind,src=/nonexistent,dst=/data,options=rbind -- true
	# The client complains of programs that end before their terminal has its size: hence sleep.
	check "ctr run: terminal" prints yes \
		on_terminal ctr run $run_options --rm -t $IMAGE tty1 \
			sh -c '[ -t 0 ] && [ -t 1 ] && echo yes; sleep 0.5'
	check "ctr run: size of the terminal" prints "41 123" \
		on_terminal ctr run $run_options --rm -t $IMAGE tty2 \
			sh -c 'sleep 0.5; stty size; sleep 0.5'

	check "ctr: in the background" sleeper one --memory-limit 67108864
	check "ctr exec: its init is the one under test" init_is $own_init enter one true
	check "ctr exec: output" prints hello enter one echo hello
	check "ctr exec: exit status" exits 42 enter one sh -c 'exit 42'
	check "ctr exec: user" prints 1000 call task exec --exec-id user --user 1000 one id -u
	check "ctr exec: working directory" prints /tmp \
		call task exec --exec-id cwd --cwd /tmp one pwd
	check "ctr exec: terminal" prints yes \
		on_terminal ctr task exec -t --exec-id tty one \
			sh -c '[ -t 0 ] && echo yes; sleep 0.5'
	check "ctr exec: size of the terminal" prints "41 123" \
		on_terminal ctr task exec -t --exec-id tty one \
			sh -c 'sleep 0.5; stty size; sleep 0.5'
	check "ctr exec: program that is not in PATH" refuses 1 "$NOT_IN_PATH" \
		enter one nonexistent
	check "ctr exec: twenty times" twenty_times enter one
	check "ctr: pause" pauses one
	check "ctr: resume" resumes one
	check "ctr: processes" processes_are_listed one
	check "ctr: usage" usage_is_told one
	check "ctr: a signal, and the exit status" signalled
	check "ctr: remove" clear one
	check "ctr: a log file" prints logged logs_to_file
}

quota() {
	local folder=/sys/fs/cgroup/cpu
	sleeper quota --cpu-quota 50000 --cpu-period 100000 >/dev/null || return 1
	if [ -d $folder ]; then
		cat $folder/default/quota/cpu.cfs_quota_us
	else
		cut -d' ' -f1 /sys/fs/cgroup/default/quota/cpu.max
	fi
	clear quota >/dev/null
}

pauses() { call task pause "$1" && prints PAUSED state "$1"; }
resumes() { call task resume "$1" && prints RUNNING state "$1"; }
processes_are_listed() { call task ps "$1" | one_line; }
one_line() { [ "$(grep -cE '^[0-9]+')" = 1 ]; }
usage_is_told() { call task metrics "$1" | grep -qE 'memory.*usage|memory\.usage'; }

signalled() {
	local status=0
	call run $run_options $IMAGE signalled \
		sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done' &
	eventually prints RUNNING state signalled >/dev/null || return 1
	sleep 0.5
	call task kill signalled
	wait $! || status=$?
	call container rm signalled
	[ $status = 7 ] || { echo "exit status $status"; return 1; }
}

logs_to_file() {
	call run $run_options --detach --log-uri file:///tmp/task.log $IMAGE logs echo logged ||
		return 1
	eventually grep -q logged /tmp/task.log && cat /tmp/task.log
	clear logs >/dev/null
}

cri() { timeout -k 5 100 /clients/cri "$@"; }

checks_cri() {
	mkdir -p /tmp/pods
	check "cri: a pod" make_pod
	[ -s /tmp/pod ] || return
	check "cri: a container" \
		start_in_pod main memory=67108864 quota=50000 directory=/tmp -- sleep 1000
	check "cri: its init is the one under test" \
		init_is $own_init start_in_pod init -- true
	check "cri exec: output, environment, working directory" prints "cri /tmp" \
		cri_exec main sh -c 'echo $WHO $(pwd)'
	check "cri exec: exit status" exits 42 cri_exec main sh -c 'exit 42'
	check_update "cri: a limit changed while it runs" cri_changes_limit
	check "cri: user" cri_logs user user=1000 -- 1000 id -u
	check "cri: read-only root" \
		cri_logs readonly readonly=1 -- no sh -c 'touch /x 2>/dev/null || echo no'
	check "cri: privileged" \
		cri_logs privileged privileged=1 -- yes sh -c 'mount -t tmpfs x /tmp && echo yes'
	check "cri: terminal" cri_logs tty tty=1 -- yes sh -c '[ -t 1 ] && echo yes'
	check "cri: exit status" cri_exit_status
	check "cri: program that is not there" refuses 1 "$NOT_IN_PATH" \
		start_in_pod missing -- nonexistent
	check "cri: stop lets the program end itself" cri_stops
	check "cri: remove the pod and all in it" cri remove-pod "$(cat /tmp/pod)"
}

make_pod() { cri pod pod >/tmp/pod; }
start_in_pod() { # NAME OPTION... -- COMMAND...: its id goes to /tmp/cri-NAME
	local name=$1
	shift
	cri start "$(cat /tmp/pod)" "$name-$BASHPID" "$@" >"/tmp/cri-$name"
}
cri_exec() {
	local name=$1
	shift
	cri exec "$(cat "/tmp/cri-$name")" "$@"
}

cri_logs() { # NAME OPTION... -- TEXT COMMAND...: the command's log says TEXT
	local name=$1 options=() text
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	text=$2
	shift 2
	start_in_pod "$name" "${options[@]}" -- "$@" &&
		eventually grep -q " $text" /tmp/pods/"$name"-*.log
	local status=$?
	cat /tmp/pods/"$name"-*.log
	return $status
}

cri_changes_limit() {
	cri memory "$(cat /tmp/cri-main)" 100663296 &&
		prints 100663296 \
			cri_exec main cat "$(cgroup_file memory memory.limit_in_bytes memory.max)"
}

cri_exit_status() {
	start_in_pod exit -- sh -c 'exit 42' &&
		eventually prints "exited 42" cri status "$(cat /tmp/cri-exit)"
}

cri_stops() {
	start_in_pod stop -- sh -c 'trap "exit 7" TERM; while :; do sleep 0.1; done' || return 1
	sleep 0.5
	cri stop "$(cat /tmp/cri-stop)" 10 && prints "exited 7" cri status "$(cat /tmp/cri-stop)"
}

nothing_remains() {
	local remains
	remains=$(ps -e -o args | grep -E '^(sleep 1000|sh -c)| init$'
		find /sys/fs/cgroup -mindepth 3 -type d -regex '.*/\(default\|k8s.io\)/.*'
		grep -E '/rootfs ' /proc/self/mounts)
	echo "$remains"
	[ -z "$remains" ]
}

# What differs between runtimes shows in these lines; run-all compares them.
descriptions() {
	run describe 2>&1 </dev/null | sed 's/^/# sees: run: /'
	container --seccomp --user 1000 --read-only --cwd /tmp -- describe 2>&1 </dev/null |
		sed 's/^/# sees: run as alice: /'
	container --uidmap 0:100000:65536 --gidmap 0:100000:65536 -- describe 2>&1 </dev/null |
		sed 's/^/# sees: run with mapped users: /'
	sleeper described
	enter described describe 2>&1 </dev/null | sed 's/^/# sees: exec: /'
	on_terminal ctr task exec -t --exec-id tty described describe 2>&1 | tr -d '\r' |
		sed 's/^/# sees: exec on terminal: /'
	clear described
	local command
	for command in nonexistent /nonexistent /etc/passwd /etc garbage orphan; do
		echo "$command: $(run "$command" 2>&1 </dev/null)"
	done | sed -E 's/[0-9a-f]{64}/ID/g; s/^/# says: run /'
}
