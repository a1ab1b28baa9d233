# SPDX-License-Identifier: Apache-2.0
# `mmsync push` goes on when the server is killed and started again in the middle of its work, and
# when the pusher itself is killed: what is at the server is the value again, without help.
# ctest: released
. "$(dirname "$0")/push.bash"
nats_start one
random_file 5000000 "$scratch/value"
write_value "$scratch/value"
start_push --log 1M
await_push

# As fast as they come, until the file `stop` is there.
write_on() {
    local i
    for ((i = 0; ; i++)); do
        head -c $((RANDOM * 4)) /dev/urandom >"$scratch/piece"
        "$MMSYNC" write "$region" "$scratch/piece" --at $((RANDOM * 140)) >/dev/null
        [[ ! -e $scratch/stop ]] || return 0
    done
}

for round in 1 2 3; do
    rm -f "$scratch/stop"
    write_on &
    writer=$!
    before=$(generation)
    moved() {
        local now
        now=$(last_generation)
        ((now > before + 3))
    }
    until_true moved
    nats_kill one
    before=$(generation)
    written() {
        (($(generation) > before + 3))
    }
    until_true written
    nats_start one
    touch "$scratch/stop"
    wait "$writer"
    await_push
    check_pushed "the server was killed, round $round"
done

# Nothing is wrong with the pusher if the server is away for long.
nats_kill one
write_value <(printf 'while it was away') --at 77
until_true grep -q "trying again" "$push_err"
nats_start one
await_push
check_pushed "the server was away"
until_true grep -q "going on" "$push_err"

for round in 1 2 3; do
    rm -f "$scratch/stop"
    write_on &
    writer=$!
    before=$(generation)
    until_true moved
    kill -KILL "$push_pid"
    wait "$push_pid" 2>/dev/null
    touch "$scratch/stop"
    wait "$writer"
    start_push --log 1M
    await_push
    check_pushed "the pusher was killed, round $round"
done

# A signal ends it even if the server hangs, and takes nothing.
kill -STOP "${nats_pid[one]}"
write_value "$scratch/value"
stop_push
kill -CONT "${nats_pid[one]}"
start_push --log 1M
await_push
check_pushed "a signal came while the server hung"

# A server that lost everything gets everything again.
nats_kill one
rm -rf "$scratch/nats/one/jetstream"
nats_start one
write_value <(printf 'after the loss') --at 5
await_push
check_pushed "the server lost its directory"
stop_push
finish
