# SPDX-License-Identifier: Apache-2.0
# `write --validate` publishes only what a command approves, whatever makes the value.
. "$(dirname "$0")/support.bash"

write=("$MMSYNC" write "$region")
printf 'good value' >"$scratch/good"
printf 'bad value' >"$scratch/bad"
succeeds "${write[@]}" "$scratch/good" --validate 'grep -q good'
like "the line" 'generation=1 size=10 slot=[0-9]+' "$out"
refuses 1 "'grep -q good' ended with status 1; nothing was published" "${write[@]}" "$scratch/bad" --validate 'grep -q good'
refuses 1 "'kill -9 \\$\\$' was killed by signal 9" "${write[@]}" "$scratch/bad" --validate 'kill -9 $$'
refuses 1 "'exit 3' ended with status 3" "${write[@]}" --validate 'exit 3' -- cat "$scratch/good"
same "the value" "good value" "$("$MMSYNC" read "$region")"
same "the generation" 1 "$(generation)"
refuses 1 "ended with status 1" "$MMSYNC" write "$region-new" "$scratch/bad" --validate 'grep -q good'
check "no region was made" test ! -e "$region-new"

# What it is told.
tell='echo "$MMSYNC_SIZE $MMSYNC_REGION $MMSYNC_GENERATION" >"$TOLD"; cmp - "$WANTED"'
export TOLD=$scratch/told WANTED=$scratch/good
succeeds "${write[@]}" "$scratch/good" --validate "$tell"
same "its environment" "10 $region 1" "$(<"$TOLD")"
succeeds "$MMSYNC" write "$region-new" "$scratch/good" --validate "$tell"
same "the environment for a first value" "10 $region-new 0" "$(<"$TOLD")"
# It can see the value that would be replaced, and print: to standard error, as the line is ours.
run "${write[@]}" "$scratch/bad" --validate '"$MMSYNC" read "$MMSYNC_REGION"; echo " was there"'
same "status" 0 "$status"
like "what it printed" 'good value was there' "$err"
like "our own line" 'generation=[0-9]+ size=9 slot=[0-9]+' "$out"

# A large value: to one that reads all of it, some, or nothing.
random_file 3000000 "$scratch/large"
WANTED=$scratch/large
succeeds "${write[@]}" "$scratch/large" --validate 'cmp - "$WANTED"'
succeeds "${write[@]}" "$scratch/large" --validate 'head -c 10 >/dev/null'
succeeds "${write[@]}" "$scratch/large" --validate true
refuses 1 "'false' ended with status 1" "${write[@]}" "$scratch/large" --validate false
# What it leaves running may keep the pipe without reading.
succeeds "${write[@]}" "$scratch/large" --validate 'sleep 1000 <&0 >&- 2>&- & echo $! >"$TOLD.holder"'
kill "$(<"$TOLD.holder")"

# Whatever makes the value.
WANTED=$scratch/good
succeeds "${write[@]}" --validate 'cmp - "$WANTED"' -- cat "$scratch/good"
printf 'goof value' >"$scratch/patched"
WANTED=$scratch/patched
succeeds "${write[@]}" --at 3 --validate 'cmp - "$WANTED"' -- printf f
same "the patched value" "goof value" "$("$MMSYNC" read "$region")"
refuses 1 "ended with status 1" "${write[@]}" --at 3 --validate 'cmp -s - "$WANTED"' -- printf g
same "the value after a patch was refused" "goof value" "$("$MMSYNC" read "$region")"
printf 'struct Point { x: u32, y: u32 }' >"$scratch/point.rs"
typed=("$MMSYNC" write "$region-typed")
point=("${typed[@]}" --schema "$scratch/point.rs" --type Point --json -)
size_is() {
    echo "[ \"\$(od -An -tu4 | tr -s ' ')\" = ' $1 $2' ]"
}
"${point[@]}" --validate "$(size_is 3 4)" <<<'{"x": 3, "y": 4}' >/dev/null || complain "a value from JSON"
"${point[@]}" --validate "$(size_is 3 5)" <<<'{"x": 3, "y": 4}' >/dev/null 2>&1 && complain "a wrong value from JSON"
succeeds "${typed[@]}" --set x=5 --validate "$(size_is 5 4)"
refuses 1 "ended with status 1" "${typed[@]}" --set x=6 --validate "$(size_is 5 4)"
same "the typed value" '{"x":5,"y":4}' "$("$MMSYNC" read "$region-typed" --json)"
succeeds "$MMSYNC" verify "$region-typed"

# mmsync is interrupted: the validation ends.
env --default-signal=TERM "${write[@]}" "$scratch/good" \
    --validate 'echo $$ >"$TOLD.pid.new"; mv "$TOLD.pid.new" "$TOLD.pid"; exec sleep 1000' >"$scratch/line" 2>&1 &
writer=$!
until_true test -e "$TOLD.pid"
kill -TERM "$writer"
wait "$writer"
status=$?
same "status after SIGTERM" $((128 + $(kill -l TERM))) $status
check "the validation is gone" test ! -e "/proc/$(<"$TOLD.pid")"
same "the value after SIGTERM" "goof value" "$("$MMSYNC" read "$region")"
same "output after SIGTERM" "" "$(<"$scratch/line")"
finish
