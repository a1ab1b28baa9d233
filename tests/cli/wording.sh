# SPDX-License-Identifier: Apache-2.0
# The tool puts its own options' names into the library's messages, and the advice in a message
# works.
. "$(dirname "$0")/support.bash"

# ---- The sources: each option is named as `options.NAME`, and the tool has a word for it ----

messages=$(cat "$source_dir"/src/{api,base,os,region,mmap_sync}/*.c | grep -v "^#" | grep -oE '"([^"\\]|\\.)*"')
members=$(sed -n '/^typedef struct mms_\(mmap_sync_\|\)\(writer\|region\)_options {/,/^}/p' "$source_dir"/include/{mmsync,mmsync/mmap_sync}.h |
    sed -nE 's/^    [a-z_0-9]+ ([a-z_]+)(\[.\])?;.*/\1/p' | grep -v -e struct_size -e reserved | sort -u)
check "the members of the options are found" test "$(wc -w <<<"$members")" -gt 20
for member in $members; do
    case $member in
        type_id) continue ;; # also an argument of calls that the tool does not make
        *_*) bare="(^|[^.>a-z_])$member([^a-z_/]|$)" ;;
        *) bare="(set|option|options) $member([^a-z_]|$)" ;; # also a plain word
    esac
    same "messages that name the option $member without options." "" \
        "$(grep -vxF "\"$member\"" <<<"$messages" | sed 's/"\(.*\)"/\1/' | grep -E -e "$bare")"
done
same "values of options that stand alone" "" \
    "$(sed -E 's/options\.[a-z_]+ = MMS_[A-Z_]+//g' <<<"$messages" | grep -E 'MMS_(EVICT|REFUSE|FENCE)')"
while read -r token; do
    case $token in
        options.detached) continue ;;  # for readers shared by threads, which the tool does not have
        options.mmap_sync) continue ;; # of another size than the tool's
        'options.mmap_sync->hash') continue ;; # a function, which the tool does not have
    esac
    check "the tool has a word for $token" grep -qF "{\"$token\"," "$source_dir/src/cli/wording.c"
done < <(grep -oE 'options\.(mmap_sync->)?[a-z_]+( = MMS_[A-Z_]+)?|longest_view_ms|MMS_REPAIR_[A-Z]+' <<<"$messages" | sort -u)

# ---- Messages, and what comes of their advice ----

api='options\.|(max_(size|slots|readers)|[a-z]+_ms|readers_mode|on_grace|trust_owner|force_filesystem|other_hasher)'
api="($api)|mms_[a-z_]+|MMS_(FENCE|EVICT|REFUSE|REPAIR|FOREVER|NO_WAIT)|[^-]\\b(set|option) replace"

# advises STATUS PATTERN COMMAND...: as refuses, and no word of the library's interface.
advises() {
    refuses "$@"
    [[ ! $err =~ $api ]] || complain "${*:3} says '${BASH_REMATCH[0]}': $err"
}

small=$scratch/small
large=$scratch/large
echo small >"$small"
random_file 6000 "$large"
write=("$MMSYNC" write)
succeeds "${write[@]}" "$region" "$small" --max-size 4096 --max-slots 2 --max-readers 1

# Geometry.
for option in "--max-size 8192" "--max-slots 3" "--max-readers 2"; do
    # shellcheck disable=SC2086
    advises 1 "${option% *} .*--replace " "${write[@]}" "$region" "$small" $option
    cp -r "$region" "$scratch/copy"
    # shellcheck disable=SC2086
    succeeds "${write[@]}" "$scratch/copy" "$small" $option --replace
    rm -rf "$scratch/copy"
