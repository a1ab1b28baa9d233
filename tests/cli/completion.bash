# SPDX-License-Identifier: Apache-2.0
# What the completions for all shells have in common. Source it after support.bash, define complete_words WORD...,
# which prints what the last word may become, sorted, one on a line, and call check_completion.

# long_options VERB: those that its help names at the start of a line.
long_options() {
    "$MMSYNC" "$1" --help | sed -nE 's/^ {2,}(-., )?(--[a-z-]+).*/\2/p' | sort -u
}

# knows WHAT WANTED GOT: as same, but says what is missing and what is too much.
knows() {
    [[ $2 == "$3" ]] || complain "$1: missing '$(comm -23 <(echo "$2") <(echo "$3") | xargs)'," \
        "unknown to the tool '$(comm -13 <(echo "$2") <(echo "$3") | xargs)'; run script/completion"
}

# values WANTED WORD...: the words that the last one may become; WANTED has blanks between them.
values() {
    same "after ${*:2}" "${1// /$'\n'}" "$(complete_words "${@:2}")"
}

check_words() {
    local verbs verb
    verbs=$("$MMSYNC" --help | sed -nE 's/^  mmsync ([a-z]+) .*/\1/p' | sort)
    check "there are verbs" test "$(wc -w <<<"$verbs")" -gt 10
    knows "the verbs" "$verbs" "$(complete_words "" | grep -v -e '^-' -e '^help$')"
    values write wr
    knows "verbs after help" "$verbs" "$(complete_words help "")"
    for verb in $verbs; do
        knows "the options of $verb" "$(long_options "$verb")" "$(complete_words "$verb" --)"
    done
    values "auto off on" write r --huge-pages ""
    values "asymmetric auto symmetric" write r --fence ""
    values "auto mmap-sync mmsync" stat --format ""
    values "csv jsonl mdb" load r --as ""
    values "hex text u32 u64" get r --keys ""
    values forever write r --grace ""
    values root write r --trust roo
}

check_files() {
    cd "${scratch:?}" || exit 1
    mkdir "a directory"
    touch "a file"
    local both=$'a directory\na file'
    same "a region" "a directory" "$(complete_words stat "a ")"
    same "several regions" "a directory" "$(complete_words rm x y "a ")"
    same "a file to write" "$both" "$(complete_words write r "a ")"
    same "a file to dump into" "$both" "$(complete_words dump r "a ")"
    same "a file to restore" "$both" "$(complete_words restore r "a ")"
    same "a file to check" "$both" "$(complete_words restore --check "a ")"
    same "a file to load" "$both" "$(complete_words load r "a ")"
    same "after an option with a value" "$both" "$(complete_words write --tag 3 r "a ")"
    same "after an option without" "$both" "$(complete_words write --evict r "a ")"
    same "a file to read into" "$both" "$(complete_words read r -o "a ")"
    same "a directory to list" "a directory" "$(complete_words ls x "a ")"
    same "nothing after the last operand" "" "$(complete_words read r "a ")"
    same "nothing where there is no operand" "" "$(complete_words bench "a ")"
    if [[ -w /dev/shm ]]; then
        local name=${MMSYNC_TEST_NAME:-mmsync-test-$$-$RANDOM}-bare
        shm_names+=("$name")
        succeeds "$MMSYNC" write "$name" /dev/null
        same "a name in /dev/shm" "$name" "$(complete_words stat "${name%?}")"
    fi
}

check_completion() {
    check_words
    check_files
}
