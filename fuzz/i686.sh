#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# i686.sh BUILD OPTION N TARGET...: build fuzz targets for 32 bits, under AddressSanitizer, in the
# directory BUILD, and run each on its corpus and on damaged copies of it. OPTION and N are those
# of fuzz/replay.c. Needs no fuzzer, because the cross compiler has none. Exit status 77 if that
# compiler is missing.
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
build=$1 option=$2 number=$3
shift 3

command -v i686-linux-gnu-gcc >/dev/null ||
    { echo 'SKIPPED: i686-linux-gnu-gcc is not installed (Debian: gcc-i686-linux-gnu libc6-dev-i386-cross)'; exit 77; }
LDFLAGS=-static-libasan cmake -G Ninja --toolchain "$source/cmake/toolchains/i386.cmake" -S "$source" -B "$build" \
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG='-O1 -g1' -DMMSYNC_SANITIZE=address \
    -DMMSYNC_CMOCKA_STANDIN=ON -DMMSYNC_BUILD_EXAMPLES=OFF -DMMSYNC_BUILD_CLI=OFF >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" --target "${@/#/replay_}" >"$build.log" 2>&1 || { tail -40 "$build.log"; exit 1; }
for target; do
    printf '%s: ' "$target"
    "$build/tests/fuzz/replay_$target" "$option" "$number" "$source/fuzz/corpus/$target" 2>"$build.log" ||
        { tail -60 "$build.log"; exit 1; }
done
