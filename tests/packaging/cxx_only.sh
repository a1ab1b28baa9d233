#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# A pure C++ project compiles schemas, with an installed mmsync and with mmsync as a subproject.
. "$(dirname "$0")/common.sh"
[ -n "$CXX" ] || { echo "skipped: no C++ compiler"; exit 77; }
outer="$tmp/with space"
cp -r "$here/cxx_only" "$outer"

# configure [OPTION...]: into $outer/build, from nothing. No C compiler is named: it is CMake's to find.
configure() {
    rm -rf "$outer/build"
    "$CMAKE" -S "$outer" -B "$outer/build" -DCMAKE_CXX_COMPILER="$CXX" "$@"
}

# works [OPTION...]
works() {
    run configure "$@"
    run "$CMAKE" --build "$outer/build"
    expect 0 5 "$outer/build/program"
}

install_into "$tmp/prefix with space"
works -DCMAKE_PREFIX_PATH="$tmp/prefix with space"
works -DMMSYNC_SOURCE_DIR="$MMSYNC_SOURCE_DIR" -DCMAKE_C_FLAGS_RELWITHDEBINFO=-O0 # half of the time is the optimiser's
# Called inside a function, where it cannot work, it says what to do.
expect 1 '*LANGUAGES C CXX*' configure -DCMAKE_PREFIX_PATH="$tmp/prefix with space" -DIN_FUNCTION=ON
