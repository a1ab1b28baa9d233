# SPDX-License-Identifier: Apache-2.0
# Shared by the tests of the tool. Source it first: $scratch is a fresh directory, removed at the end, and $region a path in
# it. Each check prints what failed; the last line of a test is `finish`.

set -u
: "${MMSYNC:?is to be the path of the mmsync binary}"
# shellcheck disable=SC2034 # for the tests
source_dir=${MMSYNC_SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
scratch=$(mktemp -d) || exit 1
region=$scratch/region
failures=0
shm_names=()

# Names that the test made in /dev/shm, and processes that it left running, go too.
clean_up() {
    local job name
    for job in $(jobs -p); do
        kill -KILL "$job" 2>/dev/null
    done
    wait 2>/dev/null
    for name in "${shm_names[@]}"; do
        rm -rf "/dev/shm/$name"
    done
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'exit 1' INT TERM HUP

complain() {
    echo "FAILED: $*"
    failures=$((failures + 1))
}

# check WHAT COMMAND...: the command succeeds.
check() {
    local what=$1
    shift
    "$@" || complain "$what: $*"
}

# same WHAT WANTED GOT
same() {
    [[ $2 == "$3" ]] || complain "$1: wanted '$2', got '$3'"
}

# like WHAT PATTERN GOT: an extended regular expression for all of it.
like() {
    [[ $3 =~ ^($2)$ ]] || complain "$1: wanted something like '$2', got '$3'"
}

# run COMMAND...: leaves $status, $out and $err.
run() {
    "$@" >"$scratch/.out" 2>"$scratch/.err" </dev/null
    status=$?
    out=$(tr -d '\0' <"$scratch/.out") err=$(<"$scratch/.err")
}

# succeeds COMMAND...: status 0 and nothing on standard error.
succeeds() {
    run "$@"
    [[ $status -eq 0 && -z $err ]] || complain "$*: status $status, standard error '$err'"
}

# refuses STATUS PATTERN COMMAND...: that status, one line "mmsync: ...PATTERN..." on standard error, no output. A command
# that gives JSON says the same as an object.
refuses() {
    local wanted=$1 pattern=$2
    shift 2
    run "$@"
    same "status of $*" "$wanted" "$status"
    like "standard error of $*" "(mmsync: |\\{\"level\": \"error\", )[^"$'\n'"]*${pattern}[^"$'\n'"]*" "$err"
    same "output of $*" "" "$out"
}

# rates_agree LINES: of objects with `time_ns`, `generation` and `rate`, each rate is what the line before it makes it, and one
# is not 0. The times are taken next to each other, so twice as much is far off on any machine.
rates_agree() {
    python3 -c '
import json, sys
lines = [json.loads(line) for line in sys.stdin]
assert lines[0]["rate"] is None, lines[0]
for before, now in zip(lines, lines[1:]):
    rate = (now["generation"] - before["generation"]) * 1e9 / (now["time_ns"] - before["time_ns"])
    assert rate / 2 - 0.001 <= now["rate"] <= rate * 2 + 0.001, (before, now, rate)
assert any(line["rate"] for line in lines), lines
' <<<"$1"
}

# until_true COMMAND...: repeats the command until it succeeds; gives up when all background processes have ended.
until_true() {
    until "$@" 2>/dev/null; do
        if [[ -z $(jobs -r) ]] && ! "$@" 2>/dev/null; then
            complain "it was waited for, and all processes have ended: $*"
            finish
        fi
        sleep 0.01
    done
}

# has_ended PID...: none of them runs; zombies have ended. One look at each, since a shell may reap it between two.
has_ended() {
    local pid
    for pid; do
        if grep -q '^State:[[:space:]]*[^ZX[:space:]]' "/proc/$pid/status" 2>/dev/null; then
            return 1
        fi
    done
}

# rebooted [REGION]...: the boot id that the files are from, those of $region by default, is another one.
rebooted() {
    local each
    for each in "${@:-$region}"; do
        printf '\x12\x34\x56\x78\x9a\xbc\xde\xf0' | dd of="$each/control" bs=1 seek=384 conv=notrunc status=none
    done
}

# generation [LINE]: of the region, or in a line of `write` or `watch`.
generation() {
    if (($#)); then
        sed -n 's/^generation=\([0-9]*\) .*/\1/p' <<<"$1"
    else
        "$MMSYNC" stat "$region" | sed -n 's/^generation *\([0-9]*\).*/\1/p'
    fi
}

# random_file SIZE NAME
random_file() {
    head -c "$1" /dev/urandom >"$2"
}

skip() {
    echo "skipped: $*"
    exit 77
}

finish() {
    ((failures == 0)) || exit 1
    exit 0
}
