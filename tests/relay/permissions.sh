# SPDX-License-Identifier: Apache-2.0
# Users who may connect, but not send or subscribe where `mmsync push` and `mmsync follow` have to: the server does not answer
# them, and they say what it refuses.
# ctest: released waits
. "$(dirname "$0")/follow.bash"
cat >"$scratch/server.conf" <<'CONF'
authorization { users: [
    { user: writer, password: x },
    { user: reader, password: x, permissions: { publish: { deny: ["mmsync.*.log", "mmsync.*.head", "mmsync.*.chunk.*"] } } }
    { user: stranger, password: x, permissions: { publish: { deny: ["$JS.API.>"] } } }
    { user: deaf, password: x, permissions: { subscribe: { deny: ["_INBOX.>"] } } }
] }
CONF
nats_start one --config "$scratch/server.conf"
export NATS_PASSWORD=x
printf 'a value' | "$MMSYNC" write "$region" --max-size 64K >/dev/null

NATS_USER=deaf refuses 1 'Permissions Violation for Subscription to "_INBOX\..*' "$MMSYNC" push "$region" "$nats_url" --name other
NATS_USER=reader name=other start_push
NATS_USER=stranger start_follow
until_true grep -q 'does not answer: Permissions Violation for Publish to "mmsync.other.head"; trying again' "$push_out"
until_true grep -q 'does not answer: Permissions Violation for Publish to "$JS.API.STREAM.INFO.mmsync-prices-log"; trying' "$follow_err"
stop_follow
stop_push

# What a follower may not do is not what it needs.
NATS_USER=writer start_push
NATS_USER=reader start_follow
check_followed "with the permissions of a follower"
stop_follow
stop_push
finish
