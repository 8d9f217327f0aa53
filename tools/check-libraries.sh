#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The libraries as somebody gets them who installs this project: only rti_ names, no constructors, every
# header compiles by itself, and a program links with what pkg-config says and nothing else. Prints TAP.
set -eu

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

# yajl is the machine's own, only our two packages are below DESTDIR.
flags() { # pkg-config's arguments
	PKG_CONFIG_PATH=$pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH} \
		pkg-config --define-variable=prefix="$work$prefix" "$@"
}

headers_alone() { # folder of the headers, compiler flags...
	folder=$1
	shift
	(cd "$folder" && find . -name '*.h' | sed 's,^\./,,' | sort) | while IFS= read -r header; do
		printf '#include "%s"\n#include "%s"\n' "$header" "$header" >"$work/header.c"
		${CC:-cc} -D_GNU_SOURCE -Wall -Wextra -Werror -c -o /dev/null "$@" "$work/header.c" 2>&1 ||
			echo "$header needs something before it"
	done
}

link() { # program text, package
	printf '%s\n' "$1" >"$work/user.c"
	# The words of pkg-config are words: no quotes.
	# shellcheck disable=SC2046
	${CC:-cc} -D_GNU_SOURCE -Wall -Wextra -Werror -o "$work/user" "$work/user.c" \
		$(flags --cflags --libs "$2") 2>&1 && { "$work/user" || echo "status $?"; }
}

make -s install DESTDIR="$work" >"$work/log" 2>&1 || { cat "$work/log"; echo "Bail out! make install"; exit 1; }
pkgconfig=$(dirname "$(find "$work" -name runtime-parent.pc)")
prefix=$(sed -n 's/^prefix=//p' "$pkgconfig/runtime-parent.pc")
headers=$(dirname "$(find "$work" -path '*/base/error.h' -printf '%h\n')")

echo 1..7
for library in libruntime-init-protocol.a libruntime-parent.a; do
	report "$library shows only names that start with rti_" \
		"$(nm -g --defined-only "$library" | awk 'NF == 3 && $3 !~ /^rti_/ { print $3 }')"
	# The sanitizers' and gcov's own are not ours.
	report "$library has no constructors" \
		"$(nm "$library" | grep -qE '__(asan|gcov|tsan)' || objdump -h "$library" |
			awk '$2 ~ /^\.(init_array|ctors)/ { print $2 }')"
done
report "every installed header compiles by itself" "$(headers_alone "$headers" -I"$headers")"

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
}' runtime-init-protocol)"
report "a user of the parent library links" "$(link '
#include "parent/runtime-container.h"
int main(void)
{
	struct rti_parent_program program = RTI_PARENT_PROGRAM_EMPTY;
	struct rti_container_log log = { 0 };
	struct rti_container *container;
	struct rti_error err;
	return rti_parent_program_open("/no/such", &program, &err) == 0 ||
	       rti_container_load("/no/such", "none", &log, &container, &err) == 0;
}' runtime-parent)"
