# SPDX-License-Identifier: Apache-2.0
# Tables from the command line: put, get, del, keys, watch --keys, stat.
. "$(dirname "$0")/support.bash"

put() {
    succeeds "$MMSYNC" put "$region" "$@"
}

# ---- Putting and getting ----

put a 1 b 2
like "what put prints" 'generation=1 entries=2' "$out"
same "a value" 1 "$("$MMSYNC" get "$region" a)"
same "two values" $'2\n1' "$("$MMSYNC" get "$region" b a)"
same "a value as it is" "1" "$("$MMSYNC" get "$region" a --raw | od -An -c | tr -d ' ')"
same "as JSON" $'{"key": "a", "value": "1"}' "$("$MMSYNC" get "$region" a -j)"
put a 3
same "a new value" 3 "$("$MMSYNC" get "$region" a)"
like "an old key is no new entry" 'generation=2 entries=2' "$out"

# A value of any bytes and size from standard input; an empty value; an empty key.
random_file 1000000 "$scratch/value"
check "a large value" "$MMSYNC" put "$region" large <"$scratch/value" >/dev/null
"$MMSYNC" get "$region" large --raw >"$scratch/back"
check "a large value comes back" cmp "$scratch/value" "$scratch/back"
put empty ""
same "an empty value" "" "$("$MMSYNC" get "$region" empty)"
put "" "of the empty key"
same "an empty key" "of the empty key" "$("$MMSYNC" get "$region" "")"

# Integers and hexadecimal.
put 7 70 --keys u64 --values u32
same "an integer" 70 "$("$MMSYNC" get "$region" 7 --keys u64 --values u32)"
same "the largest" '{"key": "18446744073709551615", "value": "00ff"}' \
    "$("$MMSYNC" put "$region" 18446744073709551615 00fF --keys u64 --values hex >/dev/null &&
        "$MMSYNC" get "$region" 18446744073709551615 --keys u64 --values hex -j)"
refuses 1 "the key '18446744073709551616' is not a number from 0 to 18446744073709551615" \
    "$MMSYNC" put "$region" 18446744073709551616 0 --keys u64
refuses 1 "the key '4294967296' is not a number from 0 to 4294967295" "$MMSYNC" put "$region" 4294967296 0 --keys u32
refuses 1 "the value '0g' is not hexadecimal" "$MMSYNC" put "$region" a 0g --values hex
refuses 1 "the value '0' is an odd number of hexadecimal digits" "$MMSYNC" put "$region" a 0 --values hex
printf '00\0zz' >"$scratch/null"
refuses 1 "is an odd number of hexadecimal digits" bash -c '"$1" put "$2" a --values hex <"$3"' - "$MMSYNC" "$region" "$scratch/null"
refuses 1 "the value has 1 bytes, and a u32 has 4" "$MMSYNC" get "$region" a --values u32
refuses 2 "'u8' is not text, hex, u32 or u64" "$MMSYNC" get "$region" a --keys u8
same "nothing has changed" 3 "$("$MMSYNC" get "$region" a)"

# ---- Keys ----

region=$scratch/keys
put user:1 x user:2 y host:1 z
same "all keys" $'host:1\nuser:1\nuser:2' "$("$MMSYNC" keys "$region" | sort)"
same "by prefix" $'user:1\nuser:2' "$("$MMSYNC" keys "$region" --prefix user: | sort)"
same "how many" 3 "$("$MMSYNC" keys "$region" --count)"
same "how many by prefix" 2 "$("$MMSYNC" keys "$region" -c -p user)"
same "for xargs" "user:1 user:2" "$("$MMSYNC" keys "$region" -z -p user | sort -z | xargs -0)"
same "as JSON" '{"key": "host:1"}' "$("$MMSYNC" keys "$region" -j -p h)"
refuses 2 "--prefix is for keys of the kinds text and hex" "$MMSYNC" keys "$region" --keys u64 -p 1

# ---- Deleting ----

run "$MMSYNC" del "$region" user:1 nobody
same "a key that is not there" 1 "$status"
like "what is said of it" "mmsync: the table has no key nobody" "$err"
like "what del prints" 'generation=2 entries=2 deleted=1' "$out"
refuses 1 "the table has no key user:1" "$MMSYNC" get "$region" user:1
refuses 1 "the table has no key user:1" "$MMSYNC" del "$region" user:1
same "a generation is not spent on nothing" 2 "$(generation)"
refuses 1 "[Nn]o such file" "$MMSYNC" del "$scratch/nothing" a
check "no region is made to delete from" test ! -e "$scratch/nothing"

