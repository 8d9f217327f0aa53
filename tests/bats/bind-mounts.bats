#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bind mounts: sources, targets, flags, and what is mounted below the source.

load helpers

prepare() {
	configure '.root.readonly = false'
	SOURCE=$BATS_TEST_TMPDIR/source
	export SOURCE
	mkdir "$SOURCE"
	echo "content" >"$SOURCE/file"
}

# Print the options of the mounts at these paths in the container, one line each.
show_options() {
	script "for path; do grep \" \$path \" /proc/self/mountinfo | tail -n 1 | cut -d' ' -f6; done"
	configure '.process.args += ["sh"] + $ARGS.positional' --args "$@"
}

# The same, run where a tmpfs with these options is the source and another is mounted below it.
run_with_nested_source() { # options of the outer, options of the inner
	mkdir -p "$SOURCE"
	OUTER=$1 INNER=$2 on_private_mounts 'mount -t tmpfs -o "$OUTER" outer "$SOURCE"
		mkdir "$SOURCE/inner" && mount -t tmpfs -o "$INNER" inner "$SOURCE/inner"
		runtime run --bundle "$BUNDLE" "$ID"'
}

@test "folders and files, writable and not" {
	add_mount /tmp none "$SOURCE" bind
	add_mount /etc/one none "$SOURCE/file" bind ro
	script 'cat /tmp/file /etc/one; echo new >/tmp/new; echo x >/etc/one'
	run_container
	failed_with "Read-only file system"
	[ "$(grep -c content <<<"$output")" = 2 ]
	[ "$(cat "$SOURCE/new")" = new ]
	[ "$(cat "$SOURCE/file")" = content ]
}

@test "targets that are missing are made, folders for folders and files for the rest" {
	mkfifo "$SOURCE/fifo"
	add_mount /a/b/folder none "$SOURCE" bind
	add_mount /c/d/file none "$SOURCE/file" bind
	add_mount /c/d/fifo none "$SOURCE/fifo" bind
	script 'cat /a/b/folder/file /c/d/file; test -p /c/d/fifo'
	run_container
	succeeded
	[ "$(echo $output)" = "content content" ]
	[ -d "$BUNDLE/rootfs/a/b/folder" ]
	[ -f "$BUNDLE/rootfs/c/d/file" ]
	[ "$(stat -c %a "$BUNDLE/rootfs/a/b")" = 755 ]
	[ ! -s "$BUNDLE/rootfs/c/d/file" ]
}

@test "a relative source belongs to the bundle" {
	mkdir "$BUNDLE/data"
	echo "of the bundle" >"$BUNDLE/data/file"
	add_mount /tmp none data bind
	configure '.process.args = ["cat", "/tmp/file"]'
	run_container
	succeeded
	[ "$output" = "of the bundle" ]
}

@test "a source that is a link is followed on the host" {
	ln -s source "$BATS_TEST_TMPDIR/link"
	add_mount /tmp none "$BATS_TEST_TMPDIR/link" bind
	configure '.process.args = ["cat", "/tmp/file"]'
	run_container
	succeeded
	[ "$output" = content ]
}

@test "a target that is a link is followed inside the root" {
	mkdir "$BUNDLE/rootfs/data" "$BATS_TEST_TMPDIR/canary"
	ln -s /data "$BUNDLE/rootfs/absolute"
	ln -s ../../../../../../../../data "$BUNDLE/rootfs/upwards"
	ln -s "$BATS_TEST_TMPDIR/canary" "$BUNDLE/rootfs/outside"
	local link
	for link in absolute upwards; do
		configure '.mounts |= map(select(.type != "none"))'
		add_mount /$link/made none "$SOURCE" bind
		configure '.process.args = ["cat", "/data/made/file"]'
		run_container
		succeeded
		[ "$output" = content ]
	done
	configure '.mounts |= map(select(.type != "none"))'
	add_mount /outside/made none "$SOURCE" bind
	configure '.process.args = ["cat", $file]' --arg file "$BATS_TEST_TMPDIR/canary/made/file"
	run_container
	succeeded
	[ "$output" = content ]
	[ -z "$(ls -A "$BATS_TEST_TMPDIR/canary")" ]
}

@test "later mounts are made on earlier ones" {
	add_mount /a tmpfs tmpfs size=64k
	add_mount /a/b none "$SOURCE" bind ro
	mkdir "$SOURCE/c"
	add_mount /a/b/c tmpfs tmpfs size=64k
	script 'cat /a/b/file; touch /a/b/c/x; grep -c " /a" /proc/self/mounts'
	run_container
	succeeded
	[ "$(echo $output)" = "content 3" ]
	[ ! -e "$BUNDLE/rootfs/a/b" ]
}

