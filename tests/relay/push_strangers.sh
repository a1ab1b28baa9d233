# SPDX-License-Identifier: Apache-2.0
# Messages of strangers in the chunk store: numbers of chunks that no value has, and what is no number at all. `mmsync push`
# begins all the same, and new followers find its value.
. "$(dirname "$0")/push.bash"
nats_start one
random_file 1500000 "$scratch/value"
write_value "$scratch/value"
start_push
await_push
stop_push
# The offset of the first is 512 KiB in 64 bits; the second is 2^64 - 1.
for number in 35184372088833 18446744073709551615 18446744073709551616 99 -1 007 1x x; do
    nats_publish one "mmsync.$name.chunk.$number" "a stranger's"
done
start_push
await_push
succeeds "$MMSYNC" follow "$nats_url" "$name" "$scratch/target" --once --json
check "what a new follower shows" cmp <("$MMSYNC" read "$scratch/target") "$scratch/value"
same "chunks that were stored anew" 0 "$(number_in_event base chunks)"
stop_push
finish
