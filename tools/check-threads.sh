#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The parent and its mount worker have no data race, as ThreadSanitizer sees it. Prints TAP.
#
#   tools/check-threads.sh BUILD
#
# BUILD was configured with --enable-sanitizers=thread. Needs root and bats. Unit tests and fuzz targets that
# have threads run in it, and containers with mounts that the worker serves. Those do not join a user
# namespace: setns(2) wants a process with one thread, and the sanitizer adds one of its own.
set -u

[ $# = 1 ] || { echo "usage: check-threads.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export top_srcdir="$PWD" top_builddir="$build" TSAN_OPTIONS="log_path=$work/race exitcode=66"
number=0
status=0

check() { # what, command...
	number=$((number + 1))
	what=$1
	shift
	if "$@" >"$work/log" 2>&1 && ! ls "$work"/race.* >/dev/null 2>&1; then
		echo "ok $number - no race: $what"
	else
		echo "not ok $number - no race: $what"
		cat "$work"/race.* "$work/log" 2>/dev/null | head -60 | sed 's/^/# /'
		rm -f "$work"/race.*
		status=1
	fi
}

for name in log-forward mount-worker path spawn start; do
	check "test-$name" "$build/tests/unit/test-$name"
done
for name in path sync-parent; do
	check "fuzz-$name" "$build/fuzz/fuzz-$name"
done
check "containers with mapped mounts" env RTI_BUILD="$build" RTI_PAIR=runtime-parent+runtime-init \
	bats --tap --filter 'explicit maps|several ranges|single file|need not be reachable|sixty mounts' \
	tests/bats/idmap.bats
echo "1..$number"
exit $status
