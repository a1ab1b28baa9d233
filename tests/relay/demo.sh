# SPDX-License-Identifier: Apache-2.0
# A short run of `script/demo fleet`: it kills what it says, nothing is torn or lost, and nothing is
# left behind; and it notices when a reader saw what was never published.
# ctest: released waits
. "$(dirname "$0")/server.bash"

command -v python3 >/dev/null || skip "python3 is not installed"
export PYTHONDONTWRITEBYTECODE=1
seq -f 'r%g.example' 1 2000 >"$scratch/words"
demo() {
    run python3 "$source_dir/bench/fleet/demo.py" --file "$scratch/words" "$@"
}

demo --seconds 4
same "status" 0 "$status"
same "standard error" "" "$err"
like "the verdict" "PASSED: [0-9]+ generations of .*" "$(tail -n 1 <<<"$out")"
same "followers without fault" 3 "$(grep -cE '^follower [1-3]: [1-9][0-9]* values seen, 0 torn, 0 times back, equal' <<<"$out")"
for event in "follower 2 is killed" "follower 2 is started again" "the server is stopped" "the server is started again"; do
    check "it says: $event" grep -qF "$event" <<<"$out"
done

MMSYNC_FLEET_DEMO_FAULT=torn demo --seconds 3
same "status with a fault" 1 "$status"
like "the verdict with a fault" "FAILED: .*" "$(tail -n 1 <<<"$out")"

demo --file "$scratch/nowhere"
same "status without the words" 1 "$status"
like "what is said" "demo: .*/nowhere cannot be read.*" "$err"
python=$(python3 -c 'import sys; print(sys.executable)')
run env PATH="$scratch/nowhere" "$python" "$source_dir/bench/fleet/demo.py"
same "status without a server" 1 "$status"
like "what is said" "demo: nats-server is not installed: .*" "$err"
demo --seconds 1
same "status of a wrong command line" 2 "$status"

same "what is left in /dev/shm" "" "$(find /dev/shm -maxdepth 1 -name "${MMSYNC_TEST_NAME:-none}*mmsync-fleet-*")"
finish
