# SPDX-License-Identifier: Apache-2.0
# `write --json` publishes a typed value from JSON and a schema file, or nothing, and says where what is wrong.
. "$(dirname "$0")/support.bash"

publish=${MMSYNC_TEST_BIN_DIR:?}/archive_publish
setters=$source_dir/tests/archive/setters.rs

# ---- The JSON that `read --json` prints, with all kinds of types ----

succeeds "$publish" "$region" "$setters" Board board
"$MMSYNC" read "$region" --json >"$scratch/board.json"
"$MMSYNC" read "$region" --schema >"$scratch/board.schema"
copy=$scratch/copy
succeeds "$MMSYNC" write "$copy" --schema "$setters" --type Board --json "$scratch/board.json" --checksum --tag 7
like "the line" 'generation=1 size=[0-9]+ slot=[0-9]+' "$out"
same "the value" "$(<"$scratch/board.json")" "$("$MMSYNC" read "$copy" --json)"
same "its schema" "$(<"$scratch/board.schema")" "$("$MMSYNC" read "$copy" --schema)"
type_of() {
    "$MMSYNC" stat "$1" | grep -E '^type'
}
same "its type" "$(type_of "$region")" "$(type_of "$copy")"
same "its size" "$("$MMSYNC" read "$region" | wc -c)" "$("$MMSYNC" read "$copy" | wc -c)"
like "its tag" '.*'$'\n''tag +7'$'\n''.*' "$("$MMSYNC" stat "$copy")"
succeeds "$MMSYNC" verify "$copy"
like "its checksum" '.* checksum .*' "$out"
succeeds "$MMSYNC" write "$copy" --set revision=1234
"$MMSYNC" read "$copy" --json | "$MMSYNC" write "$region" --schema "$setters" --type Board --json - >/dev/null ||
    complain "from standard input"
same "what was changed, piped" "$("$MMSYNC" read "$copy" --json)" "$("$MMSYNC" read "$region" --json)"

# ---- What is wrong, and where ----

schema=$scratch/levels.rs
cat >"$schema" <<'EOF'
enum Mode { Off, Fixed(u16), Ramp { from: f64, to: f64 } }
struct Level { level: u8, name: String, ratio: f32 }
struct Levels { items: Vec<Level>, by: HashMap<u32, Level>, named: BTreeMap<String, [u8; 2]>, mode: Mode, pair: Pair }
struct Pair(bool, char);
#[mmsync::table]
type Table = HashMap<u64, Level>;
EOF
cat >"$scratch/good.json" <<'EOF'
{"items": [{"level": 1, "name": "é", "ratio": 1.5},
           {"level": 2, "name": "b", "ratio": NaN}],
 "by": {"7": {"level": 3, "name": "c", "ratio": -inf}},
 "named": {"one": [1, 2]}, "mode": {"Ramp": {"from": 1, "to": 2}}, "pair": [true, "x"]}
EOF
levels=("$MMSYNC" write "$region" --schema "$schema" --type Levels --json)
succeeds "${levels[@]}" "$scratch/good.json"
same "NaN and infinity in JSON" '{"level":2,"name":"b","ratio":null}' \
    "$("$MMSYNC" read "$region" --json | grep -o '{"level":2[^}]*}')"
# As many digits as a decimal number likes to have.
sed 's/1\.5}/0.0999999999999999999999999999999999999999999999999999999999999999999999999}/' "$scratch/good.json" >"$scratch/long.json"
succeeds "$MMSYNC" write "$copy" --schema "$schema" --type Levels --json "$scratch/long.json"
# And a byte order mark, as some editors write it.
{ printf '\xef\xbb\xbf' && cat "$scratch/good.json"; } >"$scratch/marked.json"
succeeds "$MMSYNC" write "$copy" --schema "$schema" --type Levels --json "$scratch/marked.json"
succeeds "$MMSYNC" write "$copy" --schema "$schema" --type Levels --json "$scratch/long.json"
same "a long number" '"ratio":0.1' "$("$MMSYNC" read "$copy" --json | grep -o '"ratio":0[^}]*')"
before=$("$MMSYNC" read "$region" | cksum) generation=$(generation)

# wrong SED PATTERN: the good text, changed so, is refused with this.
wrong() {
    sed "$1" "$scratch/good.json" >"$scratch/wrong.json"
    refuses 1 "$scratch/wrong.json:$2; nothing was published" "${levels[@]}" "$scratch/wrong.json"
}
wrong 's/"7"/"7\\u0000"/' "3:[0-9]+: by: a whole number from 0 to 4294967295 is expected, and not '7.*"
wrong 's/"level": 2/"level": 300/' \
    "2:22: items\[1\].level: a whole number from 0 to 255 is expected, and not '300'"
