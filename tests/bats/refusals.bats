#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What users get wrong, one table a topic: the words of a refusal are runc's, whoever is parent and init.

load helpers

prepare() {
	local tmp=$BUNDLE/rootfs/tmp
	mkdir "$BUNDLE/rootfs/mnt"
	touch "$tmp/plain"
	ln -s loop "$tmp/loop"
	ln -s nosuch "$tmp/dangling"
	ln -s /proc "$tmp/to-proc"
	ln -s /etc "$tmp/to-etc"
	printf '#!/no/such\n' >"$tmp/no-interpreter"
	echo 'echo hi' >"$tmp/no-shebang"
	printf '\177ELFjunk' >"$tmp/junk"
	chmod +x "$tmp/no-interpreter" "$tmp/no-shebang" "$tmp/junk"
	mkdir -m 700 "$BUNDLE/rootfs/secret"
	cp "$BUNDLE/rootfs/bin/busybox" "$BUNDLE/rootfs/secret/true"
}

# runc 1.4 and older ends when its init does, and sometimes before it has read why. Ours waits for that.
has_lost_words() {
	! has_own_init && [[ $output == *"can't get final child's PID from pipe: EOF"* ]]
}

# A line is a change of config.json, which holds for that line alone, then => and what the error says,
# in pieces joined by &; what follows + only our init says.
refusals() { # exit status
	local line change common ours phrase
	cp "$BUNDLE/config.json" "$BATS_TEST_TMPDIR/good"
	while IFS= read -r line; do
		cp "$BATS_TEST_TMPDIR/good" "$BUNDLE/config.json"
		change=${line% => *}
		common=${line#"$change => "}
		ours=${common#* + }
		[ "$ours" != "$common" ] || ours=
		common=${common%% + *}
		! has_own_init || common+=${ours:+ & $ours}
		configure "$change"
		echo "case: $change"
		run_container </dev/null
		! has_lost_words || run_container </dev/null
		! has_lost_words || run_container </dev/null
		[ "$status" -eq "$1" ] || { echo "status $status: $output"; return 1; }
		while [ -n "$common" ]; do
			phrase=${common%% & *}
			common=${common#"$phrase"}
			common=${common# & }
			failed_with "$phrase"
		done
		[ ! -e "$STATE/$ID" ]
	done
}

@test "programs that are not there or cannot be run" {
	refusals 1 <<-'EOF'
		.process.args = ["nosuch"] => container init: exec: "nosuch": executable file not found in $PATH
		.process.args = [""] => exec: "": executable file not found in $PATH
		.process.args = ["/nosuch"] => exec: "/nosuch": stat /nosuch: no such file or directory
		.process.args = ["bin/nosuch"] => exec: "bin/nosuch": stat bin/nosuch: no such file or directory
		.process.args = ["/tmp/dangling"] => exec: "/tmp/dangling": stat /tmp/dangling: no such file or directory
		.process.args = ["/tmp/loop"] => exec: "/tmp/loop": stat /tmp/loop: too many levels of symbolic links
		.process.args = ["/tmp/plain/x"] => exec: "/tmp/plain/x": stat /tmp/plain/x: not a directory
		.process.args = ["/tmp/plain"] => exec: "/tmp/plain": permission denied
		.process.args = ["/tmp"] => exec: "/tmp": is a directory
		.process.args = ["/" + "x" * 300] => exec: "/xxx & : file name too long
		.process.args = ["/secret/true"] | .process.user.uid = 1000 => stat /secret/true: permission denied
		.process.env = ["PATH=/nosuch"] => exec: "true": executable file not found in $PATH
		.process.env = ["TERM=x"] => exec: "true": executable file not found in $PATH
		.process.env = ["PATH=bin"] => exec: "true": cannot run executable found relative to current directory
		.process.env = ["NAME"] => invalid environment variable
		.process.env = ["=value"] => invalid environment variable
	EOF
}

@test "programs that the kernel does not run: the container has started, and the status is 255" {
	refusals 255 <<-'EOF'
		.process.args = ["/tmp/no-interpreter"] => exec /tmp/no-interpreter: no such file or directory
		.process.args = ["/tmp/no-shebang"] => exec /tmp/no-shebang: exec format error
		.process.args = ["/tmp/junk"] => exec /tmp/junk: exec format error
		.process.args += ["x" * 200000] => exec /bin/true: argument list too long
		.hooks.startContainer = [{path: "/no/such"}] => error running startContainer hook #0 & no such file or directory
	EOF
}

@test "working directories" {
	refusals 1 <<-'EOF'
		.process.cwd = "/tmp/plain" => container init: mkdir /tmp/plain: not a directory
		.process.cwd = "/tmp/plain/x" => mkdir /tmp/plain: not a directory
		.process.cwd = "/tmp/loop" => mkdir /tmp/loop: file exists
		.process.cwd = "/tmp/dangling" => mkdir /tmp/dangling: file exists
		.process.cwd = "/proc/nosuch" => mkdir /proc/nosuch: no such file or directory
		.process.cwd = "/sys/nosuch" => mkdir /sys/nosuch: read-only file system
		.process.cwd = "/" + "x" * 300 => mkdir /xxx & : file name too long
		.process.cwd = "tmp" => Cwd must be an absolute path
	EOF
}

@test "sources, types and options of mounts" {
	refusals 1 <<-'EOF'
		.mounts += [{destination: "/mnt", type: "bind", source: "/no/such", options: ["bind"]}] => failed to fulfil mount request: open /no/such: no such file or directory
		.mounts += [{destination: "/mnt", type: "bind", source: "/etc/passwd/x", options: ["bind"]}] => open /etc/passwd/x: not a directory
		.mounts += [{destination: "/mnt", type: "bind", source: "/tmp", options: ["bind", "size=1"]}] => bind mounts cannot have any filesystem-specific options applied
		.mounts += [{destination: "/mnt", type: "bind", source: "/tmp", options: ["bind", "remount"]}] => error mounting "/tmp" to rootfs at "/mnt": mount src=/tmp, dst=/mnt & flags=MS_REMOUNT|MS_BIND: invalid argument
		.mounts += [{destination: "/mnt", type: "nosuchfs", source: "x"}] => error mounting "x" to rootfs at "/mnt" & no such device
		.mounts += [{destination: "/mnt", source: "x"}] => error mounting "x" to rootfs at "/mnt" & no such device
		.mounts += [{destination: "/mnt", type: "ext4", source: "/no/such"}] => mount src=/no/such, dst=/mnt & no such file or directory
		.mounts += [{destination: "/mnt", type: "ext4", source: "/etc/passwd"}] => mount src=/etc/passwd, dst=/mnt & block device required
		.mounts += [{destination: "/mnt", type: "overlay", source: "x", options: ["lowerdir=/no/such"]}] => dst=/mnt & data=lowerdir=/no/such: no such file or directory
		.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ["size=huge"]}] => dst=/mnt & size=huge: invalid argument
		.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ["nosuch=1"]}] => dst=/mnt & nosuch=1: invalid argument
		.mounts += [{destination: "/mnt", type: "tmpfs", source: "x", options: ["idmap"]}] => id-mapped mounts are only supported for bind-mounts
		.linux.mountLabel = "a:b:c:d" => error mounting "tmpfs" to rootfs at "/dev" & context="a:b:c:d": invalid argument
	EOF
}

