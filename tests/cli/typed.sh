# SPDX-License-Identifier: Apache-2.0
# Values that carry their schema: `read --json`, `read --schema`, and the type in `stat`.
. "$(dirname "$0")/support.bash"

writer=$(dirname "$MMSYNC")/hello_world_writer reader=$(dirname "$MMSYNC")/hello_world_reader
if [[ ! -x $writer || ! -x $reader ]]; then
    echo "skipped: the examples were not built"
    exit 77
fi

succeeds "$writer" "$region"
same "written" "written: 36 bytes | reset: false" "$out"
succeeds "$reader" "$region"
same "read" 'version: 7 messages: ["Hello", "World", "!"]' "$out"
succeeds "$MMSYNC" read "$region" --json
same "JSON" '{"version":7,"messages":["Hello","World","!"]}' "$out"
succeeds "$MMSYNC" read "$region" --json -o "$scratch/value.json"
same "JSON in a file" '{"version":7,"messages":["Hello","World","!"]}' "$(<"$scratch/value.json")"
succeeds "$MMSYNC" read "$region" --schema
like "schema" '// mmsync archive 1: HelloWorld, offsets 32'$'\n''struct HelloWorld \{ version: u32, messages: Vec<String> \}' "$out"
succeeds "$MMSYNC" stat "$region"
like "type" '.*type id +[0-9a-f]{32}'$'\n''type +HelloWorld'$'\n''.*' "$out"
succeeds "$MMSYNC" stat "$region" --json
like "type in JSON" '.*"type": "HelloWorld",.*' "$out"
succeeds "$MMSYNC" verify "$region"

# Bytes that claim to be of that type and are not.
id=$("$MMSYNC" stat "$region" --json | sed -n 's/.*"type_id": "\([0-9a-f]*\)".*/\1/p')
printf 'no archive at all' >"$scratch/bytes"
succeeds "$MMSYNC" write "$region" "$scratch/bytes" --type-id "$id"
refuses 1 'no schema' "$MMSYNC" read "$region" --json
refuses 1 'no schema' "$MMSYNC" read "$region" --schema
run "$reader" "$region"
same "status of the reader" 1 "$status"
like "its error" '.*checking HelloWorld.*' "$err"

finish
