# SPDX-License-Identifier: Apache-2.0
# The progress bar appears on a terminal, for large values, and is gone at the end.
. "$(dirname "$0")/support.bash"
command -v script >/dev/null || skip "script(1), which makes a terminal, is not installed"

[[ $(script -qec 'test -t 1 && echo terminal' /dev/null </dev/null 2>/dev/null) == terminal* ]] ||
    skip "script(1) gets no terminal here (is /dev/pts there?)"

# A stream that goes on until the bar appears, after 64 MiB and a tenth of a second.
mkfifo "$scratch/fifo"
script -qefc "exec '$MMSYNC' write '$region' <'$scratch/fifo' >'$scratch/line'" /dev/null >"$scratch/screen" </dev/null &
exec 9>"$scratch/fifo"
for ((sent = 0; sent < 4000; sent++)); do
    head -c 1M /dev/zero >&9
    grep -q writing "$scratch/screen" && break
done
exec 9>&-
wait
like "the bar of a stream" '.*writing [0-9.]+ [MG]iB  [0-9.]+ [KMG]iB/s.*' "$(tr '\r' ' ' <"$scratch/screen")"
same "the end of the bar" $'\r\033[K' "$(tail -c 4 "$scratch/screen")"
like "the result" 'generation=1 size=[0-9]+ slot=[0-9]+' "$(<"$scratch/line")"

# For a value of known size there is a real bar. Its reader is slow until that appears.
script -qefc "exec '$MMSYNC' read '$region' >'$scratch/fifo'" /dev/null >"$scratch/screen" </dev/null &
exec 8<"$scratch/fifo"
until grep -q reading "$scratch/screen" || ! [[ $(head -c 64K <&8 | wc -c) -gt 0 ]]; do
    :
done
cat <&8 >/dev/null
exec 8<&-
wait
like "the bar of a value" '.*reading \[[#-]+\] +[0-9]+ %  [0-9.]+ [KMG]iB of [0-9.]+ [MG]iB  [0-9.]+ [KMG]iB/s.*' \
    "$(tr '\r' ' ' <"$scratch/screen")"
same "the end of the bar" $'\r\033[K' "$(tail -c 4 "$scratch/screen")"

# Not on a terminal: not a byte, however long it takes.
{
    head -c 70M /dev/zero
    sleep 0.2
    head -c 1M /dev/zero
} | "$MMSYNC" write "$region" >/dev/null 2>"$scratch/err"
same "standard error that is no terminal" "" "$(<"$scratch/err")"
succeeds "$MMSYNC" read "$region" -o /dev/null
succeeds "$MMSYNC" read "$region" -o "$scratch/copy"
succeeds "$MMSYNC" write "$region" "$scratch/copy"
finish
