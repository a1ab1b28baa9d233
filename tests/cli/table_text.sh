# SPDX-License-Identifier: Apache-2.0
# Tables as text: what `dump --as` writes, `load` reads, in each form; and LMDB's own programs do.
. "$(dirname "$0")/support.bash"

# sorted REGION: its entries as sorted JSON lines.
sorted() {
    "$MMSYNC" dump "$1" --as jsonl | LC_ALL=C sort
}

# ---- What goes out comes back ----

succeeds "$MMSYNC" put "$region" plain value "comma,key" 'say "a", "b"' $'line\nend' $'carriage\r\nreturn' ' blanks ' ''
backslash=$(printf '%b' '\0134')
printf '\0\xff\x80bytes%s' "$backslash" | "$MMSYNC" put "$region" binary >/dev/null
"$MMSYNC" put "$region" ff00 00 --keys hex --values hex >/dev/null
"$MMSYNC" put "$region" backslash "${backslash}5c$backslash" >/dev/null
for form in jsonl csv mdb; do
    succeeds "$MMSYNC" dump "$region" "$scratch/$form" --as "$form"
    succeeds "$MMSYNC" load "$scratch/from_$form" "$scratch/$form"
    like "what load prints" "generation=1 entries=7 loaded=7" "$out"
    same "$form comes back" "$(sorted "$region")" "$(sorted "$scratch/from_$form")"
    succeeds "$MMSYNC" load "$scratch/named_$form" "$scratch/$form" --as "$form"
    same "$form comes back by name" "$(sorted "$region")" "$(sorted "$scratch/named_$form")"
    check "$form comes back from a pipe" bash -c 'cat "$3" | "$1" load "$2" >/dev/null' - "$MMSYNC" "$scratch/pipe_$form" "$scratch/$form"
    same "$form comes back from a pipe" "$(sorted "$region")" "$(sorted "$scratch/pipe_$form")"
done

# Many, and longer than what is read at once.
awk 'BEGIN {print "key,value"; for (i = 0; i < 30000; i++) printf "key%d,%0*d\n", i, i % 97 + 1, i}' >"$scratch/many.csv"
succeeds "$MMSYNC" load "$scratch/many" "$scratch/many.csv" --expected 30000
like "many" "generation=1 entries=30000 loaded=30000" "$out"
same "many come back" "$(tail -n +2 "$scratch/many.csv" | LC_ALL=C sort | cksum)" \
    "$("$MMSYNC" dump "$scratch/many" --as csv | tail -n +2 | LC_ALL=C sort | cksum)"

# A write that fails once and then works again, as when somebody makes room meanwhile, leaves a hole.
if [ -z "$MMSYNC_SANITIZE" ] && strace -o /dev/null -e inject=write:error=EIO:when=1 true 2>/dev/null; then
    once=(strace -o /dev/null -e trace=write -e inject=write:error=ENOSPC:when=1)
    refuses 1 "cannot write" "${once[@]}" "$MMSYNC" dump "$scratch/many" "$scratch/hole.csv" --as csv
    check "a file with a hole does not appear" test ! -e "$scratch/hole.csv"
    "${once[@]}" "$MMSYNC" dump "$scratch/many" --as csv >"$scratch/hole.csv" 2>/dev/null && complain "a hole in standard output"
fi

# Integers.
printf '{"key": 5, "value": "a"}\n\n{"key": "18446744073709551615", "value": "b"}\r\n' >"$scratch/numbers"
succeeds "$MMSYNC" load "$scratch/n" "$scratch/numbers" --keys u64
same "integers come back" $'{"key": "18446744073709551615", "value": "b"}\n{"key": 5, "value": "a"}' \
    "$("$MMSYNC" dump "$scratch/n" --as jsonl --keys u64 | LC_ALL=C sort)"
same "integers as CSV" $'18446744073709551615,b\n5,a\nkey,value' \
    "$("$MMSYNC" dump "$scratch/n" --as csv --keys u64 | LC_ALL=C sort)"

