# SPDX-License-Identifier: Apache-2.0
# `dump` and `restore` carry all of a value through files and pipes, and publish nothing of an
# incomplete dump.
. "$(dirname "$0")/support.bash"

dump=$scratch/dump
other=$scratch/other

generation_of() { # REGION
    "$MMSYNC" stat "$1" | sed -n 's/^generation *\([0-9]*\).*/\1/p'
}

# what_is_there REGION: what belongs to the value, without generation and time.
what_is_there() {
    "$MMSYNC" stat "$1" --json | grep -E '"(size|type_id|type|tag|checksum)":'
    "$MMSYNC" read "$1" | cksum
    "$MMSYNC" read "$1" --schema 2>/dev/null
}

field() { # OFFSET SIZE: a little-endian number of the dump
    od -An -v -tu1 -j "$1" -N "$2" "$dump" | tr -s ' \n' '\n' | tac |
        { n=0; while read -r byte; do [[ $byte ]] && n=$((n * 256 + byte)); done; echo "$n"; }
}

# flags_of REGION: the flags in the descriptor of the current value.
flags_of() {
    local word
    word=$(od -An -v -tu8 -j 128 -N 8 "$1/control")
    od -An -v -tu8 -j $((512 + 128 * (word & 0x7fff) + 56)) -N 8 "$1/control" | tr -d ' '
}

# ---- Everything comes back ----

id=0123456789abcdeffedcba9876543210
for size in 0 1 63 64 65 300000; do
    random_file $size "$scratch/value"
    succeeds "$MMSYNC" write "$region" "$scratch/value" --tag 18446744073709551615 --type-id $id --checksum --max-size 1M --max-slots 5
    succeeds "$MMSYNC" dump "$region" "$dump"
    same "size of the dump of $size bytes" $((128 + size + 8)) "$(stat -c %s "$dump")"
    rm -rf "$other"
    succeeds "$MMSYNC" restore "$other" "$dump"
    like "restore" "generation=1 size=$size slot=0 dumped=[0-9]+" "$out"
    same "$size bytes with all that belongs to them" "$(what_is_there "$region")" "$(what_is_there "$other")"
    check "$size bytes" cmp "$scratch/value" <("$MMSYNC" read "$other")
    succeeds "$MMSYNC" stat "$other"
    like "the geometry of a new region" '.*max size +1048576 bytes.*slots +1 used of 5.*' "$out"
    "$MMSYNC" dump "$region" | cmp - "$dump" || complain "a dump is not the same each time"
    "$MMSYNC" dump "$region" - | cat | "$MMSYNC" restore "$other" - >/dev/null || complain "through pipes"
    same "through pipes" "$(what_is_there "$region")" "$(what_is_there "$other")"
done
echo plain | "$MMSYNC" write "$region" >/dev/null
succeeds "$MMSYNC" dump "$region" "$dump"
succeeds "$MMSYNC" restore "$other" "$dump"
same "no type, no tag" "$(what_is_there "$region")" "$(what_is_there "$other")"

writer=$(dirname "$MMSYNC")/hello_world_writer
if [[ -x $writer ]]; then
    succeeds "$writer" "$scratch/typed"
    succeeds "$MMSYNC" dump "$scratch/typed" "$scratch/typed.dump"
    succeeds "$MMSYNC" restore "$scratch/typed2" "$scratch/typed.dump"
    same "readers need not check what the library serialized, but what comes from a file" "2 0" \
        "$(flags_of "$scratch/typed") $(flags_of "$scratch/typed2")"
    succeeds "$MMSYNC" read "$scratch/typed2" --json
    same "JSON of what was restored" '{"version":7,"messages":["Hello","World","!"]}' "$out"
    same "the schema" "$("$MMSYNC" read "$scratch/typed" --schema)" "$("$MMSYNC" read "$scratch/typed2" --schema)"
    refuses 1 "type, a schema or a tag.*cannot hold" "$MMSYNC" restore --format mmap-sync "$scratch/crate" "$scratch/typed.dump"
    succeeds "$MMSYNC" restore "$scratch/typed3" "$scratch/typed.dump" --max-size 36 --max-slots 3
    same "a schema in the rest of the page" "$("$MMSYNC" read "$scratch/typed" --schema)" \
        "$("$MMSYNC" read "$scratch/typed3" --schema)"
fi

# ---- The bytes, as docs/format.md has them ----

printf 'value' >"$scratch/value"
succeeds "$MMSYNC" write "$scratch/frozen" "$scratch/value" --tag 258 --type-id 00000000000000010000000000000203 --checksum \
    --max-size 64K --max-slots 5 --max-readers 9
succeeds "$MMSYNC" dump "$scratch/frozen" "$dump"
same "magic" "mmsyncD" "$(head -c 7 "$dump")"
same "version, header size" "1 128" "$(field 8 4) $(field 12 4)"
same "generation, size, schema size" "1 5 0" "$(field 16 8) $(field 24 8) $(field 32 8)"
same "type id" "1 515" "$(field 40 8) $(field 48 8)"
same "tag" 258 "$(field 56 8)"
same "time" "$("$MMSYNC" stat "$scratch/frozen" --json | sed -n 's/.*"publish_time_ns": \([0-9]*\).*/\1/p')" "$(field 64 8)"
order=$(printf '\1\0' | od -An -tu2 | tr -d ' ')
same "flags" $((order == 1 ? 1 : 3)) "$(field 72 8)"
same "geometry" "65536 5 9" "$(field 80 8) $(field 88 4) $(field 92 4)"
same "reserved" "0 0 0" "$(field 96 8) $(field 104 8) $(field 112 8)"
same "the value" value "$(tail -c +129 "$dump" | head -c 5)"

