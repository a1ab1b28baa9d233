# SPDX-License-Identifier: Apache-2.0
# `mmsync push` to three servers that keep three copies: the one that leads the log is killed while
# values come, and the value is there all the same.
# ctest: released waits
. "$(dirname "$0")/push.bash"
nats_cluster one two three

# A server that has just begun to lead may not know yet what it has.
is_pushed() {
    "$reconstruct" "$nats_url" "$name" "$scratch/found" >"$scratch/line" && cmp -s "$scratch/wanted" "$scratch/found"
}
check_soon() {
    "$MMSYNC" read "$region" -o "$scratch/wanted"
    until_true is_pushed
    like "$1" "generation=$(generation) .*" "$(<"$scratch/line")"
}

random_file 2000000 "$scratch/value"
write_value "$scratch/value"
start_push --replicas 3 --log 40K
await_push
check_soon "three copies"
server=$(nats_leader "mmsync-$name-log")
for i in {1..5}; do
    write_value <(head -c 30000 /dev/urandom) --at $((RANDOM * 60))
    ((i != 3)) || nats_kill "$server"
done
await_push
check_soon "the leader was killed"
nats_start "$server"
stop_push
finish
