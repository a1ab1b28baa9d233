# SPDX-License-Identifier: Apache-2.0
# The completions are those that script/completion makes from the help, and that for bash knows
# every verb and option of the tool.
. "$(dirname "$0")/support.bash"
. "$(dirname "$0")/completion.bash"

if command -v python3 >/dev/null; then
    run "$source_dir/script/completion" --check "$MMSYNC"
    same "script/completion --check" "" "$out$err"
fi

# shellcheck source=/dev/null
. "$source_dir/completion/mmsync.bash"

complete_words() {
    COMP_WORDS=(mmsync "$@")
    COMP_CWORD=$#
    _mmsync 2>/dev/null
    ((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}" | sort
}

check_completion
# bash has "=" as a word of its own.
values "asymmetric auto symmetric" write r --fence =
values "asymmetric auto" write r --fence = a
values "hex text u32 u64" watch r --keys =
finish