# ---- What stat says ----

succeeds "$MMSYNC" stat "$region"
like "stat" '.*table +2 entries in [0-9]+ buckets.*entries +take [0-9]+ bytes.*' "$out"
like "stat as JSON" '.*"table": \{[^}]*"entries": 2,.*"expiring": false.*' "$("$MMSYNC" stat -j "$region")"

# ---- A cache ----

region=$scratch/cache
for i in $(seq 40); do
    put "key$i" "$(printf '%0100d' "$i")" --max-bytes 2000
done
left=$("$MMSYNC" keys "$region" --count)
check "a cache keeps some" test "$left" -gt 5
check "a cache does not keep all" test "$left" -lt 20
check "the last one is kept" "$MMSYNC" get "$region" key40 >"$scratch/.null"
refuses 1 "the table has no key key1" "$MMSYNC" get "$region" key1
like "stat of a cache" '.*cache +at most 2000 bytes; [1-9][0-9]* evicted.*' "$("$MMSYNC" stat "$region")"

region=$scratch/expiring
put soon gone --expires 1ms
put late here --expires 7d
until_gone() { ! "$MMSYNC" get "$region" soon >"$scratch/.null" 2>&1; }
until until_gone; do sleep 0.01; done
same "one that has not expired" here "$("$MMSYNC" get "$region" late)"
region=$scratch/keys
refuses 1 "expiring" "$MMSYNC" put "$region" soon gone --expires 1ms
refuses 2 "'5' is not a duration such as" "$MMSYNC" put "$region" soon gone --expires 5
refuses 2 "'0s' is not a duration such as" "$MMSYNC" put "$region" soon gone --expires 0s

# ---- Refusals ----

refuses 2 "an argument is missing: mmsync get REGION KEY" "$MMSYNC" get "$region"
refuses 2 "an argument is missing: mmsync put REGION KEY" "$MMSYNC" put "$region"
refuses 2 "the key 'c' has no value" "$MMSYNC" put "$region" a 1 c
refuses 2 "the region's name is empty" "$MMSYNC" get "" a
succeeds "$MMSYNC" write "$scratch/bytes" "$scratch/value"
for verb in "get" "keys" "dump --as csv"; do
    # shellcheck disable=SC2086,SC2046
    refuses 1 "is no table: 'mmsync read' reads it" "$MMSYNC" $verb "$scratch/bytes" $([[ $verb == get ]] && echo a)
done
refuses 1 "is no table; to make one in its place, remove the region first" "$MMSYNC" put "$scratch/bytes" a 1
refuses 1 "longest has 65536" "$MMSYNC" put "$region" "$(printf '%065537d' 0)" 1
refuses 1 "--max-size" "$MMSYNC" put "$scratch/small" a "$(printf '%05000d' 0)" --max-size 4096
check "nothing is left of a table that could not be made" test ! -e "$scratch/small"

# ---- Watching ----

region=$scratch/watched
put a 1 b 2 $'c\nd' 3
"$MMSYNC" watch "$region" --keys -n 4 >"$scratch/lines" &
lines() { [[ $(grep -c '^generation=' "$scratch/lines") -eq $1 ]]; }
until_true lines 1
put a 9 e 5
until_true lines 2
succeeds "$MMSYNC" del "$region" b
until_true lines 3
put a 9 $'c\nd' 4
wait
# In each generation the keys come in no particular order.
sed 's/ size=.*//; s/^generation=//' "$scratch/lines" | awk '/^[0-9]/ {n = $1; next} {print n $0}' | sort >"$scratch/changed"
same "the keys that have changed" $'2 put a\n2 put e\n3 del b\n4 put c\\x0ad' "$(<"$scratch/changed")"
run "$MMSYNC" watch "$scratch/bytes" --keys -n 1
same "the status of watching the keys of bytes" 1 "$status"
like "what is said of it" "mmsync: the value of .* is no table; leave out --keys" "$err"
refuses 2 "'u8' is not text" "$MMSYNC" watch "$region" --keys=u8
finish
