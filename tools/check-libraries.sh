#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The installed libraries: only rti_ names, no constructors, and a program that uses them links with
# nothing but what the pkg-config files name. Prints TAP.
set -eu

top=${top_srcdir:-.}
cd "${top_builddir:-.}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

report() { # what, problem ("" for none)
	number=$((number + 1))
	if [ -z "$2" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "$2" | sed 's/^/# /'
	fi
}

link() { # program text, libraries...
	printf '%s\n' "$1" >"$work/user.c"
	shift
	${CC:-cc} -I"$top" -I"$top/src" -o "$work/user" "$work/user.c" "$@" 2>&1
}

echo 1..6
for library in libruntime-init-protocol.a libruntime-parent.a; do
	report "$library shows only names that start with rti_" \
		"$(nm -g --defined-only "$library" | awk 'NF == 3 && $3 !~ /^rti_/ { print $3 }')"
	# The sanitizers' and gcov's own are not ours.
	report "$library has no constructors" \
		"$(nm "$library" | grep -qE '__(asan|gcov|tsan)' || objdump -h "$library" |
			awk '$2 ~ /^\.(init_array|ctors)/ { print $2 }')"
done

if nm libruntime-init-protocol.a | grep -qE '__(asan|ubsan|gcov)'; then
	report "a user of the protocol library links # skip instrumented build" ""
	report "a user of the parent library links # skip instrumented build" ""
	exit 0
fi
report "a user of the protocol library links" "$(link '
#include "protocol/runtime-init-protocol.h"
int main(void)
{
	struct rti_init_config config;
	struct rti_error err;
	return rti_init_config_decode("{", 1, 0, 0, &config, &err) == 0;
}' libruntime-init-protocol.a -lyajl -lm && "$work/user" || echo "status $?")"
report "a user of the parent library links" "$(link '
#include "parent/runtime-parent.h"
int main(void)
{
	struct rti_parent_program program = RTI_PARENT_PROGRAM_EMPTY;
	struct rti_error err;
	return rti_parent_program_open("/no/such", &program, &err) == 0;
}' libruntime-parent.a libruntime-init-protocol.a -lyajl -lm -lpthread && "$work/user" || echo "status $?")"
