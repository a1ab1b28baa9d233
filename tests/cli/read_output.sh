# SPDX-License-Identifier: Apache-2.0
# Where `read -o` puts the value, and what can go wrong there.
. "$(dirname "$0")/support.bash"

# has_no_leftovers WHAT DIRECTORY
has_no_leftovers() {
    same "$1: temporary files" "" "$(ls -A "$2" | grep mmsync-)"
}

mkdir "$scratch/out"
file=$scratch/out/file
refuses 1 "$region" "$MMSYNC" read "$region" -o "$file"
check "no region, no file" test ! -e "$file"

random_file 3000000 "$scratch/value"
succeeds "$MMSYNC" write "$region" "$scratch/value"
(umask 027 && succeeds "$MMSYNC" read "$region" -o "$file" && finish) || complain "read -o"
check "the file" cmp "$scratch/value" "$file"
same "mode of a new file" 640 "$(stat -c %a "$file")"
echo old >"$file"
chmod 604 "$file"
succeeds "$MMSYNC" read --output="$file" "$region"
check "an old file is replaced" cmp "$scratch/value" "$file"
same "the mode of the old file stays" 604 "$(stat -c %a "$file")"
has_no_leftovers "files" "$scratch/out"

# Relative, and through a symbolic link, which stays one.
(cd "$scratch/out" && "$MMSYNC" read "$region" -o relative) || complain "a relative path"
check "a relative path" cmp "$scratch/value" "$scratch/out/relative"
echo old >"$scratch/out/target"
ln -s target "$scratch/out/link"
succeeds "$MMSYNC" read "$region" -o "$scratch/out/link"
check "the link stays" test -L "$scratch/out/link"
check "its target is written" cmp "$scratch/value" "$scratch/out/target"

# Anything but a regular file is written in place.
succeeds "$MMSYNC" read "$region" -o /dev/null
check "/dev/null stays" test -c /dev/null
mkfifo "$scratch/out/fifo"
cat "$scratch/out/fifo" >"$scratch/got" &
succeeds "$MMSYNC" read "$region" -o "$scratch/out/fifo"
wait
check "a fifo" cmp "$scratch/value" "$scratch/got"
printf 'kept\n' >"$scratch/log"
for name in /dev/stdout /dev/fd/1 /dev/fd/9 /proc/self/fd/1 /proc/thread-self/fd/9 "$scratch/out/to-stdout" "$scratch/out/twice"; do
    ln -sf /dev/stdout "$scratch/out/to-stdout"
    ln -sf to-stdout "$scratch/out/twice"
    printf 'kept\n' >"$scratch/log"
    "$MMSYNC" read "$region" -o "$name" >>"$scratch/log" 9>>"$scratch/log" || complain "-o $name"
    "$MMSYNC" read "$region" -o "$name" >>"$scratch/log" 9>>"$scratch/log" || complain "-o $name again"
    cat <(echo kept) "$scratch/value" "$scratch/value" | cmp - "$scratch/log" || complain "-o $name in the place of >>"
    # At the descriptor's position, which is not the start.
    { echo head && "$MMSYNC" read "$region" -o "$name" 9>&1 && echo tail; } >"$scratch/log"
    cat <(echo head) "$scratch/value" <(echo tail) | cmp - "$scratch/log" || complain "-o $name between two others"
    "$MMSYNC" read "$region" -o "$name" 9>&1 | cmp - "$scratch/value" || complain "-o $name into a pipe"
done
"$MMSYNC" read "$region" -o /dev/stderr 2>"$scratch/log" || complain "-o /dev/stderr"
check "-o /dev/stderr" cmp "$scratch/value" "$scratch/log"
"$MMSYNC" read "$region" -o /dev/stdin 0<>"$scratch/input" 2>"$scratch/err" || complain "-o /dev/stdin"
check "-o /dev/stdin" cmp "$scratch/value" "$scratch/input"
rm "$scratch/input"
refuses 1 "descriptor 77 of this process: Bad file" "$MMSYNC" read "$region" -o /dev/fd/77
same "of another process" "0 kept" "$(
    echo kept >"$scratch/log"
    sleep 600 >>"$scratch/log" &
    until_true test "/proc/$!/fd/1" -ef "$scratch/log"
    "$MMSYNC" read "$region" -o "/proc/$!/fd/1"
    echo $? "$(head -n 1 "$scratch/log")"
    kill $!
)"
check "the name is still that file's" cmp <(tail -n +2 "$scratch/log") "$scratch/value"

# Links that lead nowhere yet, in circles, and through directories.
mkdir "$scratch/out/deep"
ln -s deep/new "$scratch/out/dangling"
succeeds "$MMSYNC" read "$region" -o "$scratch/out/dangling"
check "a dangling link stays" test -L "$scratch/out/dangling"
check "its target is made" cmp "$scratch/value" "$scratch/out/deep/new"
ln -s circle "$scratch/out/circle"
refuses 1 "circle: Too many levels" "$MMSYNC" read "$region" -o "$scratch/out/circle"

