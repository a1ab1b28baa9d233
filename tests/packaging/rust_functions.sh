#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Every function that the C library exports has a use in the crate `mmsync`, or a reason here why it
# has none.
. "$(dirname "$0")/common.sh"

# What Rust has another way for, by pattern.
reasons() {
    cat <<'END'
mms_archive_*       rkyv writes, checks and looks up archives
mms_map_find        the same: ArchivedHashMap::get
mms_tree_*          the same: ArchivedBTreeMap
mms_typed_table_*   TypedTable and TypedTableView, by rkyv, on mms_table_*
mms_table_follow    what the tool's push and follow use
mms_last_code       Error::code
mms_error_name      Debug of Code
mms_view_type       View::info
mms_repair          for operators: mmsync repair
mms_mmap_sync_inspect  the same: mmsync stat
END
}

sources=$MMSYNC_SOURCE_DIR/bindings/rust
used=$(cat "$sources"/mmsync/src/*.rs "$sources"/mmsync/src/*/*.rs "$sources"/mmsync-sys/src/fast.rs)
missing='' stale=''
exported=$(grep -oE '\bmms_[a-z0-9][a-z0-9_]*' "$MMSYNC_SOURCE_DIR/src/mmsync.map" | sort -u)
[ "$(wc -l <<<"$exported")" -gt 80 ] || fail "only $(wc -l <<<"$exported") functions in mmsync.map"
for function in $exported; do
    pattern=$(reasons | while read -r pattern _; do
        # shellcheck disable=SC2053
        [[ $function != $pattern ]] || echo "$pattern"
    done)
    if grep -qw "$function" <<<"$used"; then
        [[ -z $pattern || $pattern = *'*' ]] || stale+=" $function"
    elif [ -z "$pattern" ]; then
        missing+=" $function"
    fi
done
[ -z "$missing" ] || fail "the crate mmsync does not use$missing: add them, or say why not"
[ -z "$stale" ] || fail "the crate mmsync uses$stale by now: take it out of the reasons"
echo "$(wc -l <<<"$exported") functions are used, or have a reason"
