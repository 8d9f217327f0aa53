#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Programs of every kind that runc-with-runtime-init must be able to become.

load helpers

# A program that shows what it was started with, and uses its libraries and thread-local storage.
write_program() {
	cat >"$BATS_TEST_TMPDIR/program.c" <<'END'
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

static char zeroes[100000];
static _Thread_local int local = 5;

int main(int argc, char **argv)
{
	char exe[256];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	int dirty = 0;

	for (unsigned int i = 0; i < sizeof(zeroes); i++)
		dirty |= zeroes[i];
	exe[n > 0 ? n : 0] = '\0';
	printf("%d %s %s %s %d %d %s\n", argc, argv[0], argv[1], getenv("SHOWN"), dirty, local,
	       getenv("_RUNTIME_INIT_LAUNCH") ? "request" : "clean");
	printf("%s\n%s\n", exe, (char *)getauxval(AT_EXECFN));
	free(malloc(1000000));
	return 7;
}
END
	cc -O1 -o "$BATS_TEST_TMPDIR/program" "$@" "$BATS_TEST_TMPDIR/program.c"
}

launch() {
	run env SHOWN=yes RUNC_WITH_RUNTIME_INIT="--runc $1 --init $RTI_BUILD/runtime-init" \
		"$RTI_BUILD/runc-with-runtime-init" argument
}

becomes() {
	write_program "$@"
	launch "$BATS_TEST_TMPDIR/program"
	[ "$status" -eq 7 ]
	[ "${lines[0]}" = "2 $RTI_BUILD/runc-with-runtime-init argument yes 0 5 clean" ]
	[[ ${lines[1]} == "/memfd:"* ]]
	[ "${lines[2]}" = "$BATS_TEST_TMPDIR/program" ]
}

@test "a dynamic position-independent program" { becomes -pie -fPIE; }

@test "a dynamic program at a fixed address" { becomes -no-pie -fno-pie; }

@test "a static position-independent program" { becomes -static-pie -fPIE; }

@test "a static program at a fixed address" { becomes -static -no-pie -fno-pie; }

@test "what is no program is said to be none" {
	printf '#!/bin/sh\n' >"$BATS_TEST_TMPDIR/script"
	launch "$BATS_TEST_TMPDIR/script"
	failed_with "$BATS_TEST_TMPDIR/script is a script, not a program that can be mapped"
	head -c 100 "$RTI_BUILD/runtime-init" >"$BATS_TEST_TMPDIR/cut"
	launch "$BATS_TEST_TMPDIR/cut"
	failed_with "$BATS_TEST_TMPDIR/cut ends within its program headers"
	launch /nonexistent
	failed_with "open runc /nonexistent: no such file or directory"
}

@test "a relative path is no runc" {
	launch runc
	failed_with "--runc runc: the path must be absolute"
}

@test "it will not run set-uid" {
	cp "$RTI_BUILD/runc-with-runtime-init" "$BATS_TEST_TMPDIR/launcher"
	chmod u+s,a+x "$BATS_TEST_TMPDIR/launcher"
	run setpriv --reuid 12345 --clear-groups "$BATS_TEST_TMPDIR/launcher" --version
	failed_with "refusing to run set-uid"
}

@test "runtime-parent will not run set-uid" {
	cp "$RTI_BUILD/runtime-parent" "$BATS_TEST_TMPDIR/parent"
	chmod u+s,a+x "$BATS_TEST_TMPDIR/parent"
	run setpriv --reuid 12345 --clear-groups "$BATS_TEST_TMPDIR/parent" --version
	failed_with "refusing to run set-uid"
}

@test "a request of the caller's environment is not taken for the launcher's own" {
	run env _RUNTIME_INIT_LAUNCH=garbage RUNC_WITH_RUNTIME_INIT="--runc /bin/echo" \
		"$RTI_BUILD/runc-with-runtime-init" it is echo
	succeeded
	[ "$output" = "it is echo" ]
}
