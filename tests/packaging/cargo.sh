#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# For the tests of the Rust crates, in place of common.sh: that, and the workspace, or a skip.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
workspace=$MMSYNC_SOURCE_DIR/bindings/rust
export CARGO_TARGET_DIR=$BUILD_DIR/rust
mkdir -p "$CARGO_TARGET_DIR"

skip() {
    printf 'skipped: %s\n' "$*"
    exit 77
}

# quietly ARGUMENT...: cargo, whose output only a failure shows.
quietly() {
    printf '+ cargo %s\n' "$*"
    nice cargo --offline "$1" --quiet "${@:2}" >"$tmp/log" 2>&1 || {
        cat "$tmp/log"
        fail "cargo $*"
    }
}

command -v cargo >/dev/null || skip "no cargo; script/setup rust installs it"
wanted=$(sed -n 's/^rust-version = "1\.\(.*\)"/\1/p' "$workspace/Cargo.toml")
minor=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
[ "${minor:-0}" -ge "$wanted" ] || skip "$(rustc --version) is older than 1.$wanted; script/setup rust installs a newer one"
cd "$workspace"
cargo fetch --quiet 2>"$tmp/log" || skip "cargo cannot get the crates: $(tail -n 1 "$tmp/log")"
