#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The guards themselves: src/base/guard.def.

load attack

GUARDS=$(sed -n 's/^GUARD(\([A-Z0-9_]*\),.*/\1/p' "$BATS_TEST_DIRNAME/../../src/base/guard.def")

@test "programs that are not built for this corpus have no guard that could be removed" {
	local program count
	for program in runtime-init runtime-parent runc-with-runtime-init; do
		count=$(grep -caE 'guard [A-Z_]+=[01]' "$RTI_BUILD/$program" || true)
		if bitten; then
			[ "$count" -gt 0 ] || [ $program = runc-with-runtime-init ]
		else
			[ "$count" = 0 ]
		fi
	done
}

@test "each guard is missed by some test when it is gone, and none is unknown" {
	nothing_to_remove "it is about the files of the tests"
	local used
	used=$(sed -n 's/^	guarded_by\(_parent\)\? //p' "$BATS_TEST_DIRNAME"/*.bats | tr ' ' '\n' | sort -u)
	[ -n "$GUARDS" ]
	diff <(sort <<<"$GUARDS") - <<<"$used"
}
