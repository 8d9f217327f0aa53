#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The whole of a distribution in a container: this machine's own root file system below an overlay, or
# one that RTI_DEBIAN_ROOTFS names.

load helpers

# Run the script in bash on the distribution, which may be written to and is thrown away.
run_debian() { # script, options...
	configure '.process.args = ["bash", "-ec", $script] | .root.path = "merged" | .root.readonly = false
		| .process.env = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"]' --arg script "$1"
	export LOWER=${RTI_DEBIAN_ROOTFS:-/}
	on_private_mounts 'mkdir "$BUNDLE/layer" "$BUNDLE/merged" && mount -t tmpfs none "$BUNDLE/layer"
		mkdir "$BUNDLE/layer/upper" "$BUNDLE/layer/work"
		mount -t overlay -o "lowerdir=$LOWER,upperdir=$BUNDLE/layer/upper,workdir=$BUNDLE/layer/work" \
			overlay "$BUNDLE/merged" || exit 99
		runtime run --bundle "$BUNDLE" "$ID"'
	[ "$status" -ne 99 ] || skip "no overlay on $LOWER"
}

prepare() {
	[ -e "${RTI_DEBIAN_ROOTFS:-}/etc/debian_version" ] || skip "not on Debian"
}

@test "its programs run" {
	run_debian 'cat /etc/debian_version; dpkg-query --show --showformat "\${Package}\n" bash; perl -e "print qq(perl\n)"
		getent passwd root; ls -l / /dev /proc/1 >/dev/null; find / -xdev -maxdepth 2 >/dev/null; echo complete'
	succeeded
	[ "${lines[0]}" = "$(cat "${RTI_DEBIAN_ROOTFS:-}/etc/debian_version")" ]
	[ "${lines[1]}" = bash ]
	[ "${lines[2]}" = perl ]
	[ "${lines[3]%%:*}" = root ]
	[ "${lines[4]}" = complete ]
}

@test "users can be added and used, and nothing of it reaches the machine" {
	configure '.process.capabilities |= map_values(. + ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETUID", "CAP_SETGID", "CAP_FSETID"])'
	run_debian 'useradd --create-home rti-someone
		setpriv --reuid rti-someone --regid rti-someone --init-groups bash -c "cd ~rti-someone; id -un; touch file; stat -c %U file"
		rm -rf /usr/share/doc /etc/apt; test ! -e /etc/apt; echo complete'
	succeeded
	[ "$(echo $output)" = "rti-someone rti-someone complete" ]
	[ -d "${RTI_DEBIAN_ROOTFS:-}/etc/apt" ]
	not grep -q rti-someone "${RTI_DEBIAN_ROOTFS:-}/etc/passwd"
}

@test "processes, pipes, sockets, shared memory and threads work" {
	run_debian 'for i in 1 2 3 4; do (sleep 0.1; echo $i) & done | sort | xargs; wait
		seq 100000 | sort -n | tail -n 1
		perl -e "use IO::Socket; my \$l = IO::Socket::INET->new(Listen => 1, LocalAddr => q(127.0.0.1)) or die; my \$c = IO::Socket::INET->new(PeerAddr => q(127.0.0.1), PeerPort => \$l->sockport) or die; print qq(connected\n)"
		head -c 100000 /dev/zero >/dev/shm/file; stat -c %s /dev/shm/file
		mkfifo /tmp/pipe; echo through >/tmp/pipe & cat /tmp/pipe'
	succeeded
	[ "$(echo $output)" = "1 2 3 4 100000 connected 100000 through" ]
}