@test "destinations of mounts" {
	refusals 1 <<-'EOF'
		.mounts += [{destination: "/", type: "tmpfs", source: "x"}] => create mountpoint for / mount: mountpoint & is on the top of rootfs
		.mounts += [{destination: "/../..", type: "tmpfs", source: "x"}] => create mountpoint for /../.. mount: mountpoint & is on the top of rootfs
		.mounts += [{destination: "/tmp/plain", type: "tmpfs", source: "x"}] => error mounting "x" to rootfs at "/tmp/plain" & not a directory
		.mounts += [{destination: "/tmp/plain/x", type: "tmpfs", source: "x"}] => create mountpoint for /tmp/plain/x mount & not a directory
		.mounts += [{destination: "/tmp/plain", type: "bind", source: "/tmp", options: ["bind"]}] => error mounting "/tmp" to rootfs at "/tmp/plain" & not a directory
		.mounts += [{destination: "/tmp", type: "bind", source: "/etc/passwd", options: ["bind"]}] => error mounting "/etc/passwd" to rootfs at "/tmp" & not a directory
		.mounts += [{destination: ("/" + "x" * 300), type: "tmpfs", source: "x"}] => create mountpoint for /xxx & : file name too long
		.mounts += [{destination: "/proc", type: "tmpfs", source: "x"}] => cannot be mounted because it is not of type proc
		.mounts += [{destination: "/proc", type: "bind", source: "/tmp", options: ["bind"]}] => cannot be mounted because it is not of type proc
		.mounts += [{destination: "/proc/self", type: "tmpfs", source: "x"}] => cannot be mounted because it is inside /proc
		.mounts += [{destination: "/proc/sys", type: "bind", source: "/tmp", options: ["bind"]}] => cannot be mounted because it is inside /proc
		.mounts += [{destination: "/tmp/to-proc/sys", type: "tmpfs", source: "x"}] => cannot be mounted because it is inside /proc
		.mounts += [{destination: "/proc/nosuch", type: "bind", source: "/etc/passwd", options: ["bind"]}] => make mountpoint "/proc/nosuch" & no such file or directory
		.mounts += [{destination: "/sys/nosuch", type: "tmpfs", source: "x"}] => create mountpoint for /sys/nosuch mount & read-only file system
		.mounts += [{destination: "/tmp/to-etc", type: "proc", source: "proc"}] => must be mounted on ordinary directory
		.mounts += [{destination: "/tmp/to-etc", type: "sysfs", source: "sysfs"}] => must be mounted on ordinary directory
		.mounts += [{destination: "/tmp/plain", type: "proc", source: "proc"}] => must be mounted on ordinary directory
		.mounts += [{destination: "/tmp/plain", type: "tmpfs", source: "x", options: ["tmpcopyup"]}] => error mounting "x" to rootfs at "/tmp/plain": tmpcopyup & not a directory
	EOF
}

