# SPDX-License-Identifier: Apache-2.0
# `write REGION -- COMMAND` publishes what COMMAND prints if it succeeds, and leaves nothing of it behind.
. "$(dirname "$0")/support.bash"

write=("$MMSYNC" write "$region")
succeeds "${write[@]}" -- printf 'a %s\n' value
like "the line" 'generation=1 size=8 slot=[0-9]+' "$out"
same "the value" "a value" "$("$MMSYNC" read "$region")"
succeeds "${write[@]}" --tag 5 --checksum -- sh -c 'printf %s "$*"' sh --tag --help
same "arguments that look like options" "--tag --help" "$("$MMSYNC" read "$region")"
succeeds "$MMSYNC" write -- "$region" -- printf both
same "with the options ended first" both "$("$MMSYNC" read "$region")"
echo "a file" >"$scratch/file"
succeeds "$MMSYNC" write -- "$region" "$scratch/file"
same "a file behind --" "a file" "$("$MMSYNC" read "$region")"
succeeds "${write[@]}" --at 2 -- printf FI
same "a part of it" "a FIle" "$("$MMSYNC" read "$region")"
printf 'from outside' | "${write[@]}" -- cat >/dev/null || complain "its standard input"
same "its standard input is ours" "from outside" "$("$MMSYNC" read "$region")"
succeeds "${write[@]}" -- head -c 3000000 /dev/zero
same "more than a pipe holds" 3000000 "$("$MMSYNC" read "$region" | wc -c)"
run "${write[@]}" -- sh -c 'echo on its standard error >&2; echo value'
like "its standard error is ours" 'on its standard error' "$err"

# ---- It fails: nothing is published, and a new region goes away ----

before=$(generation)
refuses 1 "'false' ended with status 1; nothing was published" "${write[@]}" -- false
refuses 1 "'sh' ended with status 7; nothing was published" "${write[@]}" -- sh -c 'echo half of it; exit 7'
refuses 1 "'sh' was killed by signal 9 \(.*\); nothing was published" "${write[@]}" -- sh -c 'echo half; kill -9 $$'
refuses 1 "'true' printed nothing; nothing was published.*--allow-empty" "${write[@]}" -- true
refuses 1 "cannot run 'mmsync-nosuch': there is no such program; give its path, or .*sh -c" "${write[@]}" -- mmsync-nosuch
refuses 1 "cannot run '$scratch/file': Permission denied" "${write[@]}" -- "$scratch/file"
printf '#!%s\n' "$scratch/no-shell" >"$scratch/script"
chmod +x "$scratch/script"
refuses 1 "cannot run '$scratch/script': it is there, but not the program that its first line names" "${write[@]}" -- "$scratch/script"
refuses 1 "head holds more than the 4096 bytes" "$MMSYNC" write "$region-small" --max-size 4096 -- head -c 5000 /dev/zero
refuses 1 "ended with status 1" "$MMSYNC" write "$region-new" -- false
refuses 1 "cannot run" "$MMSYNC" write "$region-new" -- mmsync-nosuch
check "no region was made" test ! -e "$region-new" -a ! -e "$region-small"
same "the generation after all of these" "$before" "$(generation)"
succeeds "${write[@]}" --allow-empty -- true
same "nothing, on purpose" 0 "$("$MMSYNC" read "$region" | wc -c)"
# The writer's lock is not left with it, nor is a slot.
succeeds "$MMSYNC" verify "$region"

# ---- What it inherits ----

fds() {
    "$MMSYNC" read "$region" | sed -n 's/.* \([0-9]*\) -> \(.*\)/\1/p'
}
ls -l /proc/self/fd | "$MMSYNC" write "$region" >/dev/null
ours=$(fds)
"${write[@]}" -- ls -l /proc/self/fd </dev/null >/dev/null || complain "a list of its descriptors"
same "its descriptors" "$ours" "$(fds)"
same "its standard output" 1 "$("$MMSYNC" read "$region" | grep -c ' 1 -> pipe:')"
ignored() { # MASK SIGNAL: is it in this mask of /proc/PID/status?
    ((0x$1 >> ($(kill -l "$2") - 1) & 1))
}
succeeds env --default-signal "${write[@]}" -- grep SigIgn /proc/self/status
mask=$("$MMSYNC" read "$region" | awk '{print $2}')
for signal in PIPE XFSZ INT TERM HUP; do
    ! ignored "$mask" "$signal" || complain "it ignores SIG$signal"
done

# ---- mmsync is interrupted: the command ends, and so does mmsync ----

for signal in INT TERM HUP; do
    rm -f "$scratch/pid"
    env --default-signal=INT,TERM,HUP "${write[@]}" -- \
        bash -c 'echo $$ >"$1.new"; mv "$1.new" "$1"; echo begun; exec sleep 1000' - "$scratch/pid" >"$scratch/line" 2>&1 &
    writer=$!
    until_true test -e "$scratch/pid"
    kill -"$signal" "$writer"
    wait "$writer"
    status=$?
    same "status after SIG$signal" $((128 + $(kill -l $signal))) $status
    check "the command is gone after SIG$signal" test ! -e "/proc/$(<"$scratch/pid")"
    same "output after SIG$signal" "" "$(<"$scratch/line")"
done
# One that closes its output and goes on is waited for, and ended as well.
rm -f "$scratch/pid"
env --default-signal=TERM "${write[@]}" -- \
    bash -c 'echo value; exec >&-; trap "" TERM; echo $$ >"$1.new"; mv "$1.new" "$1"; while :; do sleep 0.1; done' - "$scratch/pid" \
    >"$scratch/line" 2>&1 &
writer=$!
until_true test -e "$scratch/pid"
kill -TERM "$writer"
wait "$writer"
status=$?
same "status while it waits" $((128 + $(kill -l TERM))) $status
check "one that ignores SIGTERM is gone" test ! -e "/proc/$(<"$scratch/pid")"
same "output while it waits" "" "$(<"$scratch/line")"
# If mmsync is killed, the command is told.
rm -f "$scratch/pid"
"${write[@]}" -- bash -c 'echo $$ >"$1.new"; mv "$1.new" "$1"; exec sleep 1000' - "$scratch/pid" &
writer=$!
until_true test -e "$scratch/pid"
kill -KILL "$writer"
wait "$writer" 2>/dev/null
until has_ended "$(<"$scratch/pid")"; do
    sleep 0.01
done

# ---- Our parent ignores the end of its children, and hands that down ----

unheard=(timeout 60 env --ignore-signal=CHLD)
succeeds "${unheard[@]}" "${write[@]}" -- echo value
refuses 1 "'sh' ended with status 7" "${unheard[@]}" "${write[@]}" -- sh -c 'echo half of it; exit 7'
succeeds "${unheard[@]}" "${write[@]}" "$scratch/file" --validate true
refuses 1 "ended with status 3" "${unheard[@]}" "${write[@]}" "$scratch/file" --validate 'exit 3'

# ---- Command lines ----

refuses 2 "'--' is to be followed by the command" "${write[@]}" --
refuses 2 "give either it or a FILE" "${write[@]}" "$scratch/file" -- true
refuses 2 "give either it or --set" "${write[@]}" --set a=1 -- true
refuses 2 "give either it or --json" "${write[@]}" --json a --schema b --type C -- true
refuses 2 "say which region" "$MMSYNC" write -- 
finish
