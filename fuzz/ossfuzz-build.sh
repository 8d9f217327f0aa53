#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Build the fuzz targets the way OSS-Fuzz does: its base-builder image sets CC, CXX, CFLAGS, CXXFLAGS,
# LIB_FUZZING_ENGINE, SRC and OUT, and has this tree in $SRC/runtime-init. The image needs autoconf, automake,
# pkg-config, python3, zip, libyajl-dev and libseccomp-dev.
#
# $OUT gets each target with its dictionary and its seeds; the libraries are linked statically, since the
# targets run elsewhere.
cd "${TREE:-$SRC/runtime-init}"
top=$PWD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -e configure ] || autoreconf -i
cd "$work"
YAJL_LIBS=-l:libyajl_s.a SECCOMP_LIBS=-l:libseccomp.a "$top/configure" \
	--with-fuzzing-engine="$LIB_FUZZING_ENGINE"
# An engine that is a library of its own may be C++.
make -j"$(nproc)" CCLD="$CXX $CXXFLAGS" fuzz-targets

for target in fuzz/fuzz-*; do
	case $target in *.*) continue ;; esac
	name=${target##*/}
	cp "$target" "$OUT/"
	cp "$top/fuzz/fuzz.dict" "$OUT/$name.dict"
	seeds=fuzz/seeds/${name#fuzz-}
	[ ! -d "$top/fuzz/corpus/${name#fuzz-}" ] || cp "$top/fuzz/corpus/${name#fuzz-}"/* "$seeds/"
	(cd "$seeds" && zip -q -r "$OUT/${name}_seed_corpus.zip" .)
done
