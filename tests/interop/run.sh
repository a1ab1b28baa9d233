#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Byte equality with the real crate. Usage: run.sh BUILD_DIRECTORY [options of run.py]
# Exit status 0: equal, 1: not, 77: skipped, with the reason on standard output. Needs no cargo, but checks less without it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
build=${1:?usage: run.sh BUILD_DIRECTORY [options of run.py]}
shift

skip() {
    echo "SKIPPED: $*"
    exit 77
}

command -v python3 >/dev/null || skip "there is no python3 (apt-get install python3)"
drive=$build/bin/archive_drive
[ -x "$drive" ] || skip "$drive is not built (CMake option MMSYNC_BUILD_TESTS)"

work=${INTEROP_WORK:-$build/interop}
mkdir -p "$work"
export PYTHONDONTWRITEBYTECODE=1

# Without the crate there are still its answers recorded in vectors/.
recorded() {
    exec python3 "$here/run.py" --work "$work" --drive "$drive" --recorded "$@"
}

without_crate() {
    echo "SKIPPED: random values: $1"
    shift
    recorded "$@"
}

if [ "${1:-}" = --recorded ]; then
    shift
    recorded "$@"
fi
command -v cargo >/dev/null || without_crate "there is no cargo" "$@"
minor=$(rustc --version | sed -n 's/^rustc 1\.\([0-9]*\)\..*/\1/p')
[ "${minor:-0}" -ge 77 ] || without_crate "$(rustc --version) is older than 1.77, where i128 got the alignment that C gives it" "$@"
if ! cargo fetch --quiet --manifest-path "$here/Cargo.toml" 2>"$work/fetch.log"; then
    without_crate "cargo cannot get the crates: $(tail -n 1 "$work/fetch.log")" "$@"
fi
exec nice python3 "$here/run.py" --work "$work" --drive "$drive" "$@"
