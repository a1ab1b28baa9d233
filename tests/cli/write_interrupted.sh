# SPDX-License-Identifier: Apache-2.0
# Writes that meet Ctrl-C, a second writer, or a file that changes while it is read.
. "$(dirname "$0")/support.bash"

mkfifo "$scratch/fifo"
# A writer in the background that gets its input from descriptor 9.
start_writer() {
    env --default-signal=INT,TERM,HUP "$MMSYNC" write "$region" <"$scratch/fifo" >"$scratch/line" 2>"$scratch/err" &
    writer=$!
    exec 9>"$scratch/fifo"
    head -c 3000000 /dev/zero >&9
    until_true test -e "$region"
}
# A pipe holds 64 KiB, so when start_writer returns, all but 64 KiB of what it sent has been read.

for signal in INT TERM HUP; do
    for before in none one; do
        rm -rf "$region"
        [[ $before == none ]] || echo old | "$MMSYNC" write "$region" >/dev/null
        start_writer
        kill -"$signal" "$writer"
        wait "$writer"
        status=$?
        same "status after SIG$signal" $((128 + $(kill -l $signal))) $status
        exec 9>&-
        same "output after SIG$signal" "" "$(cat "$scratch/line" "$scratch/err")"
        if [[ $before == none ]]; then
            check "a new region goes away after SIG$signal" test ! -e "$region"
        else
            same "generation after SIG$signal" 1 "$(generation)"
            same "value after SIG$signal" old "$("$MMSYNC" read "$region")"
            echo new | "$MMSYNC" write "$region" >/dev/null || complain "the next write"
            same "the next value" new "$("$MMSYNC" read "$region")"
        fi
    done
done

# A killed writer: the same, but an empty region may stay.
rm -rf "$region"
echo old | "$MMSYNC" write "$region" >/dev/null
start_writer
kill -KILL "$writer"
wait "$writer" 2>/dev/null
exec 9>&-
same "value after SIGKILL" old "$("$MMSYNC" read "$region")"
succeeds "$MMSYNC" verify "$region"
succeeds "$MMSYNC" write "$region" "$scratch/line"

# While one writer writes nobody else can, and nothing is published yet.
rm -rf "$region"
start_writer
refuses 1 "writer" "$MMSYNC" write "$region" "$scratch/line" --lock-wait 0
refuses 1 "writer" "$MMSYNC" write "$region" "$scratch/line" --lock-wait 20
refuses 1 "no value" "$MMSYNC" read "$region"
refuses 1 "writer" "$MMSYNC" rm "$region"
same "generation before the first publish" 0 "$(generation)"

# has_open PID FILE
has_open() {
    local link
    for link in /proc/"$1"/fd/*; do
        [[ $(readlink "$link") == "$2" ]] && return 0
    done
    return 1
}

# change WHAT COMMAND...: a write that has opened "$scratch/value" and waits for the first to end fails with that.
change() {
    local what=$1
    shift
    random_file 100000 "$scratch/value"
    touch -d '2001-01-01' "$scratch/value"
    "$MMSYNC" write "$region" "$scratch/value" --lock-wait forever >"$scratch/second.line" 2>"$scratch/second.err" 9>&- &
    second=$!
    until_true has_open "$second" "$scratch/value"
    "$@"
    [[ -z ${writer:-} ]] || finish_writer
    wait "$second"
    same "status after the file $what" 1 $?
    like "after the file $what" 'mmsync: .*value changed while it was read; nothing was published' "$(<"$scratch/second.err")"
    same "output after the file $what" "" "$(<"$scratch/second.line")"
}
finish_writer() {
    exec 9>&-
    wait "$writer"
    same "status of the first writer" 0 $?
    writer=
}
change "grew" eval 'echo more >>"$scratch/value"'
same "generation" 1 "$(generation)"
for way in shrank "changed in place" "became empty"; do
    start_writer
    case $way in
        shrank) change "$way" truncate -s 50000 "$scratch/value" ;;
        "changed in place") change "$way" eval 'printf x | dd of="$scratch/value" conv=notrunc status=none' ;;
        "became empty") change "$way" truncate -s 0 "$scratch/value" ;;
    esac
done
same "size after all" 3000000 "$("$MMSYNC" read "$region" | wc -c)"
finish
