# SPDX-License-Identifier: Apache-2.0
# The completion for zsh knows every verb and option of the tool, in zsh itself.
. "$(dirname "$0")/support.bash"
. "$(dirname "$0")/completion.bash"

command -v zsh >/dev/null || skip "zsh is not installed"
zsh -fc 'zmodload zsh/zpty && zpty inner true' 2>/dev/null || skip "zsh has no pseudo-terminal here"
mkfifo "$scratch/found"

# An interactive zsh on a terminal of its own, in which TAB writes all matches to a pipe and inserts none.
cat >"$scratch/rc.zsh" <<'end'
PROMPT= fpath=($1 $fpath)
autoload -Uz compinit
compinit -D -u
bindkey -e
exec 7>$2
compadd() {
    local -a found
    if [[ "${@[1,(i)(-|--)]}" != *-[OAD]* ]]; then
        builtin compadd -O found "$@"
        (($#found == 0)) || print -rlu7 -- ${(Q)found}
    fi
    builtin compadd "$@"
}
finish() {
    print -u7 .
    compstate[insert]= compstate[list]=
}
complete_all() {
    comppostfuncs=(finish)
    zle complete-word
}
zle -N complete_all
bindkey '^I' complete_all
end
cat >"$scratch/drive.zsh" <<'end'
zmodload zsh/zpty || exit 3
cd -q $1
export TERM=dumb
zpty inner zsh -f -i || exit 3
zpty -w inner "source $1/rc.zsh ${(q)2} $1/found"
while IFS= read -r line; do
    while zpty -r -t inner drained; do :; done
    zpty -w -n inner $'\C-u'"$line"$'\t'
done
zpty -d inner
end
coproc ZSH { exec zsh -f "$scratch/drive.zsh" "$scratch" "$source_dir/completion" 2>"$scratch/errors"; }
zsh=$! input=${ZSH[1]}
exec 9>&"$input" {input}>&- 8<"$scratch/found"

complete_words() {
    local line
    printf -v line '%q ' mmsync "${@:1:$#-1}"
    [[ ${*: -1} == "" ]] || line+=$(printf '%q' "${*: -1}")
    printf '%s\n' "$line" >&9
    while IFS= read -r line <&8 && [[ $line != . ]]; do
        printf '%s\n' "${line%[/=]}"
    done | sort -u
}

check_completion
exec 9>&-
wait "$zsh" || complain "zsh: status $?: $(<"$scratch/errors")"
finish
