# SPDX-License-Identifier: Apache-2.0
# `mmsync push` keeps the log short: chunks that changed are stored anew, and what comes before is
# thrown away, while a new follower can always begin.
# ctest: released
. "$(dirname "$0")/push.bash"
nats_start one
random_file 6000000 "$scratch/value"
write_value "$scratch/value"
start_push --log 300K
await_push
for i in {1..60}; do
    write_value <(head -c 40000 /dev/urandom) --at $((RANDOM * 180))
    ((i % 20)) && continue
    await_push
    check_pushed "after $i changes"
done
# The pusher says what it has appended, and only then stores chunks and throws away.
is_log_short() {
    (($(stream_state log bytes) < $1 && $(stream_state log first_seq) > 1))
}
until_true is_log_short 1000000
check_pushed "when the log is short again"
same "messages of the chunk store" 13 "$(stream_state value messages)"

# Each of these is a generation of its own, or they are merged; each changes everything.
for _ in 1 2 3; do
    random_file 6000000 "$scratch/value"
    write_value "$scratch/value"
    await_push
done
until_true is_log_short 7000000
check_pushed "whole values"

# The chunks are stored in time even if the value is idle.
stop_push
start_push --log 100M
await_push
before=$(stream_state value last_seq)
for i in {1..30}; do
    write_value <(head -c 40000 /dev/urandom) --at $((i * 1000))
done
await_push
stored_more() {
    (($(stream_state value last_seq) > before))
}
until_true stored_more
check_pushed "after a while without changes"
stop_push
finish
