# SPDX-License-Identifier: Apache-2.0
# ctest: serial
# A short run of the whole demo with each data set: everything that should happen does, and the
# figures say so.
. "$(dirname "$0")/support.bash"
. "$(dirname "$0")/demo.bash"

if [[ -r $oui ]]; then
    play --data oui --readers 4
    same "the form" '"archive"' "$(figure form)"
    is_more greatest_bytes "$(figure least_bytes)"
    tells "killed by SIGKILL while it held generation" "slot were free again after" "stopped by SIGSTOP" \
        "its view was still whole" "killed by SIGKILL with half a table written" "a new writer"
fi
if [[ -r $suffixes ]]; then
    play --data public-suffix --readers 2
fi

# Figures on standard output, and nothing else.
if [[ -r $suffixes ]]; then
    mkdir "$scratch/here"
    "$MMSYNC" demo --seconds 3 --data public-suffix --directory "$scratch/here" --json - \
        >"$scratch/json" 2>"$scratch/err" || complain "demo --json -"
    same "the first line" "{" "$(head -n 1 "$scratch/json")"
    same "the last line" "}" "$(tail -n 1 "$scratch/json")"
    check "the table goes to standard error" grep -q '^PASSED' "$scratch/err"
fi
finish
