#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The real mmap-sync and the library at the same files. Usage: live.sh BUILD_DIRECTORY all [options
# of alternate.py] live.sh BUILD_DIRECTORY jolted [SECONDS] Exit status 0: as it should be, 1: not,
# 77: skipped, with the reason on standard output.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: live.sh BUILD_DIRECTORY all|jolted}" && pwd)
what=${2:?usage: live.sh BUILD_DIRECTORY all|jolted}
shift 2

skip() {
    echo "SKIPPED: $*"
    exit 77
}

fail() {
    echo "FAILED: $*"
    exit 1
}

command -v python3 >/dev/null || skip "there is no python3 (apt-get install python3)"
command -v cargo >/dev/null || skip "there is no cargo, so no mmap-sync to work with"
minor=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
[ "${minor:-0}" -ge 77 ] || skip "$(rustc --version) is older than 1.77, and the crates want a newer one"
[ -x "$build/bin/stamp_agent" ] || skip "$build/bin/stamp_agent is not built (CMake options MMSYNC_BUILD_TESTS, MMSYNC_BUILD_CLI)"
[ -w /dev/shm ] || skip "/dev/shm cannot be written"

work=${INTEROP_WORK:-$build/interop}
target=$work/live
mkdir -p "$work"
export PYTHONDONTWRITEBYTECODE=1
if ! cargo fetch --quiet --manifest-path "$here/live/Cargo.toml" 2>"$work/live-fetch.log"; then
    skip "cargo cannot get the crates: $(tail -n 1 "$work/live-fetch.log")"
fi
nice cargo build --quiet --manifest-path "$here/live/Cargo.toml" --target-dir "$target"
live=$target/debug/live

if [ "$what" = jolted ]; then
    exec "$build/bin/jolted" "$live" "${1:-20}"
fi

scratch=$(mktemp -d "/dev/shm/${MMSYNC_TEST_NAME:-mmsync-test}-live-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# The version words that the crate's own unit test expects, from the same values: the crate's, and then ours.
known='8817430144856633152 1441050725688826209 14058099486534675680 18228729609619266545'
# shellcheck disable=SC2046,SC2005 # to have the lines in one
[ "$(echo $("$live" unit-data "$scratch"))" = "$known" ] || fail "the crate's versions are not those of its unit test"
ours=
for i in 0 1 2 3; do
    line=$("$build/bin/mmsync" write --format mmap-sync "$scratch/ours" "$scratch/value-$i")
    line=${line#generation=}
    ours="$ours${ours:+ }${line%% *}"
done
[ "$ours" = "$known" ] || fail "our versions are $ours, and those of the crate's unit test $known"
for file in state data_0 data_1; do
    cmp "$scratch/rust_$file" "$scratch/ours_$file" || fail "the files differ"
done
echo "the four version words of the crate's unit test: the same, and the same files"

# The crate's own examples, unchanged but for the path, against ours.
if [ -x "$build/bin/hello_world_reader" ]; then
    crate=$(cargo metadata --quiet --format-version 1 --manifest-path "$here/live/Cargo.toml" | python3 -c '
import json, os, sys
print(next(os.path.dirname(p["manifest_path"]) for p in json.load(sys.stdin)["packages"] if p["name"] == "mmap-sync"))')
    examples=$work/live-examples
    mkdir -p "$examples/src/bin/common"
    sed 's/^name = "live"/name = "examples"/' "$here/live/Cargo.toml" >"$examples/Cargo.toml"
    for file in reader.rs writer.rs common/mod.rs; do
        sed "s|\"/tmp/hello_world\"|std::env::args().nth(1).unwrap()|; s|).as_ref()|).as_str().as_ref()|; s|unwrap().as_ref()|unwrap().as_str().as_ref()|" \
            "$crate/examples/$file" >"$examples/src/bin/$file"
    done
    [ ! -e "$here/live/Cargo.lock" ] || cp "$here/live/Cargo.lock" "$examples/Cargo.lock"
    sed -i 's/name = "live"/name = "examples"/' "$examples/Cargo.lock" 2>/dev/null || true
    nice cargo build --quiet --manifest-path "$examples/Cargo.toml" --target-dir "$target"
    "$target/debug/writer" "$scratch/hello" | grep -qx 'written: 36 bytes | reset: false'
    "$build/bin/hello_world_reader" "$scratch/hello" | grep -Fx 'version: 7 messages: ["Hello", "World", "!"]'
    "$build/bin/hello_world_writer" "mmap-sync:$scratch/other" | grep -qx 'written: 36 bytes | reset: false'
    "$target/debug/reader" "$scratch/other" | grep -Fx 'version: 7 | messages: ["Hello", "World", "!"]'
    "$build/bin/hello_world_writer" "$scratch/hello"
    "$target/debug/reader" "$scratch/hello" | grep -Fx 'version: 7 | messages: ["Hello", "World", "!"]'
    echo "the crate's examples and ours understand each other"
else
    echo "the examples were left out: they are not built (CMake option MMSYNC_BUILD_EXAMPLES)"
fi

python3 "$here/alternate.py" --live "$live" --agent "$build/bin/stamp_agent" --mmsync "$build/bin/mmsync" "$@"
