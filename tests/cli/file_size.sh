# SPDX-License-Identifier: Apache-2.0
# A file size limit (ulimit -f) is an error that each command reports, not a signal that ends it.
. "$(dirname "$0")/support.bash"

# limited WHAT COMMAND...: under a limit of 1 KiB the command fails, by itself and saying why.
limited() {
    local what=$1
    shift
    (ulimit -f 1 && exec "$@") >"$scratch/.limited" 2>&1 </dev/null
    same "$what" 1 $?
    check "$what: why" grep -q -e 'File too large' -e 'ulimit -f' "$scratch/.limited"
}

head -c 5000 /dev/urandom >"$scratch/value"
limited "creating a region" "$MMSYNC" write "$region" "$scratch/value"
check "no region is left" test ! -e "$region"
limited "files of mmap-sync" "$MMSYNC" write "mmap-sync:$region" "$scratch/value"
succeeds "$MMSYNC" write "mmap-sync:$region" "$scratch/value"
rm -f "$region"_*
succeeds "$MMSYNC" write "$region" "$scratch/value"
limited "a file to read into" "$MMSYNC" read "$region" -o "$scratch/out"
check "no part of it is left" test ! -e "$scratch/out"
limited "a bridge" "$MMSYNC" bridge "$region" "$scratch/other" --from mmsync --once
finish
