# SPDX-License-Identifier: Apache-2.0
# A server without room: `mmsync push` says so once, goes on trying, and goes on when there is room.
# ctest: released
. "$(dirname "$0")/push.bash"
cat >"$scratch/full.conf" <<CONF
jetstream { max_file_store: 2MB }
CONF
nats_start one --config "$scratch/full.conf"
random_file 4000000 "$scratch/large"
write_value "$scratch/large"
start_push
until_true grep -q "trying again" "$push_err"
like "what it says" "mmsync: nats://[0-9.:]* has no room: .*; trying again" "$(<"$push_err")"
nats_stop one
sed -i 's/2MB/64MB/' "$scratch/full.conf"
nats_start one
await_push
check_pushed "a value for which there is room now"
same "lines on standard error" 2 "$(wc -l <"$push_err")"
stop_push
finish
