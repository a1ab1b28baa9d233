#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# If a package is missing, the build does without it, or says in one line what to install.
. "$(dirname "$0")/common.sh"

# configure [OPTION...]: from nothing
configure() {
    rm -rf "$tmp/build"
    "$CMAKE" -S "$MMSYNC_SOURCE_DIR" -B "$tmp/build" -DCMAKE_C_COMPILER="$CC" "$@"
}

# no_packages COMMAND...: as if pkg-config knew none
no_packages() {
    PKG_CONFIG_LIBDIR=$tmp/none PKG_CONFIG_PATH='' "$@"
}

expect 1 $'*jansson missing\n*apt install libjansson-dev *-DMMSYNC_BUILD_CLI=OFF*' no_packages configure
expect 0 '*in place of cmocka*' no_packages configure -DMMSYNC_BUILD_CLI=OFF
header=$(sed -n 's/^XXHASH_INCLUDE_DIR:PATH=//p' "$BUILD_DIR/CMakeCache.txt")
expect 1 '*xxhash.h and jansson missing*apt install libxxhash-dev libjansson-dev *' no_packages configure \
    -DCMAKE_IGNORE_PATH="$header"
expect 1 '*ninja is missing*apt install ninja-build *' configure -G Ninja \
    -DCMAKE_IGNORE_PATH="${PATH//:/;};/usr/local/bin;/usr/bin;/bin"
