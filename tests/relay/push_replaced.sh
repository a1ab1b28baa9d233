# SPDX-License-Identifier: Apache-2.0
# The source region is moved away and made anew while `mmsync push` opens it, and while it waits for a server: what it pushes is the
# value of the new region, though that has the generation of the old one; and it says each reason for which it waits.
# ctest: released waits
. "$(dirname "$0")/push.bash"
nats_start one
random_file 1500000 "$scratch/old"
random_file 1500000 "$scratch/new"
write_value "$scratch/old"
swap="mv '$region' '$region.old' && '$MMSYNC' write '$region' '$scratch/new' >/dev/null"
push_out=$scratch/push.out push_err=$scratch/push.err
LD_PRELOAD=$MMSYNC_TEST_BIN_DIR/swap_at_inspect.so SWAP_AT_INSPECT=$swap "$MMSYNC" push "$region" "$nats_url" --name "$name" \
    >"$push_out" 2>"$push_err" </dev/null &
push_pid=$!
has_new_value() {
    "$MMSYNC" follow "$nats_url" "$name" "$scratch/target" --once --wait >/dev/null 2>&1
    cmp -s "$scratch/new" <("$MMSYNC" read "$scratch/target")
}
until_true has_new_value
check "it was removed" cmp "$scratch/new" <("$MMSYNC" read "$region")

there=$(grep -c "there is no region" "$push_err") went=$(grep -c "going on" "$push_err")
"$MMSYNC" rm "$region"
until_true noted $((there + 1)) "there is no region $region; trying again" "$push_err"
nats_stop one
write_value "$scratch/old"
until_true grep -q "$nats_url.*; trying again" "$push_err"
nats_start one
until_true noted $((went + 1)) "going on" "$push_err"
check_pushed "a new region, once there is a server"
stop_push
finish
