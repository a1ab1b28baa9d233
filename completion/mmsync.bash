# SPDX-License-Identifier: Apache-2.0
# Bash completion for mmsync. Needs nothing but bash; the package bash-completion loads it on first use.

_mmsync_options() {
    case $1 in
        write)
            echo "--max-size --max-slots --max-readers --mode --readers-mode --group --replace --checksum --at --set --json --schema --type
                --changes-size --allow-empty --tag --type-id
                --grace --evict --reset --unlocked --lock-wait --fence --huge-pages --format --force-filesystem --trust"
            ;;
        dump) echo "--as --keys --values --format --other-hasher --force-filesystem --trust" ;;
        put | load)
            echo "--keys --values --expected --max-bytes --expiring --max-size --max-slots --max-readers --mode --readers-mode
                --group --replace --grace --evict --lock-wait --force-filesystem --trust"
            [[ $1 == put ]] && echo --expires || echo "--as --clear"
            ;;
        get) echo "-r --raw -j --json --keys --values --force-filesystem --trust" ;;
        del) echo "--keys --grace --evict --lock-wait --force-filesystem --trust" ;;
        keys) echo "-p --prefix -c --count -z --null -j --json --keys --force-filesystem --trust" ;;
        restore)
            echo "--max-size --max-slots --max-readers --mode --readers-mode --group --replace --grace --evict --reset
                --unlocked --lock-wait --fence --huge-pages --format --force-filesystem --trust --check -j --json"
            ;;
        read) echo "-o --output --copy --json --schema --format --other-hasher --force-filesystem --trust" ;;
        watch) echo "-n --count -t --timeout --changes --keys --interval --format --force-filesystem --trust" ;;
        stat) echo "-j --json --format" ;;
        ls) echo "-s --sort -j --json" ;;
        check)
            echo "--max-age --min-generation --max-size --max-readers --min-readers -w --writer -q --quiet --format"
            ;;
        exporter) echo "-l --listen -t --textfile" ;;
        verify) echo "--format" ;;
        rm) echo "-f --force --format" ;;
        repair) echo "-v --longest-view -f --force" ;;
        bridge)
            echo "--from --once -n --count -q --quiet --grace --reset --unlocked --lock-wait --max-size --schema --type
                --other-hasher --force-filesystem --trust"
            ;;
        bench) echo "-s --seconds -r --rounds -d --directory -j --json" ;;
        # The demo's options are not listed twice: its help has them.
        demo)
            mmsync demo --help 2>/dev/null | sed -nE 's/^ +(-., )?(--[a-z-]+).*/\2/p' | sort -u |
                grep -vx -e --help -e --version
            ;;
    esac
    echo "--help --version"
}

# True if the option takes its value from the next word.
_mmsync_takes_value() {
    case $2 in
        --max-size | --max-slots | --max-readers | --mode | --readers-mode | --group | --tag | --type-id | --grace | \
            --lock-wait | --at | --set | --changes-size | --fence | --huge-pages | --trust | --output | --count | --timeout | --interval | \
            --seconds | --rounds | --directory | --format | --from | --longest-view | --type | --as | --values | \
            --expected | --max-bytes | --expires | --prefix | --sort | --max-age | --min-generation | --min-readers | --listen | --textfile)
            [[ $1 != keys || $2 != --count ]]
            ;;
        --keys) [[ $1 != watch ]] ;;
        -p) [[ $1 == keys ]] ;;
        -o) [[ $1 == read ]] ;;
        --schema) [[ $1 == bridge || $1 == write ]] ;;
        --json) [[ $1 == write ]] ;;
        -v) [[ $1 == repair ]] ;;
        -n) [[ $1 == watch || $1 == bridge ]] ;;
        -t) [[ $1 == watch || $1 == exporter ]] ;;
        -l) [[ $1 == exporter ]] ;;
        -s) [[ $1 == bench || $1 == ls ]] ;;
        -r | -d) [[ $1 == bench ]] ;;
        *) return 1 ;;
    esac
}

# Names of regions, and of files of mmap-sync, in /dev/shm, and directories anywhere.
_mmsync_regions() {
    local control name
    if [[ $cur != */* ]]; then
        for control in /dev/shm/"$cur"*/control; do
            name=${control%/control}
            [[ -e $control ]] && COMPREPLY+=("${name##*/}")
        done
        for control in /dev/shm/"$cur"*_state; do
            name=${control%_state}
            [[ -f $control ]] && COMPREPLY+=("${name##*/}")
        done
    fi
    _mmsync_files -d
}

# compgen -f or -d, whose names may have blanks in them. `filenames` makes bash quote them and add slashes, which
# would be wrong for words.
_mmsync_files() {
    local name
    while IFS= read -r name; do
        COMPREPLY+=("$name")
    done < <(compgen "$1" -- "$cur")
    compopt -o filenames 2>/dev/null
}

_mmsync_words() {
    local word
    while IFS= read -r word; do
        COMPREPLY+=("$word")
    done < <(compgen -W "$1" -- "$cur")
}

_mmsync_value() {
    case $1 in
        --fence) _mmsync_words "auto symmetric asymmetric" ;;
        --huge-pages) _mmsync_words "auto off on" ;;
        --grace | --lock-wait) _mmsync_words forever ;;
        --group) mapfile -t COMPREPLY < <(compgen -g -- "$cur") ;;
        --trust) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
        --keys | --values) _mmsync_words "text hex u32 u64" ;;
        --sort) _mmsync_words "name size age readers memory" ;;
        --as) _mmsync_words "jsonl csv mdb" ;;
        --format) _mmsync_words "auto mmsync mmap-sync" ;;
        --from) _mmsync_words "mmsync mmap-sync" ;;
        -o | --output | --schema | --json | --textfile) _mmsync_files -f ;;
        -d | --directory) _mmsync_files -d ;;
    esac
}

# Operands before the cursor.
_mmsync_operands() {
    local i count=0
    for ((i = 2; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -?* ]]; then
            _mmsync_takes_value "$1" "${COMP_WORDS[i]}" && ((i++))
        else
            ((count++))
        fi
    done
    echo "$count"
}

_mmsync() {
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
    local verbs="write read dump restore put get del keys load watch stat ls check exporter verify rm repair bridge bench demo"
    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        _mmsync_words "$verbs help --help --version"
    elif [[ $verb == help ]]; then
        ((COMP_CWORD == 2)) && _mmsync_words "$verbs"
    elif ((COMP_CWORD > 2)) && _mmsync_takes_value "$verb" "$previous"; then
        _mmsync_value "$previous"
    elif [[ $cur == -?* ]]; then
        _mmsync_words "$(_mmsync_options "$verb")"
    elif [[ $verb == restore && " ${COMP_WORDS[*]} " == *" --check "* ]]; then
        _mmsync_files -f
    elif [[ $verb =~ ^(write|dump|restore|load)$ && $(_mmsync_operands "$verb") == 1 ]]; then
        _mmsync_files -f
    elif [[ $verb == ls || $verb == exporter ]]; then
        _mmsync_files -d
    elif [[ $verb == rm || ($verb =~ ^(write|read|dump|restore|put|get|del|keys|load|watch|stat|check|verify|repair)$ && $(_mmsync_operands "$verb") == 0) ||
        ($verb == bridge && $(_mmsync_operands bridge) -lt 2) ]]; then
        _mmsync_regions
    fi
}

complete -F _mmsync mmsync
