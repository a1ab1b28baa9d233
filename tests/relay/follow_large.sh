# SPDX-License-Identifier: Apache-2.0
# A value of FLEET_SIZE bytes: 24 MiB in CI, 4 GiB and more in script/fleet-faults, where offsets need
# more than 32 bits. Its first copy, changes at both ends and across 4 GiB, a damaged byte behind that,
# growth, and both sides started again.
# ctest: released
. "$(dirname "$0")/follow.bash"
size=${FLEET_SIZE:-25165824}
half=$((size / 2))
# `read -o` would need the room once more.
check_followed() {
    await_follow
    cmp <("$MMSYNC" read "$region") <("$MMSYNC" read "$target") || complain "$1: other bytes"
}
# what_came KEY: the sum over the follower's events
what_came() {
    grep -oE "\"$1\":[0-9]+" "$follow_out" | grep -oE '[0-9]+' | awk '{ sum += $1 } END { print sum + 0 }'
}
random_bytes() {
    openssl enc -aes-128-ctr -K "$(printf '%032x' $RANDOM$RANDOM)" -iv 0 -in /dev/zero 2>/dev/null | head -c "$1"
}
# change OFFSET BYTES
change() {
    random_bytes "$2" | "$MMSYNC" write "$region" --at "$1" >/dev/null || complain "a change of $2 bytes at $1"
}

nats_start one
random_bytes "$size" | write_value - --max-size $((size + 4194304)) --max-slots 2
start_push
start_follow --scrub 0
check_followed "the first copy"
same "chunks of the first copy" "$(((size + 524287) / 524288))" "$(what_came fetched)"

for offset in 0 $((half - 100)) $((size - 4096)) 4294965248; do
    ((offset + 4096 > size)) || change "$offset" 4096
done
change $((half - 2097152)) 4194304
check_followed "changes"
same "it was never rebuilt" 1 "$(count_events rebuild)"

# ---- Growth, by a part of a chunk and by some ----

change "$size" 100000
change $((size + 100000)) 3000000
check_followed "grown"
same "it was never rebuilt" 1 "$(count_events rebuild)"

# ---- A byte flips near the end, while the follower is down and the source goes on ----

end_process "$follow_pid" KILL
"$helpers/flip" "$target" $((size - 1000))
change $((half + 12345)) 4096
start_follow --scrub 0
check_followed "after a kill and a flipped byte"
chunks=$(what_came fetched)
((chunks >= 1 && chunks <= 16)) || complain "$chunks chunks were fetched for one damaged byte"

# ---- The pusher is killed; the value changes; another one begins ----

end_process "$push_pid" KILL
change 1000000 4096
start_push
check_followed "after another pusher has begun"
stored=$(sed -n 's/.*"event":"base".*"chunks":\([0-9]*\).*/\1/p' "$push_out" | tail -n 1)
((stored >= 1 && stored <= 64)) || complain "$stored chunks were stored for a few changes"
stop_follow
echo "a value of $size bytes, first copy and changes"
finish
