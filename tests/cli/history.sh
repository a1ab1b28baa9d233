# SPDX-License-Identifier: Apache-2.0
# `history` and `rollback`: old values stay with --keep, and come back, whatever is in them and whoever has died.
. "$(dirname "$0")/support.bash"

write=("$MMSYNC" write "$region")

# listed: the states of all values, newest first, in a line, and what their tags say.
listed() {
    "$MMSYNC" history "$region" | awk 'NR > 1 {printf "%s:%s ", $6, $5}'
}

# tagged TAG: the newest generation that has it.
tagged() {
    "$MMSYNC" history "$region" | awk -v tag="$1" 'NR > 1 && $6 == tag && !found {print $1; found = 1}'
}

refuses 1 "no region at" "$MMSYNC" history "$region"
refuses 1 "no region at" "$MMSYNC" rollback "$region"
check "no region was made" test ! -e "$region"
for i in 1 2 3 4 5; do
    succeeds "${write[@]}" --keep 2 --tag "$i" -- echo "value $i"
done
like "what is listed" '5:current 4:kept 3:kept ([12]:- )*' "$(listed)"
succeeds "$MMSYNC" history "$region" --json
if command -v python3 >/dev/null; then
    same "as JSON" "True False 5, False True 4, False True 3" "$(python3 -c 'import json, sys
print(", ".join("%s %s %d" % (v["current"], v["kept"], v["tag"]) for v in json.load(sys.stdin)[:3]))' <<<"$out")"
fi
succeeds "$MMSYNC" rollback "$region"
like "the line" 'generation=[0-9]+ size=8 slot=[0-9]+' "$out"
same "the value before" "value 4" "$("$MMSYNC" read "$region")"
like "its tag" '.*'$'\n''tag +4'$'\n''.*' "$("$MMSYNC" stat "$region")"
like "what is listed then" '4:current 5:kept 3:kept ([12]:- )*' "$(listed)"
succeeds "$MMSYNC" rollback "$region" "$(tagged 3)"
same "an older value" "value 3" "$("$MMSYNC" read "$region")"
succeeds "$MMSYNC" rollback "$region"
same "what the rollback replaced" "value 4" "$("$MMSYNC" read "$region")"
newest=$(generation)
refuses 1 "generation 999 is no longer there; open the writer with --keep" "$MMSYNC" rollback "$region" 999
refuses 1 "generation $newest is the newest one already" "$MMSYNC" rollback "$region" "$newest"
refuses 1 "is $newest, and 1 was expected" "$MMSYNC" rollback "$region" --expect 1
refuses 2 "'x' is not a number" "$MMSYNC" rollback "$region" x
refuses 2 "--keep" "${write[@]}" --keep 256 -- true
same "the value after all of these" "value 4" "$("$MMSYNC" read "$region")"

# Without --keep a write keeps as many as the one before.
for i in 9 10 11; do
    succeeds "${write[@]}" --tag $i -- echo "value $i"
done
like "what is kept without --keep" '11:current 10:kept 9:kept ([0-9]+:- )*' "$(listed)"
succeeds "${write[@]}" --keep 0 --tag 12 -- echo "value 12"
like "with --keep 0" '12:current ([0-9]+:- )*' "$(listed)"
succeeds "$MMSYNC" verify "$region"

# A reader that holds the old value keeps it; then it is copied.
"$MMSYNC" watch "$region" >"$scratch/watched" &
watcher=$!
until_true test -s "$scratch/watched"
succeeds "${write[@]}" --keep 3 --tag 13 -- echo "value 13"
succeeds "$MMSYNC" rollback "$region"
same "next to a watcher" "value 12" "$("$MMSYNC" read "$region")"
kill "$watcher"

# Typed values and tables come back as what they were.
printf 'struct Point { x: u32, y: u32 }' >"$scratch/point.rs"
for x in 1 2; do
    "$MMSYNC" write "$region-typed" --keep 1 --checksum --schema "$scratch/point.rs" --type Point --json - \
        <<<"{\"x\": $x, \"y\": 4}" >/dev/null || complain "a typed value"
done
succeeds "$MMSYNC" rollback "$region-typed"
same "a typed value" '{"x":1,"y":4}' "$("$MMSYNC" read "$region-typed" --json)"
succeeds "$MMSYNC" write "$region-typed" --set y=5
same "changed from there" '{"x":1,"y":5}' "$("$MMSYNC" read "$region-typed" --json)"
succeeds "$MMSYNC" verify "$region-typed"
succeeds "$MMSYNC" put "$region-table" a 1 b 2 --keep 2
succeeds "$MMSYNC" put "$region-table" a 3
succeeds "$MMSYNC" del "$region-table" b
succeeds "$MMSYNC" rollback "$region-table" 1
same "a table" "1 2" "$("$MMSYNC" get "$region-table" a b | xargs)"
succeeds "$MMSYNC" put "$region-table" c 4
same "changed from there" "1 2 4" "$("$MMSYNC" get "$region-table" a b c | xargs)"
succeeds "$MMSYNC" verify "$region-table"

# A writer that was killed loses nothing that was kept.
mkfifo "$scratch/fifo"
"${write[@]}" "$scratch/fifo" >/dev/null 2>&1 &
writer=$!
exec 9>"$scratch/fifo"
head -c 3000000 /dev/zero >&9
before=$(listed)
kill -KILL "$writer"
wait "$writer" 2>/dev/null
exec 9>&-
same "the current one and the kept ones after a kill" "$(cut -d' ' -f1-4 <<<"$before")" "$(listed | cut -d' ' -f1-4)"
succeeds "$MMSYNC" rollback "$region"
same "back after a kill" "value 13" "$("$MMSYNC" read "$region")"

# The files of mmap-sync have two values, and no history.
echo value | "$MMSYNC" write "$region-sync" --format mmap-sync >/dev/null
refuses 1 "files of mmap-sync" "$MMSYNC" history "$region-sync"
refuses 1 "files of mmap-sync" "$MMSYNC" rollback "$region-sync"
finish
