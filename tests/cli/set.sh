# SPDX-License-Identifier: Apache-2.0
# `write --set` changes single places of a typed value, all of them or none, and says why not.
. "$(dirname "$0")/support.bash"

publish=${MMSYNC_TEST_BIN_DIR:?}/archive_publish
schema=$source_dir/tests/archive/setters.rs
succeeds "$publish" "$region" "$schema" Board board
"$MMSYNC" read "$region" --json >"$scratch/before"

# json: the value, in one line.
json() {
    "$MMSYNC" read "$region" --json
}

# sets ASSIGNMENT FROM TO: it changes just this in the JSON, the first time it occurs there.
sets() {
    local before after
    before=$(json)
    succeeds "$MMSYNC" write "$region" --set "$1"
    after=${before/"$2"/"$3"}
    check "'$2' is in the value" test "$before" != "$after"
    same "after --set $1" "$after" "$(json)"
}

# not_set ASSIGNMENT PATTERN: it is refused, and the message names the place.
not_set() {
    refuses 1 "--set $2" "$MMSYNC" write "$region" --set "$1"
}

# ---- Where ----

sets revision=2 '"revision":1' '"revision":2'
sets Board.revision=3 '"revision":2' '"revision":3'
sets 'items[1].id=99' '"id":11' '"id":99'
sets 'rows{8}[2]=1.5' '"8":[0.0,0.0,0.0' '"8":[0.0,0.0,1.5'
sets 'named{one}.id=7' '"id":20' '"id":7'
sets 'named{"another with a \u006cong name"}.id=8' '"id":21' '"id":8'
sets 'sorted{long enough to be elsewhere}=5' 'elsewhere":4' 'elsewhere":5'
sets 'places{{"x":-1,"y":-2}}.y=7' '"x":-3,"y":-4' '"x":-3,"y":7'
sets 'slots[1].Count=6' '{"Count":5}' '{"Count":6}'
sets 'slots[1].Count.0=7' '{"Count":6}' '{"Count":7}'
sets 'slots[2].Named.size=8' '"size":6' '"size":8'
sets 'special.id=31' '"id":30' '"id":31'
sets 'boxed=78' '"boxed":77' '"boxed":78'
sets 'slice[1]=Mid' '["Low","High"]' '["Low","Mid"]'
sets 'matrix[1][2]=9' '[4,5,6]' '[4,5,9]'
sets 'range.end=10' '"start":1,"end":9' '"start":1,"end":10'
sets 'sizes{70000}=200' '"70000":2' '"70000":200'
sets 'shifts{-2147483648}=2' '"-2147483648":1' '"-2147483648":2'
sets 'areas{{"width":5,"shift":-5}}=3' '"shift":-5},1]' '"shift":-5},3]'

# ---- What ----

sets 'wide=0' '"wide":340282366920938463463374607431768211455' '"wide":0'
sets 'wide=340282366920938463463374607431768211455' '"wide":0' '"wide":340282366920938463463374607431768211455'
sets 'count=4294967295' '"count":4000000000' '"count":4294967295'
sets 'delta=-2147483648' '"delta":-5' '"delta":-2147483648'
sets 'rows{7}=[-1e3, 2.5,3,4,5,6,7,1e-7]' '[1.0,2.0,3.0,4.0,5.0,6.0,7.0,8.0]' '[-1e+03,2.5,3.0,4.0,5.0,6.0,7.0,1e-07]'
sets 'special.mode={"Fixed": 3}' '"id":31,"weights":[1.0,2.0,3.0,4.0],"mode":{"Ramp":{"from":0.5,"to":1.5}}' \
    '"id":31,"weights":[1.0,2.0,3.0,4.0],"mode":{"Fixed":3}'
sets 'special.mode={"Ramp":{"to":2,"from":1}}' '{"Fixed":3}' '{"Ramp":{"from":1.0,"to":2.0}}'
sets 'special.mode=Off' '{"Ramp":{"from":1.0,"to":2.0}}' '"Off"'
sets 'items[0].limits={"low":2,"high":4,"open":true,"mark":"\ud83d\ude00"}' '{"low":1,"high":null,"open":false,"mark":"a"}' \
    '{"low":2,"high":4,"open":true,"mark":"😀"}'