# A dump of version 1 from a little-endian machine, whatever later versions write.
base64 -d >"$dump" <<'END'
bW1zeW5jRAoBAAAAgAAAAAEAAAAAAAAABQAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAwIAAAAAAAACAQAAAAAAAIWovj9XT+wY
AQAAAAAAAAAAAAEAAAAAAAUAAAAJAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1E/TcwWlnhp2YWx1Zc5d4Ip0ve7y
END
succeeds "$MMSYNC" restore --check "$dump"
same "a dump of then" "dumped=1 size=5 time=2026-11-28T20:26:27.564Z type=00000000000000010000000000000203 tag=258" "$out"
if ((order == 1)); then
    succeeds "$MMSYNC" restore "$scratch/then" "$dump"
    same "a dump of then, restored" "$(what_is_there "$scratch/frozen")" "$(what_is_there "$scratch/then")"
    succeeds "$MMSYNC" restore --json "$scratch/then" "$dump"
    like "--json" '\{"dumped": 1, "size": 5, "generation": 2, "slot": [0-9], "reset": false, .*"tag": 258, "checksum": true, .*\}' "$out"
else
    refuses 1 "another byte order" "$MMSYNC" restore "$scratch/then" "$dump"
fi
succeeds "$MMSYNC" restore --check --json "$dump"
like "--check --json" '\{"dumped": 1, "size": 5, "publish_time_ns": [0-9]+, "type_id": "0*10*203", "schema_size": null, .*\}' "$out"

# ---- Incomplete dumps ----

succeeds "$MMSYNC" dump "$scratch/frozen" "$dump"
generation_before=$(generation_of "$scratch/frozen")
damaged=$scratch/damaged
for length in 0 1 127 128 129 132 133 140; do
    head -c $length "$dump" >"$damaged"
    refuses 1 "ends too early.*nothing was published" "$MMSYNC" restore "$scratch/frozen" "$damaged"
    refuses 1 "ends too early.*nothing was published" "$MMSYNC" restore "$scratch/none" "$damaged"
    refuses 1 "ends too early" "$MMSYNC" restore --check "$damaged"
    head -c $length "$dump" | "$MMSYNC" restore "$scratch/frozen" >/dev/null 2>&1
    same "status for $length bytes of a pipe" 1 $?
done
for at in 0 8 12 16 24 32 40 56 72 80 96 119 120 127 128 132 133 140; do
    cp "$dump" "$damaged"
    byte=$(od -An -tu1 -j $at -N 1 "$dump")
    printf '%b' "\\x$(printf %02x $((byte ^ 1)))" | dd of="$damaged" bs=1 seek=$at conv=notrunc status=none
    refuses 1 "nothing was published" "$MMSYNC" restore "$scratch/frozen" "$damaged"
    refuses 1 "nothing was published" "$MMSYNC" restore "$scratch/none" "$damaged"
done
{ cat "$dump" && echo; } >"$damaged"
refuses 1 "goes on after its end" "$MMSYNC" restore "$scratch/frozen" "$damaged"
refuses 1 "is not a dump.*mmsync write" "$MMSYNC" restore "$scratch/frozen" "$source_dir/README.md"
refuses 1 "No such file" "$MMSYNC" restore "$scratch/frozen" "$scratch/missing"
refuses 1 "too early" bash -c 'false | "$1" restore "$2"' - "$MMSYNC" "$scratch/frozen"
check "no region of what was refused" test ! -e "$scratch/none"
same "generation after what was refused" "$generation_before" "$(generation_of "$scratch/frozen")"
refuses 1 "larger --max-size and with --replace" "$MMSYNC" restore "$scratch/small" "$dump" --max-size 4
succeeds "$MMSYNC" restore "$scratch/small" "$dump" --max-size 4K --replace
refuses 2 "unexpected argument" "$MMSYNC" restore --check a b
refuses 2 "say which region" "$MMSYNC" dump

# ---- Outputs, inputs, other files, other users ----

"$MMSYNC" dump "$scratch/frozen" >/dev/full 2>"$scratch/err"
same "a full device" 1 $?
like "a full device" 'mmsync: cannot write to standard output: No space.*' "$(<"$scratch/err")"
"$MMSYNC" dump "$scratch/frozen" "$scratch/no/directory" 2>"$scratch/err"
same "no directory" 1 $?
same "nothing is left" "" "$(find "$scratch" -name '.mmsync-*')"
refuses 1 "$scratch/missing" "$MMSYNC" dump "$scratch/missing"

succeeds "$MMSYNC" write --format mmap-sync "$scratch/crate" "$scratch/value"
succeeds "$MMSYNC" dump "$scratch/crate" "$dump"
succeeds "$MMSYNC" restore "$scratch/from-crate" "$dump"
same "from the files of mmap-sync" value "$("$MMSYNC" read "$scratch/from-crate")"
succeeds "$MMSYNC" restore --format mmap-sync "$scratch/crate2" "$dump"
same "into the files of mmap-sync" value "$("$MMSYNC" read "$scratch/crate2")"

succeeds "$MMSYNC" write "$region" "$scratch/value" --tag 5 --type-id $id --checksum
reading=()
if ((EUID == 0)) && command -v setpriv >/dev/null; then
    chmod 755 "$scratch"
    chmod -R a+rX "$region"
    reading=(setpriv --reuid 65534 --regid 65534 --clear-groups)
    "${reading[@]}" "$MMSYNC" --version >/dev/null 2>&1 || reading=()
else
    chmod a-w "$region/readers"
fi
chmod o-w "$region/readers"
if "${reading[@]}" "$MMSYNC" dump "$region" >"$scratch/by-copy"; then
    "$MMSYNC" dump "$region" | cmp - "$scratch/by-copy" || complain "a dump by copies is another one"
else
    complain "a dump by copies"
fi
finish
