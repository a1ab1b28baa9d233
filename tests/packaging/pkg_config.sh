#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Programs in C and C++ against the installed library, shared and static, by pkg-config.
. "$(dirname "$0")/common.sh"
command -v pkg-config >/dev/null || { echo "skipped: no pkg-config"; exit 77; }
install_into "$tmp/first place"
mv "$tmp/first place" "$tmp/a prefix" # an installed tree may be moved
lib=$(lib_dir "$tmp/a prefix")
export PKG_CONFIG_PATH=$lib/pkgconfig

# with COMPILER FILE: shared, then static
with() {
    local words
    eval "words=($(pkg-config --cflags --libs mmsync))" # quoted for a shell: there may be a space in the prefix
    run "$1" -o "$tmp/consumer" "$2" "${words[@]}"
    "$READELF" --dynamic "$tmp/consumer" | grep 'NEEDED.*libmmsync\.so\.' || fail "$1 did not link the shared library"
    LD_LIBRARY_PATH=$lib expect 0 ok "$tmp/consumer" "$tmp/region"
    eval "words=($(pkg-config --static --cflags --libs mmsync))"
    run "$1" -static -o "$tmp/consumer" "$2" "${words[@]}"
    expect 0 ok "$tmp/consumer" "$tmp/region"
}

expect 0 "$(version)" pkg-config --modversion mmsync
with "$CC" "$here/consumer/consumer.c"
if [ -n "$CXX" ]; then
    with "$CXX" "$here/consumer/consumer.cc"
else
    echo "skipped: C++, as there is no compiler of it"
fi
