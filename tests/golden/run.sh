#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# run.sh MMSC CC check|update: the files that mmsc makes from good/*.rs, and its messages for bad/*.rs.
# The files must also compile. If mmsc is for another machine, MMSYNC_TEST_EMULATOR runs it. A file FIRST.LINE.rs may give options in a first line `// mmsc: OPTION...`.
set -euo pipefail
read -ra mmsc <<<"${MMSYNC_TEST_EMULATOR-}"
mmsc+=("$1")
cc=$2 mode=$3
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
include=../../include
failed=0

# settle FILE EXPECTED
settle() {
    if [ "$mode" = update ]; then
        cp "$1" "$2"
    elif ! diff -u "$2" "$1"; then
        failed=1
    fi
}

options() {
    sed -n '1s|^// mmsc: ||p' "$1"
}

for schema in good/*.rs; do
    name=$(basename "$schema" .rs)
    # shellcheck disable=SC2046 # words
    "${mmsc[@]}" $(options "$schema") -o "$tmp" "$schema"
    "$cc" -std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -I"$include" -c -o "$tmp/$name.o" "$tmp/$name.c"
    # The version of mmsc stands in the first line.
    sed -i '1s/ by mmsc [0-9.]*/ by mmsc/' "$tmp/$name.h" "$tmp/$name.c"
    settle "$tmp/$name.h" "good/$name.h.expected"
    settle "$tmp/$name.c" "good/$name.c.expected"
done

for schema in bad/*.rs; do
    name=$(basename "$schema" .rs)
    status=0
    # shellcheck disable=SC2046
    "${mmsc[@]}" $(options "$schema") -o "$tmp" "$schema" >"$tmp/said" 2>&1 || status=$?
    [ "$status" -eq 1 ] || { echo "$schema: exit status $status, not 1"; failed=1; }
    [ ! -e "$tmp/$name.h" ] || { echo "$schema: a header was written"; failed=1; }
    settle "$tmp/said" "bad/$name.expected"
done
printf '%s good, %s bad\n' "$(ls good/*.rs | wc -l)" "$(ls bad/*.rs | wc -l)"
exit "$failed"
