# SPDX-License-Identifier: Apache-2.0
# A follower gets over a server that is killed, a pusher that is killed in the middle of a generation,
# and a log that was trimmed while it slept; its readers see published values in their order.
. "$(dirname "$0")/follow.bash"
nats_start one
rounds=${FLEET_ROUNDS:-3}

"$helpers/fleet_writer" "$region" 3000000 0 2000 "${FLEET_SEED:-$RANDOM}" >"$scratch/published" &
writer=$!
start_push --log 2M
start_follow
until_true "$MMSYNC" stat "$target"
"$helpers/fleet_reader" "$target" >"$scratch/seen" &
reader=$!

# The follower shows something that was published after this was called.
shows_more() {
    (($(source_generation) > before))
}
await_more() {
    before=$(generation)
    until_true shows_more
}

# The log begins behind what the follower has.
is_trimmed() {
    local has
    has=$("$MMSYNC" read "$target.source" | grep -oE '"sequence":[0-9]+' | grep -oE '[0-9]+')
    (($(stream_state log first_seq) > has + 1))
}

for ((round = 0; round < rounds; round++)); do
    nats_kill one
    nats_start one
    await_more

    end_process "$push_pid" KILL
    start_push --log 2M --take-over
    await_more

    kill -STOP "$follow_pid"
    until_true is_trimmed
    kill -CONT "$follow_pid"
    await_more
done
check "it has slept over a part of the log" test "$(count_events rebuild)" -gt 1

end_process "$writer" TERM
check_followed "after $rounds rounds"
end_process "$reader" TERM
check_shown "$scratch/published" "$scratch/seen"
echo "$(<"$scratch/shown"), $(wc -l <"$scratch/published") published"
check "nothing of it is an error of the server" test -z "$(grep -v "trying again\|going on\|event" "$push_out")"
finish
