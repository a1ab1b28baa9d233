# SPDX-License-Identifier: Apache-2.0
# Bash completion for mmsync. Needs nothing but bash; the package bash-completion loads it on first use.

# _mmsync_describe VERB sets `operands`, the kinds of its operands, of which the last may be repeated if "..." follows,
# and `options`: NAME, NAME:KIND or NAME:=WORD,WORD if the next word is its value, NAME:?WORD,WORD if one may follow "=".
# ---- made by script/completion from the help ----
_mmsync_verbs="write read dump restore put get del keys load history rollback recover watch stat top ls check exporter verify
    rm repair bridge push follow bench demo"

_mmsync_describe() {
    case $1 in
        write)
            operands="region file"
            options="-j --result-json --max-size:free --max-slots:free --max-readers:free --mode:free
                --readers-mode:free --group:group --durable --replace --at:free --set:free --json:file
                --schema:file --type:free --changes-size:free --allow-empty --validate:free --expect:free
                --keep:free --checksum --tag:free --type-id:free --grace:=forever --evict --reset
                --unlocked --lock-wait:=forever --fence:=auto,symmetric,asymmetric
                --huge-pages:=auto,off,on --format:=auto,mmsync,mmap-sync --force-filesystem --trust:user
                -h --help -V --version"
            ;;
        read)
            operands="region"
            options="-o:file --output:file --copy -j --json --schema --format:=auto,mmsync,mmap-sync
                --other-hasher --force-filesystem --trust:user -h --help -V --version"
            ;;
        dump)
            operands="region file"
            options="--as:=jsonl,csv,mdb -j --json --keys:=text,hex,u32,u64 --values:=text,hex,u32,u64
                --format:=auto,mmsync,mmap-sync --other-hasher --force-filesystem --trust:user -h --help
                -V --version"
            ;;
        restore)
            operands="region file"
            options="--check -j --json --max-size:free --max-slots:free --max-readers:free --mode:free
                --readers-mode:free --group:group --durable --replace --expect:free --keep:free
                --grace:=forever --evict --reset --unlocked --lock-wait:=forever
                --fence:=auto,symmetric,asymmetric --huge-pages:=auto,off,on
                --format:=auto,mmsync,mmap-sync --force-filesystem --trust:user -h --help -V --version"
            ;;
        put)
            operands="region free free free free ..."
            options="-j --json --keys:=text,hex,u32,u64 --values:=text,hex,u32,u64 --expires:free
                --expected:free --max-bytes:free --expiring --max-size:free --max-slots:free
                --max-readers:free --mode:free --readers-mode:free --group:group --durable --replace
                --expect:free --keep:free --grace:=forever --evict --lock-wait:=forever --force-filesystem
                --trust:user -h --help -V --version"
            ;;
        get)
            operands="region free ..."
            options="-r --raw -j --json --keys:=text,hex,u32,u64 --values:=text,hex,u32,u64 --force-filesystem
                --trust:user -h --help -V --version"
            ;;
        del)
            operands="region free ..."
            options="-j --json --keys:=text,hex,u32,u64 --expect:free --keep:free --grace:=forever --evict
                --lock-wait:=forever --force-filesystem --trust:user -h --help -V --version"
            ;;
        keys)
            operands="region"
            options="-p:free --prefix:free -c --count -z --null -j --json --keys:=text,hex,u32,u64
                --force-filesystem --trust:user -h --help -V --version"
            ;;
        load)
            operands="region file"
            options="--as:=jsonl,csv,mdb --clear -j --json --keys:=text,hex,u32,u64 --values:=text,hex,u32,u64
                --expected:free --max-bytes:free --expiring --max-size:free --max-slots:free
                --max-readers:free --mode:free --readers-mode:free --group:group --durable --replace
                --expect:free --keep:free --grace:=forever --evict --lock-wait:=forever --force-filesystem
                --trust:user -h --help -V --version"
            ;;
        history)
            operands="region"
            options="-j --json -h --help -V --version"
            ;;
        rollback)
            operands="region free"
            options="-j --json --expect:free --keep:free --grace:=forever --evict --lock-wait:=forever
                --force-filesystem --trust:user -h --help -V --version"
            ;;
        recover)
            operands="region"
            options="-j --json --keep:free --lock-wait:=forever --force-filesystem -h --help -V --version"
            ;;
        watch)
            operands="region"
            options="-n:free --count:free -t:free --timeout:free --changes --keys:?text,hex,u32,u64 -j --json
                --interval:free --format:=auto,mmsync,mmap-sync --force-filesystem --trust:user -h --help
                -V --version"
            ;;
        stat)
            operands="region"
            options="-j --json -i:free --interval:free -n:free --count:free --format:=auto,mmsync,mmap-sync -h
                --help -V --version"
            ;;
        top)
            operands="dir ..."
            options="-i:free --interval:free -s:=name,size,age,readers,memory
                --sort:=name,size,age,readers,memory -r --reverse -b --batch -j --json -n:free
                --count:free -h --help -V --version"
            ;;
        ls)
            operands="dir ..."
            options="-s:=name,size,age,readers,memory --sort:=name,size,age,readers,memory -j --json -h --help
                -V --version"
            ;;
        check)
            operands="region"
            options="--max-age:free --min-generation:free --max-size:free --max-readers:free --min-readers:free
                -w --writer -q --quiet -j --json --format:=auto,mmsync,mmap-sync -h --help -V --version"
            ;;
        exporter)
            operands="dir ..."
            options="-l:free --listen:free -t:file --textfile:file -j --json -h --help -V --version"
            ;;
        verify)
            operands="region"
            options="-j --json --format:=auto,mmsync,mmap-sync -h --help -V --version"
            ;;
        rm)
            operands="region ..."
            options="-f --force -j --json --format:=auto,mmsync,mmap-sync -h --help -V --version"
            ;;
        repair)
            operands="region"
            options="-v:free --longest-view:free -f --force -j --json -h --help -V --version"
            ;;
        bridge)
            operands="region region"
            options="--from:=mmsync,mmap-sync --once -n:free --count:free -q --quiet -j --json --grace:=forever
                --reset --unlocked --lock-wait:=forever --max-size:free --schema:file --type:free
                --other-hasher --force-filesystem --trust:user -h --help -V --version"
            ;;
        push)
            operands="region free"
            options="-n:free --name:free --once -j --json --take-over --replicas:free --storage:=file,memory
                --log:free --user:free --password:free --token:free --creds:file --nkey:file
                --tlscacert:file --tlscert:file --tlskey:file --domain:free --force-filesystem
                --trust:user -h --help -V --version"
            ;;
        follow)
            operands="free free region"
            options="--once -j --json --wait --overwrite --scrub:free --max-size:free --max-slots:free
                --max-readers:free --mode:free --readers-mode:free --group:group --durable --replace
                --grace:=forever --evict --lock-wait:=forever --fence:=auto,symmetric,asymmetric
                --huge-pages:=auto,off,on --force-filesystem --trust:user --user:free --password:free
                --token:free --creds:file --nkey:file --tlscacert:file --tlscert:file --tlskey:file
                --domain:free -h --help -V --version"
            ;;
        bench)
            operands=""
            options="-s:free --seconds:free -r:free --rounds:free -d:dir --directory:dir -j --json -h --help -V
                --version"
            ;;
        demo)
            operands=""
            options="--table -s:free --seconds:free -r:free --readers:free --data:=oui,public-suffix
                --file:file -d:dir --directory:dir --json:file -h --help -V --version"
            ;;
    esac
}
# ---- end ----

