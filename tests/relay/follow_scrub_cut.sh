# SPDX-License-Identifier: Apache-2.0
# A bit flips at a follower, and the connection is lost for good while the chunk is fetched: the scrub goes on when there is
# another one, for this bit and for later ones.
# ctest: released waits
. "$(dirname "$0")/follow.bash"
command -v python3 >/dev/null || skip "python3 is not installed"
nats_start one
random_file 5000000 "$scratch/value"
write_value "$scratch/value" --max-size 16M
start_push

mkfifo "$scratch/orders"
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/helper/refuse_first.py" 0 "${nats_url##*:}" <>"$scratch/orders" >"$scratch/said" &
door_pid=$!
until_true [ -s "$scratch/said" ]
nats_url=nats://127.0.0.1:$(head -n 1 "$scratch/said") start_follow --scrub 1G
check_followed "the value"

# The list of chunks has some 4,000 bytes, and the chunk 512 KiB.
echo "cut 3 100000" >"$scratch/orders"
is_mended() {
    cmp -s "$scratch/wanted" <("$MMSYNC" read "$target")
}
# A bit that is mended before the order is taken flips again.
is_cut_while_mending() {
    is_mended && "$helpers/flip" "$target" 3000000
    grep -q "has closed the connection" "$follow_err"
}
until_true is_cut_while_mending
until_true is_mended
"$helpers/flip" "$target" 3000000
until_true is_mended
check_followed "mended twice"
stop_follow
stop_push
kill "$door_pid"
finish
