# SPDX-License-Identifier: Apache-2.0
# Shared by the tests of `mmsync push`. Source it first: it sources server.bash.
. "$(dirname "${BASH_SOURCE[0]}")/server.bash"

reconstruct=${MMSYNC_TEST_BIN_DIR:?}/reconstruct
name=prices
push_count=0

# start_push [ARGUMENT...]: in the background; what it prints is in $push_out and $push_err.
start_push() {
    push_count=$((push_count + 1))
    push_out=$scratch/push$push_count.out push_err=$scratch/push$push_count.err
    "$MMSYNC" push "$region" "$nats_url" --name "$name" "$@" >"$push_out" 2>"$push_err" </dev/null &
    push_pid=$!
}

# stop_push [STATUS]: by SIGTERM.
stop_push() {
    kill -TERM "$push_pid"
    ends_with "${1-0}"
}

# ends_with STATUS: the pusher ends by itself.
ends_with() {
    wait "$push_pid"
    same "exit status of push" "$1" $?
}

# Of the last line that the pusher printed, and of its first line with that event.
last_generation() {
    sed -n 's/.*"generation":\([0-9]*\).*/\1/p' "$push_out" | tail -n 1
}
number_in_event() { # EVENT KEY
    sed -n "/\"event\":\"$1\"/ s/.*\"$2\":\([0-9]*\).*/\1/p" "$push_out" | head -n 1
}

has_pushed() {
    [[ $(last_generation) == "$1" ]]
}

# await_push: until the newest generation is at the server.
await_push() {
    until_true has_pushed "$(generation)"
}

# noted COUNT TEXT FILE: so many lines of the file have the text, or more.
noted() {
    (($(grep -cF "$2" "$3") >= $1))
}

# check_pushed WHAT: what a new follower would make of the streams is the region's value. Leaves $found, the line that
# describes it.
check_pushed() {
    found=$("$reconstruct" "$nats_url" "$name" "$scratch/found") || complain "$1: $found"
    "$MMSYNC" read "$region" -o "$scratch/wanted"
    cmp "$scratch/wanted" "$scratch/found" || complain "$1: other bytes"
    like "$1" "generation=$(generation) .*" "$found"
}

# write_value ARGUMENT...: mmsync write, quietly
write_value() {
    "$MMSYNC" write "$region" "$@" >/dev/null || complain "write $*"
}
