# SPDX-License-Identifier: Apache-2.0
# Where `read` puts the value, and what can go wrong there.
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

# What is not a regular file is written in place.
succeeds "$MMSYNC" read "$region" -o /dev/null
check "/dev/null stays" test -c /dev/null
mkfifo "$scratch/out/fifo"
cat "$scratch/out/fifo" >"$scratch/got" &
succeeds "$MMSYNC" read "$region" -o "$scratch/out/fifo"
wait
check "a fifo" cmp "$scratch/value" "$scratch/got"
"$MMSYNC" read "$region" -o - | cmp - "$scratch/value" || complain "-o - is standard output"
refuses 1 "is a directory" "$MMSYNC" read "$region" -o "$scratch/out"
refuses 1 "No such file" "$MMSYNC" read "$region" -o "$scratch/none/file"
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

# Nobody who reads: quiet, and not a success.
"$MMSYNC" read "$region" 2>"$scratch/err" | head -c 10 >/dev/null
same "status after a broken pipe" 1 "${PIPESTATUS[0]}"
same "standard error after a broken pipe" "" "$(<"$scratch/err")"

# A file size limit in the middle: the old file stays, half a new one does not.
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
