#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mmsync as a part of another project: mmsc is built there if a schema needs it, and only then.
. "$(dirname "$0")/common.sh"
cp -r "$here/subproject" "$tmp/outer"

# build [OPTION...]: into $tmp/build, with the options that were given before
build() {
    run "$CMAKE" -S "$tmp/outer" -B "$tmp/build" -DMMSYNC_SOURCE_DIR="$MMSYNC_SOURCE_DIR" -DCMAKE_C_COMPILER="$CC" "$@"
    run "$CMAKE" --build "$tmp/build"
}

mmsc() {
    find "$tmp/build" -type f -name mmsc
}

build
expect 0 "$(version)" "$tmp/build/plain"
[ -z "$(mmsc)" ] || fail "mmsc was built, and nothing uses it"
build -DSCHEMA=ON
expect 0 5 "$tmp/build/typed"
[ -n "$(mmsc)" ] || fail "mmsc was not built"
rm "$(mmsc)"
build -DSCHEMA=OFF -DMMSYNC_BUILD_MMSC=ON
[ -n "$(mmsc)" ] || fail "mmsc was asked for, and not built"
run "$CMAKE" --install "$tmp/build" --prefix "$tmp/prefix"
[ -x "$tmp/prefix/bin/mmsc" ] || fail "mmsc was not installed"
