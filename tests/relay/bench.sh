# SPDX-License-Identifier: Apache-2.0
# A tiny run of script/bench-fleet: every figure is measured, and the bytes on the wire, which no load
# changes, are within their limits.
# ctest: released
. "$(dirname "$0")/server.bash"

command -v python3 >/dev/null || skip "python3 is not installed"
[[ -x $(dirname "$MMSYNC")/../tests/bench/build/bench/fleet-writer ]] || skip "this build has no benchmarks"
export PYTHONDONTWRITEBYTECODE=1
run python3 "$source_dir/bench/fleet/main.py" --tiny --publish "$scratch/page.md"
same "status" 0 "$status"
same "rows about bytes" 6 "$(grep -c '^| .* changes of .* at most 1.1 times .* bytes | met |$' "$scratch/page.md")"
same "rows about delays" 6 "$(grep -cE '^\| A change of .* is visible at .* ms \| (met|missed) \|$' "$scratch/page.md")"
same "rows about the first copy" 2 "$(grep -cE '^\| .* with nothing, all at once: .* MiB/s \| (met|missed) \|$' "$scratch/page.md")"
same "rows about what bounds it" 6 "$(grep -cE '^\| (4 followers|1 follower)(, the (bytes|memory) alone)?( \| [0-9.]+){5} \|$' "$scratch/page.md")"
check "the writer" grep -qE '^\| A pusher costs the writer .* % \| (met|missed) \|$' "$scratch/page.md"
[[ $status -eq 0 ]] || printf '%s\n' "$err"
finish
