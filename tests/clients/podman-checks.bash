# SPDX-License-Identifier: Apache-2.0
# What only podman has, and podman without privileges.
# shellcheck shell=bash

launcher_says() { RUNC_WITH_RUNTIME_INIT=--show "$RUNTIME"; }

checks_launcher() {
	local found=$'runc: /usr/sbin/runc\ninit: /usr/local/sbin/runtime-init'
	check "launcher: finds runc and the init" prints "$found" launcher_says
	mkdir -p /usr/local/etc
	example runc-with-runtime-init.conf |
		sed 's/^#--/--/' >/usr/local/etc/runc-with-runtime-init.conf
	check "launcher: reads its configuration" prints "$found" launcher_says
}

checks_podman() {
	check "podman: mapped users" prints "0 100000 65536" \
		container --uidmap 0:100000:65536 $IMAGE sh -c 'echo $(cat /proc/self/uid_map)'
	check "podman: mapped users of the engine's choice" prints 0 \
		container --userns auto $IMAGE id -u
	check "podman: mapped users, exec" exec_in_mapped
	check "podman: mapped users, terminal" prints yes \
		on_terminal podman run --rm -it --uidmap 0:100000:65536 $IMAGE \
			sh -c '[ -t 0 ] && echo yes'
	check "podman: mapped users, no network" prints lo \
		container --uidmap 0:100000:65536 --network none $IMAGE ls /sys/class/net
	check "podman: a mapped volume" prints 0 \
		container --uidmap 0:100000:65536 --volume /shared:/data:idmap $IMAGE stat -c %u \
			/data/file
	check "podman: a volume that is not mapped" prints 65534 \
		container --uidmap 0:100000:65536 --volume /shared:/data $IMAGE stat -c %u \
			/data/file
	check "podman: created, not started" initialized
	check "podman: umask" prints 0077 container --umask 0077 $IMAGE sh -c umask
	check "podman: personality" prints i686 container --personality LINUX32 $IMAGE uname -m
	check "podman: preserved fds" preserved_fds
	check "podman: a secret" has_secret
	check "podman: pod of two containers" pod_of_two
	check "podman: hooks" hooks_run
	check "podman: health" healthy
	check "podman: recursive read-only volume" refuses 1 'Read-only file system' \
		container --mount \
			type=bind,src=/shared,dst=/data,ro=true,bind-propagation=rprivate $IMAGE \
			touch /data/x
	check "podman: a volume of its own, copied into" prints passwd \
		container --volume named:/etc $IMAGE sh -c 'ls /etc | grep passwd'
	check "podman: options of /proc" prints yes \
		container --security-opt proc-opts=hidepid=2 $IMAGE sh -c \
			'grep -qE "^proc /proc .*hidepid=[2i]" /proc/mounts && echo yes'
	container --uidmap 0:100000:65536 $IMAGE describe </dev/null 2>&1 |
		sed 's/^/# sees: mapped users: /'
}

exec_in_mapped() {
	sleeper mapped --uidmap 0:100000:65536 || return 1
	prints "0 100000 65536" call exec mapped sh -c 'echo $(cat /proc/self/uid_map)' &&
		prints 1000 call exec --user alice mapped id -u
	then_clear mapped
}

initialized() {
	call create --name init $IMAGE echo started && call init init &&
		prints initialized state init && exits 0 call start init &&
		eventually prints started call logs init
	then_clear init
}

preserved_fds() {
	echo preserved >/tmp/preserved
	prints preserved call run --rm --preserve-fds 1 $IMAGE cat /proc/self/fd/3 \
		3</tmp/preserved || return 1
	sleeper fds || return 1
	prints preserved call exec --preserve-fds 1 fds cat /proc/self/fd/3 3</tmp/preserved
	then_clear fds
}

has_secret() {
	echo hidden | call secret create hidden - &&
		prints hidden container --secret hidden $IMAGE cat /run/secrets/hidden
}

pod_of_two() {
	call pod create --name pod || return 1
	start one --pod pod -- nc -l -p 7000 -e echo reached >/dev/null || return 1
	eventually prints reached container --pod pod $IMAGE nc 127.0.0.1 7000
	local status=$?
	call pod rm --force --time 0 pod
	return $status
}

