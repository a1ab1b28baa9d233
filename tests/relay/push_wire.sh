# SPDX-License-Identifier: Apache-2.0
# What `mmsync push` sends: hardly more than what changed, and after a restart only the chunks that
# differ. The server counts the bytes.
. "$(dirname "$0")/push.bash"
nats_start one

# All that clients have sent, with the questions that they asked.
bytes_received() {
    nats_ask one /varz | sed -n 's/.*"in_bytes": *\([0-9]*\).*/\1/p'
}

# costs_at_most BYTES CHANGED WHAT: since $before
costs_at_most() {
    local sent=$(($(bytes_received) - before))
    ((sent <= $2 * 11 / 10 + 65536)) || complain "$3: $2 bytes changed, and $sent were sent"
    ((sent >= $1)) || complain "$3: only $sent bytes were sent; the test does not see what is sent"
}

random_file 8000000 "$scratch/value"
write_value "$scratch/value"
start_push
await_push
before=$(bytes_received)
for i in {1..40}; do
    write_value <(head -c 30 /dev/urandom) --at $((i * 190000))
done
await_push
costs_at_most 1200 1200 "small changes"

before=$(bytes_received)
for i in {1..10}; do
    write_value <(head -c 200000 /dev/urandom) --at $((i * 700001))
done
await_push
costs_at_most 2000000 2000000 "large changes"
check_pushed "many changes"

# What can be packed is; after so much that could not, that is tried only now and then.
write_value <(yes 'a line' | head -c 8000000) --at 0
await_push
before=$(bytes_received)
write_value <(yes 'the same line again' | head -c 4000000) --at 100
await_push
sent=$(($(bytes_received) - before))
((sent < 400000)) || complain "4000000 bytes that repeat were sent as $sent"
check_pushed "bytes that repeat"
stop_push

# ---- A restart ----

"$MMSYNC" read "$region" -o "$scratch/value"
start_push --once
ends_with 0
start_push --once
ends_with 0
same "chunks stored when nothing has changed" 0 "$(number_in_event base chunks)"
write_value <(printf x) --at 600000
write_value <(printf x) --at 7000000
before=$(bytes_received)
start_push --once
ends_with 0
same "chunks stored when two have changed" 2 "$(number_in_event base chunks)"
sent=$(($(bytes_received) - before))
((sent < 2 * 524288 + 65536)) || complain "two chunks were sent as $sent bytes"
check_pushed "after a restart"

# A value that became shorter meanwhile: what is past its end goes.
head -c 1000000 "$scratch/value" >"$scratch/short"
write_value "$scratch/short"
start_push --once
ends_with 0
check_pushed "shorter after a restart"
stored=$(stream_state value bytes)
((stored < 1100000)) || complain "the server keeps $stored bytes of 1000000"
finish