done
advises 1 "--max-size, and with --replace" "${write[@]}" "$region" "$large"
advises 1 "--max-size, and with --replace" bash -c '"$1" write "$2" <"$3"' - "$MMSYNC" "$region" "$large"
advises 1 "--max-size, and with --replace" bash -c 'cat "$3" | "$1" write "$2"' - "$MMSYNC" "$region" "$large"
succeeds "${write[@]}" "$region" "$large" --max-size 8192 --replace
advises 1 "--max-size is .*a smaller one first" "${write[@]}" "$region" "$small" --max-size 4096 --replace
succeeds "${write[@]}" "$region" "$small"
succeeds "${write[@]}" "$region" "$small" --max-size 4096 --replace
advises 1 "--max-size is [0-9]+; it goes from 1 to" "${write[@]}" "$scratch/new" "$small" --max-size 7E
advises 1 "--mode is 0777; .*0600" "${write[@]}" "$scratch/new" "$small" --mode 777
advises 1 "--readers-mode is 0642; .*together" "${write[@]}" "$scratch/new" "$small" --readers-mode 642
for option in --reset --unlocked; do
    advises 1 "$option is for the files of mmap-sync" "${write[@]}" "$region" "$small" $option
done
advises 1 "--other-hasher is for the files of mmap-sync" "$MMSYNC" read "$region" --other-hasher
advises 2 "a path in another format than mmsync" "$MMSYNC" read "mmap-sync:$region" --format mmsync
advises 1 "ulimit -f.*--max-size" bash -c 'ulimit -f 10; exec "$@"' - "${write[@]}" "$scratch/new" "$small"
check "nothing is left of what could not be made" test ! -e "$scratch/new"
if [[ -z ${MMSYNC_SANITIZE:-} ]] && ! (ulimit -v 8000000 && "${write[@]}" "$scratch/new" "$small" >/dev/null 2>&1); then
    for size in 4G 64M 32M; do
        run bash -c 'ulimit -v 4000000; exec "$@"' - "${write[@]}" "$scratch/new" "$small" --max-size "$size"
        like "an address limit and --max-size $size" '.*ulimit -v.* a smaller --max-size, say [0-9]+, .*' "$err"
        less=$(sed -E 's/.*say ([0-9]+),.*/\1/' <<<"$err")
        succeeds bash -c 'ulimit -v 4000000; exec "$@"' - "${write[@]}" "$scratch/new" "$small" --max-size "$less"
        rm -rf "$scratch/new"
    done
    succeeds "${write[@]}" "$scratch/new" "$small"
    advises 1 "with --replace \(mmsync write\) and a smaller --max-size or --max-slots " \
        bash -c 'ulimit -v 8000000; exec "$@"' - "$MMSYNC" read "$scratch/new"
    rm -rf "$scratch/new"
fi
if [[ -d /proc/self/fd ]]; then
    advises 1 "is on .*or --force-filesystem at your own risk" "${write[@]}" /proc/region "$small"
fi

# Other processes: a writer, and a reader that its output holds up.
mkfifo "$scratch/in" "$scratch/out"
"${write[@]}" "$region" "$scratch/in" >"$scratch/line" &
exec 9>"$scratch/in"
until_true eval '"$MMSYNC" stat "$region" --json | grep -Eq "\"alive\": ?true"'
advises 1 "another process is the writer .*\(--lock-wait\)" "${write[@]}" "$region" "$small" --lock-wait 0
"${write[@]}" "$region" "$small" --lock-wait forever >"$scratch/second" 9>&- &
second=$!
echo first >&9
exec 9>&-
check "--lock-wait" wait "$second"
wait

# hold COMMAND...: it writes to the fifo, and has begun to.
hold() {
    "$@" >"$scratch/out" 2>/dev/null </dev/null &
    holder=$!
    exec 8<"$scratch/out"
    head -c 1 <&8 >/dev/null
}

let_go() {
    exec 8<&-
    wait "$holder"
}

