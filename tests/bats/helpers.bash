# SPDX-License-Identifier: Apache-2.0
# What every bats file loads: which programs are under test, bundles to run, and what must not be left.
#
# RTI_BUILD  folder of the built programs (default: the source tree)
# RTI_PAIR   who talks to whom, PARENT+INIT, each ours or a genuine runc's:
#            runtime-parent+runtime-init (default), runc+runtime-init, runtime-parent+runc, runc+runc
# PEER_RUNC  the genuine runc, 1.2 or newer; needed for every pair but the first
#
# The same files run for all four pairs. A test that only holds for some says `only_pair PATTERN`.

RTI_BUILD=${RTI_BUILD:-$(cd "$BATS_TEST_DIRNAME/../.." && pwd)}
RTI_PAIR=${RTI_PAIR:-runtime-parent+runtime-init}
PEER_RUNC=${PEER_RUNC:-}

# The program under test with its state below the test's own folder.
runtime() {
	case $RTI_PAIR in
	runtime-parent+runtime-init)
		"$RTI_BUILD/runtime-parent" --root "$STATE" --init "$RTI_BUILD/runtime-init" "$@"
		;;
	runtime-parent+runc)
		"$RTI_BUILD/runtime-parent" --root "$STATE" --init "$PEER_RUNC" "$@"
		;;
	runc+runtime-init)
		RUNC_WITH_RUNTIME_INIT="--runc $PEER_RUNC --init $RTI_BUILD/runtime-init" \
			"$RTI_BUILD/runc-with-runtime-init" --root "$STATE" "$@"
		;;
	runc+runc)
		"$PEER_RUNC" --root "$STATE" "$@"
		;;
	*)
		echo "no such pair: $RTI_PAIR" >&2
		return 1
		;;
	esac
}

# Skip unless the pair matches a shell pattern: a difference by design, not a missing thing.
only_pair() {
	case $RTI_PAIR in
	$1) ;;
	*) skip "holds for $1" ;;
	esac
}

has_own_init() { [[ $RTI_PAIR == *+runtime-init ]]; }
has_own_parent() { [[ $RTI_PAIR == runtime-parent+* ]]; }

# Skip when the peer of the pair, if there is one, is older than a release, as in needs_runc 1.4.
needs_runc() {
	[ -n "$PEER_RUNC" ] || return 0
	PEER_VERSION=${PEER_VERSION:-$("$PEER_RUNC" --version | sed -n 's/^runc version \([0-9.]*\).*/\1/p')}
	[ -n "$PEER_VERSION" ] || {
		echo "$PEER_RUNC does not tell its version"
		return 1
	}
	printf '%s\n' "$1" "$PEER_VERSION" | sort -VC || skip "runc $PEER_VERSION is older than $1"
}

# A root file system of busybox alone, and the configuration that `spec` gives, without a terminal.
# It is made once and copied for each test.
make_template() {
	local rootfs=$1/rootfs
	rm -rf "$1"
	mkdir -p "$rootfs"/{bin,dev,etc,proc,sys,tmp,root,usr/bin,var}
	cp "$(command -v busybox)" "$rootfs/bin/busybox"
	cp "$RTI_BUILD/tests/helpers/probe" "$rootfs/bin/probe"
	"$rootfs/bin/busybox" --list | grep -vx busybox | (cd "$rootfs/bin" && xargs -n1 ln -s busybox)
	echo "root:x:0:0:root:/root:/bin/sh" >"$rootfs/etc/passwd"
	echo "root:x:0:" >"$rootfs/etc/group"
	(cd "$1" && runtime spec)
	jq '.process.terminal = false | .process.args = ["true"]' "$1/config.json" >"$1/config.json.new"
	mv "$1/config.json.new" "$1/config.json"
}

make_bundle() {
	local template=$BATS_RUN_TMPDIR/template
	[ -d "$template" ] || {
		make_template "$template.new"
		mv "$template.new" "$template"
	}
	BUNDLE=${1:-$BATS_TEST_TMPDIR/bundle}
	cp -a "$template" "$BUNDLE"
	# The container's root need not be root here, and must get as far as its own files.
	chmod a+x "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$BATS_TEST_TMPDIR" "$BUNDLE" "$BUNDLE/rootfs"
}

# Change config.json with a jq program: configure '.process.args = ["id"]'; further arguments go to jq.
configure() {
	local program=$1
	shift
	jq "$program" "$@" <"$BUNDLE/config.json" >"$BUNDLE/config.json.new"
	mv "$BUNDLE/config.json.new" "$BUNDLE/config.json"
}

# Run a shell script as the container's program.
script() {
	configure '.process.args = ["sh", "-c", $script]' --arg script "$1"
}

# The bundle's own user namespace: container ids 0.. are host ids 100000..
use_user_namespace() {
	configure '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R 100000:100000 "$BUNDLE/rootfs"
}

# Run a script of this file's functions where mounts are private: on_private_mounts 'mount ...; runtime ...'
on_private_mounts() {
	export BUNDLE ID OUT
	export -f configure add_mount script
	run unshare --mount --propagation private bash -ec "$1"
}

