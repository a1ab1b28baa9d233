# SPDX-License-Identifier: Apache-2.0
# Shared by the tests of `mmsync follow`. Source it first: it sources server.bash. $region is the source, $target follows it.
. "$(dirname "${BASH_SOURCE[0]}")/server.bash"

# shellcheck disable=SC2034 # for the tests
helpers=${MMSYNC_TEST_BIN_DIR:?}
target=$scratch/target
name=prices
push_count=0 follow_count=0

# start_push [ARGUMENT...]: in the background; what it prints is in $push_out.
start_push() {
    push_count=$((push_count + 1))
    push_out=$scratch/push$push_count.out
    "$MMSYNC" push "$region" "$nats_url" --name "$name" "$@" >"$push_out" 2>&1 </dev/null &
    push_pid=$!
}

# start_follow [ARGUMENT...]: in the background; what it prints is in $follow_out and $follow_err. It waits for the name.
start_follow() {
    follow_count=$((follow_count + 1))
    follow_out=$scratch/follow$follow_count.out follow_err=$scratch/follow$follow_count.err
    "$MMSYNC" follow "$nats_url" "$name" "$target" --wait "$@" >"$follow_out" 2>"$follow_err" </dev/null &
    follow_pid=$!
}

# end_process PID SIGNAL
end_process() {
    kill "-$2" "$1"
    wait "$1" 2>/dev/null
}
stop_push() {
    end_process "$push_pid" TERM
}
stop_follow() {
    end_process "$follow_pid" TERM
    same "exit status of follow" 0 $?
}

write_value() {
    "$MMSYNC" write "$region" "$@" >/dev/null || complain "write $*"
}

# source_generation: which of the source's the target shows.
source_generation() {
    "$MMSYNC" read "$target.source" 2>/dev/null | grep -oE '"source_generation":[0-9]+' | grep -oE '[0-9]+'
}

# What it shows may be what an earlier follower has left: it says so first, once it knows.
is_followed() {
    grep -q '"event":"generation"' "$follow_out" && [[ $(source_generation) == "$(generation)" ]]
}

# await_follow: until the target shows the source's newest generation, and the follower says so.
await_follow() {
    until_true is_followed
}

# check_followed WHAT: it does, and byte for byte.
check_followed() {
    await_follow
    "$MMSYNC" read "$region" -o "$scratch/wanted"
    "$MMSYNC" read "$target" -o "$scratch/found"
    cmp "$scratch/wanted" "$scratch/found" || complain "$1: other bytes"
}

# stat_field PATH KEY: of `stat --json`, on one line of its own
stat_field() {
    "$MMSYNC" stat "$1" --json | sed -n "s/^  \"$2\": \(.*\),\$/\1/p"
}

# count_events EVENT [TEXT]: of the follower that was started last
count_events() {
    grep "\"event\":\"$1\"" "$follow_out" | grep -c -- "${2-}"
}

# check_shown: each value that the reader has seen is one that the writer has published, and none came after a newer one. Empty
# values are all alike. The logs are those of fleet_writer and fleet_reader.
check_shown() {
    awk -v empty=99aa06d3014798d86001c324468d497f '
        NR == FNR { number[$1] = $2; next }
        $1 == empty { next }
        !($1 in number) { print "never published: " $0; bad = 1; next }
        number[$1] < last { print "went back to " number[$1] " after " last; bad = 1 }
        { last = number[$1]; seen++ }
        END { print seen + 0 " values seen"; exit bad }' "$1" "$2" >"$scratch/shown" || complain "$(<"$scratch/shown")"
}
