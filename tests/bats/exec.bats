#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Further processes in a running container.

load helpers

prepare() {
	configure '.process.args = ["sleep", "1000"]'
}

running() {
	run_detached
	succeeded
}

# A process.json made of the container's own process: process_json FILTER; then execute -p "$PROCESS".
process_json() {
	PROCESS=$BATS_TEST_TMPDIR/process.json
	jq ".process | $1" "$BUNDLE/config.json" >"$PROCESS"
}

exec_process() { run runtime exec --process "$PROCESS" "$ID"; }

@test "exec gives output and exit status of its program" {
	running
	execute sh -c 'echo out; echo err >&2; exit 9'
	[ "$status" -eq 9 ]
	[[ $output == *out* && $output == *err* ]]
	execute sh -c 'kill -TERM $$'
	[ "$status" -eq 143 ]
}

@test "exec joins every namespace and the cgroups of the container" {
	configure '.linux.namespaces += [{type: "cgroup"}]'
	running
	local pid ns
	pid=$(container_state .pid)
	execute sh -c 'for ns in cgroup ipc mnt net pid uts; do readlink /proc/self/ns/$ns; done; cat /proc/self/cgroup'
	succeeded
	local i=0
	for ns in cgroup ipc mnt net pid uts; do
		[ "${lines[i]}" = "$(readlink "/proc/$pid/ns/$ns")" ]
		i=$((i + 1))
	done
	execute sleep 0.3 &
	eventually same_cgroups "$pid"
	wait
}

# Every process of the container's devices cgroup is in it, and there are two.
same_cgroups() {
	local path
	path=/sys/fs/cgroup/devices$(sed -n 's/^[0-9]*:devices://p' "/proc/$1/cgroup")
	[ -d "$path" ] || path=/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")
	[ "$(wc -l <"$path/cgroup.procs")" = 2 ]
}

@test "exec works where the pids limit has room for one process only" {
	has_own_parent || skip "runc decides by itself when to join"
	configure '.linux.resources.pids = {"limit": 2}'
	running
	execute true
	succeeded
}

@test "exec sees the container's processes and root" {
	running
	execute sh -c 'cat /proc/1/cmdline | tr "\0" " "; stat -c %i / /proc/1/root/'
	succeeded
	[[ ${lines[0]} == "sleep 1000 "* ]]
	[ "${lines[0]##* }" = "${lines[1]}" ]
}

@test "exec reads its stdin" {
	running
	run bash -c 'echo text | runtime exec "$1" cat' - "$ID"
	succeeded
	[ "$output" = text ]
}

@test "exec has the container's environment, and --env adds to it or replaces" {
	configure '.process.env += ["ONE=1", "TWO=2"]'
	running
	execute -e TWO=new -e THREE=3 -- sh -c 'echo $ONE $TWO $THREE; echo $HOME'
	succeeded
	[ "${lines[0]}" = "1 new 3" ]
	[ "${lines[1]}" = /root ]
}

@test "exec --cwd, --user and --additional-gids" {
	echo "app:x:1000:1000::/home/app:/bin/sh" >>"$BUNDLE/rootfs/etc/passwd"
	running
	execute --cwd /etc --user 1000:1001 --additional-gids 7 --additional-gids 8 -- \
		sh -c 'pwd; id -u; id -g; id -G; echo $HOME'
	succeeded
	[ "${lines[0]}" = /etc ]
	[ "${lines[1]}" = 1000 ]
	[ "${lines[2]}" = 1001 ]
	[ "$(echo "${lines[3]}" | tr ' ' '\n' | sort -nu | xargs)" = "7 8 1001" ]
	# The environment names root's HOME already.
	execute --user 1000 -- id -u
	[ "$output" = 1000 ]
}

@test "exec as a user of the image's passwd file by number, whatever the names there" {
	echo "1000:x:0:0:a number as a name:/:/bin/sh" >>"$BUNDLE/rootfs/etc/passwd"
	running
	execute --user 1000 -- sh -c 'id -u; id -g'
	succeeded
	[ "${lines[0]}" = 1000 ]
}

