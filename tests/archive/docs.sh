#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# docs.sh DOCUMENT FILE...: every ```c and ```rust block of the document is part of a file that is
# compiled.
set -euo pipefail
document=$1
shift
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

awk -v tmp="$tmp" '
    /^```(c|rust)$/ { inside = 1; name = sprintf("%s/block%03d", tmp, ++count); printf "" > name; next }
    /^```$/         { inside = 0; next }
    inside          { print > name }' "$document"

[ -e "$tmp/block001" ] || { echo "there is no block in $document"; exit 1; }
status=0
for block in "$tmp"/block*; do
    wanted=$(<"$block")
    found=no
    for file in "$@"; do
        [[ $(<"$file") != *"$wanted"* ]] || found=yes
    done
    [ $found = yes ] || { printf 'in none of the files:\n%s\n' "$wanted"; status=1; }
done
printf '%s blocks\n' "$(ls "$tmp" | wc -l)"
exit $status
