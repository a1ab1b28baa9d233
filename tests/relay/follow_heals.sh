# SPDX-License-Identifier: Apache-2.0
# `mmsync follow` repairs what is damaged in its region, and fetches no more than it must; it gets over
# what is lost, repeated or out of order at the server, and over everything that was done to the
# region while it was down.
# ctest: released waits
. "$(dirname "$0")/follow.bash"
flip=$helpers/flip tamper=$helpers/tamper
nats_start one

# number_in EVENT TEXT KEY: of the follower's last such event
number_in() {
    grep "\"event\":\"$1\"" "$follow_out" | grep -- "$2" | tail -n 1 | grep -oE "\"$3\":[0-9]+" | grep -oE '[0-9]+$'
}
chunks_of() { # REASON
    grep '"event":"rebuild"' "$follow_out" | grep "\"reason\":\"$1\"" | tail -n 1 | grep -oE '"chunks":\[[0-9,]*\]'
}
has_rebuilt() { # REASON TIMES
    (($(count_events rebuild "\"reason\":\"$1\"") >= $2))
}

random_file 5000000 "$scratch/value"
write_value "$scratch/value" --max-size 16M
start_push

# ---- A bit flips, and nobody changes anything ----

start_follow --scrub 1G
check_followed "the value"
for round in 1 2 3; do
    "$flip" "$target" 3000000
    until_true has_rebuilt damage $round
    check_followed "a bit that had flipped, found while idle ($round)"
done
# One of the slots had the right byte still, or chunk 5 was fetched, and nothing else.
like "what was fetched" '"chunks":\[5?\]' "$(chunks_of damage)"
stop_follow

# ---- A bit flips where something else changes: in every slot that may be the next ----

start_follow --scrub 0
check_followed "again"
same "nothing was fetched at the start" 0 "$(count_events rebuild)"
for round in {1..6}; do
    "$flip" "$target" 1048600
    printf '%s' "$round" | "$MMSYNC" write "$region" --at 1048580 >/dev/null
    check_followed "a bit that had flipped in a block that changes ($round)"
done
check "it was found" has_rebuilt damage 1
like "what was fetched" '"chunks":\[2\]' "$(chunks_of damage)"
stop_follow

# ---- While the follower is down ----

"$flip" "$target" 100
start_follow
check_followed "a bit that had flipped while it was down"
same "chunks" '"chunks":[0,2]' "$(chunks_of start)"
stop_follow
printf 'somebody wrote here' | "$MMSYNC" write "$target" --at 1600000 >/dev/null
printf 'x' | "$MMSYNC" write "$region" --at 4500000 >/dev/null
start_follow
check_followed "changed by somebody else"
stop_follow
printf 'another value' | "$MMSYNC" write "$target" >/dev/null
start_follow
check_followed "replaced by somebody else"
stop_follow
"$MMSYNC" rm "$target"
start_follow
check_followed "removed by somebody"
stop_follow
rm -r "$target.source"
refuses 1 "came from elsewhere; give another REGION, or --overwrite" \
    "$MMSYNC" follow "$nats_url" "$name" "$target" --once
run "$MMSYNC" follow "$nats_url" "$name" "$target" --once --overwrite
same "--overwrite" 0 "$status"

# ---- Messages that are lost, repeated or out of order in the log ----

# A generation of many parts: leaves their sequences in $parts. A pusher that begins anew just then, as a follower has asked for
# that, sends no parts.
write_parts() {
    parts=()
    while ((${#parts[@]} < 4)); do
        random_file 3000000 "$scratch/parts"
        write_value "$scratch/parts" --at 1000000
        await_push
        mapfile -t parts < <("$tamper" "$nats_url" "$name" list |
            awk -v g="$(generation)" '$2 == "change" && $3 == g { print $1 }')
    done
}
has_pushed() {
    grep -q "\"generation\":$(generation)," "$push_out"
}
await_push() {
    until_true has_pushed
}

for lost in 0 1 last; do
    write_parts
    [[ $lost == last ]] && lost=$((${#parts[@]} - 1))
    "$tamper" "$nats_url" "$name" delete "${parts[lost]}"
    start_follow
    check_followed "part $lost was lost"
    stop_follow
done

write_parts
for part in "${parts[@]}"; do
    "$tamper" "$nats_url" "$name" append "$part"
done
start_follow
check_followed "all parts came twice"
stop_follow

write_parts
for ((i = ${#parts[@]} - 1; i >= 0; i--)); do
    "$tamper" "$nats_url" "$name" append "${parts[i]}"
    "$tamper" "$nats_url" "$name" delete "${parts[i]}"
done
start_follow
check_followed "all parts came in the reverse order"
"$tamper" "$nats_url" "$name" garbage
printf 'after the garbage' | "$MMSYNC" write "$region" --at 5 >/dev/null
check_followed "garbage in the log"
"$tamper" "$nats_url" "$name" append "$("$tamper" "$nats_url" "$name" list | awk '$2 == "base" { print $1; exit }')"
printf 'after the old base' | "$MMSYNC" write "$region" --at 50 >/dev/null
check_followed "an older base again"

# ---- Chunks that are lost, streams that are ----

stop_follow
"$MMSYNC" rm "$target" "$target.source"
"$tamper" "$nats_url" "$name" chunk 3
start_follow
check_followed "a chunk was lost in the store"
stop_follow
"$MMSYNC" rm "$target" "$target.source"
"$tamper" "$nats_url" "$name" spoil 3
start_follow
check_followed "a chunk was damaged in the store"
"$tamper" "$nats_url" "$name" drop
printf 'after the streams were gone' | "$MMSYNC" write "$region" --at 500 >/dev/null
check_followed "both streams were deleted"

# ---- A newer version ----

"$tamper" "$nats_url" "$name" newer
wait "$follow_pid"
same "status" 1 $?
like "what it says" ".*made by a newer mmsync; upgrade this one" "$(tail -n 1 "$follow_err")"
finish
