# SPDX-License-Identifier: Apache-2.0
# `write --at` changes a part of the newest value, and `watch --changes` says which.
. "$(dirname "$0")/support.bash"

value() {
    "$MMSYNC" read "$region"
}

printf 'Hello, world' | "$MMSYNC" write "$region" >/dev/null
printf 'W' | "$MMSYNC" write "$region" --at 7 >/dev/null
same "one byte" "Hello, World" "$(value)"
printf '. It goes on' | "$MMSYNC" write "$region" --at 12 >/dev/null
same "at the end" "Hello, World. It goes on" "$(value)"
printf 'J' >"$scratch/file"
succeeds "$MMSYNC" write "$region" "$scratch/file" --at 0
like "the line" 'generation=[0-9]+ size=24 slot=[0-9]+' "$out"
same "from a file, at 0" "Jello, World. It goes on" "$(value)"

# Past the end: zeros in between, as in a file. In a new region, too.
printf 'x' | "$MMSYNC" write "$region" --at 30 >/dev/null
same "past the end" "Jello, World. It goes on......x" "$(value | tr '\0' .)"
printf 'x' | "$MMSYNC" write "$region-new" --at 2 >/dev/null
same "of nothing" "..x" "$("$MMSYNC" read "$region-new" | tr '\0' .)"
rm -r "$region-new"

# A stream that outgrows its first buffer, at an offset.
random_file 3000000 "$scratch/value"
"$MMSYNC" write "$region" "$scratch/value" >/dev/null
random_file 2500000 "$scratch/part"
cat "$scratch/part" | "$MMSYNC" write "$region" --at 100K >/dev/null
head -c 102400 "$scratch/value" >"$scratch/expected"
cat "$scratch/part" >>"$scratch/expected"
tail -c +2602401 "$scratch/value" >>"$scratch/expected"
value >"$scratch/found"
check "a long stream" cmp "$scratch/found" "$scratch/expected"

# A refused write leaves the value.
rm -r "$region"
printf 'value' | "$MMSYNC" write "$region" --max-size 1M >/dev/null
refuses 1 "max-size" "$MMSYNC" write "$region" "$scratch/file" --at 2M
refuses 1 "max-size" "$MMSYNC" write "$region" "$scratch/part" --at 0
refuses 2 "--at" "$MMSYNC" write "$region" "$scratch/file" --at here
refuses 2 "--type-id" "$MMSYNC" write "$region" "$scratch/file" --at 0 --type-id 0123456789abcdef0123456789abcdef
"$MMSYNC" write "$region" --at 1 </dev/null >/dev/null 2>"$scratch/.err"
same "an empty stream" 1 $?
same "after what was refused" "value" "$(value)"

# The ranges, line by line.
"$MMSYNC" watch "$region" --changes -n 5 >"$scratch/lines" 2>"$scratch/err" &
watcher=$!
lines() {
    until_true eval '(($(wc -l <"$scratch/lines") == '"$1"'))'
}
lines 1
printf 'V' | "$MMSYNC" write "$region" --at 0 >/dev/null
lines 2
printf 'ues' | "$MMSYNC" write "$region" --at 4 >/dev/null
lines 3
printf 'whole' | "$MMSYNC" write "$region" >/dev/null
lines 4
printf 'x' | "$MMSYNC" write "$region" --at 2 >/dev/null
wait "$watcher"
same "status of watch" 0 $?
same "what has changed" "all 0+1 4+3 all 2+1" "$(sed 's/.*changed=//' "$scratch/lines" | paste -sd' ')"
check "the rest of a line" grep -Eq '^generation=[0-9]+ size=5 time=[^ ]+ changed=all$' "$scratch/lines"
