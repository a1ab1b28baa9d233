# SPDX-License-Identifier: Apache-2.0
# ctest: waits
# A signal ends a verb that waits for readers, for ever if it is told to: with `--grace forever`.
. "$(dirname "$0")/support.bash"

cd "$scratch" || exit 1
random_file 200000 old
random_file 200000 new
mkfifo stuck
exec 9<>stuck # holds less than a value

number_pinned() {
    "$MMSYNC" stat --json "$1" | grep -c '"pinned": true'
}
has_pinned() {
    [[ $(number_pinned "$1") == 1 ]]
}

# hold REGION COMMAND...: of the two slots of the region, one has the newest value, which COMMAND publishes, and a reader that
# gets nowhere the other: there is none for the next value.
hold() {
    local held=$1
    shift
    "$MMSYNC" read "$held" >stuck &
    until_true has_pinned "$held"
    succeeds "$@"
}

has_writer() {
    "$MMSYNC" stat --json "$1" | tr -d ' \n' | grep -q "\"writer\":{\"alive\":true,\"pid\":$2}"
}

# ends WHAT REGION COMMAND...: a command that waits with the region open for writing, and has time to get there.
ends() {
    local what=$1 waited_for=$2 waiting
    shift 2
    env --default-signal=TERM "$@" </dev/null >line 2>&1 9>&- &
    waiting=$!
    until_true has_writer "$waited_for" "$waiting"
    sleep 0.3
    kill -TERM "$waiting"
    for ((tries = 0; tries < 2000; tries++)); do
        has_ended "$waiting" && break
        sleep 0.01
    done
    if ! has_ended "$waiting"; then
        complain "$what goes on"
        finish
    fi
    wait "$waiting" 2>/dev/null
    status=$?
    same "status of $what" 143 $status
    same "output of $what" "" "$(<line)"
}

succeeds "$MMSYNC" write "$region" old --max-slots 2
hold "$region" "$MMSYNC" write "$region" new
refuses 1 "live readers hold all" "$MMSYNC" write "$region" old --grace 1
write=("$MMSYNC" write "$region" --grace forever)
ends "a write" "$region" "${write[@]}" old
ends "a write that is validated" "$region" "${write[@]}" old --validate true
ends "a part that is validated" "$region" "${write[@]}" old --at 3 --validate true
ends "a command's output" "$region" "${write[@]}" -- touch ran
check "the command did not run yet" test ! -e ran
succeeds "$MMSYNC" write "mmap-sync:$scratch/crate" old
ends "a bridge to it" "$region" "$MMSYNC" bridge "mmap-sync:$scratch/crate" "$region" --grace forever
same "a value that the bridge waited to copy is not held" "[ 0, 0 ]" \
    "$("$MMSYNC" stat --json "mmap-sync:$scratch/crate" | tr -d '\n' | sed -n 's/.*"counts": \[ *\([0-9]*\), *\([0-9]*\) *\].*/[ \1, \2 ]/p')"
same "the newest generation" 2 "$(generation)"

# Files of mmap-sync: it is the commit that waits.
succeeds "$MMSYNC" write "mmap-sync:$scratch/held" old
"$MMSYNC" read "mmap-sync:$scratch/held" >stuck &
is_counted() {
    "$MMSYNC" stat --json "mmap-sync:$scratch/held" | tr -d ' \n' | grep -qE '"counts":\[(1,0|0,1)\]'
}
until_true is_counted
succeeds "$MMSYNC" write "mmap-sync:$scratch/held" new
ends "a write to files of mmap-sync" "mmap-sync:$scratch/held" "$MMSYNC" write "mmap-sync:$scratch/held" old --grace forever --validate true
succeeds "$MMSYNC" write "$region-from" old
ends "a bridge from it" "mmap-sync:$scratch/held" "$MMSYNC" bridge "$region-from" "mmap-sync:$scratch/held" --grace forever

# A table.
for ((i = 0; i < 300; i++)); do
    printf '{"key": "%d", "value": "%01000d"}\n' $i 0
done >lines
table=$region-table
succeeds "$MMSYNC" load "$table" lines --max-slots 2
hold "$table" "$MMSYNC" put "$table" key value
ends "a put" "$table" "$MMSYNC" put "$table" key other --grace forever
ends "a load" "$table" "$MMSYNC" load "$table" lines --grace forever
finish
