# SPDX-License-Identifier: Apache-2.0
# `check` is for probes: its exit status says whether a region is as it should be, and its lines why not.
. "$(dirname "$0")/support.bash"

refuses 1 "$region" "$MMSYNC" check "$region"
random_file 5000 "$scratch/value"
succeeds "$MMSYNC" write "$region" "$scratch/value" --max-size 1M
succeeds "$MMSYNC" write "$region" "$scratch/value"
succeeds "$MMSYNC" check "$region"
like "all is well" "$region: ok; generation 2, 5000 bytes, [0-9.]+ (s|min) old, 0 readers" "$out"
succeeds "$MMSYNC" check -q "$region"
same "quiet" "" "$out"
succeeds "$MMSYNC" check "$region" --max-age 1h --min-generation 2 --max-size 5000 --max-readers 0 --min-readers 0
refuses 1 "the generation is 2, less than --min-generation 3" "$MMSYNC" check "$region" --min-generation 3
refuses 1 "the value has 5000 bytes, more than --max-size 4999" "$MMSYNC" check "$region" --max-size 4999
refuses 1 "0 readers are alive, fewer than --min-readers 1" "$MMSYNC" check "$region" --min-readers 1
refuses 1 "$region has no writer" "$MMSYNC" check "$region" --writer
while "$MMSYNC" check -q "$region" --max-age 1ms 2>/dev/null; do :; done
refuses 1 "the value is [0-9.]+ (ms|s) old, more than --max-age 0.001 s" "$MMSYNC" check "$region" --max-age 1ms
run "$MMSYNC" check "$region" --min-generation 3 --writer --min-readers 1
same "each reason has its line" 3 "$(grep -c "^mmsync: " <<<"$err")"
same "and the status" 1 "$status"
run "$MMSYNC" check "$region" --min-generation 3 --writer --json
same "the same as JSON: the status" 1 "$status"
same "nothing on standard error" "" "$err"
like "the object" '\{.*"ok": false,.*"reasons": \[.*less than --min-generation 3",.*has no writer".*\],.*"generation": 2,.*\}' "$out"
succeeds "$MMSYNC" check "$region" --json -q
like "all is well, as JSON" '\{.*"ok": true,.*"reasons": \[\],.*"size": 5000,.*"readers_alive": 0.*\}' "$out"
run "$MMSYNC" check "$scratch/absent" --json
like "a region that is not there" '1 \{.*"ok": false,.*absent.*\}' "$status $out"
refuses 2 "--max-age" "$MMSYNC" check "$region" --max-age tomorrow
refuses 2 "--max-readers" "$MMSYNC" check "$region" --max-readers some
refuses 2 "REGION" "$MMSYNC" check

# in_memory NUMBER: its 8 bytes in the machine's order, as hexadecimal digits.
in_memory() {
    local digits
    digits=$(printf %016x "$1")
    [ "$(printf '\1\0' | od -An -tu2 | tr -d ' ')" = 256 ] || digits=$(fold -w2 <<<"$digits" | tac | tr -d '\n')
    echo "$digits"
}

# The clock was set back since the publish: a value of tomorrow is not fresh until then.
ahead=$scratch/ahead
succeeds "$MMSYNC" write "$ahead" "$scratch/value" --max-size 1M
published=$("$MMSYNC" stat "$ahead" --json | sed -n 's/.*"publish_time_ns": \([0-9]*\),.*/\1/p')
place=$(od -An -v -tx1 "$ahead/control" | tr -d ' \n' | grep -ob "$(in_memory "$published")" | cut -d: -f1)
printf %b "$(in_memory $((published + 7200000000000)) | sed 's/../\\x&/g')" |
    dd of="$ahead/control" bs=1 seek=$((place / 2)) conv=notrunc 2>/dev/null
succeeds "$MMSYNC" check "$ahead"
succeeds "$MMSYNC" check "$ahead" --max-age 3h
refuses 1 "published (120|119) min from now, by a clock that has been set back since" "$MMSYNC" check "$ahead" --max-age 1h

# A region without one of its files is none.
for file in data readers control; do
    rm -rf "$scratch/less"
    succeeds "$MMSYNC" write "$scratch/less" "$scratch/value" --max-size 1M
    rm "$scratch/less/$file"
    refuses 1 "no regular file .$file." "$MMSYNC" check "$scratch/less"
done
succeeds "$MMSYNC" write "$scratch/short" "$scratch/value" --max-size 1M
truncate -s 4096 "$scratch/short/data"
refuses 1 "data has 4096 bytes and should have" "$MMSYNC" check "$scratch/short"

"$MMSYNC" watch "$region" --changes >"$scratch/watched" &
until_true grep -q generation= "$scratch/watched"
succeeds "$MMSYNC" check "$region" --min-readers 1
refuses 1 "1 readers are alive, more than --max-readers 0" "$MMSYNC" check "$region" --max-readers 0
kill $!

# No value yet, no region, and files that hold no time.
empty=$scratch/empty
mkfifo "$scratch/pipe"
"$MMSYNC" write "$empty" - <"$scratch/pipe" >/dev/null 2>&1 &
exec 9>"$scratch/pipe"
until_true test -e "$empty/control"
refuses 1 "$empty has no value yet" "$MMSYNC" check "$empty"
exec 9>&-
wait $!
succeeds "$MMSYNC" write "mmap-sync:$scratch/crate" "$scratch/value"
succeeds "$MMSYNC" check "mmap-sync:$scratch/crate"
refuses 1 "not known when the value was published" "$MMSYNC" check "mmap-sync:$scratch/crate" --max-age 1h
finish