# Into a table that has entries: they stay, or go.
# As a spreadsheet writes it, with a byte order mark.
printf '\xef\xbb\xbfvalue,key\r\nnew,plain\r\n"x",added\r\n' >"$scratch/more.csv"
succeeds "$MMSYNC" load "$scratch/from_csv" "$scratch/more.csv"
like "more" "generation=2 entries=8 loaded=2" "$out"
same "a value that was replaced" new "$("$MMSYNC" get "$scratch/from_csv" plain)"
succeeds "$MMSYNC" load "$scratch/from_csv" "$scratch/more.csv" --clear
like "only those" "generation=3 entries=2 loaded=2" "$out"
same "only those" $'added\nplain' "$("$MMSYNC" keys "$scratch/from_csv" | sort)"
printf '\xef\xbb\xbf{"key": "marked", "value": "1"}\r\n' >"$scratch/marked"
succeeds "$MMSYNC" load "$scratch/from_csv" "$scratch/marked"
same "JSON lines with a byte order mark" 1 "$("$MMSYNC" get "$scratch/from_csv" marked)"
printf 'key,value\n' >"$scratch/none.csv"
succeeds "$MMSYNC" load "$scratch/many" "$scratch/none.csv" --clear
like "none" "generation=2 entries=0 loaded=0" "$out"

# Times at which entries expire.
late=4102444800000000000
printf '{"key": "a", "value": "1", "expires_ns": %s}\n{"key": "b", "value": "2"}\n' "$late" >"$scratch/times"
succeeds "$MMSYNC" load "$scratch/t" "$scratch/times" --expiring
for form in jsonl csv; do
    succeeds "$MMSYNC" dump "$scratch/t" "$scratch/t.$form" --as "$form"
    succeeds "$MMSYNC" load "$scratch/t_$form" "$scratch/t.$form" --expiring
    same "times come back from $form" "$(sorted "$scratch/t")" "$(sorted "$scratch/t_$form")"
done
check "a time is there" grep -q "\"expires_ns\": $late" "$scratch/t.jsonl"
run "$MMSYNC" dump "$scratch/t" --as mdb
like "LMDB's text has no times" "mmsync: .*the form mdb does not say when" "$err"
refuses 1 "times, line 1: .*expiring.*nothing was published" "$MMSYNC" load "$scratch/from_mdb" "$scratch/times"

# An empty key is for all but LMDB.
succeeds "$MMSYNC" put "$scratch/empty" '' empty
for form in jsonl csv; do
    "$MMSYNC" dump "$scratch/empty" --as "$form" | "$MMSYNC" load "$scratch/empty_$form" >/dev/null
    same "the empty key from $form" empty "$("$MMSYNC" get "$scratch/empty_$form" "")"
done
run "$MMSYNC" dump "$scratch/empty" --as mdb
same "the empty key for LMDB" "mmsync: a key of 0 bytes is written, and LMDB takes 1 to 511" "$err"

# ---- Bad input: a line that says where, and nothing is published ----

