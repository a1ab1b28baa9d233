#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# check.sh GUARD FAILS: however a test ends, nothing of it is left: no process, no region, no file.
set -euo pipefail
guard=$1 fails=$2
mark=guarded-$$-$RANDOM # in the environment of all processes of these tests, also of those that lost their parents
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

fail() {
    printf 'FAILED: %s\n' "$*" >&2
    cat "$tmp/said" >&2
    exit 1
}

marked() {
    local pid
    grep -lzx "MMSYNC_MARK=$mark" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | while read -r pid; do
        [ ! -e "/proc/$pid/exe" ] || printf '%s ' "$pid"
    done
}

# The names that tests were given.
named() {
    ls -d /dev/shm/"$1"* /tmp/"$1"* /var/tmp/"$1"* "${TMPDIR:-/tmp}/$1"* 2>/dev/null || true
}

# leaves_nothing STATUS COMMAND...
leaves_nothing() {
    local status=0 wanted=$1 name
    shift
    env MMSYNC_MARK="$mark" "$@" >"$tmp/said" 2>&1 || status=$?
    [ "$status" -eq "$wanted" ] || fail "$*: exit status $status, not $wanted"
    [ -z "$(marked)" ] || fail "$*: these processes are left: $(marked)"
    name=$(sed -n 's/^name: //p' "$tmp/said")
    [ -n "$name" ] || fail "$*: the test has not said its name"
    [ -z "$(named "$name")" ] || fail "$*: left are $(named "$name")"
}

# It prints its name on standard output first.
test_that() {
    # shellcheck disable=SC2016 # expanded in there
    printf '%s\n' bash -c 'echo "name: $MMSYNC_TEST_NAME"; exec "$@"' test "$fails" "$1"
}

for way in fails:1 aborts:134 hangs:124 exits:3 passes:1; do
    seconds=600
    [ "${way%:*}" != hangs ] || seconds=2
    mapfile -t words < <(test_that "${way%:*}")
    leaves_nothing "${way#*:}" "$guard" "$seconds" "${words[@]}"
done
grep -q 'still runs' "$tmp/said" || fail "a test that passed and left processes is not told of"

# A test that runs tests hangs: their guards are killed with it.
leaves_nothing 124 "$guard" 2 "$guard" 600 "${words[@]/%passes/hangs}"

# The guard itself is ended.
mapfile -t words < <(test_that hangs)
terminated() {
    "$guard" 600 "${words[@]}" &
    while kill -0 $! && [ -z "$(compgen -G "/dev/shm/$(sed -n 's/^name: //p' "$tmp/said")*/region")" ]; do sleep 0.01; done
    kill -TERM $!
    wait $!
}
status=0
MMSYNC_MARK=$mark terminated >"$tmp/said" 2>&1 || status=$?
[ "$status" -eq 143 ] || fail "terminated: exit status $status"
[ -z "$(marked)" ] || fail "terminated: these processes are left: $(marked)"
[ -z "$(named "$(sed -n 's/^name: //p' "$tmp/said")")" ] || fail "terminated: files are left"

# A test that passes and leaves nothing passes; a skip stays a skip; a process told to end gets the time to do so.
"$guard" 600 bash -c 'mktemp >/dev/null; rm -r "$TMPDIR"/*; (sleep 0.2 &)' || fail "nothing was left"
status=0
"$guard" 600 bash -c 'exit 77' || status=$?
[ "$status" -eq 77 ] || fail "a skip gave $status"
