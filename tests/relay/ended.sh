# SPDX-License-Identifier: Apache-2.0
# A signal ends `mmsync push` and `mmsync follow` wherever they wait, with status 0: for a server that is not there, for one
# that says nothing, and for another writer of the region, for which `mmsync put` and `mmsync bridge` wait, too.
. "$(dirname "$0")/follow.bash"

# is_connected PID: to a server, whatever that says
is_connected() {
    find "/proc/$1/fd" -lname 'socket:*' 2>/dev/null | grep -q .
}
# end_one WHAT PID STATUS
end_one() {
    kill -TERM "$2"
    wait "$2"
    same "exit status of $1" "$3" $?
}

printf 'a value' | "$MMSYNC" write "$region" --max-size 64K >/dev/null
nats_url=nats://127.0.0.1:1
start_follow
until_true grep -q "no NATS server answers" "$follow_err"
end_one "a follower without a server" "$follow_pid" 0

nats_start one
kill -STOP "${nats_pid[one]}"
start_follow
until_true is_connected "$follow_pid"
end_one "a follower of a silent server" "$follow_pid" 0
start_push
until_true is_connected "$push_pid"
end_one "a pusher to a silent server" "$push_pid" 0
same "what they say of it" "" "$(cat "$follow_err" "$push_out")"
kill -CONT "${nats_pid[one]}"

# ---- Another writer ----

start_push
start_follow
check_followed "followed"
writer=$follow_pid

count_requests() {
    nats_ask one /varz | grep -oE '"in_msgs": *[0-9]+' | grep -oE '[0-9]+$'
}
# It has asked for both streams and for the head, and opens the region next.
has_asked() {
    (($(count_requests) >= before + 3))
}
# No longer the shell, which catches them as well.
catches_signals() {
    ! [[ /proc/$1/exe -ef /proc/$$/exe ]] && ((0x$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status") & 0x4000))
}
before=$(count_requests)
start_follow --lock-wait 3600000
until_true catches_signals "$follow_pid"
until_true has_asked
end_one "a follower that waits for another writer" "$follow_pid" 0
same "what it says of it" "" "$(<"$follow_err")"
"$MMSYNC" put "$target" key value --lock-wait forever 2>/dev/null &
until_true catches_signals $!
end_one "put" $! 143
printf 'a value' | "$MMSYNC" write "mmap-sync:$scratch/files" >/dev/null
"$MMSYNC" bridge "mmap-sync:$scratch/files" "$target" --lock-wait forever 2>/dev/null &
until_true catches_signals $!
end_one "bridge" $! 143
follow_pid=$writer stop_follow
stop_push
finish
