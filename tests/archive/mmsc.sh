#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mmsc.sh MMSC: the command line of mmsc, and what it does when it cannot write.
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

# Standard input, whose name the files cannot have.
expect 2 '*give one with --header*' -
status=0
said=$("$mmsc" -o "$tmp/out" --header input.h - <"$tmp/a.rs" 2>&1) || status=$?
if [ "$status$said" != 0 ] || [ ! -e "$tmp/out/input.c" ]; then echo "standard input: $status $said"; failures=1; fi
status=0
said=$(echo 'struct A { a: B }' | "$mmsc" -o "$tmp/out" --header none.h - 2>&1) || status=$?
[[ $status = 1 && $said = 'standard input:1:15: error: '* ]] || { echo "standard input: $said"; failures=1; }

# Conditions: every way to give one, contradictions, and two definitions of which one counts.
cat >"$tmp/cfg.rs" <<'END'
#[cfg(feature = "wide")]
struct A { a: u64, #[cfg(test)] b: u8 }
#[cfg(not(feature = "wide"))]
struct A { a: u16, #[cfg(any(test, debug))] c: u8 }
END
expect 1 '*`A` is there depends on*feature="wide"*' -o "$tmp/out" "$tmp/cfg.rs"
expect 1 '*field is there depends on*test*' -o "$tmp/out" --cfg feature=wide "$tmp/cfg.rs"
expect 0 '' -o "$tmp/out" --cfg feature=wide --cfg 'not(test)' "$tmp/cfg.rs"
if ! grep -q 'uint64_t a;' "$tmp/out/cfg.h" || grep -q 'uint8_t' "$tmp/out/cfg.h"; then echo "wide"; failures=1; fi
expect 0 '' -o "$tmp/out" --cfg 'not( feature = "wide" )' --cfg test "$tmp/cfg.rs"
if ! { grep -q 'uint16_t a;' "$tmp/out/cfg.h" && grep -q 'uint8_t c;' "$tmp/out/cfg.h"; }; then echo "narrow"; failures=1; fi
expect 2 '*give NAME*' --cfg 'all(a, b)' "$tmp/cfg.rs"
expect 2 '*give NAME*' --cfg '' "$tmp/cfg.rs"
expect 2 '*never both of one*' --cfg feature=a --cfg 'not(feature="a")' "$tmp/cfg.rs"

# As many as are allowed: comparing each with all others would take minutes.
awk 'BEGIN { print "enum A {"; for (i = 0; i < 65535; i++) print "V" i ","; print "} struct B {"
    for (i = 0; i < 65535; i++) print "f" i ": u8,"; print "}"
    for (i = 0; i < 20000; i++) print "struct S" i " { a: Option<S" i + 1 "_> } struct S" i + 1 "_ { a: Vec<S" i "> }" }' >"$tmp/many.rs"
expect 0 '' -o "$tmp/out" "$tmp/many.rs"
rm -f "$tmp"/out/many.*

# The fuzzer's corpus: whatever a schema says, mmsc ends with 0 or 1.
for schema in "$(dirname "$0")"/../../fuzz/corpus/schema_text/*; do
    "$mmsc" -o "$tmp/out" --header fuzz.h "$schema" >/dev/null 2>&1
    [ $? -le 1 ] || { echo "$schema"; failures=1; }
done
exit "$failures"
