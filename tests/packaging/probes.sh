#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The library has the probes that docs/operations.md lists, with as many arguments, and each is one
# nop; built without sys/sdt.h, or told to, it has none.
. "$(dirname "$0")/common.sh"
library=$BUILD_DIR/src/libmmsync.so

if [ "$PROBES" = FALSE ]; then
    ! "$READELF" -n "$library" | grep stapsdt || fail "$library has probes, and was built without them"
    echo "skipped: this library was built without sys/sdt.h (Debian: systemtap-sdt-dev)"
    exit 77
fi

# name arguments; a probe that is inlined at several places has several lines
"$READELF" -n --wide "$library" >"$tmp/notes"
! grep 'Provider: ' "$tmp/notes" | grep -v 'Provider: mmsync$' || fail "not all probes are mmsync's"
awk '$1 == "Name:" { name = $2 } $1 == "Arguments:" { print name, NF - 1 }' "$tmp/notes" | LC_ALL=C sort -u >"$tmp/built"
sed -n '/^## Tracing/,/^## Trouble/s/^| `\([a-z_]*\)` | [^|]* | \(.*\) |$/\1,\2/p' "$MMSYNC_SOURCE_DIR/docs/operations.md" |
    awk -F, '{ print $1, NF - 1 }' | LC_ALL=C sort -u >"$tmp/documented"
[ -s "$tmp/documented" ] || fail "docs/operations.md lists no probes"
diff -u "$tmp/documented" "$tmp/built" || fail "the library's probes (+) are not those of docs/operations.md (-)"

case $(uname -m) in
    x86_64) nop='90 *nop' ;;
    aarch64) nop='d503201f *nop' ;;
    *) echo "skipped: what a nop looks like on $(uname -m)"; exit 0 ;;
esac
# The addresses need no correction: nothing has moved the library since it was linked.
"$OBJDUMP" -d "$library" >"$tmp/code"
sed -n 's/.*Location: 0x0*\([0-9a-f]*\),.*/\1/p' "$tmp/notes" >"$tmp/places"
while read -r place; do
    grep -P "^ *$place:" "$tmp/code" | tr '\t' ' ' | grep ": $nop" >/dev/null || fail "at $place there is no nop"
done <"$tmp/places"
printf '%s probes at %s places, each one nop\n' "$(cut -d' ' -f1 "$tmp/built" | sort -u | wc -l)" "$(wc -l <"$tmp/places")"
