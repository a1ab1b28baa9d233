# SPDX-License-Identifier: Apache-2.0
# With -j each verb prints what it did as JSON, with the figures that `stat` has, and what goes wrong is an object with the
# library's name and code on standard error.
# ctest: released
. "$(dirname "$0")/support.bash"

command -v python3 >/dev/null || skip "python3 is not installed"
python=$(python3 -c 'import sys; print(sys.executable)') # python3 may be a slow script that looks for it

# field KEY JSON: a value in the object; true, false and null as Python has them
field() {
    "$python" -c 'import json, sys; print(json.loads(sys.argv[2])[sys.argv[1]])' "$1" "$2"
}

# fails STATUS NAME CODE COMMAND...: nothing on standard output, and one line of JSON on standard error with these
fails() {
    local wanted=$1 name=$2 code=$3
    shift 3
    run "$@"
    same "status of $*" "$wanted" "$status"
    same "output of $*" "" "$out"
    same "lines on standard error of $*" 1 "$(wc -l <"$scratch/.err")"
    same "the error of $*" "error $name $code" "$(field level "$err") $(field name "$err") $(field code "$err")"
}

# agrees KEY...: of the object in $out with `stat`
agrees() {
    local key stat
    stat=$("$MMSYNC" stat -j "$region")
    for key; do
        same "$key is that of stat" "$(field "$key" "$stat")" "$(field "$key" "$out")"
    done
}

random_file 5000 "$scratch/value"
random_file 100 "$scratch/small"

# Every verb has it, but for the one whose --json is a file of figures.
verbs=$("$MMSYNC" --help | sed -nE 's/^  mmsync ([a-z]+) .*/\1/p')
for verb in $verbs; do
    [[ $verb == demo ]] || check "$verb has -j" grep -qE '^ +-j, --(result-)?json' <("$MMSYNC" "$verb" --help)
done

succeeds "$MMSYNC" write -j "$region" "$scratch/value" --max-size 1M --keep 2
agrees region generation size slot
same "write: nothing was in the way" "0 0 False" "$(field slots_evicted "$out") $(field waited_ns "$out") $(field reset "$out")"
succeeds "$MMSYNC" write --result-json "$region" "$scratch/small"
agrees region generation size slot
same "the second one" 2 "$(field generation "$out")"
succeeds "$MMSYNC" rollback -j "$region"
agrees region generation size slot
same "rollback" "3 5000" "$(field generation "$out") $(field size "$out")"
succeeds "$MMSYNC" history -j "$region"
same "history" 3 "$("$python" -c 'import json, sys; print(json.load(sys.stdin)[0]["generation"])' <<<"$out")"
succeeds "$MMSYNC" dump -j "$region" "$scratch/dump"
same "dump" "3 5000" "$(field dumped "$out") $(field size "$out")"
succeeds "$MMSYNC" restore --json "$region" "$scratch/dump"
agrees generation size slot
same "restore" "4 3" "$(field generation "$out") $(field dumped "$out")"
succeeds "$MMSYNC" watch -j "$region" --count 1
same "watch" 4 "$(field generation "$out")"
succeeds "$MMSYNC" check -j "$region"
same "check" "True 4" "$(field ok "$out") $(field generation "$out")"
succeeds "$MMSYNC" verify -j "$region"
same "verify" True "$(field ok "$out")"
succeeds "$MMSYNC" top --batch --json --count 1 "$scratch"
same "top" "$region 4 None" "$(field region "$out") $(field generation "$out") $(field rate "$out")"
succeeds "$MMSYNC" exporter --json --textfile "$scratch/metrics" "$scratch"
same "exporter" "$scratch/metrics 1 $(stat -c %s "$scratch/metrics")" \
    "$(field file "$out") $(field regions "$out") $(field bytes "$out")"

