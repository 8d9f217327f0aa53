#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Enforce what can be counted of HACKING.md's form of C files. Prints TAP.
set -eu
cd "${top_srcdir:-.}"

violations=$(
	find src protocol cmd fuzz tests tools \( -name '*.[ch]' -o -name '*.def' \) | sort |
		while read -r file; do
			expand "$file" | awk -v file="$file" '
				length($0) > 100 { print file ":" NR ": more than 100 columns" }
				/[ \t]$/ { print file ":" NR ": blanks at the end" }'
		done
)

echo 1..1
if [ -z "$violations" ]; then
	echo "ok 1 - lines of C have at most 100 columns and no blanks at the end"
else
	echo "not ok 1 - lines of C have at most 100 columns and no blanks at the end"
	echo "$violations" | sed 's/^/# /'
fi
