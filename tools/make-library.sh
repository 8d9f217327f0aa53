#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Make one static library that shows the world nothing but names that start with rti_.
#
#   make-library.sh LIBRARY WHOLE.a... [-- PARTLY.a...]
#
# All of the WHOLE archives goes in, and of the PARTLY archives what those need. What they share among
# themselves by other names becomes local. LD, OBJCOPY and AR may name the tools.
set -eu

library=$1
shift
object=${library%.a}.whole.o
whole=
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	whole="$whole $1"
	shift
done
[ $# -eq 0 ] || shift

rm -f "$library"
${LD:-ld} -r -o "$object" --whole-archive $whole --no-whole-archive "$@"
${OBJCOPY:-objcopy} --wildcard --keep-global-symbol='rti_*' "$object"
${AR:-ar} crD "$library" "$object"
rm -f "$object"