random_file 300000 "$large"
succeeds "${write[@]}" "$region" "$large" --max-size 1M --replace
hold "$MMSYNC" read "$region"
run "$MMSYNC" watch "$region" --count 1
same "status of watch beside a full table" 0 "$status"
same "watch beside a full table" "" "$err"
run "$MMSYNC" watch "$region" --count 1 --changes
same "status of watch --changes beside a full table" 0 "$status"
like "watch --changes beside a full table" \
    "mmsync: .*the reader table is full; every line ends with changed=all" "$err"
check "a full table is no reason not to read" cmp <("$MMSYNC" read "$region") "$large"
succeeds "$MMSYNC" dump "$region" "$scratch/full.dump"
succeeds "${write[@]}" "$region" "$small"
advises 1 "hold all of its 2 slots.*\(--grace\).*\(--max-slots and --replace\)" "${write[@]}" "$region" "$small" --grace 0
succeeds "${write[@]}" "$region" "$small" --max-slots 5 --max-readers 2 --replace
succeeds "$MMSYNC" watch "$region" --count 1
let_go

# Bare names of other users.
if ((EUID == 0)) && [[ -w /dev/shm ]]; then
    name=mmsync-test-$$-$RANDOM
    shm_names+=("$name")
    succeeds "${write[@]}" "$name" "$small"
    if chown 65534 "/dev/shm/$name" 2>/dev/null; then
        advises 1 "\(--trust\), or give the path" "$MMSYNC" read "$name"
        succeeds "$MMSYNC" read "$name" --trust 65534
        succeeds "$MMSYNC" read "/dev/shm/$name"
    fi
fi

# ---- The files of mmap-sync ----

prefix=$scratch/crate
foreign=("$MMSYNC" write --format mmap-sync "$prefix" "$small")
succeeds "${foreign[@]}"
for option in "--max-slots 3" "--max-readers 3" "--tag 3" "--type-id 00000000000000000000000000000001" --replace --evict; do
    # shellcheck disable=SC2086
    advises 1 "no room for what ${option% *}" "${foreign[@]}" $option
done
succeeds "${foreign[@]}" --reset # which is what --evict is told to use instead
flock "${prefix}_state" "${foreign[@]}" --lock-wait 0 >"$scratch/.out" 2>"$scratch/.err"
same "status with a lock that another has" 1 $?
like "a lock that another has" 'mmsync: .*wait longer \(--lock-wait\).*' "$(<"$scratch/.err")"

succeeds "$MMSYNC" write --format mmap-sync "$prefix" "$large"
hold "$MMSYNC" read "$prefix"
succeeds "${foreign[@]}"
advises 1 "longer than --grace" "${foreign[@]}" --grace 0
advises 1 "end them, .*\(--longest-view\).*\(--force\)" "$MMSYNC" repair "$prefix"
succeeds "$MMSYNC" repair "$prefix" --force
succeeds "${foreign[@]}" --grace 0
let_go
succeeds "$MMSYNC" repair "$prefix" --force
succeeds "${foreign[@]}"

current=$("$MMSYNC" stat "$prefix" --json | tr -d ' \n' | grep -oE '"slot":[0-9]' | cut -d: -f2)
echo other >"${prefix}_data_$current"
chmod a+r "${prefix}_data_$current"
chmod a=r "${prefix}_state"
chmod 755 "$scratch"
as_other=()
((EUID)) || as_other=(setpriv --reuid 65534 --regid 65534 --clear-groups)
if ((EUID)) || "${as_other[@]}" "$MMSYNC" --version >/dev/null 2>&1; then
    advises 1 "then use --other-hasher" "${as_other[@]}" "$MMSYNC" read "$prefix"
    succeeds "${as_other[@]}" "$MMSYNC" read "$prefix" --other-hasher
    same "what was read so" other "$out"
fi
chmod u+w "${prefix}_state"
echo short >"${prefix}_state"
advises 1 "name your region mmsync:$prefix" "$MMSYNC" read "$prefix"
succeeds "$MMSYNC" write "mmsync:$prefix" "$small"
succeeds "$MMSYNC" write "mmsync:$prefix" "$small" --format mmsync
finish
