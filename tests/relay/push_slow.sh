# SPDX-License-Identifier: Apache-2.0
# `mmsync push` over a slow network, here of 200,000 bytes a second: it sends no more at a time than that carries soon, so the
# connection holds and no message is given up.
# ctest: released waits
. "$(dirname "$0")/push.bash"
nats_start one
random_file 3000000 "$scratch/value"
write_value "$scratch/value"
PYTHONDONTWRITEBYTECODE=1 python3 "$(dirname "$0")/helper/slow_network.py" 200000 "${nats_port[one]}" >"$scratch/network" &
until_true [ -s "$scratch/network" ]
direct=$nats_url nats_url=nats://127.0.0.1:$(head -n 1 "$scratch/network")
start_push
await_push
random_file 1500000 "$scratch/piece"
write_value "$scratch/piece" --at 1000000
await_push
same "what it says, and how often it connected" " 1" "$(<"$push_err") $(grep -c client "$scratch/network")"
nats_url=$direct
check_pushed "over a slow network"
stop_push
finish