@test "each flag is set" {
	local option
	for option in ro nosuid nodev noexec noatime nodiratime nosymfollow; do
		add_mount "/m/$option" none "$SOURCE" bind "$option"
	done
	add_mount /m/strictatime none "$SOURCE" bind strictatime
	add_mount /m/many none "$SOURCE" bind ro nosuid nodev noexec
	show_options /m/ro /m/nosuid /m/nodev /m/noexec /m/noatime /m/nodiratime /m/nosymfollow /m/strictatime /m/many
	run_container
	succeeded
	[[ ${lines[0]} == ro,relatime ]]
	[[ ${lines[1]} == rw,nosuid,relatime ]]
	[[ ${lines[2]} == rw,nodev,relatime ]]
	[[ ${lines[3]} == rw,noexec,relatime ]]
	[[ ${lines[4]} == rw,noatime ]]
	[[ ${lines[5]} == rw,nodiratime,relatime ]]
	[[ ${lines[6]} == rw,relatime,nosymfollow ]]
	[[ ${lines[7]} == rw ]]
	[[ ${lines[8]} == ro,nosuid,nodev,noexec,relatime ]]
}

@test "the last of two contrary flags counts" {
	add_mount /m/a none "$SOURCE" bind ro rw
	add_mount /m/b none "$SOURCE" bind rw ro
	add_mount /m/c none "$SOURCE" bind nosuid suid noexec
	show_options /m/a /m/b /m/c
	run_container
	succeeded
	[ "$(echo $output)" = "rw,relatime ro,relatime rw,noexec,relatime" ]
}

@test "without flags those of the source stay, with flags they are replaced" {
	add_mount /m/plain none "$SOURCE" bind
	add_mount /m/rw none "$SOURCE" bind rw
	add_mount /m/noexec none "$SOURCE" bind noexec
	show_options /m/plain /m/rw /m/noexec
	on_private_mounts 'mount -t tmpfs -o ro,nosuid,nodev outer "$SOURCE"; runtime run --bundle "$BUNDLE" "$ID"'
	succeeded
	[ "$(echo $output)" = "ro,nosuid,nodev,relatime rw,relatime rw,noexec,relatime" ]
}

@test "rbind takes what is mounted below the source, bind does not" {
	add_mount /m/one none "$SOURCE" bind
	add_mount /m/all none "$SOURCE" rbind
	script 'grep -c " /m/one" /proc/self/mounts; grep -c " /m/all" /proc/self/mounts'
	run_with_nested_source size=64k size=64k
	succeeded
	[ "$(echo $output)" = "1 2" ]
}

@test "ro changes the mount alone, rro those below as well" {
	add_mount /m/ro none "$SOURCE" rbind ro
	add_mount /m/rro none "$SOURCE" rbind rro
	show_options /m/ro /m/ro/inner /m/rro /m/rro/inner
	run_with_nested_source size=64k size=64k
	succeeded
	[ "$(echo $output)" = "ro,relatime rw,relatime ro,relatime ro,relatime" ]
}

@test "recursive options set and clear each flag" {
	local option
	for option in rnosuid rnodev rnoexec rnodiratime rnoatime rnosymfollow rstrictatime; do
		add_mount /m/$option none "$SOURCE" rbind $option
	done
	show_options /m/rnosuid/inner /m/rnodev/inner /m/rnoexec/inner /m/rnodiratime/inner /m/rnoatime/inner \
		/m/rnosymfollow/inner /m/rstrictatime/inner
	run_with_nested_source size=64k size=64k
	succeeded
	[ "${lines[0]}" = rw,nosuid,relatime ]
	[ "${lines[1]}" = rw,nodev,relatime ]
	[ "${lines[2]}" = rw,noexec,relatime ]
	[ "${lines[3]}" = rw,nodiratime,relatime ]
	[ "${lines[4]}" = rw,noatime ]
	[ "${lines[5]}" = rw,relatime,nosymfollow ]
	[ "${lines[6]}" = rw ]

	configure '.mounts |= map(select(.type != "none"))'
	add_mount /m/clear none "$SOURCE" rbind rrw rsuid rdev rexec rrelatime
	show_options /m/clear /m/clear/inner
	run_with_nested_source nosuid,noexec,noatime nosuid,nodev,noexec,noatime
	succeeded
	[ "$(echo $output)" = "rw,relatime rw,relatime" ]
}

