# SPDX-License-Identifier: Apache-2.0
# `watch` prints one line for each generation.
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

# A line is held back until the interval has passed since the one before it.
uptime() { # in 1/100 s
    local seconds
    read -r seconds _ </proc/uptime
    echo "${seconds/./}"
}
start=$(uptime)
"$MMSYNC" watch "$region" --interval 500 -n 2 >"$scratch/early" 2>"$scratch/err" &
watcher=$!
until_true grep -q generation= "$scratch/early"
echo held back | "$MMSYNC" write "$region" >/dev/null
wait "$watcher"
same "status of watch --interval" 0 $?
check "the interval has passed" test $(($(uptime) - start)) -ge 49
"$MMSYNC" watch "$region" --interval 2000000000 >"$scratch/early" 2>"$scratch/err" &
watcher=$!
until_true grep -q generation= "$scratch/early"
echo never shown | "$MMSYNC" write "$region" >/dev/null
rm -r "$region"
wait "$watcher"
same "status of watch that holds a line back" 1 $?
like "watch that holds a line back" 'mmsync: .* was removed' "$(<"$scratch/err")"
same "no line comes early" 1 "$(wc -l <"$scratch/early")"

# If the region is removed, by name or by force, or replaced, it says so.
for way in rm "rm -r" replaced; do
    [[ -e $region ]] || echo new | "$MMSYNC" write "$region" >/dev/null
    rm "$scratch/lines" # or the old one would be read before there is a new one
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
"$MMSYNC" watch "$region" --count 1 --changes >"$scratch/lines" 2>"$scratch/err" 9>&- & # which opens a reader
watcher=$!
until_true eval '"$MMSYNC" stat "$region" | grep -q " $watcher "'
same "before the first value" "" "$(<"$scratch/lines")"
echo first >&9
exec 9>&-
wait "$watcher"
same "status of watch" 0 $?
like "the first value" "generation=[0-9]+ size=6 time=$when changed=all" "$(<"$scratch/lines")"

# Nobody reads the output any more: quiet, and at once, with nothing published. First where the
# process can be woken, then where it has to look.
for way in waits looks; do
    [[ $way == waits ]] || chmod a-w "$region/readers"
    as=()
    if [[ $way == looks ]] && ((EUID == 0)); then
        chmod 755 "$scratch"
        chmod -R a+rX "$region"
        as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
        "${as[@]}" "$MMSYNC" --version >/dev/null 2>&1 || continue
    fi
    {
        "${as[@]}" "$MMSYNC" watch "$region" 2>"$scratch/err"
        echo $? >"$scratch/status"
    } | head -n 1 >"$scratch/line"
    like "the line that is wanted ($way)" "generation=.*" "$(<"$scratch/line")"
    same "status after a broken pipe ($way)" 1 "$(<"$scratch/status")"
    same "standard error after a broken pipe ($way)" "" "$(<"$scratch/err")"
done

# The reason is given if the disk is full, although the line was flushed long before the end.
for command in "watch -n 1 $region" "bridge -n 1 --from mmsync $region $scratch/prefix"; do
    # shellcheck disable=SC2086
    "$MMSYNC" $command >/dev/full 2>"$scratch/err"
    same "status of mmsync $command to a full device" 1 $?
    like "mmsync $command to a full device" 'mmsync: cannot write to standard output: No space[^:]*' "$(<"$scratch/err")"
done

succeeds "$MMSYNC" watch "$region" --json --changes -n 1
like "as JSON" '\{"generation":[0-9]+,"size":[0-9]+,"publish_time_ns":[0-9]+,"changed":null\}' "$out"
refuses 2 "--json and --keys exclude each other" "$MMSYNC" watch "$region" --json --keys
finish
