#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The host's cgroups, where a container sees them.

load attack

USER_ID=4242

cleanup() {
	[ -z "${DELEGATED:-}" ] || rmdir "$DELEGATED"/made "$DELEGATED" 2>/dev/null || true
	[ -z "${UNIFIED:-}" ] || umount "$UNIFIED"
}

# A cgroup that belongs to the user, as a service manager gives them away.
delegate() {
	UNIFIED=$BATS_TEST_TMPDIR/unified
	mkdir "$UNIFIED"
	mount -t cgroup2 cgroup2 "$UNIFIED"
	DELEGATED=$UNIFIED/$ID-delegated
	mkdir "$DELEGATED"
	chown -R $USER_ID:$USER_ID "$DELEGATED"
}

# The user's own container, in the host's cgroup namespace and where cgroup2 is alone.
run_as_user() {
	rm "$BUNDLE/config.json"
	(cd "$BUNDLE" && runtime spec --rootless)
	configure '.process.terminal = false | .linux.namespaces |= map(select(.type != "cgroup"))
		| .linux.uidMappings[0].hostID = $id | .linux.gidMappings[0].hostID = $id
		| .mounts |= map(select(.destination != "/sys/fs/cgroup"))' --argjson id $USER_ID
	add_mount /sys/fs/cgroup cgroup cgroup nosuid noexec nodev relatime ro
	script "mkdir /sys/fs/cgroup/$ID-delegated/made && echo a cgroup is made"
	mkdir "$STATE"
	chown -R $USER_ID:$USER_ID "$BUNDLE" "$STATE" "$BATS_TEST_TMPDIR"
	export USER_ID
	on_private_mounts 'umount -l /sys/fs/cgroup && mount -t cgroup2 cgroup2 /sys/fs/cgroup || exit 99
		setpriv --reuid $USER_ID --regid $USER_ID --clear-groups env XDG_RUNTIME_DIR="$BUNDLE" \
			bash -c "runtime run --bundle \"\$BUNDLE\" \"\$ID\"" 2>&1'
}

@test "CVE-2023-25809: a user's container cannot change the host's cgroups that it sees" {
	guarded_by CGROUP_READONLY
	delegate
	run_as_user
	harm_is "a cgroup is made on the host" output_has "a cgroup is made"
	unless_bitten output_has "Read-only file system"
}
