# SPDX-License-Identifier: Apache-2.0
# A durable region that follows: after a reboot, which a changed boot id stands for, its value is there before the server is, and
# the follower goes on where it was.
# ctest: released
. "$(dirname "$0")/follow.bash"
[[ $(stat -f -c %T "$scratch") != tmpfs ]] || skip "$scratch is on tmpfs"
nats_start one

# rebooted: the boot id that the follower's files are from is another one.
rebooted() {
    local each
    for each in "$target" "$target.source"; do
        printf '\x12\x34\x56\x78\x9a\xbc\xde\xf0' | dd of="$each/control" bs=1 seek=384 conv=notrunc status=none
    done
}
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

rebooted
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
rebooted
follow_again
same "the value after another reboot" "$("$MMSYNC" read "$region" | cksum)" "$("$MMSYNC" read "$target" | cksum)"

# Without what the follower had noted, nothing says where the value is from.
rebooted
succeeds "$MMSYNC" rm "$target.source"
succeeds "$MMSYNC" recover "$target"
refuses 1 "came from elsewhere" "$MMSYNC" follow "$nats_url" "$name" "$target" --once
follow_again --overwrite
refuses 1 "needs --max-slots of 5 or more" "$MMSYNC" follow "$nats_url" "$name" "$scratch/few" --once --durable --max-slots 4
finish
