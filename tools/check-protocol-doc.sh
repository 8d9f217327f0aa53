#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# PROTOCOL.md's table of sync messages and bootstrap attributes must be that of the code. Prints TAP.
set -eu
cd "${top_srcdir:-.}"

# "procReady child none no procRun": name, sender, argument, file, reply
code=$(sed -n 's/^SYNC_MESSAGE(\(.*\))$/\1/p' protocol/sync-messages.def | tr -d '"_ ' | tr '[:upper:],' '[:lower:] ' |
	sed 's/ true / yes /; s/ false / no /' | cut -d' ' -f2-)
document=$(sed -n '/^| message |/,/^$/p' protocol/PROTOCOL.md | sed '1,2d' | tr -d '`|' |
	tr '[:upper:]' '[:lower:]' | awk 'NF { print $1, $2, $3, $4, $5 }')

attributes=$(awk '/^enum rti_bootstrap_attribute/,/};/' protocol/bootstrap.h |
	sed -n 's/.*RTI_BOOTSTRAP_\([A-Z_]*\).*/\1/p' | awk '{ print 27280 + NR, tolower($1) }')
documented=$(sed -n '/^| attribute |/,/^$/p' protocol/PROTOCOL.md | sed '1,2d' | tr -d '`|' |
	awk 'NF { print $1, tolower($2) }')

report() { # number, what, code's, document's
	if [ -n "$3" ] && [ "$3" = "$4" ]; then
		echo "ok $1 - $2"
	else
		echo "not ok $1 - $2"
		printf 'the code has:\n%s\nPROTOCOL.md has:\n%s\n' "$3" "$4" | sed 's/^/# /'
	fi
}

echo 1..2
report 1 "PROTOCOL.md has the table of sync messages" "$code" "$document"
report 2 "PROTOCOL.md has the bootstrap attributes" "$attributes" "$documented"
