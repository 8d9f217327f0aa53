#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Hooks of every kind: when, where and as what they run, and what happens when they fail.

load helpers

prepare() {
	LOG=$BATS_TEST_TMPDIR/log
	configure '.root.readonly = false'
}

# Add a hook that runs a shell script. Those of the host get bash, the startContainer ones busybox.
add_hook() { # kind, script
	local shell=/bin/sh
	configure '.hooks[$kind] += [{path: $shell, args: ["sh", "-c", $script], env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' \
		--arg kind "$1" --arg shell "$shell" --arg script "$2"
}

line_of() { grep -nx -- "$1" "$LOG" | cut -d: -f1; }

@test "the kinds run in their order, and each kind in the configuration's" {
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		add_hook $kind "echo $kind 1 >>$LOG"
		add_hook $kind "echo $kind 2 >>$LOG"
	done
	add_hook startContainer 'echo startContainer 1 >>/log'
	add_hook startContainer 'echo startContainer 2 >>/log'
	script 'cat /log; echo program'
	create_container
	succeeded
	[ "$(grep -v poststart "$LOG" | xargs)" = "prestart 1 prestart 2 createRuntime 1 createRuntime 2 createContainer 1 createContainer 2" ]
	[ ! -e "$BUNDLE/rootfs/log" ]
	runtime start "$ID"
	eventually container_is stopped
	[ "$(xargs <"$OUT")" = "startContainer 1 startContainer 2 program" ]
	eventually grep -q "poststart 2" "$LOG"
	not grep -q poststop "$LOG"
	runtime delete "$ID"
	[ "$(tail -n 2 "$LOG" | xargs)" = "poststop 1 poststop 2" ]
}

# Whoever shares the init's pid namespace can kill it, and must not cut root's hooks in half by it.
@test "a hook of the host can clean up when the container's init dies" {
	only_pair "runtime-parent+*"
	add_hook createRuntime "trap 'kill \$!; sleep 0.3; echo clean >>$LOG; exit 1' TERM
		sleep 20 >/dev/null 2>&1 & kill -9 \$(jq .pid); wait"
	run_container
	failed_with "cut short, as the container's init has ended"
	[ "$(cat "$LOG")" = clean ]
}

@test "each hook reads the container's state, with the status of its moment" {
	configure '.annotations = {"org.example": "note"}'
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		add_hook $kind "cat >$LOG.$kind"
	done
	add_hook startContainer 'cat >/state'
	configure '.process.args = ["cat", "/state"]'
	create_container --pid-file "$BATS_TEST_TMPDIR/pid"
	succeeded
	runtime start "$ID"
	eventually container_is stopped
	eventually test -s "$LOG.poststart"
	runtime delete "$ID"

	for kind in prestart createRuntime createContainer poststart poststop; do
		jq -e --arg id "$ID" --arg bundle "$BUNDLE" \
			'.id == $id and .bundle == $bundle and .annotations["org.example"] == "note"
			and (.ociVersion | startswith("1."))' "$LOG.$kind"
	done
	local pid
	pid=$(cat "$BATS_TEST_TMPDIR/pid")
	jq -e --argjson pid "$pid" '.status == "creating" and .pid == $pid' "$LOG.prestart"
	jq -e --argjson pid "$pid" '.status == "creating" and .pid == $pid' "$LOG.createRuntime"
	jq -e '.status == "creating" and .pid == 1' "$LOG.createContainer"
	jq -e '.status == "created" and .pid == 1' "$OUT"
	jq -e --argjson pid "$pid" '.pid == $pid' "$LOG.poststart"
	jq -e '.status == "stopped"' "$LOG.poststop"
}

@test "prestart, createRuntime, poststart and poststop run in the host's namespaces, in the bundle's folder" {
	local kind
	for kind in prestart createRuntime poststart poststop; do
		add_hook $kind "{ pwd; for ns in mnt pid net ipc uts; do readlink /proc/self/ns/\$ns; done; } >$LOG.$kind"
	done
	run_container
	succeeded
	for kind in prestart createRuntime poststart poststop; do
		[ "$(cat "$LOG.$kind")" = "$(echo "$BUNDLE"
			for ns in mnt pid net ipc uts; do readlink /proc/self/ns/$ns; done)" ]
	done
}

@test "createRuntime hooks find the container's namespaces by the pid" {
	add_hook createRuntime "pid=\$(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/') && readlink /proc/\$pid/ns/net >$LOG &&
		nsenter -t \$pid -n ip link set lo down"
	script 'readlink /proc/self/ns/net; cat /sys/class/net/lo/flags'
	run_container
	succeeded
	[ "${lines[0]}" = "$(cat "$LOG")" ]
	[ $((${lines[1]} & 1)) = 0 ]
}

@test "createContainer hooks run in the container's namespaces, in its root as the host sees it" {
	add_hook createContainer "pwd >$LOG; echo \$\$ >>$LOG; readlink /proc/self/ns/net >>$LOG
		touch made-by-hook; ls /proc/1/ >/dev/null"
	script 'ls /made-by-hook; readlink /proc/self/ns/net'
	run_container
	succeeded
	[ "${lines[0]}" = /made-by-hook ]
	[ "$(sed -n 1p "$LOG")" = "$BUNDLE/rootfs" ]
	[ "$(sed -n 3p "$LOG")" = "${lines[1]}" ]
}