@test "exec --user takes nothing but a number" {
	running
	local user users=(0x1 1: -1 ' 1' 1:x 1:1:)
	# runc itself cuts the upper half off, which leaves root.
	not has_own_parent || users+=(4294967296 1:4294967296)
	for user in "${users[@]}"; do
		execute --user "$user" -- id -u
		[ "$status" -ne 0 ]
	done
}

@test "exec has the container's capabilities; --cap adds, and nothing becomes inheritable" {
	configure '.process.capabilities = {bounding: ["CAP_KILL"], effective: ["CAP_KILL"], permitted: ["CAP_KILL"]}'
	running
	execute grep -E '^Cap' /proc/self/status
	succeeded
	[[ $output == *"CapEff:	0000000000000020"* ]]
	execute --cap CAP_SYS_CHROOT -- grep -E '^Cap' /proc/self/status
	succeeded
	[[ $output == *"CapInh:	0000000000000000"* ]]
	[[ $output == *"CapPrm:	0000000000040020"* ]]
	[[ $output == *"CapEff:	0000000000040020"* ]]
	[[ $output == *"CapBnd:	0000000000040020"* ]]
	[[ $output == *"CapAmb:	0000000000000000"* ]]
}

@test "exec --no-new-privs" {
	configure '.process.noNewPrivileges = false'
	running
	execute grep NoNewPrivs /proc/self/status
	[[ $output == *0 ]]
	execute --no-new-privs -- grep NoNewPrivs /proc/self/status
	[[ $output == *1 ]]
}

@test "exec has the rlimits of process.json" {
	running
	process_json '.args = ["sh", "-c", "ulimit -n; ulimit -c"]
		| .rlimits = [{type: "RLIMIT_NOFILE", soft: 100, hard: 200}, {type: "RLIMIT_CORE", soft: 0, hard: 0}]'
	exec_process
	succeeded
	[ "${lines[0]}" = 100 ]
	[ "${lines[1]}" = 0 ]
}

@test "exec of a process.json has its user, environment, folder and arguments" {
	running
	process_json '.args = ["sh", "-c", "id -u; id -g; id -G; pwd; echo $A$B; echo $HOME"]
		| .user = {uid: 1, gid: 2, additionalGids: [3, 4]} | .cwd = "/tmp"
		| .env = ["PATH=/bin", "A=a", "B=b"]'
	exec_process
	succeeded
	[ "${lines[0]}" = 1 ]
	[ "${lines[1]}" = 2 ]
	[ "${lines[2]}" = "2 3 4" ]
	[ "${lines[3]}" = /tmp ]
	[ "${lines[4]}" = ab ]
	[ "${lines[5]}" = / ]
}

@test "HOME is set for a process without any environment" {
	only_pair '*+runtime-init' # runc 1.3 to 1.5 leaves it out
	running
	process_json 'del(.env) | .args = ["/bin/env"]'
	exec_process
	succeeded
	[ "$output" = HOME=/root ]
}

@test "exec --detach leaves the program running and writes its pid" {
	running
	runtime exec --detach --pid-file "$BATS_TEST_TMPDIR/pid" "$ID" \
		sh -c 'echo detached; exec sleep 1000' >"$OUT" 2>&1
	eventually grep -q detached "$OUT"
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	[ "$(readlink "/proc/$pid/ns/pid")" = "$(readlink "/proc/$(container_state .pid)/ns/pid")" ]
	execute sh -c 'ps | grep -c "[s]leep 1000"'
	[ "$output" = 2 ]
}

@test "exec hands signals on to its program" {
	running
	runtime exec "$ID" sh -c 'trap "echo got INT; exit 6" INT; echo ready; while :; do sleep 0.1; done' >"$OUT" 2>&1 &
	eventually grep -q ready "$OUT"
	kill -INT "$(pgrep -f -- "exec $ID sh -c" | tail -n 1)"
	status=0
	wait $! || status=$?
	[ "$status" = 6 ]
	grep -q "got INT" "$OUT"
}

