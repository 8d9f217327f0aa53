#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The README shows the engines' sample configurations as they are installed: letter by letter. TAP.
set -u

readme=$(cat "$top_srcdir/README.md")
number=0
failed=0
for file in "$top_srcdir"/examples/*.in; do
	name=${file##*/}
	[ "$name" != runc-with-runtime-init.conf.in ] || continue
	number=$((number + 1))
	block=$(sed 's,@sbindir@,/usr/local/sbin,; s/^/    /' "$file")
	case $readme in
	*"

$block
"*)
		echo "ok $number - the README shows ${name%.in}"
		;;
	*)
		echo "not ok $number - the README shows ${name%.in}"
		failed=1
		;;
	esac
done
echo "1..$number"
exit $failed
