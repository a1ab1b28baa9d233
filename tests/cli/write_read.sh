# SPDX-License-Identifier: Apache-2.0
# What is read is what was written, whatever its size and source.
. "$(dirname "$0")/support.bash"

last=0
for size in 0 1 36 4095 4096 4097 1048575 1048576 1048577 5000001; do
    random_file "$size" "$scratch/value"
    for way in file stdin dash pipe; do
        case $way in
            file) line=$("$MMSYNC" write "$region" "$scratch/value") ;;
            stdin) line=$("$MMSYNC" write "$region" --allow-empty <"$scratch/value") ;;
            dash) line=$("$MMSYNC" write "$region" --allow-empty - <"$scratch/value") ;;
            pipe) line=$(cat "$scratch/value" | "$MMSYNC" write "$region" --allow-empty) ;;
        esac
        like "writing $size bytes by $way" "generation=[0-9]+ size=$size slot=[0-9]+" "$line"
        check "generations grow" test "$(generation "$line")" -gt "$last"
        last=$(generation "$line")
        "$MMSYNC" read "$region" >"$scratch/back"
        check "$size bytes by $way come back" cmp "$scratch/value" "$scratch/back"
    done
    "$MMSYNC" read "$region" --copy >"$scratch/back"
    check "$size bytes come back by a copy" cmp "$scratch/value" "$scratch/back"
done

# Standard input from its current position, not from the start.
printf 'skipped\nkept\n' >"$scratch/value"
{
    read -r _
    "$MMSYNC" write "$region" >/dev/null
} <"$scratch/value"
same "the rest of standard input" kept "$("$MMSYNC" read "$region")"

# Files of the kernel claim to be empty.
succeeds "$MMSYNC" write "$region" /proc/version
same "a file of /proc" "$(cat /proc/version)" "$("$MMSYNC" read "$region")"

# Options may stand anywhere, and names may begin with a minus sign.
echo minus >"$scratch/-value"
(cd "$scratch" && "$MMSYNC" write --tag 7 -- ./region -value >/dev/null)
same "a name with a minus sign" minus "$("$MMSYNC" read "$region")"

# A bare name is below /dev/shm.
if [[ -w /dev/shm ]]; then
    name=${MMSYNC_TEST_NAME:-mmsync-test-$$-$RANDOM}-bare
    shm_names+=("$name")
    echo bare >"$scratch/value"
    succeeds "$MMSYNC" write "$name" "$scratch/value"
    same "a bare name" bare "$("$MMSYNC" read "/dev/shm/$name")"
    same "a bare name" bare "$("$MMSYNC" read "$name")"
    succeeds "$MMSYNC" rm "$name"
fi

# Modes and geometry.
succeeds "$MMSYNC" write "$scratch/modes" /dev/null --mode 0644 --readers-mode 0666 --max-size 64K --max-slots 5 \
    --max-readers 9 --tag 0xff --type-id 0123456789abcdef0011223344556677 --checksum
same "mode of control" 644 "$(stat -c %a "$scratch/modes/control")"
same "mode of data" 644 "$(stat -c %a "$scratch/modes/data")"
same "mode of readers" 666 "$(stat -c %a "$scratch/modes/readers")"
same "mode of lock" 600 "$(stat -c %a "$scratch/modes/lock")"
succeeds "$MMSYNC" stat "$scratch/modes"
like "stat" '.*max size +65536 bytes.*' "$out"
like "stat" '.*slots +1 used of 5.*' "$out"
like "stat" '.*readers +0 of 9.*' "$out"
like "stat" '.*tag +255.*' "$out"
like "stat" '.*type id +0123456789abcdef0011223344556677.*' "$out"
like "stat" '.*checksum +[0-9a-f]{16}.*' "$out"
refuses 1 "max-size" "$MMSYNC" write "$scratch/modes" /dev/null --max-size 1M
succeeds "$MMSYNC" write "$scratch/modes" /dev/null --max-size 1M --replace
like "a replaced region goes on" 'generation=([2-9]|[1-9][0-9]+) size=0 slot=[0-9]+' "$out"

# The group of root, number 0, in a directory that gives its files another group.
if ((EUID == 0)); then
    mkdir "$scratch/setgid"
    { chgrp 4711 "$scratch/setgid" && chmod g+s "$scratch/setgid"; } || skip "no group can be given to a directory"
    succeeds "$MMSYNC" write "$scratch/setgid/inherited" "$scratch/value"
    same "the directory's group" "4711 4711" "$(stat -c %g "$scratch/setgid/inherited"{,/data} | paste -sd' ')"
    for group in root 0; do
        region=$scratch/setgid/$group
        succeeds "$MMSYNC" write "$region" "$scratch/value" --group "$group"
        same "--group $group" "0 0 0 0" "$(stat -c %g "$region"{,/control,/data,/readers} | paste -sd' ')"
        succeeds "$MMSYNC" write "$region" "$scratch/value" --max-slots 5 --replace
        same "--group $group, replaced" "0 0 0 0" "$(stat -c %g "$region"{,/control,/data,/readers} | paste -sd' ')"
        succeeds "$MMSYNC" write --format mmap-sync "$region" "$scratch/value" --group "$group"
        same "--group $group of mmap-sync" "0 0" "$(stat -c %g "$region"_{state,data_0} | paste -sd' ')"
    done
    succeeds "$MMSYNC" write "$scratch/setgid/other" "$scratch/value" --group 4712
    same "--group 4712" 4712 "$(stat -c %g "$scratch/setgid/other/readers")"
fi
finish