# Files that cannot be replaced: the advice works.
if ((EUID == 0)); then
    chown 4711:4712 "$file"
    succeeds "$MMSYNC" read "$region" -o "$file"
    same "owner and mode stay" "4711 4712 604" "$(stat -c '%u %g %a' "$file")"
    chown 0:0 "$file"
else
    chmod 444 "$file"
    refuses 1 "Permission denied" "$MMSYNC" read "$region" -o "$file"
    chmod 604 "$file"
    chmod a-w "$scratch/out"
    refuses 1 "next to .*redirect that: > " "$MMSYNC" read "$region" -o "$file"
    "$MMSYNC" read "$region" >"$file" || complain "the shell's way"
    chmod u+w "$scratch/out"
fi
if command -v python3 >/dev/null; then
    (cd "$scratch/out" && python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")')
    refuses 1 "is a socket; pipe" "$MMSYNC" read "$region" -o "$scratch/out/socket"
fi
"$MMSYNC" read "$region" -o - | cmp - "$scratch/value" || complain "-o - is standard output"
refuses 1 "is a directory" "$MMSYNC" read "$region" -o "$scratch/out"
refuses 1 "No such file" "$MMSYNC" read "$region" -o "$scratch/none/file"
refuses 1 "file name is empty" "$MMSYNC" read "$region" -o ""
has_no_leftovers "in place" "$scratch/out"

# Failures.
"$MMSYNC" read "$region" >/dev/full 2>"$scratch/err"
same "a full device" 1 $?
like "a full device" 'mmsync: cannot write to standard output: No space.*' "$(<"$scratch/err")"
refuses 1 "cannot write to /dev/full: No space" "$MMSYNC" read "$region" -o /dev/full
"$MMSYNC" read "$region" >&- 2>"$scratch/err"
same "no standard output" 1 $?
like "no standard output" 'mmsync: .*' "$(<"$scratch/err")"
"$MMSYNC" read "$region" -o "$scratch/out/closed" >&-
check "a file without a standard output" cmp "$scratch/value" "$scratch/out/closed"

# The files of a region are not to be replaced, by whatever name.
before=$(ls -li "$region")
for name in data control new; do
    refuses 1 "belongs to a region" "$MMSYNC" read "$region" -o "$region/$name"
done
refuses 1 "belongs to a region" "$MMSYNC" dump "$region" "$region/data"
ln -s "$region/data" "$scratch/out/data"
refuses 1 "belongs to a region" "$MMSYNC" read "$region" -o "$scratch/out/data"
same "the files of the region" "$before" "$(ls -li "$region")"
echo one | "$MMSYNC" write --format mmap-sync "$scratch/out/value" >/dev/null
before=$(ls -li "$scratch"/out/value_*)
for name in value_state value_data_0 value_data_1; do
    (cd "$scratch/out" && refuses 1 "belongs to a region" "$MMSYNC" read ./value -o "$name" && finish) || complain "$name"
done
same "the files of mmap-sync" "$before" "$(ls -li "$scratch"/out/value_*)"
succeeds "$MMSYNC" read "$region" -o "$scratch/out/other_data_0"

# Nobody reads the output: quiet, and not a success.
"$MMSYNC" read "$region" 2>"$scratch/err" | head -c 10 >/dev/null
same "status after a broken pipe" 1 "${PIPESTATUS[0]}"
same "standard error after a broken pipe" "" "$(<"$scratch/err")"

# A file size limit in the middle of it: the old file stays, and no half of a new one.
echo old >"$file"
(
    trap '' XFSZ
    ulimit -f 100
    "$MMSYNC" read "$region" -o "$file" 2>"$scratch/err"
)
same "status after a file size limit" 1 $?
same "the old file" old "$(<"$file")"
has_no_leftovers "a file size limit" "$scratch/out"

# A reader that is stopped by its output holds a generation, and the writer goes on.
"$MMSYNC" read "$region" -o "$scratch/out/fifo" 2>"$scratch/err" &
reader=$!
exec 8<"$scratch/out/fifo"
head -c 1 <&8 >"$scratch/got"
succeeds "$MMSYNC" stat "$region"
like "stat while a reader holds a view" ".* $reader +$reader +yes .*generation 1" "$out"
for i in 1 2 3 4; do
    echo "$i" | "$MMSYNC" write "$region" >/dev/null
done
cat <&8 >>"$scratch/got"
wait "$reader"
same "status of the slow reader" 0 $?
check "the slow reader got one value" cmp "$scratch/value" "$scratch/got"
same "the newest value" 4 "$("$MMSYNC" read "$region")"
exec 8<&-
finish
