#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The published crate mmap-sync judges the drop-in in bindings/rust: its own examples and tests,
# compiled with one line of Cargo.toml changed, and the examples of both with each other.
# Usage: drop_in.sh BUILD_DIRECTORY [--bench [ARGUMENT...]]
#
#   --bench   run its benchmark too, first with the crate and then with the drop-in (minutes);
#             the arguments are criterion's
#
# Of its sources only paths in /tmp are changed. What cannot be run is listed with the reason.
# Exit status 0: as it should be, 1: not, 77: skipped, with the reason on standard output.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "${1:?usage: drop_in.sh BUILD_DIRECTORY [--bench]}" && pwd)
shift
sources=$(cd "$here/../.." && pwd)
work=$build/interop/drop_in
export CARGO_TARGET_DIR=$build/rust

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

fail() {
    printf 'FAILED: %s\n' "$*"
    exit 1
}

command -v cargo >/dev/null || skip "no cargo; script/setup rust installs it"
wanted=$(sed -n 's/^rust-version = "1\.\(.*\)"/\1/p' "$sources/bindings/rust/Cargo.toml")
minor=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
[ "${minor:-0}" -ge "$wanted" ] || skip "$(rustc --version) is older than 1.$wanted"
[ -x "$build/bin/mmsync" ] || skip "$build/bin/mmsync is not built (CMake option MMSYNC_BUILD_CLI)"

# project NAME DEPENDENCY: a crate in $work/NAME whose mmap-sync is DEPENDENCY.
project() {
    mkdir -p "$work/$1/src" "$work/$1/examples/common" "$work/$1/tests" "$work/$1/benches"
    : >"$work/$1/src/lib.rs"
    cat >"$work/$1/Cargo.toml" <<EOF
[package]
name = "drop-in-$1"
edition = "2021"
[dependencies]
mmap-sync = $2
bytecheck = { version = "~0.6.8", default-features = false }
rkyv = { version = "0.7.40", features = ["validation", "strict"] }
wyhash = "0.5.0"
[dev-dependencies]
rand = "0.8.5"
$bench_dependencies
[profile.dev]
debug = 1
incremental = false
[workspace]
EOF
}

bench_dependencies=
if [ "${1-}" = --bench ]; then
    bench_dependencies='criterion = "0.5.1"
pprof = { version = "0.15.0", features = ["flamegraph", "protobuf-codec", "criterion"] }
[[bench]]
name = "synchronizer"
harness = false'
fi
rm -rf "${work:?}"/*/{examples,tests,benches}
project theirs '"=2.0.4"'
project ours "{ package = \"mmsync\", path = \"$sources/bindings/rust/mmsync\" }"
for name in theirs ours; do
    cargo fetch --quiet --manifest-path "$work/$name/Cargo.toml" 2>"$work/log" ||
        skip "cargo cannot get the crates: $(tail -n 1 "$work/log")"
done
crate=$(cargo metadata --quiet --offline --format-version 1 --manifest-path "$work/theirs/Cargo.toml" |
    grep -o '"manifest_path":"[^"]*/mmap-sync-2\.0\.4/Cargo\.toml"' | cut -d'"' -f4)
crate=$(dirname "$crate")
[ -e "$crate/src/synchronizer.rs" ] || fail "the sources of mmap-sync are not in $crate"

# ---- Its sources ----

# The path is an argument, so that nothing is made in /tmp.
for name in theirs ours; do
    for file in examples/reader.rs examples/writer.rs examples/common/mod.rs; do
        sed 's|"/tmp/hello_world"\.as_ref()|std::env::args_os().nth(1).unwrap().as_ref()|' \
            "$crate/$file" >"$work/$name/$file"
    done
    grep -q 'args_os' "$work/$name/examples/reader.rs" || fail "the example has no path in /tmp any longer"
    cp "$crate/benches/synchronizer.rs" "$work/$name/benches/"
done

scratch=$(mktemp -d "/dev/shm/${MMSYNC_TEST_NAME:-mmsync-test}-drop-in-XXXXXX")
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