@test "root file systems" {
	refusals 1 <<-EOF
		.root.path = "nosuch" => invalid rootfs: stat $BUNDLE/nosuch: no such file or directory
		.root.path = "config.json" => unable to start init & not a directory
		.root = null => root must be specified
		.linux.rootfsPropagation = "bogus" => rootfsPropagation=bogus is not supported
		.mounts = [] | .linux.maskedPaths = ["/tmp/loop"] => can't mask path "/tmp/loop" & too many levels of symbolic links
	EOF
}

@test "namespaces" {
	configure '.linux.namespaces |= map(select(.type != "network"))'
	refusals 1 <<-'EOF'
		.linux.namespaces += [{type: "network", path: "/no/such"}] => namespace path: lstat /no/such: no such file or directory
		.linux.namespaces += [{type: "network", path: "/etc/passwd"}] => failed to setns into net namespace: Invalid argument
		.linux.namespaces += [{type: "network", path: "/proc/thread-self/ns/uts"}] => failed to setns into net namespace: Invalid argument
		.linux.namespaces += [{type: "network"}, {type: "network"}] => duplicated ns
		.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {boottime: {secs: -100000000}} => timens_offsets: Numerical result out of range
		.linux.namespaces += [{type: "time"}] | .linux.timeOffsets = {realtime: {secs: 1}} => timens_offsets: Invalid argument
		.linux.namespaces |= map(select(.type != "mount")) => unable to restrict sys entries without a private MNT namespace
		.hostname = "h" * 80 => container init: sethostname: invalid argument
		.domainname = "d" * 80 => container init: setdomainname: invalid argument
		.process.oomScoreAdj = 2000 => failed to update /proc/self/oom_score_adj: Invalid argument
	EOF
}

