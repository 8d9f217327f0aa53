#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What goes between parent and init says what the configuration says.

load attack

# The encoder and the decoder themselves, as no map that the kernel takes is that long.
forge_bootstrap() {
	local guard program=$BATS_TEST_TMPDIR/forge-bootstrap
	cp "$RTI_BUILD/tests/helpers/forge-bootstrap" "$program"
	! bitten || for guard in "$@"; do
		LC_ALL=C sed -i "s/guard $guard=1/guard $guard=0/" "$program"
	done
	run "$program"
}

@test "CVE-2021-43784: an id map that is too long does not become other attributes" {
	guarded_by_parent LENGTH_FITS TEXT_ENDS
	forge_bootstrap LENGTH_FITS TEXT_ENDS
	harm_is "a namespace of the attacker's is joined" output_has mnt:/proc/1/ns/mnt
	use_user_namespace
	configure '.linux.gidMappings = [range(8000) | {containerID: ., hostID: (100000 + .), size: 1}]'
	run_container
	unless_bitten failed_with "netlink: cannot serialize bytemsg of length"
}
