#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The public headers, alone and in use, compile without a warning in every language they are meant
# for.
. "$(dirname "$0")/common.sh"
include=$MMSYNC_SOURCE_DIR/include
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -O2)

# compile COMPILER STANDARD FILE [OPTION...]
compile() {
    run "$1" "-std=$2" "${warnings[@]}" "${@:4}" -I"$include" -c -o "$tmp/out.o" "$3"
}

# each_alone c|cc: one file that includes nothing else, for every header
each_alone() {
    (cd "$include" && find . -name '*.h' -printf '%P\n') | while read -r header; do
        file=$tmp/${header//\//_}.$1
        printf '#include <%s>\nextern int not_empty;\n' "$header" >"$file"
        printf '%s\n' "$file"
    done
}

# old_casts COMPILER STANDARD: many C++ projects forbid casts in the style of C, in headers too. (gcc does not see them in an
# extern "C"; clang does.)
old_casts() {
    printf '#include <mmsync.h>\n#include <mmsync/archive.h>\n#include <mmsync/mmap_sync.h>\n#include <mmsync/table.h>\n' >"$tmp/casts.cc"
    compile "$1" "$2" "$tmp/casts.cc" -Wold-style-cast -Wcast-qual
}

# with COMPILER SUFFIX STANDARD...
with() {
    local standard file
    for standard in "${@:3}"; do
        while read -r file; do
            compile "$1" "$standard" "$file"
        done < <(each_alone "$2")
        compile "$1" "$standard" "$here/consumer/consumer.$2"
        compile "$1" "$standard" "$here/consumer/consumer.$2" -DMMS_NO_INLINE
        [ "$2" = c ] || old_casts "$1" "$standard"
    done
}

[ "$(each_alone c | wc -l)" -ge 2 ] || fail "no headers in $include"
for compiler in "$CC" "$CLANG"; do
    [ -z "$compiler" ] || with "$compiler" c c11 c17
done
for compiler in "$CXX" "$CLANGXX"; do
    [ -z "$compiler" ] || with "$compiler" cc c++11 c++17 c++20
done
[ -n "$CXX" ] || echo "skipped: C++, as there is no compiler of it"
[ -n "$CLANG" ] || echo "skipped: clang, as it is not installed"
