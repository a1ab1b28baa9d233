#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The C snippets of README.md compile, in a function that declares what the text around them presumes, and the typed one
# with what mmsc makes of the README's own schema.
. "$(dirname "$0")/common.sh"
readme=$MMSYNC_SOURCE_DIR/README.md

# snippet LANGUAGE NUMBER: the lines of a fenced block
snippet() {
    awk -v start="\`\`\`$1" -v wanted="$2" '
        $0 == "```" { inside = 0 }
        inside && seen == wanted { print }
        $0 == start { inside = 1; seen++ }' "$readme"
}

{
    printf '#include <mmsync.h>\n#include <stdio.h>\nvoid use(const void *data, size_t size);\n'
    printf '#include "readme.h"\n'
    printf 'void write_it(void);\nvoid write_it(void)\n{\n%s\n}\n' "$(snippet c 1)"
    printf 'void read_it(void);\nvoid read_it(void)\n{\nmms_region *region;\nmms_reader *reader;\n%s\n}\n' "$(snippet c 2)"
    printf 'const void *typed(mms_writer *writer, mms_reader *reader, mms_view view, HelloWorld value);\n'
    printf 'const void *typed(mms_writer *writer, mms_reader *reader, mms_view view, HelloWorld value)\n{\n'
    snippet c 3
    printf 'return hello;\n}\n'
} >"$tmp/readme.c"
snippet rust 1 >"$tmp/readme.rs"
[ "$(grep -c '^```c$' "$readme")" -eq 3 ] || fail "README.md has other C snippets than the three that this script knows"
[ -s "$tmp/readme.rs" ] || fail "README.md has no schema"
run "$BUILD_DIR/bin/mmsc" -o "$tmp" "$tmp/readme.rs"
run "$CC" -std=c11 -Wall -Wextra -Wno-unused-result -Werror -I"$MMSYNC_SOURCE_DIR/include" -iquote "$tmp" -c \
    -o "$tmp/readme.o" "$tmp/readme.c" || { cat -n "$tmp/readme.c"; fail "a snippet of README.md does not compile"; }
