# SPDX-License-Identifier: Apache-2.0
# Whatever verb comes first after a reboot of a durable region: those that write go on from its value, and the others say how to
# bring that back.
. "$(dirname "$0")/support.bash"

[[ $(stat -f -c %T "$scratch") != tmpfs ]] || skip "$scratch is on tmpfs"
typed=$scratch/typed table=$scratch/table
hint="start the writer, or bring its value back with mmsync recover"

# first COMMAND...: it is the first after a reboot, and succeeds.
first() {
    rebooted "$region" "$typed" "$table"
    succeeds "$@"
}
# first_refused PATTERN COMMAND...: it is refused.
first_refused() {
    rebooted "$region" "$typed" "$table"
    refuses 1 "$@"
}

printf 'pub struct Pair { pub a: u32, pub b: u32 }' >"$scratch/pair.rs"
printf '{"a":1,"b":2}' >"$scratch/pair.json"
succeeds "$MMSYNC" write "$typed" --durable --keep 2 --schema "$scratch/pair.rs" --type Pair --json "$scratch/pair.json"
succeeds "$MMSYNC" put "$table" one 1 two 2 --durable
succeeds "$MMSYNC" write "$region" --durable --keep 3 -- printf first
succeeds "$MMSYNC" write "$region" -- printf second
succeeds "$MMSYNC" dump "$region" "$scratch/dump"

# ---- Those that write ----

first "$MMSYNC" write "$typed" --set a=7
same "write --set" '{"a":7,"b":2}' "$("$MMSYNC" read "$typed" --json)"
succeeds "$MMSYNC" write "$typed" --set b=8
same "values are kept as before" 2 "$("$MMSYNC" history "$typed" | grep -c kept)"
printf X >"$scratch/x"
first "$MMSYNC" write "$region" "$scratch/x" --at 1
same "write --at" sXcond "$("$MMSYNC" read "$region")"
newest=$(generation)
first_refused "and $newest was expected; nothing was published" "$MMSYNC" write "$region" --expect "$newest" -- printf no
same "write --expect" sXcond "$("$MMSYNC" read "$region")"
first "$MMSYNC" write "$region" --validate 'test $MMSYNC_GENERATION -gt 4294967296' -- printf third
first "$MMSYNC" restore "$region" "$scratch/dump"
same "restore" second "$("$MMSYNC" read "$region")"
first "$MMSYNC" put "$table" three 3
same "put" 1 "$("$MMSYNC" get "$table" one)"
first "$MMSYNC" del "$table" two
same "del" $'one\nthree' "$("$MMSYNC" keys "$table" | sort)"
printf '{"key": "four", "value": "4"}\n' >"$scratch/lines"
first "$MMSYNC" load "$table" "$scratch/lines"
same "load" $'four\none\nthree' "$("$MMSYNC" keys "$table" | sort)"
printf old | "$MMSYNC" write "mmap-sync:$scratch/files" >/dev/null
first "$MMSYNC" bridge "$scratch/files" "$region" --once
same "bridge" old "$("$MMSYNC" read "$region")"

# A reboot leaves nothing to go back to; the newest value is brought back all the same.
gone="the values before the newest did not survive the reboot"
first_refused "$gone" "$MMSYNC" rollback "$region"
same "rollback" old "$("$MMSYNC" read "$region")"
first_refused "$gone" "$MMSYNC" rollback "$region" "$newest"

# ---- The others ----

first_refused "$hint" "$MMSYNC" read "$region"
first_refused "$hint" "$MMSYNC" read "$typed" --json
first_refused "$hint" "$MMSYNC" dump "$region"
first_refused "$hint" "$MMSYNC" get "$table" one
first_refused "$hint" "$MMSYNC" keys "$table"
first_refused "$hint" "$MMSYNC" bridge "$region" "$scratch/files" --once
first_refused "$hint" "$MMSYNC" check "$region"
first_refused "$hint" "$MMSYNC" history "$region"
like "stat" '.*generation +0 \(.*mmsync recover.*' "$("$MMSYNC" stat "$region")"
succeeds "$MMSYNC" verify "$region"
like "verify" ".*ok; .*mmsync recover.*" "$out"

finish
