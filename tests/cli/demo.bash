# SPDX-License-Identifier: Apache-2.0
# Shared by the tests that run the whole demo. Source support.bash first, which leaves $scratch and
# $out.
# shellcheck disable=SC2034,SC2154

oui=/usr/share/ieee-data/oui.csv suffixes=/usr/share/publicsuffix/public_suffix_list.dat
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

# What holds in both forms.
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

# tells TEXT...: each is in what the demo has printed.
tells() {
    local text
    for text; do
        like "what it tells" ".*${text}.*" "$out"
    done
}