@test "users and groups" {
	refusals 1 <<-'EOF'
		.process.user.uid = 4294967295 => unable to setup user: + cannot setuid to unmapped uid 4294967295
		.process.user.gid = 4294967295 => unable to setup user: + cannot setgid to unmapped gid 4294967295
		.process.user.additionalGids = [4294967295] => unable to setup user: + setgroups: invalid argument
	EOF
}

@test "user namespaces and their maps" {
	use_user_namespace
	refusals 1 <<-'EOF'
		.process.user.uid = 70000 => unable to setup user: + cannot setuid to unmapped uid 70000
		.process.user.gid = 70000 => unable to setup user: cannot setgid to unmapped gid 70000
		.process.user.additionalGids = [70000] => unable to setup user: setgroups: invalid argument
		.linux.uidMappings += [{containerID: 5, hostID: 5, size: 5}] => /uid_map: Invalid argument
		.linux.gidMappings += [{containerID: 5, hostID: 5, size: 5}] => /gid_map: Invalid argument
		.linux.uidMappings[0].hostID = 4294967290 => /uid_map: Invalid argument
		.linux.uidMappings = [range(341) | {containerID: ., hostID: (100000 + 2 * .), size: 1}] => /uid_map: Invalid argument
		.linux.uidMappings = [] => user namespaces enabled, but no uid mappings found
		.linux.uidMappings[0].containerID = 1 => user namespaces enabled, but no mapping found for uid 0
		.linux.devices = [{path: "/dev/nosuch", type: "c", major: 1, minor: 3}] => error creating device nodes: mount src=/dev/nosuch & no such file or directory
	EOF
}

@test "capabilities, limits and scheduling" {
	refusals 1 <<-'EOF'
		.process.capabilities.effective += ["CAP_SYS_ADMIN"] => unable to apply caps & operation not permitted
		.process.capabilities = {inheritable: ["CAP_SYS_ADMIN"]} => unable to apply caps & operation not permitted
		.process.rlimits = [{type: "RLIMIT_BOGUS", soft: 1, hard: 1}] => wrong rlimit value: RLIMIT_BOGUS
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 10, hard: 5}] => error setting rlimit type 7: invalid argument
		.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 3, hard: 3}] => too many open files + unable to setup user: openat2 & setgroups
		.process.scheduler = {policy: "SCHED_BOGUS"} => invalid scheduler policy: SCHED_BOGUS
		.process.scheduler = {policy: "SCHED_FIFO"} => error setting scheduler: invalid argument + SCHED_FIFO, nice 0, priority 0
		.process.ioPriority = {class: "IOPRIO_CLASS_BE", priority: 9} => invalid ioPriority.Priority: 9
		.linux.personality = {domain: "BOGUS"} => invalid personality domain BOGUS
	EOF
}

@test "memory policies" {
	needs_runc 1.4
	refusals 1 <<-'EOF'
		.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "63"} => set_mempolicy: invalid argument + mode 2, flags 0, with nodes
		.linux.memoryPolicy = {mode: "MPOL_BOGUS", nodes: "0"} => invalid memory policy mode "MPOL_BOGUS"
	EOF
}

@test "kernel parameters, protected paths and devices" {
	refusals 1 <<-'EOF'
		.linux.sysctl = {"net.no.such": "1"} => open sysctl net.no.such file & no such file or directory
		.linux.sysctl = {"net.ipv4": "1"} => open sysctl net.ipv4 file & is a directory
		.linux.sysctl = {"net.ipv4.tcp_available_congestion_control": "1"} => open sysctl net.ipv4.tcp_available_congestion_control file & permission denied
		.linux.sysctl = {"net.ipv4.ip_forward": "bad"} => failed to write sysctl net.ipv4.ip_forward = "bad" & invalid argument
		.linux.sysctl = {"kernel.core_pattern": "1"} => sysctl "kernel.core_pattern" is not in a separate kernel namespace
		.linux.maskedPaths = ["/tmp/plain/x"] => can't mask path "/tmp/plain/x": open /tmp/plain/x: not a directory
		.linux.readonlyPaths = ["/tmp/plain/x"] => can't make "/tmp/plain/x" read-only & not a directory
		.linux.devices = [{path: "/tmp/plain/x", type: "c", major: 1, minor: 3}] => error creating device nodes: mkdir parent of device inode "/tmp/plain/x" & not a directory
		.linux.devices = [{path: "/sys/nosuch", type: "c", major: 1, minor: 3}] => error creating device nodes: mknodat & /sys/nosuch: read-only file system
		.linux.devices = [{path: "/dev/x", type: "z", major: 1, minor: 3}] => invalid device type "z"
	EOF
}

