# SPDX-License-Identifier: Apache-2.0
# A durable region that follows: after a reboot, which a changed boot id stands for, its value is there before the server is, and
# the follower goes on where it was.
# ctest: released
. "$(dirname "$0")/follow.bash"
[[ $(stat -f -c %T "$scratch") != tmpfs ]] || skip "$scratch is on tmpfs"
nats_start one

# follow_again ARGUMENT...: until it is up to date; what it says is in $out.
follow_again() {
    succeeds "$MMSYNC" follow "$nats_url" "$name" "$target" --once "$@"
}
push_again() {
    succeeds "$MMSYNC" push "$region" "$nats_url" --name "$name" --once
}

head -c 300000 /dev/urandom | "$MMSYNC" write "$region" --max-slots 4 >/dev/null
push_again
follow_again --durable
same "both are durable" "true true" "$(stat_field "$target" durable) $(stat_field "$target.source" durable)"
same "it has the slots that this needs" 5 "$(stat_field "$target" max_slots)"

rebooted "$target" "$target.source"
nats_stop one
succeeds "$MMSYNC" recover "$target"
same "the value after a reboot" "$("$MMSYNC" read "$region" | cksum)" "$("$MMSYNC" read "$target" | cksum)"
nats_start one
printf other | "$MMSYNC" write "$region" --at 1000 >/dev/null
push_again
follow_again
same "what has changed since" "$("$MMSYNC" read "$region" | cksum)" "$("$MMSYNC" read "$target" | cksum)"
check "it went on from there" grep -q '"event":"generation"' <<<"$out"
check "not from the beginning" [ "$(grep -cE '"reason":"(start|gap)"' <<<"$out")" = 0 ]

# Nobody has recovered it: the follower does.
rebooted "$target" "$target.source"
follow_again
same "the value after another reboot" "$("$MMSYNC" read "$region" | cksum)" "$("$MMSYNC" read "$target" | cksum)"

# It does so before there is a server.
rebooted "$target" "$target.source"
nats_stop one
start_follow
until_true grep -q "no NATS server answers" "$follow_err"
same "the value without a server" "$("$MMSYNC" read "$region" | cksum)" "$("$MMSYNC" read "$target" | cksum)"
nats_start one
stop_follow

# Without what the follower had noted, nothing says where the value is from.
rebooted "$target" "$target.source"
succeeds "$MMSYNC" rm "$target.source"
succeeds "$MMSYNC" recover "$target"
refuses 1 "came from elsewhere" "$MMSYNC" follow "$nats_url" "$name" "$target" --once
follow_again --overwrite

# Somebody else's value is nothing to overwrite, whether it is there yet or not.
mine=$target target=$scratch/theirs
succeeds "$MMSYNC" write "$target" --durable --max-size 1M -- printf theirs
rebooted "$target"
refuses 1 "came from elsewhere" "$MMSYNC" follow "$nats_url" "$name" "$target" --once
same "their value" "$(printf theirs | cksum)" "$("$MMSYNC" read "$target" | cksum)"
check "nothing was left beside it" test ! -e "$target.source"
target=$mine
refuses 1 "needs --max-slots of 5 or more" "$MMSYNC" follow "$nats_url" "$name" "$scratch/few" --once --durable --max-slots 4
finish