@test "exec of what is not there, not executable or a folder fails with 255 and says so" {
	touch "$BUNDLE/rootfs/file"
	running
	execute nosuch
	[ "$status" -eq 255 ]
	failed_with 'exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH'
	execute /nosuch
	failed_with 'exec: "/nosuch": stat /nosuch: no such file or directory'
	execute /file
	failed_with 'exec: "/file": permission denied'
	execute /etc
	failed_with 'exec: "/etc": is a directory'
	execute --cwd /nosuch -- true
	failed_with 'chdir to cwd ("/nosuch") set in config.json failed: no such file or directory'
	container_is running
}

@test "exec needs a container that runs" {
	execute true
	failed_with "container does not exist"
	running
	runtime kill "$ID" KILL
	eventually container_is stopped
	execute true
	failed_with "cannot exec in a stopped container"
}

@test "exec in a created container works before it is started" {
	create_container
	succeeded
	execute echo early
	succeeded
	[ "$output" = early ]
}

@test "exec enters a user namespace as its root, or as another of its users" {
	use_user_namespace
	configure '.root.readonly = false'
	running
	execute sh -c 'id -u; id -g; id -G; cat /proc/self/uid_map; touch /tmp/mine; stat -c %u /tmp/mine /bin/busybox'
	succeeded
	[ "${lines[0]}" = 0 ]
	[ "${lines[1]}" = 0 ]
	[ "${lines[2]}" = 0 ]
	[ "$(echo ${lines[3]})" = "0 100000 65536" ]
	[ "${lines[4]}" = 0 ]
	[ "${lines[5]}" = 0 ]
	[ "$(stat -c %u "$BUNDLE/rootfs/tmp/mine")" = 100000 ]
	execute --user 1000:1000 -- sh -c 'id -u; id -G'
	succeeded
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = 1000 ]
}

@test "exec in a user namespace refuses an unmapped user" {
	use_user_namespace
	running
	execute --user 70000 -- true
	[ "$status" -ne 0 ]
	failed_with "exec failed"
}

@test "exec keeps the fds it is told to keep, and no others" {
	running
	run bash -c 'runtime exec --preserve-fds 1 "$1" sh -c "cat <&3; ls /proc/self/fd" 3<<<kept 5</dev/zero' - "$ID"
	succeeded
	[ "${lines[0]}" = kept ]
	[ "$(echo ${lines[*]:1})" = "0 1 2 3 4" ]
	run bash -c 'runtime exec "$1" ls /proc/self/fd 3</dev/zero 7</' - "$ID"
	succeeded
	[ "$(echo $output)" = "0 1 2 3" ]
}

@test "exec cannot be entered or traced by the container before its program runs" {
	# Process 1 looks at each new process of its namespace as root would. Until the program runs the init
	# is not dumpable, so nothing of it can be opened: what opens must be the program's.
	script 'while :; do for p in /proc/[0-9]*; do
		case $p in /proc/1) continue;; esac
		n=$(readlink $p/exe 2>/dev/null) || continue
		case $n in /bin/busybox|"") ;; *) echo "opened $n";; esac
	done; done'
	running
	local i
	for ((i = 0; i < 10; i++)); do
		execute true
		succeeded
	done
	not grep opened "$OUT"
}

@test "many execs at once" {
	running
	local i
	for i in 1 2 3 4 5 6 7 8; do
		runtime exec "$ID" sh -c "sleep 0.2; echo $i" >>"$OUT" 2>&1 &
	done
	wait
	[ "$(sort -n "$OUT" | xargs)" = "1 2 3 4 5 6 7 8" ]
}

@test "exec --cgroup joins a cgroup below the container's" {
	running
	local path
	path=/sys/fs/cgroup/pids$(sed -n 's/^[0-9]*:pids://p' "/proc/$(container_state .pid)/cgroup")
	[ -d "$path" ] || skip "no v1 pids controller"
	execute --cgroup pids:sub -- true
	failed_with "exec failed"
	mkdir "$path/sub"
	execute --cgroup pids:sub -- sh -c 'grep :pids: /proc/self/cgroup'
	succeeded
	[[ $output == */sub ]]
	rmdir "$path/sub"
}
