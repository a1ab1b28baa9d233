# SPDX-License-Identifier: Apache-2.0
# A write that fails publishes nothing, and leaves no new region behind.
. "$(dirname "$0")/support.bash"

gone() {
    check "$1: no region is left" test ! -e "$region"
    check "$1: nothing else is left" test -z "$(ls -A "$scratch" | grep -v -e '^\.out$' -e '^\.err$' -e '^value$' -e '^empty$')"
}

random_file 5000 "$scratch/value"
refuses 1 "No such file" "$MMSYNC" write "$region" "$scratch/missing"
gone "a missing file"
refuses 1 "is a directory" "$MMSYNC" write "$region" /
gone "a directory"
refuses 1 "max-size" "$MMSYNC" write "$region" "$scratch/value" --max-size 4999
gone "a file over --max-size"
head -c 5000 "$scratch/value" | "$MMSYNC" write "$region" --max-size 4999 >/dev/null 2>"$scratch/.err"
same "a stream over --max-size" 1 $?
like "a stream over --max-size" 'mmsync: .*4999 bytes.*--max-size.*' "$(<"$scratch/.err")"
gone "a stream over --max-size"
"$MMSYNC" write "$region" </ >/dev/null 2>"$scratch/.err"
same "a directory as standard input" 1 $?
gone "a directory as standard input"
"$MMSYNC" write "$region" <&- >/dev/null 2>"$scratch/.err"
same "no standard input" 1 $?
gone "no standard input"
refuses 1 "No such file" "$MMSYNC" write "$scratch/no/such/directory" "$scratch/value"
if ((EUID)); then
    chmod 0 "$scratch/value"
    refuses 1 "Permission denied" "$MMSYNC" write "$region" "$scratch/value"
    gone "a file without the right to read"
    chmod 600 "$scratch/value"
fi

# A read error in the middle: /proc/self/mem cannot be read at 0.
refuses 1 "cannot read /proc/self/mem" "$MMSYNC" write "$region" /proc/self/mem
gone "a read error"

# Nothing can be read from a socket by its name.
if command -v python3 >/dev/null; then
    python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$scratch/socket"
    refuses 1 "it is a socket; pipe" "$MMSYNC" write "$region" "$scratch/socket"
    rm "$scratch/socket"
    gone "a socket"
fi

# A stream without a byte comes from a failed producer. A file is empty on purpose.
: >"$scratch/empty"
for stream in "false |" "true |" "< /dev/null" "< '$scratch/empty'" "- < '$scratch/empty'" "<(false)" \
    "/dev/stdin < '$scratch/empty'" "/proc/self/fd/0 < /dev/null"; do
    if [[ $stream == *'|' ]]; then command="$stream \"\$1\" write \"\$2\""; else command="\"\$1\" write \"\$2\" $stream"; fi
    refuses 1 "is empty.*--allow-empty" bash -c "$command" - "$MMSYNC" "$region"
    gone "$stream"
    succeeds bash -c "$command --allow-empty" - "$MMSYNC" "$region"
    like "$stream --allow-empty" 'generation=1 size=0 .*' "$out"
    rm -r "$region"
done
succeeds "$MMSYNC" write "$region" "$scratch/empty"
rm -r "$region"
rm "$scratch/empty"

# Files of the kernel, whose sizes mean nothing.
for file in /proc/cpuinfo /proc/self/status /proc/sys/kernel/ostype /sys/kernel/mm/transparent_hugepage/enabled \
    /sys/devices/system/cpu/online /sys/fs/cgroup/cgroup.controllers; do
    [[ -r $file ]] || continue
    succeeds "$MMSYNC" write "$region" "$file"
    [[ $file == /proc/self/* || $file == /proc/cpuinfo ]] || check "$file" cmp "$file" <("$MMSYNC" read "$region")
    check "$file on standard input" eval '"$MMSYNC" write "$region" <"$file" >/dev/null'
    rm -r "$region"
done

# The same with a value there, which stays.
succeeds "$MMSYNC" write "$region" "$scratch/value" --max-size 8192
random_file 8193 "$scratch/large"
refuses 1 "8193" "$MMSYNC" write "$region" "$scratch/large"
"$MMSYNC" write "$region" <"$scratch/large" >/dev/null 2>&1
same "a file over max_size on standard input" 1 $?
cat "$scratch/large" | "$MMSYNC" write "$region" >/dev/null 2>&1
same "a stream over max_size" 1 $?
refuses 1 "cannot read" "$MMSYNC" write "$region" /proc/self/mem
same "generation after refused writes" 1 "$(generation)"
"$MMSYNC" read "$region" | cmp - "$scratch/value" || complain "the value changed"
head -c 8192 "$scratch/large" | "$MMSYNC" write "$region" >/dev/null || complain "max_size bytes do not fit"
check "max_size bytes are published" test "$(generation)" -gt 1
same "max_size bytes" "$(head -c 8192 "$scratch/large" | cksum)" "$("$MMSYNC" read "$region" | cksum)"

# The same around the sizes at which buffers grow.
for size in 1048576 1048577 2097152 2097153; do
    head -c $((size + 1)) /dev/urandom >"$scratch/large"
    for extra in 1 0; do
        rm -rf "$scratch/steps"
        head -c $((size + extra)) "$scratch/large" | "$MMSYNC" write "$scratch/steps" --max-size $size >/dev/null 2>&1
        same "status for a stream of $size + $extra bytes" $extra $?
    done
    "$MMSYNC" read "$scratch/steps" | cmp - <(head -c $size "$scratch/large") || complain "$size bytes do not come back"
done

# What is not a region is left as it is.
mkdir "$scratch/other"
echo mine >"$scratch/other/file"
refuses 1 "" "$MMSYNC" write "$scratch/other" "$scratch/value"
same "a foreign directory" mine "$(cat "$scratch/other/"*)"
refuses 1 "" "$MMSYNC" write "$scratch/value" "$scratch/value"
same "a file in place of a region" 5000 "$(stat -c %s "$scratch/value")"

# If the result cannot be printed, that is a failure and is reported, although the value is there.
"$MMSYNC" write "$region" "$scratch/value" >/dev/full 2>"$scratch/.err"
same "printing to a full device" 1 $?
like "printing to a full device" 'mmsync: cannot write to standard output: .*' "$(<"$scratch/.err")"
finish
