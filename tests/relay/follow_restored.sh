# SPDX-License-Identifier: Apache-2.0
# A server that comes back as it was before the newest pusher began, as from a backup: followers keep the newer value that they
# have, also over their own restart, say that the server does not lead to it, and go on when a pusher has begun anew.
# ctest: released
. "$(dirname "$0")/follow.bash"
nats_start one
random_file 1000000 "$scratch/older"
write_value "$scratch/older"
start_push
start_follow
check_followed "the oldest value"
printf 'older' | "$MMSYNC" write "$region" --at 700007 >/dev/null
check_followed "the older value"
stop_push
nats_stop one
cp -r "$scratch/nats/one" "$scratch/backup"
nats_start one
printf 'newer' | "$MMSYNC" write "$region" --at 7 >/dev/null
start_push
check_followed "the newer value"
stop_push

nats_stop one
rm -r "$scratch/nats/one"
mv "$scratch/backup" "$scratch/nats/one"
nats_start one
for follower in "the same" "a new"; do
    until_true grep -q "does not lead to the pusher's value" "$follow_err"
    check "$follower follower keeps its value" cmp "$scratch/wanted" <("$MMSYNC" read "$target")
    stop_follow
    start_follow
done
start_push
check_followed "from a pusher that has begun anew"
stop_follow
stop_push
finish
