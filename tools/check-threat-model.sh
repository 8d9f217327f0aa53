#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The tests that THREAT-MODEL.md names are there, and it names every test of the security corpus that has an
# advisory. Prints TAP.
#
# A test is named as `FOLDER/FILE: BEGINNING`, where tests/FOLDER/FILE.bats has a @test whose name begins so,
# or tests/FOLDER/FILE.c a function of that name.
set -eu
cd "${top_srcdir:-.}"
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

named() { tr '\n' ' ' <THREAT-MODEL.md | grep -oE '`(security|bats|unit)/[^`:]*: [^`]*`' | tr -d '`'; }

is_there() { # file, name
	if [ -f "tests/$1.bats" ]; then
		grep -qF "@test \"$2" "tests/$1.bats"
	else
		grep -qsF "static void $2(" "tests/$1.c"
	fi
}

missing=$(named | while IFS= read -r line; do
	is_there "${line%%: *}" "${line#*: }" || echo "$line"
done)
forgotten=$(sed -n 's/^@test "\(\(CVE-\|GHSA-\|runc#\)[^:]*\):.*/\1/p' tests/security/*.bats | sort -u |
	while IFS= read -r advisory; do
		named | grep -q "^security/.*: $advisory" || echo "$advisory"
	done)

echo 1..3
report 1 "THREAT-MODEL.md names tests" "$([ "$(named | wc -l)" -gt 0 ] || echo none)"
report 2 "each of them is there" "$missing"
report 3 "each advisory of the corpus is named" "$forgotten"
exit $status
