# SPDX-License-Identifier: Apache-2.0
# `mmsync follow`: a region on another host shows what the source shows, of any size and type, with
# tag and schema, and says where that comes from.
. "$(dirname "$0")/follow.bash"
nats_start one

# ---- The first value, and what the new region is like ----

start_follow
until_true grep -q "waiting" "$follow_err"
"$MMSYNC" write "$region" --max-size 32M --max-slots 7 --max-readers 33 --tag 5 <<<"the first value" >/dev/null
start_push
check_followed "the first value"
for key in max_size max_slots max_readers tag; do
    same "$key" "$(stat_field "$region" "$key")" "$(stat_field "$target" "$key")"
done
same "complaints that came twice" "" "$(sort "$follow_err" | uniq -d)"

# ---- All sizes ----

for size in 0 1 65536 524288 524289 3000000 700000 0 1100000; do
    random_file $size "$scratch/value"
    write_value "$scratch/value" --allow-empty
    check_followed "a value of $size bytes"
done
printf 'some bytes' >"$scratch/part"
for offset in 0 65530 524283 1099000 1099995; do
    write_value "$scratch/part" --at $offset
done
check_followed "changed in five places"
random_file 2000000 "$scratch/more"
write_value "$scratch/more" --at 1100000
check_followed "grown by an update"
same "it was never rebuilt" 1 "$(count_events rebuild)"

# The target's readers get changes, as the source's do.
"$MMSYNC" watch "$target" --changes --count 2 >"$scratch/watched" &
watcher=$!
until_true grep -q generation "$scratch/watched"
printf 'xyz' | "$MMSYNC" write "$region" --at 77777 >/dev/null
wait $watcher
like "a change that a reader sees" ".*77777.*" "$(tail -n 1 "$scratch/watched")"

# ---- Types and tags ----

write_value "$scratch/part" --tag 18446744073709551615
check_followed "a tag"
same "the tag" 18446744073709551615 "$(stat_field "$target" tag)"
cat >"$scratch/schema.rs" <<'RS'
struct Price { bid: f64, ask: f64, name: String }
RS
echo '{"bid": 1.5, "ask": 2.5, "name": "euro"}' >"$scratch/price.json"
write_value --json "$scratch/price.json" --schema "$scratch/schema.rs" --type Price
check_followed "a typed value"
same "as JSON" "$("$MMSYNC" read "$region" --json)" "$("$MMSYNC" read "$target" --json)"
write_value --set 'bid=1.75'
check_followed "a typed value, changed"
same "as JSON" "$("$MMSYNC" read "$region" --json)" "$("$MMSYNC" read "$target" --json)"
same "the schema" "$("$MMSYNC" read "$region" --schema)" "$("$MMSYNC" read "$target" --schema)"

# A follower that starts here gets the schema too, and one that goes on keeps it.
stop_follow
"$MMSYNC" rm "$target" "$target.source"
start_follow
check_followed "a typed value, from the start"
same "the schema" "$("$MMSYNC" read "$region" --schema)" "$("$MMSYNC" read "$target" --schema)"
stop_follow
start_follow
write_value --set 'ask=7'
check_followed "a typed value, gone on with"
same "as JSON" "$("$MMSYNC" read "$region" --json)" "$("$MMSYNC" read "$target" --json)"
same "not rebuilt" 0 "$(count_events rebuild)"

# ---- What is said ----

"$MMSYNC" stat "$target" >"$scratch/stat"
like "stat" "source +generation $(generation) of $region on .*" "$(grep '^source ' "$scratch/stat")"
like "stat" "followed +as $name at $nats_url, .* behind" "$(grep '^followed ' "$scratch/stat")"
"$MMSYNC" stat "$target" --json >"$scratch/stat"
for line in "name\": \"$name\"" "path\": \"$region\"" "generation\": $(generation)" 'lag_ns": [0-9]+'; do
    check "stat --json has $line" grep -qE "^    \"$line" "$scratch/stat"
done
same "a region that follows none" null "$(stat_field "$region" source)"
stop_follow
same "complaints" "" "$(<"$follow_err")"

# ---- Another region takes the source's place; then a table ----

stop_push
"$MMSYNC" rm "$region"
for i in {1..200}; do
    echo "{\"key\": \"key $i\", \"value\": \"value $i\"}"
done | "$MMSYNC" load "$region" - >/dev/null || complain "load"
start_follow
start_push
check_followed "a table in place of the value"
"$MMSYNC" put "$region" "key 3" "another value" >/dev/null
"$MMSYNC" del "$region" "key 4" >/dev/null
check_followed "a table that was changed"
same "a key" "another value" "$("$MMSYNC" get "$target" "key 3")"
run "$MMSYNC" get "$target" "key 4"
same "a deleted key" 1 "$status"
same "keys" "$("$MMSYNC" keys "$region" | sort)" "$("$MMSYNC" keys "$target" | sort)"
stop_follow

# ---- Once ----

printf 'the last value' | "$MMSYNC" write "$region" >/dev/null
stop_push
"$MMSYNC" push "$region" "$nats_url" --name "$name" --once >"$scratch/once" 2>&1 || complain "push --once"
run "$MMSYNC" follow "$nats_url" "$name" "$target" --once
same "status of --once" 0 "$status"
check_followed "once"
finish
