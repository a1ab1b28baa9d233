# SPDX-License-Identifier: Apache-2.0
# Durable regions: `--durable`, what `stat` and the exporter say of them, and `recover` after a reboot, which a changed boot id
# stands for.
. "$(dirname "$0")/support.bash"

[[ $(stat -f -c %T "$scratch") != tmpfs ]] || { echo "skipped: $scratch is on tmpfs"; exit 77; }

refuses 1 "no region at" "$MMSYNC" recover "$region"
shm_names+=("mmsync-durable-$$")
refuses 1 "tmpfs" "$MMSYNC" write "mmsync-durable-$$" --durable -- echo value
check "no region was made there" test ! -e "/dev/shm/mmsync-durable-$$"

succeeds "$MMSYNC" write "$region" -- echo first
refuses 1 "is not durable" "$MMSYNC" recover "$region"
like "stat of one that is not" '.*durable +no'$'\n''.*' "$("$MMSYNC" stat "$region")"
refuses 1 "is not durable, and --durable was asked for" "$MMSYNC" write "$region" --durable -- echo second
refuses 1 "needs --max-slots of 5 or more" "$MMSYNC" write "$region" --durable --replace --max-slots 4 -- echo second
same "the value" first "$("$MMSYNC" read "$region")"
succeeds "$MMSYNC" write "$region" --durable --replace -- echo second
succeeds "$MMSYNC" write "$region" -- echo third
newest=$(generation)
like "stat" '.*durable +generation '"$newest"$'\n''.*' "$("$MMSYNC" stat "$region")"
succeeds "$MMSYNC" stat --json "$region"
like "stat --json" '.*"durable": true,.*"durable_generation": '"$newest"',.*' "${out//$'\n'/ }"
succeeds "$MMSYNC" recover "$region"
like "nothing to recover" "generation=$newest size=6 slot=[0-9]+" "$out"
succeeds "$MMSYNC" recover -j "$region"
like "the same in JSON" ".*\"generation\": $newest, .*\"recovered\": false.*" "$out"

rebooted
refuses 1 "mmsync recover" "$MMSYNC" read "$region"
succeeds "$MMSYNC" recover "$region"
like "what is recovered" 'generation=[0-9]+ size=6 slot=[0-9]+' "$out"
same "the value after a reboot" third "$("$MMSYNC" read "$region")"
check "a higher generation" test "$(generation)" -gt "$newest"
succeeds "$MMSYNC" verify "$region"
succeeds "$MMSYNC" exporter --textfile "$scratch/metrics" "$scratch"
check "the exporter has it" grep -q "^mmsync_durable_generation{.*} " "$scratch/metrics"

rebooted
succeeds "$MMSYNC" recover --json "$region"
like "what is recovered, in JSON" '.*"size": 6, .*"recovered": true.*' "$out"

# A writer that started at the same time was faster: it has the lock for long, and the value is back.
waits_for_lock() {
    local switches
    switches=$(sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$1/status" 2>/dev/null)
    ((${switches:-51} > 50)) # it has ended if there is no number
}
mkfifo "$scratch/fifo"
"$MMSYNC" write "$region" -- sh -c 'echo started >"$0/started"; cat "$0/fifo"' "$scratch" >/dev/null &
writer=$!
until_true test -s "$scratch/started"
dd if="$region/control" bs=1 skip=384 count=8 of="$scratch/boot" status=none
rebooted
"$MMSYNC" recover "$region" --lock-wait forever --json >"$scratch/recovered" &
recovery=$!
until_true waits_for_lock "$recovery"
dd if="$scratch/boot" bs=1 seek=384 of="$region/control" conv=notrunc status=none
wait "$recovery"
same "status of a recovery that was late" 0 $?
like "what it says" '.*"size": 6, .*' "$(<"$scratch/recovered")"
echo third >"$scratch/fifo"
wait "$writer"
same "status of the writer" 0 $?

rebooted
succeeds "$MMSYNC" write "$region" -- echo fourth
same "a publish after a reboot" fourth "$("$MMSYNC" read "$region")"

# The disk has lost a part of the newest value.
succeeds "$MMSYNC" write "$region" --checksum -- echo fifth
succeeds "$MMSYNC" write "$region" --checksum -- echo sixth
lost=$(generation)
stride=$(($(stat -c %s "$region/data") / 128))
printf 'x' | dd of="$region/data" bs=1 seek=$((${out##*slot=} * stride)) conv=notrunc status=none
rebooted
run "$MMSYNC" recover "$region"
same "status of recover" 0 "$status"
like "that it is the one before" "mmsync: the disk has lost a part of generation $lost of .*" "$err"
same "the value before" fifth "$("$MMSYNC" read "$region")"
succeeds "$MMSYNC" recover --json "$region"
like "it is told once" '.*"lost": null.*' "$out"
like "stat goes on telling" '.*lost +generation '"$lost"',.*' "$("$MMSYNC" stat "$region")"
succeeds "$MMSYNC" exporter --textfile "$scratch/metrics" "$scratch"
check "so does the exporter" grep -q "^mmsync_durable_lost_generation{.*} [1-9]" "$scratch/metrics"

# Nothing whole is left.
printf 'x' | dd of="$region/durable" bs=1 seek=5000 conv=notrunc status=none
printf 'x' | dd of="$region/durable" bs=1 seek=9000 conv=notrunc status=none
run "$MMSYNC" verify "$region"
same "status of verify" 1 "$status"
like "what verify finds" "durable: neither .*" "$out"
rebooted
refuses 1 "MMS_E_CORRUPT" "$MMSYNC" recover "$region"
succeeds "$MMSYNC" rm "$region"
finish
