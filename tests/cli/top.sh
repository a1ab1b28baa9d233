# SPDX-License-Identifier: Apache-2.0
# `top` shows regions, their rates and their readers, on a screen that goes by keys, and as lines.
. "$(dirname "$0")/support.bash"

home=$(realpath "$scratch")/home
mkdir "$home"
run "$MMSYNC" top --batch --count 1 "$home"
[[ $err != *"was built without"* ]] || { skip "$err"; finish; }
same "no regions" "0 " "$status $out"

for name in first second third; do
    printf '%s' "$name" >"$scratch/value"
    succeeds "$MMSYNC" write "$home/$name" "$scratch/value" --max-size 1M
done
succeeds "$MMSYNC" write "mmap-sync:$home/crate" "$scratch/value"
succeeds "$MMSYNC" write "$home/damaged" "$scratch/value" --max-size 1M
head -c 64 /dev/urandom | dd of="$home/damaged/control" bs=1 seek=16 conv=notrunc 2>/dev/null

# ---- Lines ----

while "$MMSYNC" write "$home/second" "$scratch/value"; do :; done >/dev/null &
writer=$!
run "$MMSYNC" top --batch --count 2 --interval 300ms --sort rate "$home"
kill "$writer"
wait "$writer" 2>/dev/null
same "status" 0 "$status"
like "a region" 'first generation=1 size=5 readers=0 dead=0 memory=[0-9]+' "$(grep -m1 '^first' <<<"$out")"
like "with a rate in the second round" 'second generation=[0-9]+ rate=[0-9]*[1-9][0-9.]* .*' "$(grep '^second' <<<"$out" | tail -n 1)"
like "sorted by that" 'second .*' "$(sed -n '/^$/,$p' <<<"$out" | sed -n 2p)"
like "files of mmap-sync" "mmap-sync:$home/crate generation=[0-9]+ size=5 .*" "$(grep -m1 '^mmap-sync' <<<"$out")"
like "a damaged region says why" "\\? damaged .*" "$(grep -m1 '^?' <<<"$out")"
same "an empty line between rounds" 1 "$(grep -c '^$' <<<"$out")"

while "$MMSYNC" write "$home/second" "$scratch/value"; do :; done >/dev/null &
writer=$!
succeeds "$MMSYNC" top --batch --json --count 4 --interval 300ms "$home"
command -v python3 >/dev/null && check "the rates are those of the generations" rates_agree "$(grep '/second"' <<<"$out")"
kill "$writer"
wait "$writer" 2>/dev/null
refuses 2 "this is no terminal; use --batch" "$MMSYNC" top "$home"
refuses 2 "--sort nonsense: not one of" "$MMSYNC" top --batch --sort nonsense "$home"
refuses 2 "--interval 1ms: not between 100ms and 60s" "$MMSYNC" top --batch --interval 1ms "$home"
refuses 2 "--count is for --batch" "$MMSYNC" top --count 3 "$home"
refuses 1 "cannot list $scratch/absent" "$MMSYNC" top --batch --count 1 "$scratch/absent"

# ---- A screen ----

terminal() { # STEP... -- OPTION...: leaves $status and $out
    local steps=()
    while [[ $1 != -- ]]; do
        steps+=("$1")
        shift
    done
    run python3 "$source_dir/tests/cli/terminal.py" 24 120 "${steps[@]}" -- "$MMSYNC" top "${@:2}" --interval 200ms "$home"
}

"$MMSYNC" watch --changes "$home/first" >"$scratch/lines" &
until_true grep -q generation "$scratch/lines"
terminal wait:REGION wait:first quiet:1.5 keys:q --
same "quits by q" 0 "$status"
check "the terminal is as before" grep -qF $'\e[?1049l' <<<"$out"
check "without flicker: what did not change is not drawn again" \
    test "$(sed -n 's/^bytes: //p' <<<"$out")" -lt 1500
terminal wait:damaged "keys:?" "wait:look into a region" "keys:?" wait:REGION 'keys:/' 'keys:thi\n' wait:third \
    keys:q --
same "help, and a filter" 0 "$status"
terminal wait:damaged 'keys:/' 'keys:first\n' wait:first 'keys:\n' "wait:$home/first" 'wait:PID' "wait:mmsync" \
    'keys:\x7f' wait:REGION keys:q --
same "readers with names" 0 "$status"
terminal wait:damaged size:8:60 'keys:>' 'keys:jjjkr ' wait:PAUSED 'keys:+-' keys:q --
same "small, sorted, paused" 0 "$status"
run env TERM=nonsense python3 -c 'import os, pty, sys
os.environ["TERM"] = "nonsense"
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$MMSYNC" top "$home"
same "an unknown terminal" 1 "$status"
like "says so" ".*TERM=nonsense.*use --batch.*" "$(tr -d '\r\n' <<<"$out")"
kill %%
finish
