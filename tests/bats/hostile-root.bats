#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Images that were made to get at the host. Each test names the advisory whose attack it is; a canary
# beside the root file system must look the same afterwards.

load helpers

prepare() {
	CANARY=$BATS_TEST_TMPDIR/canary
	mkdir "$CANARY"
	echo mine >"$CANARY/ptmx"
	echo mine >"$CANARY/file"
	CANARY_BEFORE=$(list_canary)
	ROOT=$BUNDLE/rootfs
}

# Names, kinds, owners, times and contents.
list_canary() {
	find "$CANARY" -printf '%P %y %m %U:%G %T@ %C@\n' | sort
	find "$CANARY" -type f -exec sha256sum {} +
}

canary_is_untouched() { [ "$(list_canary)" = "$CANARY_BEFORE" ]; }

without_dev_mounts() { configure '.mounts |= map(select(.destination | startswith("/dev") | not))'; }

create_container_hook() {
	configure '.hooks.createContainer = [{path: "/bin/sh", args: ["sh", "-c", $script]}]' \
		--arg script "$1"
}

@test "CVE-2026-41579: devices and links of /dev stay inside when /dev is a link to the host" {
	needs_runc 1.5
	local target
	for target in "$CANARY" "../../../../../../../../../../$CANARY"; do
		rm -rf "$ROOT/dev"
		ln -s "$target" "$ROOT/dev"
		without_dev_mounts
		script true
		run_container
		canary_is_untouched
		[ -c "$ROOT/$CANARY/null" ]
	done
}

@test "CVE-2019-18837, CVE-2021-30465: a mount on a path through links lands inside" {
	ln -s "/../../../../../../../..$CANARY" "$ROOT/absolute"
	ln -s "../../../../../../../../../../$CANARY" "$ROOT/relative"
	add_mount /absolute/one tmpfs tmpfs
	add_mount /relative/two bind "$CANARY/file" bind
	script "grep -c $CANARY /proc/self/mountinfo"
	run_container
	[ "$output" = 2 ]
	canary_is_untouched
	[ -d "$ROOT/$CANARY/one" ]
}

@test "CVE-2024-45310: missing directories are not made on the host" {
	ln -s "$CANARY/new" "$ROOT/dangling"
	add_mount /dangling/deep/er tmpfs tmpfs
	add_mount /dangling/file bind /etc/hostname bind
	script 'true'
	run_container
	succeeded
	canary_is_untouched
	[ -d "$ROOT/$CANARY/new/deep/er" ]
	[ -f "$ROOT/$CANARY/new/file" ]
}

@test "CVE-2021-30465, CVE-2024-45310: the same while the link and a directory change places" {
	only_pair '*+runtime-init'
	local racer i destination
	mkdir "$ROOT/target"
	ln -s "$CANARY" "$ROOT/link"
	"$RTI_BUILD/tests/helpers/racer" "$ROOT/target" "$ROOT/link" &
	racer=$!
	script 'true'
	for ((i = 0; i < 40; i++)); do
		destination=/target/$i/mount
		configure '.mounts[-1] = {$destination, type: "tmpfs", source: "tmpfs"}' \
			--arg destination "$destination"
		runtime run --bundle "$BUNDLE" "$ID" >/dev/null 2>&1 || true
	done
	kill "$racer"
	wait "$racer" || true
	canary_is_untouched
}

@test "CVE-2019-19921, CVE-2023-27561, CVE-2025-54867: /proc and /sys as links are refused" {
	local place
	for place in proc sys; do
		mv "$ROOT/$place" "$ROOT/$place.real"
		ln -s "$place.real" "$ROOT/$place"
		script 'true'
		run_container
		failed_with "must be mounted on ordinary directory"
		rm "$ROOT/$place"
		mv "$ROOT/$place.real" "$ROOT/$place"
	done
	canary_is_untouched
}

