# SPDX-License-Identifier: Apache-2.0
# `mmsync push` and a server that takes no more bytes, as one that is stopped does: what is being sent is given up, which is
# said, and sent again once the server goes on; a signal ends the pusher meanwhile. The values are larger than what the kernel
# holds for a connection.
# ctest: released waits
. "$(dirname "$0")/push.bash"
command -v ss >/dev/null || skip "ss is not installed (Debian: iproute2)"
nats_start one

# push_another NAME: a region of that name, with its pusher
push_another() {
    name=$1 region=$scratch/$1
    random_file 40000000 "$scratch/value"
    write_value "$scratch/value"
    start_push
    await_push
}

# So many pushers have bytes that wait in the kernel for the server.
are_sending() {
    (($(ss -Htn "dst 127.0.0.1:${nats_port[one]}" | awk '$3 > 100000' | wc -l) >= $1))
}

push_another ended
ended_pid=$push_pid
push_another healed
kill -STOP "${nats_pid[one]}"
for each in ended healed; do
    random_file 40000000 "$scratch/value"
    region=$scratch/$each write_value "$scratch/value"
done
until_true are_sending 2
kill -TERM "$ended_pid"
wait "$ended_pid"
same "exit status after a signal" "0" $?
until_true grep -q "does not answer: .*; trying again" "$push_err"
kill -CONT "${nats_pid[one]}"
until_true grep -q "going on" "$push_err"
await_push
check_pushed "the server hung"
stop_push
finish