@test "a mount that a createContainer hook makes is in the container, not on the host" {
	add_hook createContainer 'mount -t tmpfs -o size=64k hooked tmp && touch tmp/file'
	script 'ls /tmp; grep -c " /tmp " /proc/self/mounts'
	run_container
	succeeded
	[ "$output" = "$(printf 'file\n1')" ]
}

@test "startContainer hooks run inside, as the program's user and in its environment" {
	configure '.process.user = {uid: 1000, gid: 1001} | .process.env += ["NAME=value"] | .process.cwd = "/tmp"
		| .hooks.startContainer = [{path: "/bin/sh",
			args: ["sh", "-c", "exec >/tmp/hook; id -u; id -g; echo $NAME; pwd; grep CapEff /proc/self/status"]}]'
	chmod 777 "$BUNDLE/rootfs/tmp"
	configure '.process.args = ["cat", "/tmp/hook"]'
	run_container
	succeeded
	[ "${lines[0]}" = 1000 ]
	[ "${lines[1]}" = 1001 ]
	[ "${lines[2]}" = value ]
	[ "${lines[3]}" = /tmp ]
	[[ ${lines[4]} == *0000000000000000 ]]
}

@test "hooks have their own arguments and environment" {
	local kind
	for kind in prestart createRuntime createContainer poststart poststop; do
		configure '.hooks[$kind] = [{path: "/bin/sh", args: ["zero", "-c", "{ echo $0 $1; env; } >$LOG", "zero", "one"],
			env: ["LOG=\($log).\($kind)", "ONLY=this"]}]' --arg kind $kind --arg log "$LOG"
	done
	run_container
	succeeded
	for kind in prestart createRuntime createContainer poststart poststop; do
		[ "$(head -n 1 "$LOG.$kind")" = "zero one" ]
		grep -qx ONLY=this "$LOG.$kind"
		not grep -q ^HOME= "$LOG.$kind"
	done
}

@test "hooks have no fds but their three" {
	local kind
	for kind in prestart createRuntime createContainer poststop; do
		add_hook $kind "ls /proc/self/fd >$LOG.$kind"
	done
	add_hook startContainer 'ls /proc/self/fd >/fds'
	script 'cat /fds'
	run_container
	succeeded
	[ "$(echo $output)" = "0 1 2 3" ]
	for kind in prestart createRuntime poststop; do
		[ "$(xargs <"$LOG.$kind")" = "0 1 2 3" ]
	done
	# runc's own init leaves its sockets open here.
	not has_own_init || [ "$(xargs <"$LOG.createContainer")" = "0 1 2 3" ]
}

@test "a failing hook before the start fails it, names itself and tells the output" {
	local kind
	for kind in prestart createRuntime createContainer; do
		configure 'del(.hooks)'
		add_hook $kind 'exit 0'
		add_hook $kind 'echo O; echo E >&2; exit 3'
		add_hook poststop "echo stopped >>$LOG"
		run_container
		[ "$status" -eq 1 ]
		failed_with "error running $kind hook #1: exit status 3, stdout: O\n, stderr: E\n"
		nothing_left
	done
}

@test "a failing startContainer hook keeps the program from running" {
	add_hook startContainer 'exit 3'
	script 'echo ran'
	run_container
	failed_with "error running startContainer hook #0: exit status 3"
	[[ $output != *ran* ]]
}

@test "a failing poststop hook does not keep the container from being deleted" {
	add_hook poststop 'exit 3'
	add_hook poststop "echo second >$LOG"
	run_container
	[[ $output == *"error running poststop hook #0: exit status 3"* ]]
	[ ! -e "$STATE/$ID" ]
}

@test "a hook that is missing, or killed, or lasts too long" {
	local kind
	for kind in createRuntime createContainer; do
		configure '.hooks = {($kind): [{path: "/no/such/hook"}]}' --arg kind $kind
		run_container
		failed_with "error running $kind hook #0: fork/exec /no/such/hook: no such file or directory"

		configure '.hooks = {}'
		add_hook $kind 'kill -9 $$'
		run_container
		failed_with "error running $kind hook #0: signal: killed"

		configure '.hooks = {($kind): [{path: "/bin/sleep", args: ["sleep", "100"], timeout: 1}]}' --arg kind $kind
		run_container
		failed_with "error running $kind hook #0: hook ran past specified timeout of 1"
	done
}

@test "a relative hook path is refused or not found" {
	configure '.hooks.createRuntime = [{path: "bin/true"}]'
	run_container
	[ "$status" -eq 1 ]
	nothing_left
}

@test "hooks in a user namespace: the runtime's run as root, createContainer's as the container's root" {
	use_user_namespace
	add_hook createRuntime "id -u >$LOG; cat /proc/self/uid_map >>$LOG"
	add_hook createContainer 'id -u >tmp/hook; cat /proc/self/uid_map >>tmp/hook'
	configure '.process.args = ["cat", "/tmp/hook"]'
	run_container
	succeeded
	[ "$(sed -n 1p "$LOG")" = 0 ]
	[ "$(sed -n 2p "$LOG" | xargs)" = "$(xargs </proc/self/uid_map)" ]
	[ "${lines[0]}" = 0 ]
	[ "$(echo ${lines[1]})" = "0 100000 65536" ]
}
