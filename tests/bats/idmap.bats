#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Mounts with their own map of ids.

load helpers

prepare() {
	SOURCE=$BATS_TEST_TMPDIR/source
	mkdir "$SOURCE"
	touch "$SOURCE/root" "$SOURCE/user"
	chown 1000:1001 "$SOURCE/user"
	export SOURCE
}

owners() { script "stat -c %u:%g $* | xargs"; }

# Mount $SOURCE on /tmp with options and these maps, lists of "container host size".
add_mapped_mount() { # uid map, gid map, option...
	local uids=$1 gids=$2
	shift 2
	add_mount /tmp none "$SOURCE" "$@"
	configure 'def map: split(",") | map(split(" ") | map(tonumber) | {containerID: .[0], hostID: .[1], size: .[2]});
		.mounts[-1] += {uidMappings: ($uids | map), gidMappings: ($gids | map)}' --arg uids "$uids" --arg gids "$gids"
}

@test "explicit maps change who owns what in the mount" {
	add_mapped_mount "0 100000 65536" "0 200000 65536" bind
	owners /tmp/root /tmp/user
	run_container
	succeeded
	[ "$output" = "100000:200000 101000:201001" ]
}

@test "files made through the mount belong to the unmapped ids" {
	add_mapped_mount "0 100000 65536" "0 100000 65536" bind
	configure '.process.user = {uid: 100007, gid: 100008}'
	chmod 777 "$SOURCE"
	script 'touch /tmp/made && stat -c %u:%g /tmp/made'
	run_container
	succeeded
	[ "$output" = 100007:100008 ]
	[ "$(stat -c %u:%g "$SOURCE/made")" = 7:8 ]
}

@test "several ranges" {
	add_mapped_mount "0 7000 1,1000 8000 1" "0 7000 1,1001 9000 1" bind
	owners /tmp/root /tmp/user
	run_container
	succeeded
	[ "$output" = "7000:7000 8000:9000" ]
}

@test "ids outside the maps show as nobody" {
	add_mapped_mount "0 100000 10" "0 100000 10" bind
	owners /tmp/user
	run_container
	succeeded
	[ "$output" = 65534:65534 ]
}

@test "a single file can be mapped, with flags" {
	add_mapped_mount "0 100000 65536" "0 100000 65536" bind ro nosuid
	configure '.mounts[-1] += {source: "\(env.SOURCE)/user", destination: "/tmp/file"}'
	configure '.root.readonly = false'
	script 'stat -c %u:%g /tmp/file; grep -o " /tmp/file ro,nosuid" /proc/self/mountinfo'
	run_container
	succeeded
	[ "$(echo $output)" = "101000:101001 /tmp/file ro,nosuid" ]
}

@test "idmap maps the mount alone, ridmap those below as well" {
	mkdir "$SOURCE/below"
	local option expected
	for option in idmap ridmap; do
		configure '.mounts |= map(select(.destination != "/tmp"))'
		add_mapped_mount "0 100000 65536" "0 100000 65536" rbind $option
		owners /tmp/root /tmp/below
		on_private_mounts 'mount -t tmpfs below "$SOURCE/below"; runtime run --bundle "$BUNDLE" "$ID"'
		succeeded
		expected=0:0
		[ $option = idmap ] || expected=100000:100000
		[ "$output" = "100000:100000 $expected" ]
	done
}

@test "without maps of its own a mount takes the user namespace's" {
	use_user_namespace
	add_mount /tmp none "$SOURCE" bind idmap
	owners /tmp/root /tmp/user
	run_container
	succeeded
	[ "$output" = "0:0 1000:1001" ]
}

@test "explicit maps in a user namespace" {
	use_user_namespace
	add_mapped_mount "0 100000 500,1000 101000 10" "0 100000 1,1001 100005 1" bind
	owners /tmp/root /tmp/user
	run_container
	succeeded
	[ "$output" = "0:0 1000:5" ]
}

@test "without maps of its own a mount takes those of the joined user namespace" {
	use_user_namespace
	hold_namespaces --user
	configure 'del(.linux.uidMappings, .linux.gidMappings)'
	join_namespace user "/proc/$HOLDER/ns/user"
	add_mount /tmp none "$SOURCE" bind ridmap
	owners /tmp/root /tmp/user
	run_container
	succeeded
	[ "$output" = "0:0 1000:1001" ]
}

@test "mapped sources need not be reachable for the container's root" {
	use_user_namespace
	mkdir -m 700 "$BATS_TEST_TMPDIR/secret"
	mv "$SOURCE" "$BATS_TEST_TMPDIR/secret/source"
	add_mount /tmp none "$BATS_TEST_TMPDIR/secret/source" bind idmap
	owners /tmp/user
	run_container
	succeeded
	[ "$output" = 1000:1001 ]
}

@test "the host's own view of the source is not changed" {
	add_mapped_mount "0 100000 65536" "0 100000 65536" bind
	run_container
	succeeded
	[ "$(stat -c %u "$SOURCE/user")" = 1000 ]
}

@test "only binds can be mapped, and both maps are needed" {
	add_mount /tmp tmpfs tmpfs nosuid
	configure '.mounts[-1] += {uidMappings: [{containerID: 0, hostID: 1, size: 1}], gidMappings: [{containerID: 0, hostID: 1, size: 1}]}'
	run_container
	failed_with "id-mapped mounts are only supported for bind-mounts"
	configure '.mounts |= .[:-1]'
	add_mount /tmp none "$SOURCE" bind idmap
	run_container
	failed_with "id-mapped mounts must have both uid and gid mappings specified"
}

@test "a bundle of sixty mounts, of every kind" {
	use_user_namespace
	configure '.root.readonly = false'
	local i
	for ((i = 0; i < 20; i++)); do
		mkdir "$SOURCE/$i"
		echo "$i" >"$SOURCE/$i/file"
	done
	mkdir -m 700 "$BATS_TEST_TMPDIR/secret"
	mv "$SOURCE" "$BATS_TEST_TMPDIR/secret"
	configure '.mounts += [range(20) | tostring as $n | {destination: "/m/bind\($n)", type: "none", source: "\($source)/\($n)", options: ["bind", "ro"]},
		{destination: "/m/map\($n)", type: "none", source: "\($source)/\($n)", options: ["bind", "idmap"]},
		{destination: "/m/tmpfs\($n)/below", type: "tmpfs", source: "tmpfs", options: ["nosuid", "size=64k"]}]' \
		--arg source "$BATS_TEST_TMPDIR/secret/source"
	script 'grep -c " /m/" /proc/self/mountinfo; cat /m/bind*/file | sort -n | xargs; cat /m/map*/file | sort -n | xargs
		stat -c %u /m/map*/file | sort -u; stat -f -c %T /m/tmpfs*/below | sort -u'
	run_container
	succeeded
	[ "${lines[0]}" = 60 ]
	[ "${lines[1]}" = "$(seq 0 19 | xargs)" ]
	[ "${lines[2]}" = "${lines[1]}" ]
	[ "${lines[3]}" = 0 ]
	[ "${lines[4]}" = tmpfs ]
}
