#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# For the scripts next to it: strictness, a temporary directory $tmp, and a few functions.
# With pipefail, `COMMAND | grep -q` fails now and then: grep ends at once, and COMMAND of SIGPIPE.
set -euo pipefail
# shellcheck disable=SC2034 # used by the scripts
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    exit 1
}

# Print a command, then run it.
run() {
    printf '+ %s\n' "$*"
    "$@"
}

# expect STATUS OUTPUT COMMAND...: run it; both outputs together must match the pattern OUTPUT.
expect() {
    local status=0 output
    output=$("${@:3}" 2>&1) || status=$?
    printf '+ %s\n%s\n' "${*:3}" "$output"
    [ "$status" -eq "$1" ] || fail "exit status $status, not $1"
    # shellcheck disable=SC2053 # the right side is a pattern
    [[ $output == $2 ]] || fail "the output is not like: $2"
}

# The version that the headers give.
version() {
    sed -n 's/^#define MMS_VERSION "\(.*\)"/\1/p' "$MMSYNC_SOURCE_DIR/include/mmsync.h"
}

# install_into PREFIX: `cmake --install`, under a prefix that the build did not know.
install_into() {
    "$CMAKE" --install "$BUILD_DIR" --prefix "$1" >"$tmp/install.log" 2>&1 || {
        cat "$tmp/install.log"
        fail "cmake --install into $1"
    }
}

# The directory of libmmsync.so below PREFIX: lib, lib64 or lib/TRIPLET.
lib_dir() {
    dirname "$(find "$1" -name libmmsync.so -print -quit)"
}