# Tables
region=$scratch/table
succeeds "$MMSYNC" put -j "$region" a 1 b 2 c 3
agrees region generation size slot
same "put" 3 "$(field entries "$out")"
succeeds "$MMSYNC" del "$region" -j a
agrees region generation size slot
same "del" "2 1" "$(field entries "$out") $(field deleted "$out")"
succeeds "$MMSYNC" dump --as jsonl -j "$region" "$scratch/entries"
same "dump --as" "2 2" "$(field generation "$out") $(field entries "$out")"
succeeds "$MMSYNC" load "$region" -j --clear "$scratch/entries"
agrees region generation size slot
same "load" "2 2" "$(field entries "$out") $(field loaded "$out")"
succeeds "$MMSYNC" get -j "$region" b
same "get" "b 2" "$(field key "$out") $(field value "$out")"
succeeds "$MMSYNC" keys -j "$region" --prefix b
same "keys" b "$(field key "$out")"

# The files of mmap-sync
succeeds "$MMSYNC" bridge -j --once "$scratch/region" "mmap-sync:$scratch/crate"
same "bridge" "4 5000 False" "$(field from "$out") $(field size "$out") $(field reset "$out")"
succeeds "$MMSYNC" repair -j --force "$scratch/crate"
same "repair" "[0, 0] [0, 0]" "$(field counts_before "$out") $(field counts "$out")"

# What goes wrong
region=$scratch/region
absent=$scratch/absent
fails 1 MMS_E_TOO_BIG -5009 "$MMSYNC" write -j "$region" <(head -c 2M /dev/zero)
fails 1 ENOENT -2 "$MMSYNC" write -j "$region" "$absent"
fails 1 None None "$MMSYNC" write -j "$region" "$scratch/small" --expect 1
fails 1 None None "$MMSYNC" write -j "$region" -- false
fails 1 MMS_E_FORGOTTEN -5021 "$MMSYNC" rollback -j "$region" 2000
fails 1 MMS_E_NOT_FOUND -5022 "$MMSYNC" get -j "$scratch/table" zebra
fails 1 MMS_E_NOT_FOUND -5022 "$MMSYNC" del -j "$scratch/table" zebra
for command in "read" "dump --as csv" "rollback" "history" "watch" "stat" "get" "del" "keys" "repair"; do
    # shellcheck disable=SC2046,SC2086 # none, one or two words
    fails 1 ENOENT -2 "$MMSYNC" ${command%% *} "$absent" ${command#"${command%% *}"} -j \
        $([[ $command == get || $command == del ]] && echo key) $([[ $command == "dump"* ]] && echo "$scratch/out")
done
fails 2 None None "$MMSYNC" write "$region" --no-such-option -j
like "the message" ".*--no-such-option.*" "$(field message "$err")"
fails 2 None None "$MMSYNC" dump -j "$region"
fails 2 None None "$MMSYNC" exporter -j --textfile -
fails 2 None None "$MMSYNC" top -j
refuses 2 "option -n needs a value" "$MMSYNC" watch "$region" -n # words are not moved by the search for -j
run "$MMSYNC" check -j "$absent"
same "what check finds is its result" "1 False " "$status $(field ok "$out") $err"
for verb in push follow; do # programs of their own, which may not have been built
    run "$MMSYNC" "$verb" -j "$region"
    same "the error of $verb" "error None" "$(field level "$err") $(field name "$err")"
done
run "$MMSYNC" exporter -j --listen nonsense "$scratch"
if [[ $err != *"built without libmicrohttpd"* && $err != *"cannot serve HTTP"* ]]; then
    "$MMSYNC" exporter -j --listen 127.0.0.1:0 "$scratch" >"$scratch/url" &
    until_true grep -q metrics "$scratch/url"
    like "the exporter's URL" 'http://127\.0\.0\.1:[0-9]+/metrics' "$(field url "$(<"$scratch/url")")"
    kill %%
    wait
fi

odd=$scratch/$'q"\\\xe9\n\xc3\xa9'
fails 1 ENOENT -2 "$MMSYNC" stat -j "$odd"
like "any name makes JSON" ".*q\"\\\\\?"$'\n'"é.*" "$(field message "$err")"

run "$MMSYNC" rm -j "$region" "$absent" --force
same "rm" "0 ['$region'] ['$absent']" "$status $(field removed "$out") $(field missing "$out")"
run "$MMSYNC" rm -j "$scratch/table" "$absent"
same "what rm has done is told though some of it failed" "1 ['$scratch/table'] ENOENT" \
    "$status $(field removed "$out") $(field name "$err")"
finish
