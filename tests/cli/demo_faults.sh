# SPDX-License-Identifier: Apache-2.0
# ctest: serial released
# The demo finds what it looks for: a build that goes wrong on purpose reports it and exits with 1.
. "$(dirname "$0")/support.bash"

faulty=${MMSYNC_TEST_BIN_DIR:?}/faulty_demo
seq -f 'r%g.example' 1 3000 >"$scratch/rules"

# fails FAULT PATTERN [OPTION]: the demo fails, and its verdict matches.
fails() {
    mkdir "$scratch/here"
    run env MMS_DEMO_FAULT="$1" MMS_DEMO_WATCHDOG_MS=10000 "$faulty" demo --seconds 3 --data public-suffix \
        --file "$scratch/rules" --directory "$scratch/here" --json "$scratch/json" "${@:3}"
    same "status with the fault '$1' ${*:3}" 1 "$status"
    like "the verdict with the fault '$1' ${*:3}" "FAILED: $2" "$(tail -n 1 <<<"$out")"
    check "the figures say so too" grep -q '"passed": false' "$scratch/json"
    same "what is left" "" "$(ls -A "$scratch/here")"
    rmdir "$scratch/here"
}

mkdir "$scratch/here"
run "$faulty" demo --seconds 3 --data public-suffix --file "$scratch/rules" --directory "$scratch/here"
same "status without a fault" 0 "$status"
rmdir "$scratch/here"

# The writer changes one bit of a table, or half of it, after readers may have it.
fails scribble "[1-9][0-9]* torn, .*"
fails mix "[1-9][0-9]* torn, .*"
# A table that is whole but differs from the data.
fails wrong "0 torn, [1-9][0-9]* wrong, .*"
# The new writer takes over, and publishes nothing.
fails silence "0 torn, 0 wrong, .* 0 lost, 1 stuck\."

# Half of the keys of each commit, values changed after readers may have them, and values that are
# whole and wrong.
fails mix "[1-9][0-9]* torn, .*" --table
fails scribble "[1-9][0-9]* torn, .*" --table
fails wrong "[01] torn, [1-9][0-9]* wrong, .*" --table # a view that was held is whole or is not

# The stopped reader does not continue.
fails stuck "0 torn, 0 wrong, .* 0 lost, 1 stuck\."
finish
