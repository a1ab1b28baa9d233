#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The Rust crates as cargo packs them have all sources of the library and none of the tool, and the
# feature `system` links an installed library instead.
. "$(dirname "$0")/cargo.sh"

# ---- What is in the packages ----

# A cargo from before 1.90 wants mmsync-sys from the registry before it packs mmsync.
packages=(-p mmsync-sys)
[ "$(cargo --version | sed -n 's/^cargo 1\.\([0-9]*\)\..*/\1/p')" -lt 90 ] || packages=(--workspace)
quietly package --no-verify --allow-dirty --target-dir "$tmp/target" "${packages[@]}"
for crate in "$tmp"/target/package/*.crate; do
    tar -xzf "$crate" -C "$tmp"
done
sys=$(echo "$tmp"/mmsync-sys-*/)
parts=$(sed -n '/^const PARTS/,/^];/s/^    "\(.*\)",/\1/p' "$sys/build.rs")
[ "$(wc -l <<<"$parts")" -gt 5 ] || fail "the parts in build.rs are only: $parts"
for part in $parts; do
    for file in "$MMSYNC_SOURCE_DIR/src/$part"/*.[ch]; do
        cmp "$file" "$sys/c/src/$part/${file##*/}" || fail "mmsync-sys has not $part/${file##*/}"
    done
done
[ -z "$(find "$sys/c/src" -path '*/cli/*' -o -path '*/schema/*' -o -path '*/relay/*')" ] || fail "mmsync-sys has the tool's sources"
# All that they include is there, or the system's.
find "$sys/c/src" -name '*.c' -exec "$CC" -std=c11 -D_GNU_SOURCE -I"$sys/c/include" -I"$sys/c/src" \
    ${XXHASH_INCLUDE_DIR:+-I"$XXHASH_INCLUDE_DIR"} -M -MF "$tmp/depends" {} + || fail "a header is missing"
readme=$(echo "$tmp"/mmsync-[0-9]*/README.md)
[ ${#packages[@]} -gt 1 ] || [ -s "$readme" ] || fail "mmsync has no README"

# ---- The feature `system` ----

install_into "$tmp/prefix"
lib=$(lib_dir "$tmp/prefix")
export CARGO_TARGET_DIR=$BUILD_DIR/rust-system # packaging/rust builds these examples, too
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib MMSYNC_TEST_NAME=${MMSYNC_TEST_NAME:-mmsync-test}
for example in hello_writer hello_reader; do
    quietly build -p mmsync --features system --example $example
done
programs=$CARGO_TARGET_DIR/debug/examples
ldd "$programs/hello_reader" | grep "$lib/libmmsync.so" >/dev/null || fail "hello_reader does not use $lib/libmmsync.so"
region=$(mktemp -du "/dev/shm/$MMSYNC_TEST_NAME-crates-XXXXXX")
trap 'rm -rf "$tmp" "$region"' EXIT
expect 0 'generation 1: 36 bytes' "$programs/hello_writer" "$region"
expect 0 'version: 7 | messages: *Hello*' "$programs/hello_reader" "$region" 1