hooks_run() {
	local log=/tmp/hooks.log stage before
	mkdir -p /tmp/hooks
	for stage in prestart createRuntime createContainer poststart poststop; do
		cat >/tmp/hooks/$stage.json <<-END
			{ "version": "1.0.0", "when": { "always": true }, "stages": ["$stage"],
			  "hook": { "path": "/bin/sh",
			    "args": ["sh", "-c", "jq -r '\"$stage \" + .status' >>$log"] } }
		END
	done
	rm -f $log
	call --hooks-dir /tmp/hooks run --rm $IMAGE true
	eventually grep -q poststop $log
	before="createRuntime creating, prestart creating, createContainer creating"
	# runc before 1.4 runs poststart when the container is created.
	prints "$before, poststart, poststop stopped" \
		sed -z 's/poststart [a-z]*/poststart/; s/\n\(.\)/, \1/g' $log
}

healthy() {
	sleeper health --health-cmd 'touch /tmp/asked' --health-interval disable || return 1
	call healthcheck run health &&
		prints healthy call inspect --format '{{.State.Health.Status}}' health
	then_clear health
}

# alice's own podman, whose containers' users come out of her /etc/subuid.
rootless() {
	(cd /home/alice && exec setpriv --reuid 1000 --regid 1000 --clear-groups \
		env HOME=/home/alice USER=alice XDG_RUNTIME_DIR=/run/alice \
		timeout --foreground -k 5 100 podman --cgroup-manager cgroupfs "$@")
}
rootless_run() { rootless run --rm $IMAGE "$@"; }

checks_rootless() {
	install -d -o 1000 -g 1000 -m 700 /run/alice
	install -d -o 1000 -g 1000 /home/alice/.config /home/alice/.config/containers
	printf '[storage]\ndriver = "vfs"\n' >/home/alice/.config/containers/storage.conf
	check "rootless: import" rootless_import
	check "rootless: output" prints hello rootless_run echo hello
	check "rootless: exit status" exits 42 rootless_run sh -c 'exit 42'
	check "rootless: root is alice" prints "0 1000 1 1 400000 65536" \
		rootless_run sh -c 'echo $(cat /proc/self/uid_map)'
	check "rootless: another user" prints 1000 rootless run --rm --user alice $IMAGE id -u
	check "rootless: kept id" prints 1000 rootless run --rm --userns keep-id $IMAGE id -u
	check "rootless: only one id" prints "0 0 1" rootless_single_id
	check "rootless: read-only root" refuses 1 'Read-only file system' \
		rootless run --rm --read-only $IMAGE touch /x
	check "rootless: volume" prints shared \
		rootless run --rm --volume /shared:/data:ro $IMAGE cat /data/file
	check "rootless: program that is not in PATH" refuses 127 "$NOT_IN_PATH" \
		rootless_run nonexistent
	check "rootless: terminal" prints yes rootless_terminal
	check "rootless: exec" rootless_exec
	check "rootless: stop" rootless_stop
	rootless_run describe </dev/null 2>&1 | sed 's/^/# sees: rootless: /'
}

rootless_import() { tar -C /tmp/image -c . | rootless import --quiet - $IMAGE; }
rootless_single_id() {
	rootless run --rm --uidmap 0:0:1 --gidmap 0:0:1 $IMAGE \
		sh -c 'echo $(cat /proc/self/uid_map)'
}

rootless_terminal() {
	export -f rootless
	on_terminal bash -c "rootless run --rm -it $IMAGE sh -c '[ -t 0 ] && echo yes'"
}

rootless_exec() {
	rootless run --detach --name exec $IMAGE sleep 1000 &&
		prints inside rootless exec exec echo inside &&
		prints 1000 rootless exec --user alice exec id -u &&
		exits 42 rootless exec exec sh -c 'exit 42'
}

rootless_stop() {
	rootless stop --time 1 exec &&
		rootless inspect --format '{{.State.ExitCode}}' exec | grep -qx 137 &&
		rootless rm exec
}
