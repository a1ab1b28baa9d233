#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# symbols.sh NM LIBRARY PROGRAM EXEMPT: every function of libc that the library calls is made to
# fail by the tests, or is exempt for a stated reason. No exemption is left over.
set -euo pipefail

nm=$1 library=$2 program=$3 exempt=$4

# What the library's objects together call and do not define, without what compilers add by themselves.
called() {
    local defined
    defined=$("$nm" --defined-only "$library" | awk 'NF == 3 { print $3 }' | sort -u)
    "$nm" -u "$library" | awk '$1 == "U" { print $2 }' | sed 's/@.*//' | sort -u | comm -23 - <(printf '%s\n' "$defined") |
        grep -Ev '^(_GLOBAL_OFFSET_TABLE_|_ITM_.*|__gmon_start__|_?__tls_get_addr|__tls_get_offset|__bswap[sd]i2|__aarch64_.*|__cxa_finalize|__stack_chk_.*|__gcov_.*|__aeabi_.*)$' |
        grep -Ev '^__(asan|ubsan|lsan|tsan|sanitizer|sancov|afl|u?div|u?mod|u?mul)'
}

injected() {
    "$nm" "$program" | awk '$3 ~ /^__wrap_/ { sub(/^__wrap_/, "", $3); print $3 }' | sort -u
}

# Lines of EXEMPT: names, a colon, the reason.
exempted() {
    grep -v '^#' "$exempt" | sed -n 's/:.*//p' | tr -s ' ' '\n' | grep . | sort
}

# glibc has fortified and 64-bit variants of many functions, with the same meaning.
plain() {
    sed -E 's/^__(isoc[0-9]+_)?([a-z_0-9]+)_chk$/\2/; s/^__isoc[0-9]+_//' | sort -u
}

missing=$(called | plain | comm -23 - <(injected) | comm -23 - <(exempted | sort -u) || true)
if [ -n "$missing" ]; then
    printf 'the library calls these, and they are neither made to fail (inject.h) nor in exempt.txt:\n%s\n' "$missing"
    exit 1
fi
doubled=$(exempted | comm -12 - <(injected) || true)
if [ -n "$doubled" ]; then
    printf 'exempt.txt has these, and they are made to fail:\n%s\n' "$doubled"
    exit 1
fi
count=$(called | plain | wc -l)
[ "$count" -gt 50 ] || {
    printf 'only %s functions were found in %s: is that the library?\n' "$count" "$library"
    exit 1
}
printf '%s functions of libc are called; %s of them are made to fail, the others have a reason\n' "$count" \
    "$(called | plain | comm -12 - <(injected) | wc -l)"
