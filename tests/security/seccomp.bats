#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Profiles that libseccomp before 2.6.1 makes another filter of.

load attack

# A profile that allows all calls but those of a list.
deny() { # jq program that gives the list
	configure ".linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\", syscalls: $1}"
}

@test "GHSA-4q85-33p6-j5g6: comparisons of 64 bits deny what they say" {
	! bitten || pkg-config --max-version=2.6.0 libseccomp || skip "this libseccomp does it well itself"
	guarded_by OWN_COMPARISONS
	deny '[{names: ["umask"], action: "SCMP_ACT_ERRNO", args: [
			{index: 0, value: 4294967298, op: "SCMP_CMP_LE"}, {index: 0, value: 2, op: "SCMP_CMP_LE"}]}]'
	configure '.process.args = ["probe", "call", "umask", "3"]'
	run_container
	harm_is "the container makes a call that is denied" [ "$output" != EPERM ]
}

# The overflow itself takes libseccomp minutes of work. Here it would have none, because the rules say no
# more than the default; that it is handed the profile at all is the harm.
@test "GHSA-2hqh-5c36-grrm, GHSA-46fr-jh49-xvhx: libseccomp gets no profile that it may overflow on" {
	guarded_by PROFILE_SIZE
	deny '[range(30001) | {names: ["umask"], action: "SCMP_ACT_ALLOW"}]'
	run_container
	harm_is "libseccomp is handed the profile" [ "$status" -eq 0 ]
	unless_bitten failed_with "seccomp profile is too large"
}
