#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# mmsync.hpp and each header below it compile without a warning, alone and with all that the tests
# use of them: with each compiler, in C++17, 20 and 23, with and without exceptions, and with the
# calls out of line.
. "$(dirname "$0")/common.sh"
[ -n "$CXX$CLANGXX" ] || { echo "skipped: no C++ compiler"; exit 77; }
include=$MMSYNC_SOURCE_DIR/include tests=$MMSYNC_SOURCE_DIR/tests/cxx
warnings=(-Wall -Wextra -Wpedantic -Wold-style-cast -Wconversion -Wshadow -Wcast-qual -Wextra-semi -Werror)

# compile COMPILER STANDARD FILE [OPTION...]: gcc sees less if it only looks at the syntax
compile() {
    run "$1" "-std=$2" "${warnings[@]}" -I"$include" -iquote "$tests" -iquote "$tmp" "${@:4}" -c -o "$tmp/out.o" "$3"
}

for schema in archive/hello archive/setters archive/tables cxx/ranges; do
    "$MMSC" -o "$tmp" "$MMSYNC_SOURCE_DIR/tests/$schema.rs"
done
for name in lifetimes values tables typed ranges errors; do # lifetimes.cc has an assertion of its own
    printf '#include "%s.cc"\n' "$name"
done >"$tmp/all.cc"

while read -r header; do
    printf '#include <%s>\nextern int not_empty;\n' "$header" >"$tmp/alone.cc"
    compile "${CXX:-$CLANGXX}" c++17 "$tmp/alone.cc" -fsyntax-only
done < <(cd "$include" && find . -name '*.hpp' -printf '%P\n' | sort)
for compiler in "$CXX" "$CLANGXX"; do
    [ -n "$compiler" ] || continue
    for standard in c++17 c++20 c++2b; do
        [ "$compiler $standard" != "$CXX c++17" ] || continue # so the tests themselves are compiled
        compile "$compiler" "$standard" "$tmp/all.cc"
        compile "$compiler" "$standard" "$tests/no_exceptions.cc" -fno-exceptions -fno-rtti
    done
done
compile "${CXX:-$CLANGXX}" c++17 "$tests/values.cc" -DMMS_NO_INLINE
printf '#include <mmsync.hpp>\n' >"$tmp/old.cc"
expect 1 '*mmsync.hpp needs C++17*' "${CXX:-$CLANGXX}" -std=c++14 -I"$include" -fsyntax-only "$tmp/old.cc"
