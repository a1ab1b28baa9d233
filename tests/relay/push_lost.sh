# SPDX-License-Identifier: Apache-2.0
# Streams that are lost while nothing is published: deleted or emptied by hand, or gone with a server that kept them in memory.
# The pusher stores its value anew, by itself or when a new follower asks it to, and that follower shows it.
# ctest: released waits
. "$(dirname "$0")/follow.bash"
nats_start one
random_file 1500000 "$scratch/value"
write_value "$scratch/value"

# check_new WHAT: a follower without a region gets the value, though no other one is published.
check_new() {
    "$MMSYNC" rm "$target" "$target.source" 2>/dev/null
    start_follow
    check_followed "$1"
    stop_follow
}

start_push --storage memory
check_new "the value"
"$helpers/tamper" "$nats_url" "$name" drop
check_new "both streams were deleted"
for stream in log value; do
    nats_publish one "\$JS.API.STREAM.PURGE.mmsync-$name-$stream" '{}'
    check_new "the stream of the $stream was emptied"
done
"$helpers/tamper" "$nats_url" "$name" delete "$("$helpers/tamper" "$nats_url" "$name" list | awk 'END { print $1 }')"
check_new "the only record of the log was deleted"
check "what the pusher says" grep -q "does not have any more what was pushed as $name; trying again" "$push_out"

# Nobody need ask when the connection was lost, too.
has_begun_again() {
    (($(grep -c '"event":"base"' "$push_out") > begun))
}
begun=$(grep -c '"event":"base"' "$push_out")
nats_stop one
nats_start one
until_true has_begun_again
succeeds "$MMSYNC" follow "$nats_url" "$name" "$scratch/second" --once --json
stop_push
same "exit status of push" 0 $?
finish
