# SPDX-License-Identifier: Apache-2.0
# What `stat` prints, for people and for programs.
. "$(dirname "$0")/support.bash"

# json KEY: the rest of the line of a top-level key, without the comma.
json() {
    sed -n "s/^  \"$1\": \(.*[^,]\),*$/\1/p" <<<"$out"
}

refuses 1 "$region" "$MMSYNC" stat "$region"
refuses 1 "$region" "$MMSYNC" stat "$region" --json
mkdir "$scratch/empty"
refuses 1 "not .*region" "$MMSYNC" stat "$scratch/empty"

random_file 12345 "$scratch/value"
succeeds "$MMSYNC" write "$region" "$scratch/value" --max-size 1M --max-slots 7 --max-readers 33 \
    --tag 18446744073709551615 --type-id 00000000000000010000000000000002
succeeds "$MMSYNC" stat "$region"
like "region" ".*region +$region.*" "$out"
like "generation" '.*generation +1'$'\n''.*' "$out"
like "size" '.*size +12345 bytes \(12.1 KiB\).*' "$out"
like "age" '.*published +20.*Z, [0-9.]+ (s|min) ago.*' "$out"
like "writer" '.*writer +none.*' "$out"
like "slots" '.*slots +1 used of 7.*' "$out"
like "tag" '.*tag +18446744073709551615.*' "$out"
like "fences" '.*fences +(a)?symmetric.*' "$out"
like "huge pages" '.*huge pages +0 bytes \(0 B(ytes)?\).*' "$out"

succeeds "$MMSYNC" stat "$region" --json
same "region" "\"$region\"" "$(json region)"
same "generation" 1 "$(json generation)"
same "size" 12345 "$(json size)"
same "max_size" 1048576 "$(json max_size)"
same "max_slots" 7 "$(json max_slots)"
same "max_readers" 33 "$(json max_readers)"
same "slots_used" 1 "$(json slots_used)"
same "tag" 18446744073709551615 "$(json tag)"
same "type_id" '"00000000000000010000000000000002"' "$(json type_id)"
same "checksum" null "$(json checksum)"
same "readers_alive" 0 "$(json readers_alive)"
same "readers" '[]' "$(json readers)"
like "slot" '[0-9]+' "$(json slot)"
like "region_id" '"[0-9a-f]{32}"' "$(json region_id)"
like "publish_time_ns" '[0-9]{19}' "$(json publish_time_ns)"
like "age_ns" '[0-9]+' "$(json age_ns)"
like "bytes_used" '[0-9]{4,}' "$(json bytes_used)"
same "refused" 0 "$(json refused)"
same "evicted" 0 "$(json evicted)"
same "bytes_huge" 0 "$(json bytes_huge)" # of 12 KiB
like "writer" '.*"alive": false.*' "$out"
command -v python3 >/dev/null && check "it is JSON" python3 -c 'import json, sys; json.load(sys.stdin)' <<<"$out"

# A name that needs escapes, and one that is not UTF-8.
odd=$scratch/$'a"b\\c\td'
cp -a "$region" "$odd"
succeeds "$MMSYNC" stat "$odd" --json
same "a name with quotes" "\"$scratch/a\\\"b\\\\c\\td\"" "$(json region)"
succeeds "$MMSYNC" stat "$odd"
like "a name with a tab" '.*a"b\\c\\x09d.*' "$out"
odd=$scratch/$'\xff\xfe'
cp -a "$region" "$odd"
succeeds "$MMSYNC" stat "$odd" --json
same "a name that is no UTF-8" "\"$scratch/??\"" "$(json region)"

# Readers and a writer at work.
mkfifo "$scratch/in" "$scratch/out"
random_file 300000 "$scratch/value"
succeeds "$MMSYNC" write "$region" "$scratch/value"
"$MMSYNC" watch "$region" --changes >"$scratch/lines" &
watcher=$!
"$MMSYNC" read "$region" >"$scratch/out" &
reader=$!
exec 8<"$scratch/out"
head -c 1 <&8 >/dev/null
"$MMSYNC" write "$region" <"$scratch/in" >/dev/null &
writer=$!
exec 9>"$scratch/in"
until_true grep -q generation "$scratch/lines"
until_true eval '"$MMSYNC" stat "$region" | grep -q "^writer *alive, pid $writer\$"'
succeeds "$MMSYNC" stat "$region"
like "readers" '.*readers +2 of 33, and 0 dead.*' "$out"
like "a watcher" ".* $watcher +$watcher +yes [^"$'\n'"]* nothing.*" "$out"
like "a reader" ".* $reader +$reader +yes [^"$'\n'"]* generation 2.*" "$out"
succeeds "$MMSYNC" stat "$region" --json
same "readers_alive" 2 "$(json readers_alive)"
like "writer" ".*\"writer\": \{[^}]*\"alive\": true.*" "$out"
like "a watcher" ".*\"pid\": $watcher,.*\"pinned\": false,.*" "$out"
like "a reader" ".*\"pid\": $reader,[^}]*\"alive\": true,[^}]*\"pinned\": true,[^}]*\"generation\": 2,.*" "$out"

# The dead are told from the living.
kill -KILL "$reader"
wait "$reader" 2>/dev/null
succeeds "$MMSYNC" stat "$region"
like "a dead reader" ".*readers +1 of 33, and 1 dead.* $reader +$reader +no .*" "$out"
exec 9>&- 8<&-
wait "$writer"

# Lines, one each time.
succeeds "$MMSYNC" stat "$region" --interval 10ms --count 3
same "three lines" 3 "$(wc -l <<<"$out")"
like "the first has no rate yet" 'time=[0-9TZ:.-]+ generation=[0-9]+ age=[0-9.]+ size=[0-9]+ readers=[0-9]+ dead=[0-9]+ refused=0 evicted=0 memory=[0-9]+' "${out%%$'\n'*}"
like "the others have" 'time=.* rate=0\.000 age=.*' "$(sed -n 2p <<<"$out")"
succeeds "$MMSYNC" stat "$region" --interval 10ms --count 2 --json
like "as JSON" '\{"time_ns":[0-9]+,"generation":[0-9]+,"rate":null,"age_ns":[0-9]+,"size":.*\}' "${out%%$'\n'*}"
command -v python3 >/dev/null && check "each is JSON" python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)' <<<"$out"
while "$MMSYNC" write "$region" "$source_dir/tests/README.md"; do :; done >/dev/null &
writer=$!
succeeds "$MMSYNC" stat "$region" --interval 300ms --count 5 --json
command -v python3 >/dev/null && check "the rates are those of the generations" rates_agree "$out"
kill "$writer"
wait "$writer" 2>/dev/null
refuses 2 "--count is for --interval" "$MMSYNC" stat "$region" --count 3
refuses 2 "--interval" "$MMSYNC" stat "$region" --interval 0s
finish
