#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# cppcheck, clang-tidy and gcc -fanalyzer have nothing to say about the tree. Prints TAP.
#
#   tools/check-static.sh BUILD
#
# BUILD is a folder in which configure and make have run. Where a tool is wrong the line says why:
# cppcheck by "cppcheck-suppress NAME ; reason", clang-tidy by "NOLINTNEXTLINE(NAME) ; reason", the analyzer
# by a comment that starts with "analyzer:" in the line that it names or the one before. Takes a few minutes, so it is no part of `make check`.
set -eu

[ $# = 1 ] || { echo "usage: check-static.sh BUILD" >&2; exit 2; }
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jobs=$(nproc)
status=0

report() { # number, what, findings ("" for none)
	if [ -z "$3" ]; then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
		echo "$3" | sed 's/^/# /'
		status=1
	fi
}

# The analyzer's findings in one file, without those that the source explains.
analyze() { # file
	model='-include tools/analyzer-model.h'
	[ "$1" != src/base/error.c ] || model=
	# shellcheck disable=SC2086 # two words or none
	${CC:-gcc} -std=gnu11 -fanalyzer -fdiagnostics-plain-output -include "$build/config.h" $model \
		-I. -Isrc -I"$build/src" -DLIBEXECDIR='""' -DSBINDIR='""' -DSYSCONFDIR='""' \
		-S -o /dev/null "$1" 2>&1 | awk '
		function is_explained(file, number,   line, n, found) {
			for (n = 1; (getline line < file) > 0; n++)
				if ((n == number || n == number - 1) && line ~ /\/\* analyzer: /)
					found = 1
			close(file)
			return found
		}
		/: (warning|error): / {
			split($0, part, ":")
			if (!is_explained(part[1], part[2]))
				print
		}'
}

if [ -n "${RTI_ANALYZE:-}" ]; then
	analyze "$RTI_ANALYZE"
	exit 0
fi

# Without clang's own analyzer, which has nothing over gcc's and takes as long.
tidy() {
	find src protocol cmd fuzz tests/helpers -name '*.c' | sort | BUILD=$build xargs -P"$jobs" -n 8 sh -c '
		clang-tidy --quiet "$@" -- -std=gnu11 -include "$BUILD/config.h" -I. -Isrc -I"$BUILD/src" \
			-DLIBEXECDIR="\"\"" -DSBINDIR="\"\"" -DSYSCONFDIR="\"\"" 2>/dev/null ||
			echo "clang-tidy fails on one of $*"' sh
}

echo 1..3
report 1 "cppcheck is quiet" "$(cppcheck -j"$jobs" --quiet --std=c11 --inline-suppr \
	--enable=warning,performance,portability --include="$build/config.h" -Isrc -I. -I"$build/src" \
	src protocol cmd fuzz tests/helpers tests/unit 2>&1)"
report 2 "gcc -fanalyzer is quiet" "$(find src protocol cmd tests/helpers -name '*.c' | sort |
	BUILD=$build xargs -P"$jobs" -I FILE env RTI_ANALYZE=FILE sh tools/check-static.sh "$build")"
report 3 "clang-tidy is quiet" "$(tidy)"
exit $status
