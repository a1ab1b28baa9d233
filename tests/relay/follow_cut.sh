# SPDX-License-Identifier: Apache-2.0
# The network is cut for a while, without a word to anybody: pusher and follower go on when it is
# back.
# ctest: released waits
if [[ -z ${FLEET_INSIDE-} ]]; then
    export FLEET_INSIDE=1
    if ! command -v ip >/dev/null || ! unshare --map-root-user --net ip link set lo up 2>/dev/null; then
        echo "skipped: a network of one's own needs unshare, ip (iproute2) and the right to make namespaces"
        exit 77
    fi
    exec unshare --map-root-user --net bash "$0"
fi
ip link set lo up
. "$(dirname "$0")/follow.bash"
nats_start one

"$helpers/fleet_writer" "$region" 1000000 0 5000 "${FLEET_SEED:-$RANDOM}" >"$scratch/published" &
writer=$!
start_push
start_follow
until_true "$MMSYNC" stat "$target"
"$helpers/fleet_reader" "$target" >"$scratch/seen" &
reader=$!

shows_more() {
    (($(source_generation) > before))
}

for seconds in ${FLEET_CUTS:-1}; do
    before=$(generation)
    until_true shows_more
    ip link set lo down
    sleep "$seconds" # the length of the cut
    ip link set lo up
    before=$(generation)
    until_true shows_more
done

end_process "$writer" TERM
check_followed "after the network was cut"
end_process "$reader" TERM
check_shown "$scratch/published" "$scratch/seen"
echo "$(<"$scratch/shown"), $(wc -l <"$scratch/published") published"
finish
