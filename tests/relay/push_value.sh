# SPDX-License-Identifier: Apache-2.0
# `mmsync push`: after each way to publish, a new follower would make the same value of what is at
# the server. Regions may be missing, empty, removed and made anew.
. "$(dirname "$0")/push.bash"
nats_start one

# ---- Nothing is there at first ----

start_push
until_true grep -q "there is no region" "$push_err"
printf 'x' | "$MMSYNC" write "$region" --max-slots 3 >/dev/null
await_push
check_pushed "the first value"
same "the region came later" 1 "$(grep -c "going on" "$push_err")"

# ---- Values of all sizes, whole and in part ----

for size in 0 1 65536 524288 524289 3000000 700000 0 1100000; do
    random_file $size "$scratch/value"
    write_value "$scratch/value" --allow-empty
    await_push
    check_pushed "a value of $size bytes"
done
printf 'some bytes' >"$scratch/part"
for offset in 0 65530 524283 1099000 1099995; do
    write_value "$scratch/part" --at $offset
done
await_push
check_pushed "changed in five places"
random_file 2000000 "$scratch/more"
write_value "$scratch/more" --at 1100000
await_push
check_pushed "grown by an update"

# What does not differ is not sent: the region does not know it of a whole value.
"$MMSYNC" read "$region" -o "$scratch/same"
byte=y
[[ $(dd if="$scratch/same" bs=1 skip=2000000 count=1 status=none | tr -d '\0') != y ]] || byte=z
printf '%s' "$byte" | dd of="$scratch/same" bs=1 seek=2000000 conv=notrunc status=none
write_value "$scratch/same"
await_push
check_pushed "a whole value with one other byte"
same "blocks that differ" 65536 "$(sed -n 's/.*"changed":\([0-9]*\).*/\1/p' "$push_out" | tail -n 1)"

# ---- Tags, types and tables ----

write_value "$scratch/part" --tag 77
await_push
check_pushed "a tag"
like "the tag" ".* tag=77 .*" "$found"
cat >"$scratch/schema.rs" <<'RS'
struct Price { bid: f64, ask: f64, name: String }
RS
echo '{"bid": 1.5, "ask": 2.5, "name": "euro"}' >"$scratch/price.json"
write_value --json "$scratch/price.json" --schema "$scratch/schema.rs" --type Price
await_push
check_pushed "a typed value"
like "the schema" ".* schema=[1-9][0-9]* .*" "$found"
schema=${found#* schema=}
write_value --set 'bid=1.75'
await_push
check_pushed "a typed value, changed"
same "the schema, which did not travel again" "${schema%% *}" "$(sed -E 's/.* schema=([0-9]+) .*/\1/' <<<"$found")"
stop_push

# A schema may be too long to travel: that is said, and the value arrives.
start_push
awk 'BEGIN {
    long = "a_name_that_is_long_enough_for_a_schema_which_is_too_long_"
    for (i = 0; i < 4000; i++) {
        schema = schema (i ? ", " : "") long i ": f64"
        value = value (i ? ", " : "") "\"" long i "\": 1.5"
    }
    print "struct Wide { " schema " }" >ARGV[1]
    print "{ " value " }" >ARGV[2]
}' "$scratch/wide.rs" "$scratch/wide.json"
for _ in 1 2; do
    write_value --json "$scratch/wide.json" --schema "$scratch/wide.rs" --type Wide
    await_push
done
check_pushed "a value with a schema that is too long"
like "its schema" ".* schema=0 .*" "$found"
like "what is said" "mmsync: the schema of $region has [0-9]+ bytes, and at most 262144 travel: followers show the value without it" \
    "$(grep schema "$push_err")"
stop_push

"$MMSYNC" rm "$region"
start_push
for i in {1..200}; do
    echo "{\"key\": \"key $i\", \"value\": \"value $i\"}"
done | "$MMSYNC" load "$region" - >/dev/null || complain "load"
await_push
"$MMSYNC" put "$region" "key 3" "another value" >/dev/null
"$MMSYNC" del "$region" "key 4" >/dev/null
await_push
check_pushed "a table"

# ---- The region goes, and another one comes ----

"$MMSYNC" rm "$region"
printf 'another region' | "$MMSYNC" write "$region" >/dev/null
until_true noted 2 '"event":"base"' "$push_out"
check_pushed "another region"
stop_push

# ---- Once ----

write_value "$scratch/part"
start_push --once
ends_with 0
check_pushed "once"
"$MMSYNC" rm "$region"
refuses 1 "there is no region" "$MMSYNC" push "$region" "$nats_url" --name "$name" --once
finish
