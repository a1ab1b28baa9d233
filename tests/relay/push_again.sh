# SPDX-License-Identifier: Apache-2.0
# A pusher that is started when the one before it is still connected, and silent, waits for that one to
# end, says so, and begins then. It does not wait for ever.
# ctest: released waits
. "$(dirname "$0")/push.bash"
nats_start one
printf 'value' | "$MMSYNC" write "$region" >/dev/null

start_push
await_push
silent=$push_pid
kill -STOP "$silent" # as if its host were cut off
start_push
until_true grep -q "does not answer; waiting" "$push_err"
same "it waits" "" "$(<"$push_out")"
kill -KILL "$silent"
wait "$silent" 2>/dev/null
await_push
same "what it said" 1 "$(wc -l <"$push_err")"
stop_push

# One after the other, without a pause.
for _ in {1..5}; do
    start_push
    await_push
    kill -TERM "$push_pid"
    before=$push_pid
    start_push
    await_push
    wait "$before"
    same "exit status of the one that was ended" 0 $?
    stop_push
done

start_push
await_push
kill -STOP "$push_pid"
silent=$push_pid
start_push
ends_with 1
like "what it says at last" ".*still does not answer; end it, or give --take-over" "$(tail -n 1 "$push_err")"
start_push --take-over
await_push
stop_push
kill -KILL "$silent"
finish