@test "CVE-2019-16884: nothing may be mounted over /proc or below it" {
	add_mount /proc tmpfs tmpfs
	run_container
	failed_with "cannot be mounted because it is not of type proc"
	configure '.mounts[-1].destination = "/proc/self/attr"'
	run_container
	failed_with "cannot be mounted because it is inside /proc"
	configure '.mounts[-1] |= (.type = "bind" | .source = "/tmp" | .options = ["bind"]
		| .destination = "/proc")'
	run_container
	failed_with "cannot be mounted because it is not of type proc"
}

@test "CVE-2025-31133: a file is not masked with what /dev/null links to" {
	mkdir "$BATS_TEST_TMPDIR/dev"
	ln -s /proc/sys/kernel/core_pattern "$BATS_TEST_TMPDIR/dev/null"
	without_dev_mounts
	add_mount /dev bind "$BATS_TEST_TMPDIR/dev" bind
	configure '.linux.maskedPaths = ["/proc/keys"] | .linux.readonlyPaths = []'
	script 'true'
	run_container
	failed_with "can't mask paths: container's /dev/null is invalid"
}

@test "CVE-2026-88265: a false /dev/null does not become a standard stream" {
	without_dev_mounts
	configure '.linux.maskedPaths = []'
	rm -rf "$ROOT/dev"
	mkdir "$ROOT/dev"
	ln -s /etc/passwd "$ROOT/dev/null"
	script 'true'
	run runtime run --bundle "$BUNDLE" "$ID" </dev/null
	failed_with "error reopening /dev/null inside container"
	[ "$(stat -c %u:%s "$ROOT/etc/passwd")" = "0:$(wc -c <"$ROOT/etc/passwd")" ]
}

@test "CVE-2025-52565, CVE-2026-88264: the console is bound over no link, and from no false ptmx" {
	configure '.process.terminal = true'
	"$RTI_BUILD/tests/helpers/receive-fd" console "$BATS_TEST_TMPDIR/console.sock" >/dev/null 2>&1 &
	local receiver=$!
	eventually [ -S "$BATS_TEST_TMPDIR/console.sock" ]
	create_container_hook 'mount -t tmpfs tmpfs dev/pts && mknod dev/pts/ptmx c 5 2 &&
		ln -s /proc/sys/kernel/core_pattern dev/pts/0'
	script 'true'
	create_container --console-socket "$BATS_TEST_TMPDIR/console.sock"
	kill "$receiver" 2>/dev/null || true
	failed_with "verify ptmx handle: ptmx handle is not on a real devpts mount"

	"$RTI_BUILD/tests/helpers/receive-fd" console "$BATS_TEST_TMPDIR/console2.sock" >/dev/null 2>&1 &
	receiver=$!
	eventually [ -S "$BATS_TEST_TMPDIR/console2.sock" ]
	create_container_hook "ln -s $CANARY/console dev/console"
	create_container --console-socket "$BATS_TEST_TMPDIR/console2.sock"
	kill "$receiver" 2>/dev/null || true
	failed_with "create /dev/console mount target"
	canary_is_untouched
}

@test "CVE-2025-52881: a sysctl is written to the kernel and not to a file mounted in its place" {
	configure '.linux.sysctl = {"net.ipv4.ip_forward": "1"} | .linux.readonlyPaths = []'
	create_container_hook 'mount -t tmpfs tmpfs proc/sys && mkdir -p proc/sys/net/ipv4 proc/sys/kernel &&
		echo 0 >proc/sys/net/ipv4/ip_forward; echo 40 >proc/sys/kernel/cap_last_cap'
	script 'cat /proc/sys/net/ipv4/ip_forward; umount /proc/sys; cat /proc/sys/net/ipv4/ip_forward
		sed -n "s/^Ip: \([12]\) .*/\1/p" /proc/net/snmp'
	configure '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	run_container
	succeeded
	[ "$(echo $output)" = "0 1 1" ]
}

@test "a pipe or a device waiting in /dev stops nothing" {
	only_pair '*+runtime-init'
	use_user_namespace
	without_dev_mounts
	mkfifo "$ROOT/dev/null" "$ROOT/dev/zero"
	script 'echo x >/dev/null; head -c 1 /dev/zero | wc -c'
	run_container
	succeeded
	[ "$(echo $output)" = 1 ]
}
