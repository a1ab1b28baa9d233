# SPDX-License-Identifier: Apache-2.0
# A follower that is killed again and again, at any moment: all that its readers ever see are values
# that were published, in their order, and the next follower goes on.
. "$(dirname "$0")/follow.bash"
nats_start one
rounds=${FLEET_ROUNDS:-60}

"$helpers/fleet_writer" "$region" 3000000 0 3000 "${FLEET_SEED:-$RANDOM}" >"$scratch/published" &
writer=$!
start_push
start_follow
until_true "$MMSYNC" stat "$target"
"$helpers/fleet_reader" "$target" >"$scratch/seen" &
reader=$!

for ((round = 0; round < rounds; round++)); do
    if ((round % 5 == 0)); then # let it get somewhere, however slow this machine is
        until_true grep -q '"event":"generation"' "$follow_out"
    fi
    sleep 0.0$((RANDOM % 10))$((RANDOM % 10)) # the moment of its death
    end_process "$follow_pid" KILL
    start_follow
done
end_process "$writer" TERM
check_followed "after $rounds kills"
end_process "$reader" TERM
same "status of the reader" 0 $?
check_shown "$scratch/published" "$scratch/seen"
echo "$(<"$scratch/shown"), $(wc -l <"$scratch/published") published, $rounds kills"
check "many were seen" test "$(wc -l <"$scratch/seen")" -gt $((rounds / 10))
finish
