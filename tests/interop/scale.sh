#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A HashMap<u64, Vec<f32>> with many keys, built, checked and looked up by C and by the crate: the
# archives must be equal. Usage: scale.sh BUILD_DIRECTORY [KEYS [FLOATS]]; FLOATS: in each vector.
# Ten million keys need 3 GB of memory; archives over 2 GiB (3 200000000: 8 GB) are written with
# offsets of 64 bits only. Exit status 77: skipped, with the reason.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: scale.sh BUILD_DIRECTORY [KEYS [FLOATS]]}
keys=${2:-10000000}
floats=${3:-0}
sizes="32 64"
[ $((keys * floats)) -lt 536000000 ] || sizes=64
work=${INTEROP_WORK:-$build/interop}

command -v cargo >/dev/null || { echo "SKIPPED: there is no cargo"; exit 77; }
[ -x "$build/bin/mmsc" ] || { echo "SKIPPED: $build/bin/mmsc is not built"; exit 77; }

c_side() {
    mkdir -p "$work/table$1"
    "$build/bin/mmsc" --offsets "$1" -o "$work/table$1" "$here/table.rs"
    ${CC:-cc} -std=c11 -D_GNU_SOURCE -O2 -iquote "$work/table$1" -I "$here/../../include" \
        "$here/bigmap.c" "$work/table$1/table.c" "$build/src/libmmsync.a" -lpthread -o "$work/table$1/bigmap"
    "$work/table$1/bigmap" "$keys" "$floats"
}

rust_side() {
    CARGO_TARGET_DIR=$work/target$1 cargo run --quiet --release -j 1 --manifest-path "$here/Cargo.toml" \
        --bin bigmap --features "size_$1" -- "$keys" "$floats"
}

for offsets in $sizes; do
    c=$(c_side "$offsets")
    rust=$(rust_side "$offsets")
    printf 'offsets of %s bits\n%s\n%s\n' "$offsets" "$c" "$rust"
    [ "$(echo "$c" | cut -d' ' -f5-10)" = "$(echo "c    ${rust#rust }" | cut -d' ' -f5-10)" ] || {
        echo "the archives differ"
        exit 1
    }
done
