#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# locale.sh PROGRAM...: JSON under a locale whose decimal mark is a character of two bytes, not a
# point.
set -u
directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT

if ! command -v localedef >/dev/null; then
    echo "skipped: localedef is not installed"
    exit 77
fi
name=ps_AF
# It may warn and still make a locale, or leave a directory without one.
localedef -c -i $name -f UTF-8 "$directory/$name.UTF-8" >/dev/null 2>&1
if [[ ! -f $directory/$name.UTF-8/LC_NUMERIC ]]; then
    echo "skipped: localedef makes no $name (Debian: apt install locales)"
    exit 77
fi
LOCPATH=$directory "$@" $name.UTF-8
