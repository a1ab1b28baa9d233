#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What the headers declare, what src/mmsync.map lists, and what the shared library exports are one and the same; the
# static library has no global name that could clash with a user's.
. "$(dirname "$0")/common.sh"
shared=$BUILD_DIR/src/libmmsync.so
static=$BUILD_DIR/src/libmmsync.a

declared() {
    printf '#include <mmsync/archive.h>\n#include <mmsync/durable.h>\n#include <mmsync/history.h>\n#include <mmsync/mmap_sync.h>\n#include <mmsync/table.h>\n#include <mmsync/typed_table.h>\n#include <mmsync/wait_fd.h>\n' |
        "$CC" -std=c11 -E -P -DMMS_NO_INLINE -I"$MMSYNC_SOURCE_DIR/include" -x c - |
        grep '^[A-Za-z_]' | grep -v '^static' | grep -o '\bmms_\w* *(' | tr -d ' ('
    # The slow halves, which the inline functions call.
    sed -nE 's/^(int|uint64_t) (mms__\w*)\(.*/\2/p' "$MMSYNC_SOURCE_DIR"/include/mmsync/{fast,archive,seahash}.h
}

listed() {
    sed -n '/global:/,/local:/p' "$MMSYNC_SOURCE_DIR/src/mmsync.map" | grep -o '\bmms_\w*'
}

# Without the names of the versions, which are absolute symbols.
exported() {
    "$NM" --dynamic --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }'
}

for list in declared listed exported; do
    $list | LC_ALL=C sort -u >"$tmp/$list"
    [ -s "$tmp/$list" ] || fail "no names are $list"
done
diff -u "$tmp/declared" "$tmp/listed" || fail "mmsync.map (+) is not what the headers declare (-)"
diff -u "$tmp/listed" "$tmp/exported" || fail "the library exports (+) what mmsync.map does not list (-), or the reverse"
printf '%s names, all in mmsync.map\n' "$(wc -l <"$tmp/exported")"

"$NM" --extern-only --defined-only --format=posix "$static" | awk 'NF > 1 && !/]:$/ { print $1 }' >"$tmp/global"
[ -s "$tmp/global" ] || fail "no global names in $static"
# sys/sdt.h has a weak, hidden name of its own, the same in every program with probes.
! grep -vE '^(mms_|_\.stapsdt\.base$)' "$tmp/global" || fail "global names without mms_ in $static"

"$READELF" --symbols --wide "$static" | awk '$5 == "GLOBAL" && $6 == "DEFAULT" && $7 != "UND" { print $8 }' |
    LC_ALL=C sort -u >"$tmp/visible"
diff -u "$tmp/listed" "$tmp/visible" || fail "compiled as visible (+) is not what mmsync.map lists (-)"

"$READELF" --dynamic --wide "$shared" >"$tmp/dynamic"
grep -q 'FLAGS_1.*NODELETE' "$tmp/dynamic" || fail "dlclose could unload $shared under threads that will run its destructor"
grep -q 'SONAME.*\[libmmsync\.so\.[0-9]*\]' "$tmp/dynamic" || fail "$shared has no soname"
! grep TEXTREL "$tmp/dynamic" || fail "$shared has text relocations"
# The loader is a part of libc: thread-local variables call it.
! grep NEEDED "$tmp/dynamic" | grep -vE '\[(libc|ld-[^]]*)\.so' || fail "$shared needs more than libc"
