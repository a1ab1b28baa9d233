# SPDX-License-Identifier: Apache-2.0
# Both sides reach JetStream through a leaf node without one for them. While that is cut off from its hub nobody answers, as
# where there is no JetStream at all: they say so, wait, and go on when the hub is back.
# ctest: released waits
. "$(dirname "$0")/follow.bash"
nats_write_leaf_configs
nats_start hub --config "$scratch/hub.conf"
nats_start leaf --config "$scratch/leaf.conf"
is_linked() {
    [[ $(nats_ask leaf /leafz) == *'"leafnodes": 1'* ]]
}
is_cut_off() {
    [[ $(nats_ask leaf /leafz) == *'"leafnodes": 0'* ]]
}
until_true is_linked

printf 'a value' | "$MMSYNC" write "$region" --max-size 64K >/dev/null
start_push --domain hub
start_follow --domain hub
check_followed "a value of the hub"
nats_stop hub
until_true is_cut_off
printf 'another value' | "$MMSYNC" write "$region" >/dev/null
until_true grep -q "does not answer: .*; trying again" "$push_out"
until_true grep -q "does not answer: .*; trying again" "$follow_err"
run "$MMSYNC" follow "$nats_url" "$name" "$scratch/new" --once --domain hub
same "exit status of a follower that is not to wait" 1 "$status"
like "what it says" ".*knows no JetStream domain 'hub'; see --domain" "$err"
"$MMSYNC" follow "$nats_url" "$name" "$scratch/late" --once --wait --domain hub >/dev/null 2>"$scratch/late.err" &
late=$!
until_true grep -q "does not answer: .*; trying again" "$scratch/late.err"
nats_start hub
check_followed "after the hub was away"
wait "$late"
same "exit status of a follower that came meanwhile" 0 $?
stop_follow
stop_push
same "exit status of push" 0 $?
finish