sets 'items[0].limits.mark=é' '"mark":"😀"' '"mark":"é"'
sets 'items[0].limits.high=null' '"high":4' '"high":null'
sets 'items[0].limits.open=false' '"open":true' '"open":false'
sets 'ends={"Err":{"x":1,"y":-2}}' '"ends":{"Ok":1}' '"ends":{"Err":{"x":1,"y":-2}}'
sets 'ends.Err.x=5' '"Err":{"x":1' '"Err":{"x":5'
sets 'span={"nanos":5,"secs":9}' '{"secs":1,"nanos":2}' '{"secs":9,"nanos":5}'
sets 'from=2001:db8::1' '127.0.0.1' '2001:db8::1'
sets 'from="10.0.0.1"' '2001:db8::1' '10.0.0.1'
sets 'id=67e5504410b1426f9247bb680e5fe0c8' '00112233-4455-6677-8899-aabbccddeeff' 67e55044-10b1-426f-9247-bb680e5fe0c8
succeeds "$MMSYNC" verify "$region"

# ---- Several at once ----

generation=$(generation)
succeeds "$MMSYNC" write "$region" --set revision=77 --set 'matrix[0][0]=65535' --set revision=78 --tag 5 --checksum
like "one generation" "generation=$((generation + 1)) size=[0-9]+ slot=[0-9]+" "$out"
like "all of them" '\{"revision":78,.*"matrix":\[\[65535,2,3\].*' "$(json)"
like "the tag" '.*'$'\n''tag +5'$'\n''.*' "$("$MMSYNC" stat "$region")"
before=$(json) generation=$(generation)
refuses 1 '--set matrix\[0\]\[0\]: a whole number from 0 to 65535 is expected.*nothing was published' \
    "$MMSYNC" write "$region" --set revision=80 --set 'matrix[0][0]=65536' --set boxed=1
same "the value after one of three failed" "$before" "$(json)"
same "the generation then" "$generation" "$(generation)"

# ---- What has no fixed place ----

not_set 'title=x' 'title: text has no fixed size.*publish a whole value'
not_set 'numbers=[1]' 'numbers: Vec<u32> cannot change as a whole.*set its elements'
not_set 'items[2].id=1' 'items\[2\]: Vec<Item> has 2 elements now.*publish a whole value'
not_set 'rows{77}[0]=1' 'rows\{77\}: there is no such key.*publish a whole value'
not_set 'rows={}' 'rows: .* cannot change as a whole.*the values of its keys'
not_set 'sets=[]' 'sets: the keys of .* cannot change'
not_set 'sets{[1]}=1' 'sets: .* has keys alone'
not_set 'slots[2]=Empty' 'slots\[2\]: Slot has parts elsewhere.*set what is in it'
not_set '.=1' '.: Board has parts elsewhere'
not_set 'slots[0].Count=1' 'slots\[0\].Count: the value is Empty now'
not_set 'outcome.Err=1' 'outcome.Err: the value is Ok now'

# ---- What is no path, or no value ----