# The kind of an option's value; fails if the next word is not its value.
_mmsync_kind() {
    local option
    for option in $options; do
        if [[ $option == "$1":* ]]; then
            kind=${option#*:}
            [[ $kind != \?* ]]
            return
        fi
    done
    return 1
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

# Something of a kind: an operand or the value of an option.
_mmsync_complete() {
    case $1 in
        [=?]*) _mmsync_words "${1//[=?,]/ }" ;;
        group) mapfile -t COMPREPLY < <(compgen -g -- "$cur") ;;
        user) mapfile -t COMPREPLY < <(compgen -u -- "$cur") ;;
        file) _mmsync_files -f ;;
        dir) _mmsync_files -d ;;
        region) _mmsync_regions ;;
    esac
}

# The kind of the operand at the cursor; fails if there can be none.
_mmsync_operand() {
    local i kinds count=0
    for ((i = 2; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} == -?* ]]; then
            _mmsync_kind "${COMP_WORDS[i]}" && ((i++))
        else
            ((count++))
        fi
    done
    read -ra kinds <<<"$operands"
    if [[ $operands == *... ]]; then
        ((count < ${#kinds[@]} - 1)) || count=$((${#kinds[@]} - 2))
    fi
    [[ $verb != restore || " ${COMP_WORDS[*]} " != *" --check "* ]] || count=1
    kind=${kinds[count]-}
    [[ $kind ]]
}

_mmsync() {
    local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} verb=${COMP_WORDS[1]}
    local operands='' options='' kind='' names='' option
    COMPREPLY=()
    _mmsync_describe "$verb"
    # bash has "=" as a word of its own.
    if [[ $cur == = ]] && ((COMP_CWORD > 2)); then
        cur='' && _mmsync_kind "$previous"
        _mmsync_complete "$kind"
    elif [[ $previous == = ]] && ((COMP_CWORD > 3)); then
        _mmsync_kind "${COMP_WORDS[COMP_CWORD - 2]}"
        _mmsync_complete "$kind"
    elif ((COMP_CWORD == 1)); then
        _mmsync_words "$_mmsync_verbs help --help --version"
    elif [[ $verb == help ]]; then
        ((COMP_CWORD > 2)) || _mmsync_words "$_mmsync_verbs"
    elif ((COMP_CWORD > 2)) && _mmsync_kind "$previous"; then
        _mmsync_complete "$kind"
    elif [[ $cur == -?* ]]; then
        for option in $options; do
            names+=" ${option%%:*}"
        done
        _mmsync_words "$names"
    elif _mmsync_operand; then
        _mmsync_complete "$kind"
    fi
}

complete -F _mmsync mmsync
