#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mmsc.sh MMSC: the command line, and what happens where nothing can be written.
set -uo pipefail
mmsc=$1
tmp=$(mktemp -d)
trap 'chmod -R u+w "$tmp"; rm -rf "$tmp"' EXIT
failures=0

# expect STATUS PATTERN ARGUMENT...
expect() {
    local status=0 said
    said=$("$mmsc" "${@:3}" 2>&1) || status=$?
    # shellcheck disable=SC2053 # the right side is a pattern
    if [ "$status" -ne "$1" ] || [[ $said != $2 ]]; then
        printf 'mmsc %s: status %s, said "%s"\n' "${*:3}" "$status" "$said"
        failures=1
    fi
}

printf 'struct A { a: u8 }\n' >"$tmp/a.rs"
expect 0 'Usage: mmsc*' --help
expect 0 'mmsc [0-9]*' --version
expect 2 '*give one schema*'
expect 2 '*give one schema*' "$tmp/a.rs" "$tmp/a.rs"
expect 2 '*unrecognized option*' --what "$tmp/a.rs"
expect 2 '*give 32 or 64*' --offsets 16 "$tmp/a.rs"
expect 2 '*not the beginning*' --prefix 9x "$tmp/a.rs"
expect 2 '*give a name*' --header x/y.h "$tmp/a.rs"
expect 1 "*cannot read $tmp/missing.rs: No such file*" "$tmp/missing.rs"
expect 1 '*cannot write*/nowhere/a.h: No such file*' -o "$tmp/nowhere" "$tmp/a.rs"
mkdir "$tmp/out" "$tmp/out/b.c"
expect 0 '' -o "$tmp/out" "$tmp/a.rs"
[ "$(ls "$tmp/out")" = $'a.c\na.h\nb.c' ] || { echo "there is: $(ls "$tmp/out")"; failures=1; }
expect 1 '*cannot write*' -o "$tmp/out" --header b.h "$tmp/a.rs"
[ "$(ls "$tmp/out" | grep -c XX)" = 0 ] || { echo "left behind: $(ls "$tmp/out")"; failures=1; }
expect 0 '' -o "$tmp/out" --header other.hpp --source other.c --prefix my_ --offsets 64 "$tmp/a.rs"
grep -q 'my_ArchivedA' "$tmp/out/other.hpp" && grep -q '"other.hpp"' "$tmp/out/other.c" || failures=1
printf 'struct int { class: u8, r#union: Vec<int> }\n' >"$tmp/words.rs"
expect 0 '' -o "$tmp/out" "$tmp/words.rs"
grep -q 'struct int_ {' "$tmp/out/words.h" || { echo "a keyword is a C name"; failures=1; }
printf 'struct A { a: u8 }\nstruct A_ { b: u8 }\nstruct A_x { c: u8 }\n' >"$tmp/alike.rs"
expect 0 '' -o "$tmp/out" "$tmp/alike.rs"

# The fuzzer's corpus: whatever a schema says, mmsc ends with 0 or 1.
for schema in "$(dirname "$0")"/../../fuzz/corpus/schema_text/*; do
    "$mmsc" -o "$tmp/out" --header fuzz.h "$schema" >/dev/null 2>&1
    [ $? -le 1 ] || { echo "$schema"; failures=1; }
done
exit "$failures"
