# SPDX-License-Identifier: Apache-2.0
# The follower's disk is full: it says so once, shows the last value that it had room for, and goes on
# when there is room.
if [[ -z ${FLEET_INSIDE-} ]]; then
    FLEET_INSIDE=$(mktemp -d) || exit 1
    export FLEET_INSIDE
    trap 'rm -rf "$FLEET_INSIDE"' EXIT
    if ! unshare --map-root-user --mount mount -t tmpfs -o size=40M none "$FLEET_INSIDE" 2>/dev/null; then
        echo "skipped: a small file system needs unshare, and the right to mount it"
        exit 77
    fi
    unshare --map-root-user --mount sh -c 'mount -t tmpfs -o size=40M none "$FLEET_INSIDE" && exec bash "$0"' "$0"
    exit
fi
. "$(dirname "$0")/follow.bash"
target=$FLEET_INSIDE/target
nats_start one
random_file 1000000 "$scratch/value"
write_value "$scratch/value" --max-size 64M
start_push
start_follow
check_followed "a value for which there is room"
head -c 24000000 /dev/zero >"$FLEET_INSIDE/filler"
random_file 20000000 "$scratch/large"
write_value "$scratch/large"
until_true grep -qi "no space" "$follow_err"
same "what it shows" "$(sha256sum <"$scratch/value")" "$("$MMSYNC" read "$target" | sha256sum)"
# What is newer and fits need not wait for room: neither behind a value that does not, nor behind two.
random_file 900000 "$scratch/small"
write_value "$scratch/small"
check_followed "a newer value for which there is room"
for size in 20000000 21000000; do
    random_file $size "$scratch/large"
    write_value "$scratch/large"
done
write_value "$scratch/value"
check_followed "a newer value behind two large ones"
complaints=$(grep -ci "no space" "$follow_err")
more_complaints() {
    (($(grep -ci "no space" "$follow_err") > complaints))
}
random_file 20000000 "$scratch/large"
write_value "$scratch/large"
until_true more_complaints
same "what it shows" "$(sha256sum <"$scratch/value")" "$("$MMSYNC" read "$target" | sha256sum)"
same "nothing was fetched for that" 1 "$(count_events rebuild)"
rm "$FLEET_INSIDE/filler"
check_followed "a value for which there is room again"
same "complaints" "$((complaints + 1))" "$(grep -ci "no space" "$follow_err")"
stop_follow
finish
