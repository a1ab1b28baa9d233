#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mmsync as part of another project: mmsc is built there only if a schema needs it.
. "$(dirname "$0")/common.sh"
cp -r "$here/subproject" "$tmp/with space"

build_dir="$tmp/with space/build"

# build [OPTION...]: into $build_dir, with the options that were given before; not optimised, which saves half of the time
build() {
    run "$CMAKE" -S "$tmp/with space" -B "$build_dir" -DMMSYNC_SOURCE_DIR="$MMSYNC_SOURCE_DIR" -DCMAKE_C_COMPILER="$CC" \
        -DCMAKE_C_FLAGS_RELWITHDEBINFO=-O0 "$@"
    run "$CMAKE" --build "$build_dir"
}

mmsc() {
    find "$build_dir" -type f -name mmsc
}

build
expect 0 "$(version)" "$build_dir/plain"
[ -z "$(mmsc)" ] || fail "mmsc was built, and nothing uses it"
build -DSCHEMA=ON
expect 0 5 "$build_dir/typed"
[ -n "$(mmsc)" ] || fail "mmsc was not built"
rm "$(mmsc)"
build -DSCHEMA=OFF -DMMSYNC_BUILD_MMSC=ON
[ -n "$(mmsc)" ] || fail "mmsc was asked for, and not built"
run "$CMAKE" --install "$build_dir" --prefix "$tmp/prefix"
[ -x "$tmp/prefix/bin/mmsc" ] || fail "mmsc was not installed"
