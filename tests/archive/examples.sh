#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# examples.sh DIRECTORY: the typed examples say what they should.
set -euo pipefail
bin=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# same WANTED COMMAND...
same() {
    local got
    got=$("${@:2}")
    [ "$got" = "$1" ] || { printf '%s: wanted "%s", got "%s"\n' "${*:2}" "$1" "$got"; exit 1; }
}

same 'written: 36 bytes | reset: false' "$bin/hello_world_writer" "$tmp/hello"
same 'version: 7 messages: ["Hello", "World", "!"]' "$bin/hello_world_reader" "$tmp/hello"
"$bin/features" "$tmp/features" 500 20 3
"$bin/tour" | grep -q '"revision":3,"shop":"corner","prices":{"42":{"cents":5,"discounts":\[\]},"4711"'
"$bin/tour_update" "$tmp/tour" >"$tmp/said"
grep -q '"revision":2,.*"4711":{"cents":1799,.*"by_name":{"apple":4711},.*{"Filled":{"article":4711,"amount":12}}' "$tmp/said"
grep -q '"revision":2,.*"shelves":\["Empty"\]' "$tmp/said"
same '' "$bin/prices" "$tmp/prices" set 4711 1999 hammer
same '' "$bin/prices" "$tmp/prices" set 42 5 nail
same '4711: hammer, 1999 cents, 2 discounts' "$bin/prices" "$tmp/prices" get 4711
[ "$("$bin/prices" "$tmp/prices" list | wc -l)" -eq 2 ] || { echo "two prices were set"; exit 1; }
same '' "$bin/prices" "$tmp/prices" drop 42
if "$bin/prices" "$tmp/prices" get 42 2>"$tmp/said"; then
    echo "a price was found that had been dropped"
    exit 1
fi
grep -q MMS_E_NOT_FOUND "$tmp/said"
if "$bin/hello_world_reader" "$tmp/features" 2>"$tmp/said"; then
    echo "a reader of another type was served"
    exit 1
fi
grep -q MMS_E_TYPE "$tmp/said"
