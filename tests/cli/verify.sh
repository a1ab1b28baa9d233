# SPDX-License-Identifier: Apache-2.0
# Damage is found, named, and left alone.
. "$(dirname "$0")/support.bash"

# damage FILE OFFSET: flip every bit of a byte.
damage() {
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1")
    printf "%b" "\\x$(printf %02x $((byte ^ 255)))" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

refuses 1 "$region" "$MMSYNC" verify "$region"
mkdir "$scratch/empty"
run "$MMSYNC" verify "$scratch/empty"
same "a directory that is no region" 1 "$status"

random_file 100000 "$scratch/value"
line=$("$MMSYNC" write "$region" "$scratch/value" --max-size 1M --checksum)
succeeds "$MMSYNC" verify "$region"
like "a sound region" ".*: ok; generation 1, 100000 bytes, checksum right" "$out"

# The value. Slots lie one after the other, at multiples of one stride.
stride=$(($(stat -c %s "$region/data") / 128))
at=$((${line##*slot=} * stride + 4321))
damage "$region/data" "$at"
run "$MMSYNC" verify "$region"
same "status for a damaged value" 1 "$status"
like "a damaged value" '.*checksum.*' "$out"
like "the verdict" 'mmsync: .*damaged: 1 finding' "$err"
same "verify changes nothing" "$(head -c 100000 "$scratch/value" | cksum)" \
    "$(damage "$region/data" "$at" && "$MMSYNC" read "$region" | cksum)"
succeeds "$MMSYNC" verify "$region"

# Without a checksum nobody can tell, and verify does not pretend to.
succeeds "$MMSYNC" write "$region" "$scratch/value"
succeeds "$MMSYNC" verify "$region"
like "no checksum" '.*no checksum' "$out"

# A table: its head, what the head counts, and that it is one at all.
table=$scratch/table
for at in 0 32 64; do
    "$MMSYNC" put "$table" a 1 b 2 --max-size 64K --max-slots 4 >"$scratch/out"
    succeeds "$MMSYNC" verify "$table"
    damage "$table/data" "$at"
    run "$MMSYNC" verify "$table"
    same "status for a table with damage at $at" 1 "$status"
    like "the finding" '.*table.*' "$out"
    "$MMSYNC" rm "$table"
done

# The headers, and files that are too short.
for file in control readers; do
    cp -a --sparse=always "$region" "$scratch/$file"
    damage "$scratch/$file/$file" 20
    run "$MMSYNC" verify "$scratch/$file"
    same "status for a damaged header of $file" 1 "$status"
    check "a damaged header of $file is named" grep -q "$file" <<<"$out$err"
done
for file in control readers data; do
    cp -a --sparse=always "$region" "$scratch/short-$file"
    truncate -s 4096 "$scratch/short-$file/$file"
    run "$MMSYNC" verify "$scratch/short-$file"
    same "status for a short $file" 1 "$status"
    check "a short $file is named" grep -q "$file" <<<"$out$err"
done
for file in control readers data; do
    cp -a --sparse=always "$region" "$scratch/no-$file"
    rm "$scratch/no-$file/$file"
    run "$MMSYNC" verify "$scratch/no-$file"
    same "status without $file" 1 "$status"
    check "a missing $file is named" grep -q "$file" <<<"$out$err"
done
run "$MMSYNC" verify --json "$scratch/no-data"
like "findings as JSON" '1 \{.*"ok": false,.*"reasons": \[.*data.*\].*\}' "$status $out$err"
succeeds "$MMSYNC" verify --json "$region"
like "all is well, as JSON" '\{.*"ok": true,.*"reasons": \[\],.*"generation": [0-9]+.*\}' "$out"
succeeds "$MMSYNC" verify "$region"
finish