wrong 's/"level": 3/"level": "3"/' "3:24: by\{7\}.level: a whole number .* and not '\"3\"'"
wrong 's/\[1, 2\]/[1, -2]/' "4:23: named\{one\}\[1\]: a whole number from 0 to 255 .* and not '-2'"
wrong 's/\[1, 2\]/[1, 2, 3]/' "4:24: named\{one\}: '\]' is expected, and not ','"
wrong 's/"to": 2/"to": "2"/' "4:63: mode.Ramp.to: a number that f64 has room for is expected, and not '\"2\"'"
wrong 's/"Ramp"/"Rump"/' "4:37: mode: Mode has no variant 'Rump', but Off, Fixed, Ramp"
wrong 's/"x"/"xy"/' "4:83: pair.1: one character is expected, in UTF-8"
wrong 's/NaN/null/' "2:47: items\[1\].ratio: null is no f32; give NaN, inf or -inf, which 'read --json' prints as null"
wrong 's/"name": "c", //' "3:40: by\{7\}: the field name is missing"
wrong 's/"name": "c"/"nome": "c"/' "3:27: by\{7\}: there is no field 'nome'"
wrong 's/"ratio": 1.5/"level": 1/' "1:38: items\[0\]: the field level is there twice"
wrong 's/"7"/"x"/' "3:9: by: a whole number from 0 to 4294967295 is expected, and not 'x'"
# As JSON it is wrong, too.
wrong 's/,$/,,/' "1:52: items\[1\]: '\{' is expected, and not ','"
wrong '1s/1.5}/1.5/' "2:12: items\[0\]: a text in quotes is expected, and not '\{'"
wrong 's/-inf/"-inf/' "3:49: by\{7\}.ratio: a number that f32 has room for is expected, and not '\"-inf\}\},'"
wrong 's/"é", "ratio": 1.5/"é/' "1:33: items\[0\].name: a text has no closing quote before the control character that is to be .u000a"
wrong '$s/"x".*/"x/' "4:83: pair.1: a text has no closing quote before the control character that is to be .u000a"
wrong 's/"é"/"\\x"/' "1:33: items\[0\].name: a backslash in a text begins no escape of JSON"
wrong '2,$d' "2:1: items\[1\]: '\{' is expected, and there is nothing"
wrong '$s/$/ more/' "4:89: the end of the text is expected, and not 'more'"
wrong '1,$d' "1:1: '\{' is expected, and there is nothing"
# The library finds these as it serializes.
sed 's/"one": \[1, 2\]/"one": [1, 2], "one": [3, 4]/' "$scratch/good.json" >"$scratch/wrong.json"
refuses 1 "Levels.named\[1\]: the key is that of element 0 too" "${levels[@]}" "$scratch/wrong.json"
sed 's/"b"/"\xff"/' "$scratch/good.json" >"$scratch/wrong.json"
refuses 1 "Levels.items\[1\].name: the text is not UTF-8" "${levels[@]}" "$scratch/wrong.json"
refuses 1 "standard input:1:1: '\{' is expected" "${levels[@]}" -
refuses 1 "No such file" "${levels[@]}" "$scratch/nosuch"
same "the value after all of them" "$before" "$("$MMSYNC" read "$region" | cksum)"
same "the generation then" "$generation" "$(generation)"

# ---- Schemas ----

new=("$MMSYNC" write "$region-new" --json "$scratch/good.json")
printf 'struct Levels {\n    items: Vec<Nosuch>,\n}\n' >"$scratch/bad.rs"
run "${new[@]}" --schema "$scratch/bad.rs" --type Levels
same "status with a wrong schema" 1 "$status"
like "the error of a wrong schema" "$scratch/bad.rs:2:16: error: there is no type .Nosuch."$'\n'".*" "$err"
run "${new[@]}" --schema "$schema" --type Nosuch
like "the error of a type that is not there" "$schema:[0-9]+:1: error: the schema does not define .Nosuch."$'\n'".*" "$err"
refuses 1 "cannot read the schema $scratch: Is a directory" "${new[@]}" --schema "$scratch" --type Levels
refuses 1 "Table in $schema is a table.*mmsync load" "${new[@]}" --schema "$schema" --type Table
refuses 1 "the value and its schema take [0-9]+ bytes, more than the 256 .*--max-size" \
    "${new[@]}" --schema "$schema" --type Levels --max-size 256
check "no region was made" test ! -e "$region-new"

# ---- Command lines ----

refuses 2 "--json needs --schema FILE and --type NAME" "${new[@]}" --schema "$schema"
refuses 2 "--schema is for --json" "$MMSYNC" write "$region" --schema "$schema"
refuses 2 "--type is for --json" "$MMSYNC" write "$region" --type Levels
all=("${new[@]}" --schema "$schema" --type Levels)
refuses 2 "--json names the only file" "${all[@]}" "$scratch/good.json"
refuses 2 "--set does not go with --json" "${all[@]}" --set a=1
refuses 2 "--at does not go with --json" "${all[@]}" --at 0
refuses 2 "--allow-empty does not go with --json" "${all[@]}" --allow-empty
refuses 2 "--type-id: with --json the schema decides" "${all[@]}" --type-id 0123456789abcdef0123456789abcdef

# ---- The files of mmap-sync, which have no room for a schema, and need none ----

succeeds "${all[@]}" --format mmap-sync
same "the value of mmap-sync" "$("$MMSYNC" read "$region" | cksum)" "$("$MMSYNC" read "$region-new" --format mmap-sync | cksum)"
finish
