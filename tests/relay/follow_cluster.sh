# SPDX-License-Identifier: Apache-2.0
# With three servers and three copies, the one that leads can die: pusher and follower go on with the
# others, and no value is lost or shown twice.
# ctest: released waits
. "$(dirname "$0")/follow.bash"
nats_cluster a b c
# shellcheck disable=SC2086 # words
set -- ${FLEET_KINDS:-log}

"$helpers/fleet_writer" "$region" 1000000 0 5000 "${FLEET_SEED:-$RANDOM}" >"$scratch/published" &
writer=$!
start_push --replicas 3
start_follow
until_true "$MMSYNC" stat "$target"
"$helpers/fleet_reader" "$target" >"$scratch/seen" &
reader=$!

shows_more() {
    (($(source_generation) > before))
}

for kind; do # of each stream here, the leader
    until leader=$(nats_leader "mmsync-$name-$kind") && [[ $leader ]]; do
        sleep 0.1
    done
    nats_kill "$leader"
    before=$(generation)
    until_true shows_more
    nats_start "$leader"
done

end_process "$writer" TERM
check_followed "after leaders were killed"
end_process "$reader" TERM
check_shown "$scratch/published" "$scratch/seen"
echo "$(<"$scratch/shown"), $(wc -l <"$scratch/published") published"
finish
