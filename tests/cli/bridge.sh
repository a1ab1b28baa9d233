# SPDX-License-Identifier: Apache-2.0
# `mmsync bridge` and `--format mmap-sync`: both directions, restarts, removed sides, kills.
. "$(dirname "$0")/support.bash"

cd "$scratch" || exit 1
up=$scratch/up first=$scratch/first second=$scratch/second
mmap_sync() { "$MMSYNC" "$1" --format mmap-sync "${@:2}"; }

reads() { [[ $("${@:2}") == "$1" ]]; }

# wait_for TEXT COMMAND...: until the command prints it.
wait_for() {
    local text=$1
    shift
    until_true reads "$text" "$@"
}

printf one >one
printf two >two
printf three >three

# By hand, without a bridge.
like "a version and a file" 'generation=[0-9]+ size=3 slot=0' "$(mmap_sync write "$up" one)"
like "the other file" 'generation=[0-9]+ size=3 slot=1' "$(mmap_sync write "$up" two)"
same "recognised" two "$("$MMSYNC" read "$up")"
same "copied" two "$("$MMSYNC" read --copy "$up")"
like "a format" '.*format +mmap-sync.*' "$("$MMSYNC" stat "$up")"
like "a format in JSON" '.*"counts": \[.*' "$("$MMSYNC" stat --json "$up")"
succeeds "$MMSYNC" verify "$up"
like "nothing to repair" 'nothing was left behind' "$("$MMSYNC" repair "$up")"
like "a line of watch" 'generation=[0-9]+ size=3 time=unknown' "$("$MMSYNC" watch -n 1 "$up")"

# From the crate's files to a region, once; again, it is equal.
like "one value" 'from=[0-9]+ to=1 size=3' "$("$MMSYNC" bridge --once "$up" "$region")"
same "the region" two "$("$MMSYNC" read "$region")"
same "no second time" "" "$("$MMSYNC" bridge --once "$up" "$region")"

# It follows, while the other side is removed and created again.
"$MMSYNC" bridge -q "$up" "$region" &
bridge=$!
mmap_sync write "$up" three >/dev/null
wait_for three "$MMSYNC" read "$region"
"$MMSYNC" rm "$up"
mmap_sync write "$up" one >/dev/null
wait_for one "$MMSYNC" read "$region"
rm -r "$region"
wait_for one "$MMSYNC" read "$region"

# Killed, and started again.
kill -KILL $bridge
wait $bridge 2>/dev/null
mmap_sync write "$up" two >/dev/null
"$MMSYNC" bridge -q "$up" "$region" &
bridge=$!
wait_for two "$MMSYNC" read "$region"
kill -TERM $bridge
wait $bridge
same "it ends by the signal" 143 $?

# The other way round, from nothing.
"$MMSYNC" bridge -q --from mmsync "$first" "$second" 2>notes &
bridge=$!
until_true test -s notes
like "it says what it waits for" 'mmsync: no region at .*' "$(cat notes)"
"$MMSYNC" write "$first" one >/dev/null
wait_for one mmap_sync read "$second"
"$MMSYNC" write "$first" three >/dev/null
wait_for three mmap_sync read "$second"
refuses 1 "another process has the write lock" "$MMSYNC" write --format mmap-sync --lock-wait 0 "$second" one

# It waits for another writer of the other side, even a second bridge's.
"$MMSYNC" write "$region" two >/dev/null
"$MMSYNC" bridge -q --lock-wait 0 "$region" "$second" 2>waiting &
other=$!
until_true test -s waiting
like "it says who is in its way" 'mmsync: another process has the write lock of .*' "$(cat waiting)"
kill -HUP $bridge
wait $bridge
wait_for two mmap_sync read "$second"
kill -HUP $other
wait $other
same "the right to write is free again" 0 "$(mmap_sync write --lock-wait 0 "$second" one >/dev/null; echo $?)"

# It ends at once when nobody reads its lines any more.
{
    "$MMSYNC" bridge "$up" "$scratch/third" 2>said
    echo $? >status
} | head -n 1 >line
like "the line that is wanted" 'from=[0-9]+ to=1 size=3' "$(<line)"
same "status of a bridge into a closed pipe" "1 " "$(<status) $(<said)"

# What is impossible.
refuses 1 "no region at" "$MMSYNC" bridge --once --from mmsync "$scratch/nothing" "$scratch/other"
refuses 2 "which format FROM has" "$MMSYNC" bridge "$scratch/nothing" "$scratch/other"
refuses 2 "go together" "$MMSYNC" bridge --schema x.rs "$up" "$region"
refuses 2 "is not auto, mmsync or mmap-sync" "$MMSYNC" read --format other "$up"
refuses 1 "is for the files of mmap-sync" "$MMSYNC" write --reset "$region" one
succeeds "$MMSYNC" rm --format mmap-sync "$up" "$second"
finish
