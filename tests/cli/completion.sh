# SPDX-License-Identifier: Apache-2.0
# Completion knows every verb and option of the tool.
. "$(dirname "$0")/support.bash"

# shellcheck source=/dev/null
. "$source_dir/completion/mmsync.bash"
PATH=$(dirname "$MMSYNC"):$PATH

# complete_words WORD...: what the last word may become, sorted, one on a line.
complete_words() {
    COMP_WORDS=(mmsync "$@")
    COMP_CWORD=$#
    _mmsync 2>/dev/null
    ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}" | sort
}

# long_options VERB: those that its help names at the start of a line.
long_options() {
    "$MMSYNC" "$1" --help | sed -nE 's/^ {2,}(-., )?(--[a-z-]+).*/\2/p' | sort -u
}

verbs=$("$MMSYNC" --help | sed -nE 's/^  mmsync ([a-z]+) .*/\1/p' | sort)
same "the verbs" "$verbs" "$(complete_words "" | grep -v -e '^-' -e help)"
same "a verb" write "$(complete_words wr)"
same "verbs after help" "$verbs" "$(complete_words help "")"
for verb in $verbs; do
    same "the options of $verb" "$(long_options "$verb")" "$(complete_words "$verb" --)"
done

same "values of --huge-pages" $'auto\noff\non' "$(complete_words write r --huge-pages "")"
same "values of --fence" $'asymmetric\nauto\nsymmetric' "$(complete_words write r --fence "")"
same "values of --format" $'auto\nmmap-sync\nmmsync' "$(complete_words stat --format "")"
same "values of --as" $'csv\njsonl\nmdb' "$(complete_words load r --as "")"
same "values of --keys" $'hex\ntext\nu32\nu64' "$(complete_words get r --keys "")"
same "values of --grace" forever "$(complete_words write r --grace "")"
same "values of --trust" root "$(complete_words write r --trust roo)"

cd "$scratch" || exit 1
mkdir "a directory"
touch "a file"
same "a region" "a directory" "$(complete_words stat "a ")"
same "a file to write" $'a directory\na file' "$(complete_words write r "a ")"
same "a file to dump into" $'a directory\na file' "$(complete_words dump r "a ")"
same "a file to restore" $'a directory\na file' "$(complete_words restore r "a ")"
same "a file to check" $'a directory\na file' "$(complete_words restore --check "a ")"
same "a file to load" $'a directory\na file' "$(complete_words load r "a ")"
same "after an option with a value" $'a directory\na file' "$(complete_words write --tag 3 r "a ")"
same "after an option without" $'a directory\na file' "$(complete_words write --evict r "a ")"
same "a file to read into" $'a directory\na file' "$(complete_words read r -o "a ")"
same "nothing after the last operand" "" "$(complete_words read r "a ")"
if [[ -w /dev/shm ]]; then
    name=${MMSYNC_TEST_NAME:-mmsync-test-$$-$RANDOM}-bare
    shm_names+=("$name")
    succeeds "$MMSYNC" write "$name" /dev/null
    same "a name in /dev/shm" "$name" "$(complete_words stat "${name%?}")"
fi
finish
