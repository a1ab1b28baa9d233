# SPDX-License-Identifier: Apache-2.0
# Readers that may not write the reader table.
. "$(dirname "$0")/support.bash"

random_file 2000000 "$scratch/value"
succeeds "$MMSYNC" write "$region" "$scratch/value" --mode 0644 --readers-mode 0600
chmod 755 "$scratch"
other=()
if ((EUID == 0)); then
    command -v setpriv >/dev/null || skip "root needs setpriv to become somebody else"
    other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    "${other[@]}" test -x "$MMSYNC" || skip "another user cannot run $MMSYNC"
    "${other[@]}" "$MMSYNC" --version >/dev/null 2>&1 || skip "another user cannot run $MMSYNC"
else
    chmod 444 "$region/readers"
fi
before=$(cksum <"$region/readers")

succeeds "${other[@]}" "$MMSYNC" read "$region"
"${other[@]}" "$MMSYNC" read "$region" | cmp - "$scratch/value" || complain "a read by a copy"
succeeds "${other[@]}" "$MMSYNC" stat "$region"
like "stat without rights" '.*generation +1.*' "$out"
if ((EUID == 0)); then
    like "stat without rights" '.*readers +not known: no right.*' "$out"
    succeeds "${other[@]}" "$MMSYNC" stat "$region" --json
    like "stat --json without rights" '.*"readers": null.*' "$out"
fi

# A watch that cannot hold a value, and says that it cannot know what has changed.
"${other[@]}" "$MMSYNC" watch "$region" --count 2 --changes >"$scratch/lines" 2>"$scratch/err" &
watcher=$!
until_true grep -q generation=1 "$scratch/lines"
like "the note" 'mmsync: .*no right to write the reader table, or to lock it; every line ends with changed=all' \
    "$(<"$scratch/err")"
chmod 600 "$region/readers"
same "the reader table is as it was" "$before" "$(cksum <"$region/readers")"
echo new | "$MMSYNC" write "$region" >/dev/null || complain "a second value"
wait "$watcher"
same "status of watch" 0 $?
like "the second line" 'generation=2 size=4 time=.* changed=all' "$(tail -n 1 "$scratch/lines")"

rm "$scratch/lines"
"${other[@]}" "$MMSYNC" watch "$region" >"$scratch/lines" 2>"$scratch/err" &
watcher=$!
until_true grep -q generation=2 "$scratch/lines"
succeeds "$MMSYNC" rm "$region"
wait "$watcher"
same "status of watch after rm" 1 $?
like "watch after rm" 'mmsync: .* was removed' "$(<"$scratch/err")"
finish