not_set 'nosuch=1' 'nosuch: Board has no such field; it has revision, title'
not_set 'items[0].ids=1' 'items\[0\].ids: Item has no such field; it has id, weights'
not_set 'revision.x=1' 'revision.x: u64 has no fields'
not_set 'revision[0]=1' 'revision\[0\]: u64 has no elements'
not_set 'revision{0}=1' 'revision: u64 has no keys'
not_set 'items[x]=1' 'items\[: an index is a number in brackets'
not_set 'items[99999999999999999999]=1' 'items.*: an index is a number'
not_set 'items[1]id=1' 'items\[1\]id: a path goes on with'
not_set 'named{one=1' 'named\{one=1: a key is to be in braces'
not_set 'named{"one}.id=1' 'named\{"one\}: a text has no closing quote'
not_set 'rows{a}=1' 'rows\{a\}: a whole number .* is expected'
not_set 'special.limits.low=0' 'special.limits.low: a whole number from 1 to 4294967295'
not_set 'special.limits.mark=ab' 'special.limits.mark: one character'
not_set 'special.limits.open=1' 'special.limits.open: true or false'
not_set 'special.level=Highest' "special.level: Level has no variant 'Highest', but Low, Mid, High"
not_set 'special.mode=Fixed' 'special.mode: the variant Fixed has fields'
not_set 'count=4294967296' 'count: a whole number from 0 to 4294967295'
not_set 'delta=-2147483649' 'delta: a whole number from -2147483648 to 2147483647'
not_set 'wide=340282366920938463463374607431768211456' 'wide: a whole number that u128 has room for'
not_set 'wide=-1' 'wide: a whole number'
not_set 'revision=1.5' "revision: a whole number .* and not '1.5'"
not_set 'revision=' 'revision: .* is expected, and there is nothing'
not_set 'rows{7}[0]=nan' 'rows\{7\}\[0\]: a number'
not_set 'rows{7}[0]=1e39' 'rows\{7\}\[0\]: a number that f32 has room for'
not_set 'rows{7}=[1]' "rows\{7\}: ',' is expected"
not_set 'range={"start":1}' 'range: the field end is missing'
not_set 'range={"start":1,"start":2}' 'range: the field start is there twice'
not_set 'range={"start":1,"end":2}}' "range: '}' is left behind"
not_set 'span={"secs":1,"nanos":1000000000}' 'span: nanos is 1000000000'
not_set 'from=1.2.3' "from: IpAddr is expected, as .* and not '1.2.3'"
not_set 'id=1' 'id: Uuid is expected'
not_set 'letters[0]="\ud83d"' 'letters\[0\]: .* half a character'
refuses 2 "--set: 'revision' has no '='" "$MMSYNC" write "$region" --set revision
refuses 2 "--set changes the newest value" "$MMSYNC" write "$region" "$scratch/before" --set revision=1
refuses 2 "--at is for bytes" "$MMSYNC" write "$region" --at 0 --set revision=1
refuses 2 "--allow-empty is for bytes" "$MMSYNC" write "$region" --allow-empty --set revision=1
refuses 2 "--type-id is for whole values" \
    "$MMSYNC" write "$region" --set revision=1 --type-id 0123456789abcdef0123456789abcdef
succeeds "$MMSYNC" verify "$region"

# ---- Where there is no typed value ----

refuses 1 "no region at" "$MMSYNC" write "$region-none" --set a=1
check "no region was made" test ! -e "$region-none"
printf 'bytes' | "$MMSYNC" write "$region-bytes" >/dev/null
refuses 1 "no schema.*--at" "$MMSYNC" write "$region-bytes" --set a=1
same "the bytes" bytes "$("$MMSYNC" read "$region-bytes")"

prices=$(dirname "$MMSYNC")/prices
if [[ -x $prices ]]; then # an example: a typed table
    "$prices" "$region-table" set 1 100 apple >/dev/null
    refuses 1 "the value is a table.*mmsync put" "$MMSYNC" write "$region-table" --set a=1
    refuses 1 "the value is a table.*mmsync get" "$MMSYNC" read "$region-table" --json
fi

# ---- Next to a running writer ----

mkfifo "$scratch/fifo"
"$MMSYNC" write "$region" "$scratch/fifo" >/dev/null 2>&1 &
other=$!
exec 3>"$scratch/fifo"
printf x >&3
has_writer() {
    "$MMSYNC" stat "$region" | grep -Eq '^writer +alive'
}
until_true has_writer
refuses 1 'writer' "$MMSYNC" write "$region" --set revision=1 --lock-wait 0
kill -KILL "$other"
wait "$other" 2>/dev/null
exec 3>&-
sets revision=79 '"revision":78' '"revision":79'
finish
