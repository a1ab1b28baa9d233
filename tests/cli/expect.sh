# SPDX-License-Identifier: Apache-2.0
# `--expect GENERATION`: what was prepared from one generation does not replace another one.
. "$(dirname "$0")/support.bash"

printf value >"$scratch/value"
write=("$MMSYNC" write "$region")
refuses 1 "the newest generation of $region is 0, and 1 was expected; nothing was published" \
    "${write[@]}" "$scratch/value" --expect 1
check "no region was made" test ! -e "$region"
succeeds "${write[@]}" "$scratch/value" --expect 0
refuses 1 "the newest generation of $region is 1, and 0 was expected; nothing was published" \
    "${write[@]}" "$scratch/value" --expect 0
succeeds "${write[@]}" "$scratch/value" --expect 1
refuses 1 "is 2, and 1 was expected" "${write[@]}" --at 1 --expect 1 "$scratch/value"
refuses 1 "is 2, and 1 was expected" "${write[@]}" --expect 1 -- echo "$scratch/ran"
refuses 1 "is 2, and 18446744073709551615 was expected" "${write[@]}" "$scratch/value" --expect 18446744073709551615
refuses 2 "--expect" "${write[@]}" "$scratch/value" --expect -1
refuses 2 "--expect" "${write[@]}" "$scratch/value" --expect x
same "the value" value "$("$MMSYNC" read "$region")"

# --replace makes the region anew, as one more generation: neither for nothing, nor in the way of what was expected.
anew=$region-anew
succeeds "$MMSYNC" write "$anew" "$scratch/value" --expect 0 --max-size 4K
id=$("$MMSYNC" stat "$anew" | grep "region id")
refuses 1 "is 1, and 2 was expected" "$MMSYNC" write "$anew" "$scratch/value" --expect 2 --max-size 8K --replace
same "the region stays" "$id" "$("$MMSYNC" stat "$anew" | grep "region id")"
succeeds "$MMSYNC" write "$anew" "$scratch/value" --expect 1 --max-size 8K --replace
like "made anew, and written" 'generation=3 .*' "$out"
succeeds "$MMSYNC" write "$anew" "$scratch/value" --expect 3 --max-size 8K --replace
like "it was as asked for" 'generation=4 .*' "$out"
# What another writer publishes after the first look is not what was expected: the command of the first keeps the lock.
mkfifo "$scratch/go"
"$MMSYNC" write "$anew" -- cat "$scratch/go" >/dev/null &
holder=$!
exec 9>"$scratch/go"
"$MMSYNC" write "$anew" "$scratch/value" --expect 4 --max-size 16K --replace --lock-wait forever >/dev/null 2>"$scratch/late" 9>&- &
late=$!
waits_for_lock() {
    [[ $(ls -l "/proc/$late/fd" 2>/dev/null) == *"$anew"* ]]
}
until_true waits_for_lock
printf other >&9
exec 9>&-
wait "$holder"
same "status of the first" 0 $?
wait "$late"
same "status of the second" 1 $?
like "the second" '.* is [56], and 4 was expected; nothing was published' "$(<"$scratch/late")"
same "the value of the first" other "$("$MMSYNC" read "$anew")"

# Of ten that each add one to a number, prepared from the same generation, one at a time wins.
counter=("$MMSYNC" write "$region-counter")
succeeds "${counter[@]}" -- printf 0
add_one() {
    local from number
    until
        from=$("$MMSYNC" stat "$region-counter" --json | sed -n 's/.*"generation": \([0-9]*\).*/\1/p' | head -1)
        number=$("$MMSYNC" read "$region-counter")
        "${counter[@]}" --expect "$from" --lock-wait forever -- printf %d $((number + 1)) >/dev/null 2>&1
    do :; done
}
adders=()
for _ in 1 2 3 4 5; do
    add_one &
    adders+=($!)
done
wait "${adders[@]}"
same "no increment is lost" 5 "$("$MMSYNC" read "$region-counter")"

# Tables, and dumps.
table=$region-table
refuses 1 "is 0, and 3 was expected" "$MMSYNC" put "$table" k v --expect 3
check "no table was made" test ! -e "$table"
succeeds "$MMSYNC" put "$table" k v --expect 0
refuses 1 "is 1, and 0 was expected" "$MMSYNC" put "$table" k w --expect 0
refuses 1 "is 1, and 2 was expected" "$MMSYNC" del "$table" k --expect 2
echo '{"key": "l", "value": "x"}' >"$scratch/lines"
refuses 1 "is 1, and 2 was expected" "$MMSYNC" load "$table" "$scratch/lines" --expect 2
succeeds "$MMSYNC" load "$table" "$scratch/lines" --expect 1
succeeds "$MMSYNC" put "$table" k w --expect 2
succeeds "$MMSYNC" del "$table" k --expect 3
same "the table" l "$("$MMSYNC" keys "$table")"
succeeds "$MMSYNC" dump "$table" "$scratch/dump"
refuses 1 "is 4, and 3 was expected" "$MMSYNC" put "$table" k v --expect 3 --max-size 64M --replace
refuses 1 "is 4, and 3 was expected" "$MMSYNC" restore "$table" "$scratch/dump" --expect 3 --max-size 64M --replace
refuses 1 "is 4, and 3 was expected" "$MMSYNC" restore "$table" "$scratch/dump" --expect 3
succeeds "$MMSYNC" restore "$table" "$scratch/dump" --expect 4
refuses 1 "is 0, and 1 was expected" "$MMSYNC" restore "$region-restored" "$scratch/dump" --expect 1
check "no region was restored" test ! -e "$region-restored"

# The files of mmap-sync have versions; without their lock nothing can be promised.
succeeds "$MMSYNC" write "$region-sync" "$scratch/value" --format mmap-sync --expect 0
refuses 1 "and 0 was expected" "$MMSYNC" write "$region-sync" "$scratch/value" --expect 0
refuses 1 "--expect needs the write lock" "$MMSYNC" write "$region-sync" "$scratch/value" --expect 0 --unlocked
finish
