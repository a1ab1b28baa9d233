#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# bpftrace compiles each script of share/bpftrace against the probes of this build, which it finds
# with the arguments that the scripts use.
. "$(dirname "$0")/common.sh"

skip() {
    echo "skipped: $*"
    exit 77
}

[ "$PROBES" = TRUE ] || skip "this library was built without sys/sdt.h (Debian: systemtap-sdt-dev)"
command -v bpftrace >/dev/null || skip "bpftrace is not installed"
why=$(bpftrace -d -e 'BEGIN { exit(); }' 2>&1) || skip "bpftrace does not work here: $(tail -n 1 <<<"$why")"
library=$(realpath "$BUILD_DIR/src/libmmsync.so")

# compile SCRIPT: nothing is attached
compile() {
    bpftrace -d "$1" "$library" 100
}

for script in "$MMSYNC_SOURCE_DIR"/share/bpftrace/*.bt; do
    compile "$script" >"$tmp/log" 2>&1 || {
        cat "$tmp/log"
        fail "$script"
    }
    printf '%s\n' "${script##*/}"
    grep -q "bpftrace/${script##*/}" "$MMSYNC_SOURCE_DIR/docs/operations.md" || fail "docs/operations.md does not name it"
done
# It would notice an argument that a probe does not have.
sed 's/arg1/arg7/' "$MMSYNC_SOURCE_DIR/share/bpftrace/scans.bt" >"$tmp/wrong.bt"
! compile "$tmp/wrong.bt" >"$tmp/log" 2>&1 || fail "bpftrace compiles what uses an argument that there is not"
