#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The C snippets of README.md compile and check their errors, the typed one with what mmsc makes of
# the README's own schema. The first two are also run: they say what went wrong. Those in C++, there
# and in docs/cxx.md, compile, the latter with what mmsc makes of that page's schema.
. "$(dirname "$0")/common.sh"
readme=$MMSYNC_SOURCE_DIR/README.md

# snippet LANGUAGE NUMBER [PAGE]: the lines of a fenced block
snippet() {
    awk -v start="\`\`\`$1" -v wanted="$2" '
        $0 == "```" { inside = 0 }
        inside && seen == wanted { print }
        $0 == start { inside = 1; seen++ }' "${3:-$readme}"
}

{
    printf '#include <mmsync.h>\n#include <stdio.h>\nvoid use(const void *data, size_t size);\n'
    printf '#include "readme.h"\n'
    printf 'void write_it(void);\nvoid write_it(void)\n{\n%s\n}\n' "$(snippet c 1)"
    printf 'void read_it(void);\nvoid read_it(void)\n{\n%s\n}\n' "$(snippet c 2)"
    printf 'const void *typed(mms_writer *writer, mms_reader *reader, mms_view view, HelloWorld value);\n'
    printf 'const void *typed(mms_writer *writer, mms_reader *reader, mms_view view, HelloWorld value)\n{\n'
    snippet c 3
    printf 'return hello;\n}\n'
} >"$tmp/snippets.c"
snippet rust 1 >"$tmp/readme.rs"
[ "$(grep -c '^```c$' "$readme")" -eq 3 ] || fail "README.md has other C snippets than the three that this script knows"
[ -s "$tmp/readme.rs" ] || fail "README.md has no schema"
run "$BUILD_DIR/bin/mmsc" -o "$tmp" "$tmp/readme.rs"
run "$CC" -std=c11 -Wall -Wextra -Wno-unused-result -Werror -I"$MMSYNC_SOURCE_DIR/include" -iquote "$tmp" -c \
    -o "$tmp/snippets.o" "$tmp/snippets.c" || { cat -n "$tmp/snippets.c"; fail "a snippet of README.md does not compile"; }

cat >"$tmp/main.c" <<'end'
#include <stdio.h>
void write_it(void);
void read_it(void);
void use(const void *data, size_t size);
void use(const void *data, size_t size)
{
    printf("%.*s\n", (int)size, (const char *)data);
}
int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1)
        write_it();
    else
        read_it();
    return 0;
}
end
sed -i "s|\"greeting\"|\"$tmp/greeting\"|" "$tmp/snippets.c"
run "$CC" -std=c11 -I"$MMSYNC_SOURCE_DIR/include" -iquote "$tmp" -o "$tmp/readme" "$tmp/main.c" "$tmp/snippets.c" "$tmp/readme.c" \
    "$BUILD_DIR/src/libmmsync.a" -pthread
expect 0 "*$tmp/greeting*" "$tmp/readme"
expect 0 '' "$tmp/readme" write
expect 0 'Hello' "$tmp/readme"
mv "$tmp/greeting" "$tmp/elsewhere" && : >"$tmp/greeting"
expect 0 "*$tmp/greeting*" "$tmp/readme" write

# cxx_snippets PAGE: each of its blocks as a function, with what other blocks have made
cxx_snippets() {
    cat <<'end'
#include "prices.h"
#include "readme.h"
#include <iostream>
#include <mmsync.hpp>
#include <vector>
template <typename T> void use(const T &value);
end
    awk '
        $0 == "```" && inside { inside = 0; print "}\n}" }
        inside && !/^#include/ { print }
        $0 == "```cpp" {
            inside = 1
            printf "void block_%d(mmsync::writer &writer, mmsync::region &region, mmsync::reader &reader,\n", ++count
            print "    std::vector<double> &prices, std::vector<mms_str> &messages)\n{\n"
            print "(void)writer, (void)region, (void)reader, (void)prices, (void)messages;\n{"
        }' "$1"
}

[ -n "$CXX" ] || { echo "skipped: the snippets in C++, as there is no compiler of it"; exit 0; }
snippet rust 1 "$MMSYNC_SOURCE_DIR/docs/cxx.md" >"$tmp/prices.rs"
run "$BUILD_DIR/bin/mmsc" -o "$tmp" "$tmp/prices.rs"
for page in README.md docs/cxx.md; do
    cxx_snippets "$MMSYNC_SOURCE_DIR/$page" >"$tmp/snippets.cc"
    grep -q '^void block_1' "$tmp/snippets.cc" || fail "$page has no snippet in C++"
    run "$CXX" -std=c++17 -Wall -Wextra -Werror -I"$MMSYNC_SOURCE_DIR/include" -iquote "$tmp" -fsyntax-only \
        "$tmp/snippets.cc" || { cat -n "$tmp/snippets.cc"; fail "a snippet of $page does not compile"; }
done