@test "propagation of each kind" {
	local kind
	for kind in private slave shared unbindable rprivate rslave rshared runbindable; do
		add_mount /m/$kind none "$SOURCE" rbind $kind
	done
	script 'for kind in private slave shared unbindable rprivate rslave rshared runbindable; do
		for path in /m/$kind /m/$kind/inner; do
			grep " $path " /proc/self/mountinfo | sed "s/.* [a-z,]*time\(.*\) - .*/\1/; s/:[0-9]*//g" | xargs echo $path
		done; done'
	on_private_mounts 'mount -t tmpfs outer "$SOURCE" && mkdir "$SOURCE/inner" && mount -t tmpfs inner "$SOURCE/inner"
		mount --make-rshared "$SOURCE"; runtime run --bundle "$BUNDLE" "$ID"'
	succeeded
	echo "$output"
	[ "$output" = "/m/private
/m/private/inner master
/m/slave master
/m/slave/inner master
/m/shared shared master
/m/shared/inner master
/m/unbindable unbindable
/m/unbindable/inner master
/m/rprivate
/m/rprivate/inner
/m/rslave master
/m/rslave/inner master
/m/rshared shared master
/m/rshared/inner shared master
/m/runbindable unbindable
/m/runbindable/inner unbindable" ]
}

@test "mounts that the host makes later come in when the root's propagation is slave, not when private" {
	add_mount /tmp none "$SOURCE" rbind rslave
	mkdir "$SOURCE/later"
	configure '.process.args = ["sleep", "1000"]'
	on_private_mounts 'mount --bind "$SOURCE" "$SOURCE" && mount --make-shared "$SOURCE"
		runtime run --detach --bundle "$BUNDLE" "$ID" >"$OUT" 2>&1 </dev/null
		mount -t tmpfs later "$SOURCE/later" && runtime exec "$ID" grep -c " /tmp/later " /proc/self/mounts
		umount "$SOURCE/later"; runtime delete --force "$ID"
		configure ".mounts[-1].options = [\"rbind\", \"rprivate\"]"
		runtime run --detach --bundle "$BUNDLE" "$ID" >"$OUT" 2>&1 </dev/null
		mount -t tmpfs later "$SOURCE/later"; runtime exec "$ID" grep -c " /tmp/later " /proc/self/mounts || true
		umount "$SOURCE/later"; runtime delete --force "$ID"'
	succeeded
	[ "$(echo $output)" = "1 0" ]
}

@test "mounts that the container makes never reach the host" {
	local propagation
	configure '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
	script 'mount -t tmpfs inside /tmp && touch /tmp/inside && ls /tmp'
	for propagation in rprivate rslave rshared; do
		configure '.linux.rootfsPropagation = $propagation' --arg propagation $propagation
		on_private_mounts 'mount --bind "$BUNDLE" "$BUNDLE" && mount --make-shared "$BUNDLE"
			runtime run --bundle "$BUNDLE" "$ID" && ls "$BUNDLE/rootfs/tmp"; grep -c inside /proc/self/mounts || true'
		succeeded
		[ "$(echo $output)" = "inside 0" ]
	done
}

@test "the root's own propagation" {
	local propagation
	configure '.process.args = ["sh", "-c", "grep \" / / \\| / [a-z]*,\" /proc/self/mountinfo | sed \"s/.*time//; s/ - .*//; s/:[0-9]*//g\""]'
	for propagation in shared slave private unbindable; do
		configure '.linux.rootfsPropagation = $propagation' --arg propagation $propagation
		run_container
		succeeded
		echo "$propagation: $output"
		case $propagation in
		shared) [[ $output == *shared* ]] ;;
		unbindable) [[ $output == *unbindable* ]] ;;
		*) [[ $output != *shared* ]] ;;
		esac
	done
	configure '.linux.rootfsPropagation = "bogus"'
	run_container
	failed_with "rootfsPropagation=bogus is not supported"
}

@test "/dev of the host as a bind is left as it is" {
	mkdir "$SOURCE/dev"
	mknod -m 666 "$SOURCE/dev/null" c 1 3
	configure '.mounts |= map(select(.destination | startswith("/dev") | not))'
	add_mount /dev none "$SOURCE/dev" rbind
	script 'ls /dev; echo x >/dev/null'
	run_container
	succeeded
	[ "$output" = null ]
	[ "$(ls "$SOURCE/dev")" = null ]
}

@test "what is missing or does not fit is told" {
	add_mount /tmp none /no/such/source bind
	run_container
	failed_with "failed to fulfil mount request: open /no/such/source: no such file or directory"
	configure '.mounts[-1] += {source: "\(env.SOURCE)", destination: "/etc/passwd"}'
	run_container
	failed_with "not a directory"
	configure '.mounts[-1] += {destination: "/etc/passwd/below"}'
	run_container
	failed_with "not a directory"
	configure '.mounts[-1] += {destination: "/tmp", options: ["bind", "size=1k"]}'
	run_container
	failed_with "bind mounts cannot have any filesystem-specific options applied"
	nothing_left
}
