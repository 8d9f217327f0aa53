# SPDX-License-Identifier: Apache-2.0
# What the files of the security corpus load.
#
# A test is an attack, named for the advisory that it comes from. It says which guards of
# src/base/guard.def stop it and what harm the attacker wants:
#
#   guarded_by STAY_IN_ROOT
#   ...
#   harm_is "a file appears on the host" canary_has_changed
#   unless_bitten succeeded
#
# Run normally, the harm must not happen. With RTI_BITE=1 the programs of RTI_BUILD, which must be
# built with --enable-removable-guards, are copied, the test's guards are removed from the copies,
# and the harm must happen: so the test notices when a guard is lost, and the guard is what stops the
# attack. Where an attack needs two winners of a race, a hook of the bundle is the second one and
# comes at the right moment each time.

load ../bats/helpers

bitten() { [ -n "${RTI_BITE:-}" ]; }

# The guards of the init that stop this attack, all that have to be gone for it to succeed.
guarded_by() { # guard...
	local program guard programs=$BATS_TEST_TMPDIR/programs
	mkdir -p "$programs/tests"
	cp -r "$RTI_BUILD/tests/helpers" "$programs/tests"
	for program in runtime-init runtime-parent runc-with-runtime-init; do
		cp "$RTI_BUILD/$program" "$programs"
		! bitten || for guard in "$@"; do
			LC_ALL=C sed -i "s/guard $guard=1/guard $guard=0/" "$programs/$program"
		done
	done
	! bitten || for guard in "$@"; do
		grep -q "guard $guard=0" "$programs/runtime-init" || {
			echo "no removable guard $guard in $RTI_BUILD/runtime-init"
			return 1
		}
	done
	RTI_BUILD=$programs
	chmod a+x "$BATS_TEST_TMPDIR"
}

# The same where the parent decides: a runc in its place decides by itself.
guarded_by_parent() { # guard...
	! bitten || only_pair 'runtime-parent+*'
	guarded_by "$@"
}

# Instead of the two above: the fix was to leave something out, so that there is no guard.
nothing_to_remove() { # why
	! bitten || skip "nothing to remove: $1"
}

# What the attacker wants, and a command that succeeds if he got it.
harm_is() { # description, command...
	local what=$1
	shift
	if "$@"; then
		! bitten || return 0
		echo "the attack succeeded: $what"
	else
		bitten || return 0
		echo "the guard is gone, and the attack fails still: $what"
		echo "the last output was: $output"
	fi
	return 1
}

# Expectations beyond the harm, which need not hold without the guards.
unless_bitten() { # command...
	bitten || "$@"
}

# Start the bundle again and again while a link and a directory change places, until there is harm. A
# bundle has the same mount many times, so that each start is as many chances.
race() { # rounds, one path, other path, command that sees harm...
	local rounds=$1 racer i
	! bitten || rounds=$((5 * rounds)) # it ends earlier
	"$RTI_BUILD/tests/helpers/racer" "$2" "$3" 3>&- &
	racer=$!
	shift 3
	for ((i = 0; i < rounds; i++)); do
		attempt "$i"
		! "$@" || break
	done
	kill "$racer"
	wait "$racer" 2>/dev/null || true
	echo "# $i rounds" >&3
}

# ---- the host's things ----

prepare() {
	ROOT=$BUNDLE/rootfs
	CANARY=$BATS_TEST_TMPDIR/canary
	mkdir "$CANARY"
	echo "for the host alone" >"$CANARY/secret"
	echo mine >"$CANARY/ptmx"
	CANARY_BEFORE=$(list_canary)
}

# Names, kinds, owners, times and contents.
list_canary() {
	find "$CANARY" -printf '%P %y %m %U:%G %T@ %C@\n' | sort
	find "$CANARY" -type f -exec sha256sum {} +
}

canary_has_changed() { [ "$(list_canary)" != "$CANARY_BEFORE" ]; }

# The way from any directory of the root file system to the canary.
up_to_canary() { echo "../../../../../../../../../..$CANARY"; }

without_dev_mounts() {
	configure '.mounts |= map(select(.destination | startswith("/dev") | not))'
}

# A script of the bundle's owner, who is trusted, at a certain moment: createRuntime on the host, with
# the root file system mounted but not entered; createContainer in the container's mount namespace, in its
# root file system.
hook() { # kind, script
	configure '.hooks[$kind] = [{path: "/bin/sh", args: ["sh", "-c", $script],
		env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' --arg kind "$1" --arg script "$2"
}

# Let a hook in the container's mount namespace look for mounts on the canary.
look_for_mounts_on_canary() {
	hook createContainer "grep ' $CANARY' /proc/self/mountinfo >'$BATS_TEST_TMPDIR/on-canary' || true"
}
canary_is_mounted_on() { [ -s "$BATS_TEST_TMPDIR/on-canary" ]; }

output_has() { [[ $output == *"$1"* ]]; }
