#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Enforce the table of HACKING.md: which folder may include which. Prints TAP.
set -eu
cd "${top_srcdir:-.}"

# folder: folders it may include, besides itself
rules='
src/base:
protocol: base
src/container: base protocol
src/init: base protocol container
src/parent: base protocol container
src/launch: base
src/peer: base protocol
cmd: base protocol container init parent launch peer
'

# What of the wire library a mechanism may see: plain data.
plain_data='init-config.h dialect.h'

violations=$(
	echo "$rules" | while IFS=: read -r folder allowed; do
		[ -n "$folder" ] || continue
		find "$folder" -name '*.[ch]' | xargs grep -Hn '^#include "' | while IFS= read -r line; do
			file=${line%%:*}
			header=${line#*\"}
			header=${header%%\"*}
			room=${header%%/*}
			case " $allowed ${folder##*/} " in
			*" $room "*) ;;
			*) echo "$file includes \"$header\"" ;;
			esac
			if [ "$folder" = src/container ] && [ "$room" = protocol ]; then
				case " $plain_data " in
				*" ${header##*/} "*) ;;
				*) echo "$file includes \"$header\", which is not plain data" ;;
				esac
			fi
		done
	done
)

echo 1..1
if [ -z "$violations" ]; then
	echo "ok 1 - includes follow the rooms"
else
	echo "not ok 1 - includes follow the rooms"
	echo "$violations" | sed 's/^/# /'
fi