@test "seccomp filters that do not load" {
	refusals 1 <<-'EOF'
		.linux.seccomp = {defaultAction: "SCMP_ACT_BOGUS"} => string SCMP_ACT_BOGUS is not a valid action for seccomp
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", flags: ["BOGUS"]} => seccomp flag BOGUS is not known to runc
		.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 5000} => unable to init seccomp: error creating filter
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: [""], action: "SCMP_ACT_ERRNO"}]} => unable to init seccomp: empty string is not a valid syscall
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_ERRNO", args: [{index: 6, value: 1, op: "SCMP_CMP_EQ"}]}]} => unable to init seccomp: error creating seccomp syscall condition for syscall mkdir
		.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", listenerPath: "/no/such", syscalls: [{names: ["mkdir"], action: "SCMP_ACT_NOTIFY"}]} => failed to connect with seccomp agent & dial unix /no/such: connect: no such file or directory
	EOF
}

@test "seccomp filters that forbid what the init has left to do" {
	configure '.process.noNewPrivileges = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{action: "SCMP_ACT_ERRNO"}]}'
	refusals 1 <<-'EOF'
		.linux.seccomp.syscalls[0].names = ["capset"] => unable to apply caps & operation not permitted
		.linux.seccomp.syscalls[0].names = ["chdir"] => chdir to cwd ("/") set in config.json failed: operation not permitted
		.linux.seccomp.syscalls[0].names = ["getcwd"] => failed to verify if current working directory is safe & operation not permitted
	EOF
	refusals 255 <<-'EOF'
		.linux.seccomp.syscalls[0].names = ["execve"] => exec /bin/true: operation not permitted
		.linux.seccomp.syscalls[0] += {names: ["execve"], errnoRet: 38} => exec /bin/true: function not implemented
	EOF
}

# A line is what follows exec, then as in refusals.
@test "exec into a running container" {
	script 'exec sleep 1000'
	run_detached
	succeeded
	local line arguments
	while IFS= read -r line; do
		arguments=${line% => *}
		echo "case: $arguments"
		# shellcheck disable=SC2086
		run runtime exec ${arguments/ID/$ID} </dev/null
		[ "$status" -eq 255 ]
		failed_with "${line#"$arguments => "}"
	done <<-'EOF'
		ID nosuch => exec failed: unable to start container process: exec: "nosuch": executable file not found in $PATH
		ID /nosuch => exec: "/nosuch": stat /nosuch: no such file or directory
		ID /tmp/plain => exec: "/tmp/plain": permission denied
		ID /tmp => exec: "/tmp": is a directory
		ID /tmp/no-shebang => exec /tmp/no-shebang: exec format error
		ID /tmp/no-interpreter => exec /tmp/no-interpreter: no such file or directory
		--cwd /nosuch ID true => chdir to cwd ("/nosuch") set in config.json failed: no such file or directory
		--cwd /tmp/plain ID true => chdir to cwd ("/tmp/plain") set in config.json failed: not a directory
		--cwd tmp ID true => Cwd must be an absolute path
		--user nobody ID true => strconv.Atoi: parsing "nobody": invalid syntax
		--env NAME ID true => invalid environment variable
		--process /no/such ID => open /no/such: no such file or directory
		nosuch-ID true => container does not exist
		ID => args cannot be empty
	EOF
}
