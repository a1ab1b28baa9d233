# SPDX-License-Identifier: Apache-2.0
# ctest: serial
# A short run of `mmsync demo --table`: a table is changed key by key while its readers and its
# writer are killed, and no reader sees a part of a commit.
. "$(dirname "$0")/support.bash"
. "$(dirname "$0")/demo.bash"

play --table
same "the form" '"table"' "$(figure form)"
for key in keys many_latency_ns freshness_ns; do
    check "there is a figure $key" grep -q "\"$key\": " "$scratch/json"
done
is_more keys "$(figure published)"
for rate in keys_per_second commits_per_second; do
    like "$rate" '[1-9][0-9]*\.[0-9]+' "$(figure $rate)"
done
same "samples without any" "" "$(grep '"samples": 0,' "$scratch/json")"
tells "killed by SIGKILL while it held generation" "slot were free again after" "its view was still whole" \
    "killed by SIGKILL with half of a commit made" "a new writer" "updates  .* keys put or deleted" \
    "freshness  .*p50" "8 keys at once  .*p50"
finish
