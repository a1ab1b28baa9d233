# SPDX-License-Identifier: Apache-2.0
# However the demo ends, its processes end with it, and so does the region, unless it is killed.
. "$(dirname "$0")/support.bash"

seq -f 'r%g.example' 1 2000 >"$scratch/rules"

# children_of PID: those that run.
children_of() {
    local file line state parent
    for file in /proc/[0-9]*/stat; do
        { read -r line <"$file"; } 2>/dev/null || continue
        read -r state parent _ <<<"${line##*) }"
        [[ $parent == "$1" && $state != Z ]] && echo "${line%% *}"
    done
}

# begin [OPTION]: starts a demo, and waits until it has made its first look-ups; leaves $demo,
# $children.
begin() {
    mkdir "$scratch/here"
    rm -f "$scratch/out" # or the wait below could end with the last demo's output
    env --default-signal=INT,TERM,HUP "$MMSYNC" demo --seconds 600 --data public-suffix --file "$scratch/rules" \
        --directory "$scratch/here" "$@" >"$scratch/out" 2>"$scratch/err" &
    demo=$!
    until_true grep -q "look-ups/s" "$scratch/out"
    mapfile -t children < <(children_of "$demo")
    same "processes started" 5 "${#children[@]}"
}

for signal in INT TERM HUP; do
    if [[ $signal == INT ]]; then
        begin
    else
        begin --table
        like "the number of keys" '[0-9]{4}' "$("$MMSYNC" keys "$scratch"/here/* --count)"
    fi
    kill -$signal "$demo"
    wait "$demo" 2>/dev/null
    status=$?
    same "status after SIG$signal" $((128 + $(kill -l $signal))) $status
    like "last words after SIG$signal" "interrupted; the region is removed" "$(tail -n 1 "$scratch/out")"
    same "errors after SIG$signal" "" "$(<"$scratch/err")"
    check "no process is left after SIG$signal" has_ended "${children[@]}"
    same "what is left after SIG$signal" "" "$(ls -A "$scratch/here")"
    rmdir "$scratch/here"
done

# Meanwhile anybody can read the value, which carries its schema. Nothing can tidy up after SIGKILL; the region can be
# removed by hand.
begin
succeeds "$MMSYNC" read "$scratch"/here/* --json -o "$scratch/value.json"
like "the value as JSON" '\{"serial":[0-9]+,"title":"the public suffix list","records":\{"r[0-9]+\.example":\{.*' "$(<"$scratch/value.json")"
succeeds "$MMSYNC" stat "$scratch"/here/*
like "its type" '.*'$'\n''type +Registry'$'\n''.*' "$out"
kill -KILL "$demo"
wait "$demo" 2>/dev/null
until has_ended "${children[@]}"; do sleep 0.01; done # the kernel kills them after the demo
succeeds "$MMSYNC" rm "$scratch"/here/*
same "what is left after that" "" "$(ls -A "$scratch/here")"
rmdir "$scratch/here"

# A process that dies by itself ends the demo, and is named.
begin
kill -KILL "${children[2]}"
wait "$demo" 2>/dev/null
same "status after a process died" 1 $?
like "what is said of it" \
    ".*(reader [0-9]+|the writer) \(pid ${children[2]}\) ended by itself: signal 9.*1 lost, 0 stuck\." \
    "$(<"$scratch/out")"
check "no process is left" has_ended "${children[@]}"
same "what is left" "" "$(ls -A "$scratch/here")"
finish
