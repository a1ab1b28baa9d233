# SPDX-License-Identifier: Apache-2.0
# Tables whose keys and values have types: every verb reads and prints them by the schema that travels with the table.
. "$(dirname "$0")/support.bash"

prices=$(dirname "$MMSYNC")/prices
if [[ ! -x $prices ]]; then
    echo "skipped: the examples were not built"
    exit 77
fi
hammer='{"cents":1999,"name":"hammer","discounts":[0.05,0.1]}'

succeeds "$prices" "$region" set 4711 1999 hammer
succeeds "$prices" "$region" set 42 5 $'a "nail", \\ long'

# ---- Printing ----

same "a value" "$hammer" "$("$MMSYNC" get "$region" 4711)"
same "as JSON" '{"key": 4711, "value": '"$hammer}" "$("$MMSYNC" get "$region" 4711 --json)"
same "the keys" $'42\n4711' "$("$MMSYNC" keys "$region" | sort)"
same "the keys as JSON" $'{"key": 42}\n{"key": 4711}' "$("$MMSYNC" keys "$region" -j | sort)"
same "bytes" "6712000000000000" "$("$MMSYNC" keys "$region" --keys hex | grep 67)"
same "raw bytes" 32 "$("$MMSYNC" get "$region" 4711 --raw | wc -c)"
succeeds "$MMSYNC" stat "$region"
like "the type" '.*'$'\n''type +Prices'$'\n''.*' "$out"
succeeds "$MMSYNC" read "$region" --schema
like "the schema" '// mmsync table 1: Prices, offsets 32'$'\n'.*'type Prices = HashMap<u64, Price>;'.* "$out"
refuses 1 "table" "$MMSYNC" read "$region" --json
refuses 1 "the table has no key 7" "$MMSYNC" get "$region" 7
refuses 1 "the key 'x' is not a u64: a whole number" "$MMSYNC" get "$region" x
refuses 1 "the key '1 2' is not a u64: " "$MMSYNC" get "$region" "1 2"
refuses 1 "--prefix is for keys that are text; those of .* are u64" "$MMSYNC" keys "$region" -p 4

# ---- Putting ----

succeeds "$MMSYNC" put "$region" 18446744073709551615 '{ "discounts": [1, 2.5e1], "name": "\u00fc\n", "cents": -7 }'
same "what was put" '{"cents":-7,"name":"ü\n","discounts":[1.0,25.0]}' "$("$MMSYNC" get "$region" 18446744073709551615)"
printf '%s\n' "$hammer" >"$scratch/value"
check "a value from standard input" "$MMSYNC" put "$region" 1 <"$scratch/value" >/dev/null
same "it" "$hammer" "$("$MMSYNC" get "$region" 1)"
before=$("$MMSYNC" stat "$region" | grep '^generation')
refuses 1 "the key '5' or its value is not a Price: the field name is missing" "$MMSYNC" put "$region" 5 '{"cents": 1, "discounts": []}'
refuses 1 "there is no field 'price'" "$MMSYNC" put "$region" 5 '{"price": 1}'
refuses 1 "a number that f32 has room for" "$MMSYNC" put "$region" 5 '{"discounts": ["1"]}'
refuses 1 "not a Price: " "$MMSYNC" put "$region" 5 "$hammer and more"
refuses 1 "not a u64: " "$MMSYNC" put "$region" -- -1 "$hammer"
refuses 1 "give both --keys and --values to put bytes" "$MMSYNC" put "$region" 5 "$hammer" --keys u64
same "nothing was published" "$before" "$("$MMSYNC" stat "$region" | grep '^generation')"

# ---- As text, and back ----

for form in jsonl csv; do
    check "dump as $form" "$MMSYNC" dump "$region" "$scratch/text" --as $form
    succeeds "$prices" "$scratch/$form" set 3 3 "is to go"
    succeeds "$MMSYNC" load "$scratch/$form" "$scratch/text" --clear
    like "loaded from $form" 'generation=[0-9]+ entries=4 loaded=4' "$out"
    same "the same from $form" "$("$MMSYNC" dump "$region" --as jsonl | sort)" \
        "$("$MMSYNC" dump "$scratch/$form" --as jsonl | sort)"
done
bad() {
    # shellcheck disable=SC2059 # escapes
    printf "$2" >"$scratch/bad"
    refuses 1 "$1" "$MMSYNC" load "$region" "$scratch/bad" --as jsonl
}
bad 'line 2: the key or the value is not a Price: ' '\n{"key": 1, "value": {}}\n'
bad 'line 1: no "value"' '{"key": 1}\n'
bad 'line 1: "key" is there twice' '{"key": 1, "key": 2}\n'
bad 'line 1: "kex" is not key, value or expires_ns' '{"kex": 1}\n'
bad "line 1: .* is expected" '{"key": 1, "value": {}\n'
bad "line 1: .* is expected" '[]\n'

# ---- What a program reads ----

same "by a program" "1: hammer, 1999 cents, 2 discounts" "$("$prices" "$region" get 1)"
succeeds "$MMSYNC" del "$region" 1
succeeds "$MMSYNC" verify "$region"
run "$MMSYNC" put "$region" 9 00ff --keys u64 --values hex
same "bytes can be put" 0 "$status"
like "and that is said" "mmsync: the table has types, and these are bytes: .*" "$err"
refuses 1 "checking a table Prices.value" "$MMSYNC" get "$region" 9
run "$MMSYNC" verify "$region"
same "verify finds them" 1 "$status"
like "what it finds" 'checking a table Prices.value: .*' "$out"
run "$prices" "$region" get 9
like "a program does, too" '.*MMS_E_CORRUPT.*' "$err"
same "the others are good" "4711: hammer, 1999 cents, 2 discounts" "$("$prices" "$region" get 4711)"
succeeds "$MMSYNC" del "$region" 9
succeeds "$MMSYNC" verify "$region"

# ---- Watching ----

"$MMSYNC" watch "$region" --keys -n 2 -t 60000 >"$scratch/lines" &
until_true test -s "$scratch/lines"
succeeds "$MMSYNC" put "$region" 77 "$hammer"
wait
same "a key that was put" " put 77" "$(tail -n 1 "$scratch/lines")"

finish
