#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs in C and C++ against the installed library, shared and static, by find_package; and the examples as a project.
. "$(dirname "$0")/common.sh"
install_into "$tmp/first place"
mv "$tmp/first place" "$tmp/a prefix"

# build SOURCE-DIR [OPTION...]: into $tmp/build
build() {
    rm -rf "$tmp/build"
    run "$CMAKE" -S "$1" -B "$tmp/build" -DCMAKE_PREFIX_PATH="$tmp/a prefix" -DCMAKE_C_COMPILER="$CC" "${@:2}"
    run "$CMAKE" --build "$tmp/build"
}

# both LANGUAGE [OPTION...]: the shared and the static library
both() {
    build "$here/consumer" -DLANGUAGE="$1" "${@:2}"
    expect 0 ok "$tmp/build/shared" "$tmp/region"
    expect 0 ok "$tmp/build/static" "$tmp/region"
}

both C
if [ -n "$CXX" ]; then
    both CXX -DCMAKE_CXX_COMPILER="$CXX"
    expect 0 ok "$tmp/build/header" "$tmp/region"
else
    echo "skipped: C++, as there is no compiler of it"
fi

cp -r "$MMSYNC_SOURCE_DIR/examples" "$tmp/examples" # alone, as a user may have them
build "$tmp/examples"
expect 0 'generation 1: from a project of its own' "$tmp/build/hello_writer" "$tmp/region" 'from a project of its own'
expect 0 'generation 1: from a project of its own' "$tmp/build/hello_reader" "$tmp/region"