before=$(sorted "$region")
bad() { # PATTERN TEXT [OPTION]...: printf makes the text
    local pattern=$1 text=$2
    shift 2
    # shellcheck disable=SC2059
    printf "$text" >"$scratch/bad"
    refuses 1 "$pattern" "$MMSYNC" load "$region" "$scratch/bad" "$@"
    refuses 1 "$pattern" "$MMSYNC" load "$scratch/fresh" "$scratch/bad" "$@"
    check "no region is left" test ! -e "$scratch/fresh"
}
bad 'line 2: column [0-9]+: ' '{"key": "a", "value": "b"}\n{"key": "a", "value": }\n'
bad 'line 1: "value" is not a string; numbers are for --values u32 or u64' '{"key": "a", "value": 5}\n'
bad 'line 1: neither "key" nor "key_hex"' '{"value": "b"}\n'
bad 'line 1: both "key" and "key_hex"' '{"key": "a", "key_hex": "00", "value": "b"}\n'
bad 'line 1: the key .0x. is not hexadecimal' '{"key_hex": "0x", "value": "b"}\n'
bad 'line 1: "ttl" is not key, value or expires_ns' '{"key": "a", "value": "b", "ttl": 3}\n'
bad 'line 1: "expires_ns" is not a number' '{"key": "a", "value": "b", "expires_ns": -3}\n'
bad 'line 1: not a JSON object' '["a", "b"]\n' --as jsonl
bad "line 1: a column is called 'a'" 'a,b\n1,2\n'
bad 'line 1: no column is called value' 'key\n1\n'
bad 'line 1: two columns are called key' 'key,value,key\n1,2,3\n'
bad 'line 1: it is empty' ''
bad 'line 3: 1 columns, and the first line has 2' 'key,value\na,b\nc\n'
bad 'line 2: more than the 2 columns' 'key,value\na,b,c\n'
bad 'line 2: a quoted field does not end' 'key,value\n"a,b\n\n'
bad 'line 2: text after the end of a quoted field' 'key,value\n"a"b,c\n'
bad 'line 2: a quotation mark inside a field' 'key,value\na"b,c\n'
bad "line 2: the key 'x' is not a number" 'key,value\nx,1\n' --keys u64
bad 'line 1: another version than 3' 'VERSION=4\nHEADER=END\n'
bad 'line 2: another format' 'VERSION=3\nformat=base64\nHEADER=END\n'
bad 'line 2: a database with several values for a key' 'VERSION=3\nduplicates=1\nHEADER=END\n'
bad 'line 3: the end of the file before HEADER=END' 'VERSION=3\nformat=print\n'
bad 'line 5: the end of the file before DATA=END' 'VERSION=3\nHEADER=END\n 61\n 62\n'
bad 'line 5: a key without a value' 'VERSION=3\nHEADER=END\n 61\nDATA=END\n'
bad 'line 3: a line of data that does not begin with a blank' 'VERSION=3\nHEADER=END\n61\n 62\nDATA=END\n'
bad "line 3: the data '6' is an odd number" 'VERSION=3\nHEADER=END\n 6\n 62\nDATA=END\n'
bad 'line 4: a backslash without two hexadecimal digits' 'VERSION=3\nformat=print\nHEADER=END\n a\\5\n b\nDATA=END\n'
bad 'line 6: more than one database' 'VERSION=3\nHEADER=END\n 61\n 62\nDATA=END\nVERSION=3\nHEADER=END\nDATA=END\n'
same "nothing was published" "$before" "$(sorted "$region")"
refuses 1 "cannot open" "$MMSYNC" load "$scratch/fresh" "$scratch/no such file"
refuses 2 "'xml' is not jsonl, csv or mdb" "$MMSYNC" load "$region" "$scratch/bad" --as xml

# ---- LMDB's own programs ----

if ! command -v mdb_load >/dev/null || ! command -v mdb_dump >/dev/null; then
    ((failures)) || skip "mdb_load and mdb_dump are not installed (Debian: lmdb-utils); the rest has passed"
    finish
fi
lmdb=$scratch/lmdb
mkdir "$lmdb"
succeeds "$MMSYNC" put "$scratch/l" plain value $'a\nb' $'c\td'
printf '\0\xff' | "$MMSYNC" put "$scratch/l" binary >/dev/null
"$MMSYNC" dump "$scratch/l" --as mdb | mdb_load "$lmdb" || complain "mdb_load does not take what dump --as mdb writes"
for letters in "" -p; do
    # shellcheck disable=SC2086
    mdb_dump $letters "$lmdb" >"$scratch/mdb"
    succeeds "$MMSYNC" load "$scratch/back$letters" "$scratch/mdb"
    same "from LMDB and back, mdb_dump $letters" "$(sorted "$scratch/l")" "$(sorted "$scratch/back$letters")"
done
succeeds "$MMSYNC" load "$scratch/big" "$scratch/many.csv"
mkdir "$scratch/lmdb_big"
"$MMSYNC" dump "$scratch/big" --as mdb | mdb_load "$scratch/lmdb_big" || complain "mdb_load has no room for many"
succeeds "$MMSYNC" load "$scratch/big_back" <(mdb_dump "$scratch/lmdb_big")
same "many, by LMDB" "$(sorted "$scratch/big" | cksum)" "$(sorted "$scratch/big_back" | cksum)"
finish
