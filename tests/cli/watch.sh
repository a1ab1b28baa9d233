# SPDX-License-Identifier: Apache-2.0
# One line for each generation.
. "$(dirname "$0")/support.bash"

when='20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z'
refuses 1 "$region" "$MMSYNC" watch "$region"

echo one | "$MMSYNC" write "$region" >/dev/null
succeeds "$MMSYNC" watch "$region" --count 1
like "the first line" "generation=1 size=4 time=$when" "$out"
run "$MMSYNC" watch "$region" --timeout 20
same "status after a time-out" 1 "$status"
like "before a time-out" "generation=1 size=4 time=$when" "$out"
like "a time-out" 'mmsync: nothing new in .* for 20 ms' "$err"

# Lines come at once, through a pipe too.
"$MMSYNC" watch "$region" -n 4 >"$scratch/lines" 2>"$scratch/err" &
watcher=$!
for size in 10 20 30; do
    until_true eval '(($(wc -l <"$scratch/lines") * 10 == size))'
    head -c $size /dev/zero | "$MMSYNC" write "$region" >/dev/null
done
wait "$watcher"
same "status of watch" 0 $?
same "the sizes" "size=4 size=10 size=20 size=30" "$(cut -d' ' -f2 "$scratch/lines" | paste -sd' ')"
check "the generations grow" sort -C -u -t= -k2n "$scratch/lines"

# Removed, by name or by force, or replaced: it says so, whatever it waits for.
for way in rm "rm -r" replaced; do
    [[ -e $region ]] || echo new | "$MMSYNC" write "$region" >/dev/null
    rm "$scratch/lines" # or the old one is looked at before the new one is made
    "$MMSYNC" watch "$region" >"$scratch/lines" 2>"$scratch/err" &
    watcher=$!
    until_true grep -q generation= "$scratch/lines"
    case $way in
        rm) succeeds "$MMSYNC" rm "$region" ;;
        "rm -r") rm -r "$region" ;;
        replaced) succeeds "$MMSYNC" write "$region" /dev/null --max-slots 3 --replace ;;
    esac
    wait "$watcher"
    same "status of watch after $way" 1 $?
    like "watch after $way" 'mmsync: .* was removed' "$(<"$scratch/err")"
done

# Before the first value there is nothing to print.
rm -r "$region"
mkfifo "$scratch/fifo"
"$MMSYNC" write "$region" <"$scratch/fifo" >/dev/null &
exec 9>"$scratch/fifo"
until_true test -e "$region/control"
"$MMSYNC" watch "$region" --count 1 >"$scratch/lines" 2>"$scratch/err" 9>&- &
watcher=$!
until_true eval '"$MMSYNC" stat "$region" | grep -q " $watcher "'
same "before the first value" "" "$(<"$scratch/lines")"
echo first >&9
exec 9>&-
wait "$watcher"
same "status of watch" 0 $?
like "the first value" "generation=[0-9]+ size=6 time=$when" "$(<"$scratch/lines")"

# Nobody who reads: quiet.
{
    "$MMSYNC" watch "$region" 2>"$scratch/err"
    echo $? >"$scratch/status"
} | read -r _ &
until_true eval '[[ $("$MMSYNC" stat "$region" | grep -c " yes ") == 1 ]]'
until_true eval 'echo more | "$MMSYNC" write "$region" >/dev/null; test -s "$scratch/status"'
same "status after a broken pipe" 1 "$(<"$scratch/status")"
same "standard error after a broken pipe" "" "$(<"$scratch/err")"
finish