# The unit tests of its public calls, as an integration test: `crate` is the crate then.
for name in theirs ours; do
    sed -n '/^#\[cfg(test)\]$/,$p' "$crate/src/synchronizer.rs" |
        sed 's|use crate::|use mmap_sync::|; s|"/tmp/\([a-z_]*\)"|concat!(env!("DROP_IN"), "/\1")|' \
            >"$work/$name/tests/synchronizer.rs"
done
# Of the original only what it exports compiles: it has no public way to make a version.
rm "$work/theirs/tests/synchronizer.rs"

known='instance.rs 1 proptest of InstanceVersion::new, idx, size and checksum, which are private
state.rs 2 tests of StateContainer, which is private
synchronizer.rs 2 run'
found=$(cd "$crate/src" && grep -c '#\[test\]' -- *.rs | sed -n 's/:\([1-9][0-9]*\)$/ \1/p')
[ "$found" = "$(cut -d' ' -f1,2 <<<"$known")" ] || fail "mmap-sync has other tests than these: $found"
if grep -rn '^ *//[/!].*```' "$crate/src"; then
    fail "mmap-sync has doc tests now"
fi

# ---- Run them ----

run_cargo() {
    printf '+ %s: cargo %s\n' "$1" "${*:2}"
    nice cargo --offline "$2" --quiet --manifest-path "$work/$1/Cargo.toml" "${@:3}"
}

# In the build directory: its tests clean up before they begin, and not after that.
export DROP_IN=$work/tmp
rm -rf "$DROP_IN"
mkdir -p "$DROP_IN"
run_cargo ours test --tests
for name in theirs ours; do
    run_cargo "$name" build --examples
    mkdir -p "$work/bin"
    for program in reader writer; do
        cp "$CARGO_TARGET_DIR/debug/examples/$program" "$work/bin/$name-$program"
    done
done

writes() {
    local line
    line=$("$work/bin/$1-writer" "$2") || fail "$1-writer $2"
    [ "$line" = 'written: 36 bytes | reset: false' ] || fail "$1-writer $2: $line"
}

reads() {
    local line
    line=$("$work/bin/$1-reader" "$2") || fail "$1-reader $2"
    [ "$line" = 'version: 7 | messages: ["Hello", "World", "!"]' ] || fail "$1-reader $2: $line"
}

for writer in theirs ours; do
    for reader in theirs ours; do
        writes $writer "$scratch/$writer-$reader"
        reads $reader "$scratch/$writer-$reader"
        # The other one goes on where this one has stopped.
        writes $reader "$scratch/$writer-$reader"
        reads $writer "$scratch/$writer-$reader"
    done
done
echo "files of mmap-sync: the examples of both read what the other has written"
files=$(cd "$scratch" && stat -c '%n %s %a' theirs-ours_* | sed 's/theirs-ours/ours-theirs/')
[ "$files" = "$(cd "$scratch" && stat -c '%n %s %a' ours-theirs_*)" ] || fail "the files of both have other sizes or modes"

writes ours "mmsync:$scratch/region"
reads ours "mmsync:$scratch/region"
reads ours "$scratch/region"
"$build/bin/mmsync" verify "$scratch/region" >/dev/null
"$build/bin/mmsync" bridge --once "$scratch/region" "mmap-sync:$scratch/bridged" >/dev/null
reads theirs "$scratch/bridged"
writes theirs "$scratch/other"
"$build/bin/mmsync" bridge --once "$scratch/other" "mmsync:$scratch/moved" >/dev/null
reads ours "mmsync:$scratch/moved"
echo "regions: the drop-in's examples on one, and the crate's at the other end of a bridge"

printf 'tests in src/%s\n' "$known" | sed '2,$s|^|tests in src/|'
echo "doc tests: it has none"
if [ "${1-}" != --bench ]; then
    echo "benches/synchronizer.rs: run by --bench, as it needs minutes"
    exit 0
fi
shift
export MMAPSYNC_BM_ROOTDIR=$scratch
for name in theirs ours; do
    run_cargo "$name" bench --bench synchronizer -- "$@"
    rm -f "$scratch"/hello_world* "$scratch"/mmap_sync_lock*
done
