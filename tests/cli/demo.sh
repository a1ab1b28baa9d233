# SPDX-License-Identifier: Apache-2.0
# ctest: serial
# A short run of the whole demo with each data set: everything that should happen does, and the
# figures say so.
. "$(dirname "$0")/support.bash"

oui=/usr/share/ieee-data/oui.csv
suffixes=/usr/share/publicsuffix/public_suffix_list.dat
[[ -r $oui || -r $suffixes ]] || skip "neither of the Debian packages ieee-data and publicsuffix is installed"

# figure KEY: its value in the JSON, the first time it occurs there.
figure() {
    sed -nE "s/^ *\"$1\": ([^,]*),?\$/\1/p" "$scratch/json" | head -n 1
}

# is_more KEY NUMBER
is_more() {
    local value
    value=$(figure "$1")
    if ! [[ $value =~ ^[0-9]+$ ]] || ((value <= $2)); then
        complain "$1 is '$value', and not over $2"
    fi
}

check_figures() {
    local key
    for key in torn wrong backwards out_of_date evicted lost stuck; do
        same "$key" 0 "$(figure $key)"
    done
    same "the verdict in the figures" true "$(figure passed)"
    for key in total found absent p50 p99 p99_9 max samples published seen tables_verified newer_generations \
        lookups_meanwhile recovery_ns recovery_last_reader_ns used; do
        is_more "$key" 0
    done
    is_more records 5000
    is_more stopped_ns 999999999
    is_more generation_after "$(figure generation_before)"
    is_more greatest_bytes "$(figure least_bytes)"
    is_more published "$(($(figure seen) - 1))"
    same "readers killed" 1 "$(figure count)"
    same "readers reclaimed" 1 "$(sed -n '/readers_killed/,/}/s/^ *"reclaimed": \(.*\),$/\1/p' "$scratch/json")"
    same "the view of the stopped reader is whole" true "$(figure whole)"
}

# play OPTION...: a demo in its own directory, which is empty afterwards.
play() {
    mkdir "$scratch/here"
    succeeds "$MMSYNC" demo --seconds 3 --directory "$scratch/here" --json "$scratch/json" "$@"
    like "the verdict" $'.*\nPASSED: [^\n]*' "$out"
    same "what is left" "" "$(ls -A "$scratch/here")"
    rmdir "$scratch/here"
    check_figures
}

if [[ -r $oui ]]; then
    play --data oui --readers 4
    for event in "killed by SIGKILL while it held generation" "slot were free again after" "stopped by SIGSTOP" \
        "its view was still whole" "killed by SIGKILL with half a table written" "a new writer"; do
        like "an event" ".*${event}.*" "$out"
    done
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