# A process in new namespaces until the test ends: hold_namespaces --user --net, then /proc/$HOLDER/ns.
# A user namespace has the maps of use_user_namespace.
hold_namespaces() {
	unshare "$@" sleep 1000 3>&- &
	HOLDER=$!
	HOLDERS+=("$HOLDER")
	eventually grep -qx sleep "/proc/$HOLDER/comm"
	[[ " $* " != *" --user "* ]] || {
		echo "0 100000 65536" >"/proc/$HOLDER/uid_map"
		echo "0 100000 65536" >"/proc/$HOLDER/gid_map"
	}
}

# Join a namespace by its path: join_namespace network /proc/$HOLDER/ns/net
join_namespace() {
	configure '.linux.namespaces |= map(select(.type != $type)) + [{$type, $path}]' --arg type "$1" --arg path "$2"
}

# `run` of bats with the container named for the test.
run_container() {
	run runtime run --bundle "$BUNDLE" "$@" "$ID"
}

# These return while the container lives, so what it writes goes to the file $OUT.
create_container() { in_background create "$@"; }
run_detached() { in_background run --detach "$@"; }

in_background() { # command, options...
	local command=$1
	shift
	status=0
	runtime "$command" --bundle "$BUNDLE" "$@" "$ID" >"$OUT" 2>&1 </dev/null || status=$?
	output=$(cat "$OUT")
}

# Run a command in the container: execute [OPTION... --] COMMAND...
execute() {
	local options=() i
	for ((i = 1; i <= $#; i++)); do
		[ "${!i}" != -- ] || { options=("${@:1:i-1}"); shift "$i"; break; }
	done
	run runtime exec "${options[@]}" "$ID" "$@"
}

container_state() { runtime state "$ID" | jq -r "$1"; }
container_is() { [ "$(container_state .status)" = "$1" ]; }

# Something as a mount of the bundle: add_mount DESTINATION TYPE SOURCE OPTION...
add_mount() {
	local destination=$1 type=$2 source=$3
	shift 3
	configure '.mounts += [{$destination, $type, $source, options: $ARGS.positional}]' \
		--arg destination "$destination" --arg type "$type" --arg source "$source" --args "$@"
}

succeeded() {
	[ "$status" -eq 0 ] || { echo "status $status: $output"; return 1; }
}

failed_with() {
	[ "$status" -ne 0 ] || { echo "unexpected success: $output"; return 1; }
	# A log line quotes the message.
	[[ ${output//\\\"/\"} == *"$1"* ]] || { echo "no '$1' in: $output"; return 1; }
}

# A command that has to fail; a bare ! is not noticed by bats.
not() { ! "$@"; }

# Wait up to five seconds until a command succeeds.
eventually() {
	local i
	for ((i = 0; i < 100; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "never came true: $*"
	"$@"
}

# What a runtime could have left behind, one line each. A container's processes see the bundle in their
# mount namespace; those that did not get that far are at home in it.
list_leftovers() {
	grep -F "$BATS_TEST_TMPDIR" /proc/self/mountinfo | sed 's/^/mount: /'
	find /sys/fs/cgroup -depth -type d -name "$ID*" 2>/dev/null | sed 's/^/cgroup: /'
	[ ! -d "$STATE" ] || find "$STATE" -mindepth 1 -not -path "$STATE/$ID/notify*" | sed 's/^/state: /'
	local found
	found=$(grep -lsF "$BATS_TEST_TMPDIR" /proc/[0-9]*/mountinfo
		find /proc/[0-9]*/cwd -maxdepth 0 -lname "$BATS_TEST_TMPDIR*" 2>/dev/null)
	for found in $found; do
		echo "process: $found $(cat "$(dirname "$found")/cmdline" 2>/dev/null | tr '\0' ' ')"
	done
}

nothing_left() { [ -z "$(list_leftovers)" ]; }

export RTI_BUILD RTI_PAIR PEER_RUNC
export -f runtime

setup() {
	export STATE
	ID=rti-$BATS_TEST_NUMBER-$$
	STATE=$BATS_TEST_TMPDIR/state
	OUT=$BATS_TEST_TMPDIR/out
	HOLDERS=()
	[ "$RTI_PAIR" = runtime-parent+runtime-init ] || [ -n "$PEER_RUNC" ] || {
		echo "PEER_RUNC is not set: the pair $RTI_PAIR needs a genuine runc"
		return 1
	}
	make_bundle
	export ID BUNDLE
	if declare -F prepare >/dev/null; then prepare; fi
}

teardown() {
	[ ${#HOLDERS[@]} = 0 ] || kill "${HOLDERS[@]}"
	if declare -F cleanup >/dev/null; then cleanup; fi
	[ ! -d "$STATE/$ID" ] || runtime delete --force "$ID" || true
	if ! nothing_left; then
		eventually nothing_left || { list_leftovers; return 1; }
	fi
}
