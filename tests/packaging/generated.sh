#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What mmsc generates from every schema of the project compiles without a warning wherever users
# compile it: source and header as C11, the header as C++17, also with C-style casts forbidden.
# (gcc does not see these in an extern "C".)
. "$(dirname "$0")/common.sh"
cd "$MMSYNC_SOURCE_DIR"
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wcast-qual -Wundef -Werror -Iinclude -fsyntax-only)

# compile_source FILE.c, compile_header FILE.cc
compile_source() {
    local compiler
    for compiler in "$CC" "$CLANG"; do
        [ -z "$compiler" ] || run "$compiler" -std=c11 "${warnings[@]}" -Wstrict-prototypes -Wmissing-prototypes "$1"
    done
}
compile_header() {
    local compiler
    for compiler in "$CXX" "$CLANGXX"; do
        [ -z "$compiler" ] || run "$compiler" -std=c++17 "${warnings[@]}" -Wold-style-cast "$1"
    done
}

count=0
for schema in tests/golden/good/*.rs tests/archive/*.rs examples/*/*.rs bench/contestants/*.rs src/cli/*/*.rs; do
    name=$(basename "$schema" .rs)
    read -r -a options < <(sed -n '1s|^// mmsc: ||p' "$schema") || true
    "$MMSC" "${options[@]}" -o "$tmp" "$schema"
    printf '#include "%s.h"\n' "$name" >"$tmp/$name.cc"
    compile_source "$tmp/$name.c"
    compile_header "$tmp/$name.cc"
    count=$((count + 1))
done
[ "$count" -ge 10 ] || fail "only $count schemas in $PWD"
