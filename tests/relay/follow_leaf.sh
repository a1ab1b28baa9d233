# SPDX-License-Identifier: Apache-2.0
# Followers of another data centre: they ask a leaf node, whose mirrors fetch each change once.
# ctest: released waits
. "$(dirname "$0")/follow.bash"
nats_write_leaf_configs
nats_start hub --config "$scratch/hub.conf"
random_file 3000000 "$scratch/value"
write_value "$scratch/value" --max-size 16M
start_push
until_true grep -q '"event":"base"' "$push_out"
nats_start leaf --config "$scratch/leaf.conf"
until_true "$helpers/make_mirror" "$nats_url" here "$name" hub

start_follow --domain here
check_followed "a value through a leaf node"
for offset in 0 700000 2999999; do
    printf 'xyz' | "$MMSYNC" write "$region" --at $offset >/dev/null
done
check_followed "changes through a leaf node"

# The leaf node is down for a while.
stop_follow
nats_stop leaf
printf 'while the leaf node was down' | "$MMSYNC" write "$region" --at 1000 >/dev/null
nats_start leaf
start_follow --domain here
check_followed "after the leaf node was down"
finish
