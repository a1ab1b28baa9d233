# SPDX-License-Identifier: Apache-2.0
# The completion for fish knows every verb and option of the tool, in fish itself.
. "$(dirname "$0")/support.bash"
. "$(dirname "$0")/completion.bash"

command -v fish >/dev/null || skip "fish is not installed"
export HOME=$scratch XDG_DATA_HOME=$scratch/data XDG_CONFIG_HOME=$scratch/config

# Command lines go in, and their completions come out, with a line "." after each.
coproc FISH { cd "$scratch" && exec fish --no-config --command '
    source $argv[1]
    while read --local line
        complete --do-complete $line
        echo .
    end' "$source_dir/completion/mmsync.fish"; }
fish=$! output=${FISH[0]} input=${FISH[1]}
exec 8<&"$output" 9>&"$input" {input}>&-

# Without the slash after a directory and the "=" after an option that may take a value.
complete_words() {
    local line
    printf -v line '%q ' mmsync "${@:1:$#-1}"
    [[ ${*: -1} == "" ]] || line+=$(printf '%q' "${*: -1}")
    printf '%s\n' "$line" >&9
    while IFS= read -r line <&8 && [[ $line != . ]]; do
        line=${line%%$'\t'*}
        printf '%s\n' "${line%[/=]}"
    done | sort -u
}

check_completion
exec 9>&-
wait "$fish" || complain "fish: status $?"
finish
